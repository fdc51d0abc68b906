"""Law, registers and public bodies that older training material still names as if they stood.

Nothing here changes a text: a remark tells a person what to look at. The remarks say what is so at
the time of writing and are no legal advice. A name is in the table only where it is certain to have
been superseded; the Mental Health Act 1983 and the Children Act 1989, say, have been amended and
stand.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DatedLaw:
    """Something that a text names and that no longer stands: where it held, and what does today."""

    name: str
    jurisdiction: str
    remark: str


_UK = "United Kingdom"
_ENGLAND = "England"
_ENGLAND_AND_WALES = "England and Wales"
_GREAT_BRITAIN = "Great Britain"

# Each pattern is matched whole-word, in either case; a space in it stands for any white space.
_TABLE: tuple[tuple[str, DatedLaw], ...] = (
    (
        r"data protection acts?,? \(?(?:1998|1984)|dpa,? \(?(?:1998|1984)",
        DatedLaw(
            "Data Protection Act 1998",
            _UK,
            "Repealed. The UK GDPR and the Data Protection Act 2018 apply instead.",
        ),
    ),
    (
        r"at[- ]risk[- ]registers?|child protection registers?",
        DatedLaw(
            "At Risk Register",
            _ENGLAND,
            "The child protection register ended in England in 2008; a child has a child "
            "protection plan instead. Scotland, Wales and Northern Ireland keep registers.",
        ),
    ),
    (
        r"probation orders?",
        DatedLaw(
            "Probation Order",
            _ENGLAND_AND_WALES,
            "Replaced by the community order (for the young, the youth rehabilitation order). "
            "Scotland has the community payback order; Northern Ireland still has probation "
            "orders.",
        ),
    ),
    (
        r"juvenile justice acts?",
        DatedLaw(
            "Juvenile Justice Act",
            "outside the United Kingdom",
            "No Act of that name is law in the United Kingdom; other countries have one. Think of "
            "the Children and Young Persons Acts and the Crime and Disorder Act 1998.",
        ),
    ),
    (
        r"mental health act,? \(?1959",
        DatedLaw(
            "Mental Health Act 1959",
            _ENGLAND_AND_WALES,
            "Repealed by the Mental Health Act 1983, which stands as amended.",
        ),
    ),
    (
        r"disability discrimination acts?",
        DatedLaw(
            "Disability Discrimination Act 1995",
            _GREAT_BRITAIN,
            "Replaced by the Equality Act 2010 in Great Britain; it still applies in Northern "
            "Ireland.",
        ),
    ),
    (
        r"race relations acts?",
        DatedLaw(
            "Race Relations Act 1976",
            _GREAT_BRITAIN,
            "Replaced by the Equality Act 2010. Northern Ireland has an Order of its own.",
        ),
    ),
    (
        r"sex discrimination acts?",
        DatedLaw(
            "Sex Discrimination Act 1975",
            _GREAT_BRITAIN,
            "Replaced by the Equality Act 2010. Northern Ireland has an Order of its own.",
        ),
    ),
    (
        r"criminal records bureau|crb checks?|enhanced crb",
        DatedLaw(
            "Criminal Records Bureau",
            _ENGLAND_AND_WALES,
            "Merged into the Disclosure and Barring Service in 2012: ask for a DBS check.",
        ),
    ),
    (
        r"independent safeguarding authority",
        DatedLaw(
            "Independent Safeguarding Authority",
            "England, Wales and Northern Ireland",
            "Merged into the Disclosure and Barring Service in 2012.",
        ),
    ),
    (
        r"commission for social care inspection|csci",
        DatedLaw(
            "Commission for Social Care Inspection",
            _ENGLAND,
            "Replaced by the Care Quality Commission in 2009.",
        ),
    ),
    (
        r"general social care council|gscc",
        DatedLaw(
            "General Social Care Council",
            _ENGLAND,
            "Closed in 2012; Social Work England has registered social workers since 2019.",
        ),
    ),
    (
        r"qualifications and credit framework",
        DatedLaw(
            "Qualifications and Credit Framework",
            "England and Northern Ireland",
            "Withdrawn in 2015; the Regulated Qualifications Framework took its place.",
        ),
    ),
)


def _compiled(pattern: str) -> re.Pattern[str]:
    words = pattern.replace(" ", r"\s+")
    return re.compile(rf"\b(?:{words})\b", re.IGNORECASE)


_LAWS = tuple((_compiled(pattern), law) for pattern, law in _TABLE)

# A number of days dates a text only beside the right that it belongs to.
_ACCESS = _compiled(r"data protection acts?|subject access|access requests?")
_FORTY_DAYS = _compiled(r"(?:40|forty)(?: calendar)?[- ]days?")
_ACCESS_IN_FORTY_DAYS = DatedLaw(
    "40 days to answer an access request",
    _UK,
    "The time limit is one month now, and may be extended by two where requests are complex or "
    "many.",
)


def dated_law(text: str) -> tuple[DatedLaw, ...]:
    """Name what the text treats as standing that has been superseded, each once, in table order."""
    found = [law for pattern, law in _LAWS if pattern.search(text)]
    if _FORTY_DAYS.search(text) and _ACCESS.search(text):
        found.append(_ACCESS_IN_FORTY_DAYS)
    return tuple(found)
