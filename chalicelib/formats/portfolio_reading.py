"""A portfolio as people read it, whatever it is set in: words, names, moments and tallies."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.certificates import STATE_WORDS, CertificateState
from chalicelib.formats.portfolio_items import ShownFile, ShownItem, files_of, items_of
from chalicelib.formats.portfolio_steps import (
    PLAIN,
    RIGHT,
    WARN,
    WRONG,
    Facts,
    Step,
    Words,
    facts,
    outcome_of,
    steps_of,
)

Document = Mapping[str, Any]

# Every state with its words and how it bodes, in the order in which charts show them.
PAGE_STATES = {
    "competent": ("Competent", RIGHT),
    "not-yet-competent": ("Not yet competent", WRONG),
    "signed": ("Waiting for judgement", WARN),
    "open": ("Open", PLAIN),
}
COVERAGE_STATES = {
    "competent": ("Competent", RIGHT),
    "in-progress": ("In progress", WARN),
    "open": ("Open", PLAIN),
}
_FIELDS = {
    "assessor_id": "Assessor",
    "page_assessors": "Assessors of single pages",
    "due_on": "Due",
    "state": "State",
}


@dataclass(frozen=True, slots=True)
class Tally:
    """How many there are of each state, in the order of the states; `states` one by one."""

    title: str
    states: tuple[str, ...]
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """How many there are in all."""
        return len(self.states)


@dataclass(frozen=True, slots=True)
class ShownAttempt:
    """An attempt. `same` are the numbers of the items that the latest attempt answers alike.

    They are left out of `items`.
    """

    number: int
    file: str
    outcome: str
    tone: str
    signed_at: str
    steps: tuple[Step, ...]
    items: tuple[ShownItem, ...]
    same: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ShownPage:
    """A page with its attempts, the latest first."""

    id: str
    number: int
    title: str
    instructions: str
    state: str
    attempts: tuple[ShownAttempt, ...]


@dataclass(frozen=True, slots=True)
class ShownElement:
    """An element of the module with its pages."""

    id: str
    title: str
    tally: Tally
    pages: tuple[ShownPage, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """An item that bears a criterion: its page, its number there, and what it asks."""

    page: ShownPage
    item: int
    text: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """A criterion, how far it is covered, and where."""

    name: str
    state: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    """An issue of the certificate; `folder` has its files."""

    title: str
    state: str
    tone: str
    facts: Facts
    folder: str


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the enrolment: what from what to what."""

    at: str
    by: str
    reason: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """All of a portfolio."""

    candidate: str
    centre: str
    module: str
    language: str
    facts: Facts
    state: str
    progress: Tally
    elements: tuple[ShownElement, ...]
    covered: tuple[Tally, ...]
    criteria: tuple[Criterion, ...]
    files: tuple[ShownFile, ...]
    certificates: tuple[ShownCertificate, ...]
    changes: tuple[Change, ...]
    trail: Facts

    @property
    def pages(self) -> tuple[ShownPage, ...]:
        """Every page, in printed order."""
        return tuple(page for element in self.elements for page in element.pages)


def read(document: Document) -> Reading:
    """Put a portfolio document into words."""
    words = Words(document["people"], document["centre"]["time_zone"])
    module, enrolment = document["module"], document["enrolment"]
    files = files_of(document["attachments"])
    elements = tuple(_elements(document, files, words))
    numbers = {page.id: page.number for element in elements for page in element.pages}
    return Reading(
        candidate=words.name(enrolment["candidate_id"]),
        centre=document["centre"]["name"],
        module=module["title"],
        language=module["language"],
        facts=_facts(document, words),
        state=_sentence(enrolment["state"]),
        progress=_tally("All pages", (page["state"] for page in document["pages"]), PAGE_STATES),
        elements=elements,
        covered=tuple(_covered(document["coverage"])),
        criteria=tuple(_criteria(document, elements)),
        files=tuple(sorted(files.values(), key=lambda file: file.number)),
        certificates=tuple(_certificate(each, words) for each in document["certificates"]),
        changes=tuple(_change(each, numbers, words) for each in document["changes"]),
        trail=(
            ("Entries in the audit trail", str(document["trail"]["entries"])),
            ("SHA-256 of the last one", document["trail"]["hash"]),
        ),
    )


def _facts(document: Document, words: Words) -> Facts:
    module, enrolment = document["module"], document["enrolment"]
    number = f"{module['number']}, version {module['version']}"
    completed = enrolment["completed_at"]
    return facts(
        ("Candidate", words.name(enrolment["candidate_id"])),
        ("Centre", document["centre"]["name"]),
        ("Module", module["title"]),
        ("Number", number if module["number"] else f"version {module['version']}"),
        ("Programme", module["programme"]),
        ("Standards", ", ".join(each["urn"] for each in module["standards"])),
        ("Assessor", words.name(enrolment["assessor_id"])),
        ("State", _sentence(enrolment["state"])),
        ("Enrolled", words.moment(enrolment["created_at"])),
        ("Enrolled by", words.name(enrolment["created_by"])),
        ("Enrolled on", words.day(enrolment["occurred_on"])),
        ("Due", words.day(enrolment["due_on"])),
        ("Completed", words.moment(completed) if completed else ""),
        ("Renews enrolment", enrolment["renews"]),
        ("Exported", words.moment(document["created_at"])),
        ("Enrolment id", enrolment["id"]),
        ("Export id", document["export_id"]),
    )


def _elements(
    document: Document, files: Mapping[str, ShownFile], words: Words
) -> Iterator[ShownElement]:
    recorded = {page["page_id"]: page for page in document["pages"]}
    number = 0
    for element in document["module"]["elements"]:
        pages = []
        for page in element["pages"]:
            number += 1
            pages.append(_page(number, page, recorded[page["id"]], files, words))
        states = (page.state for page in pages)
        tally = _tally(element["title"], states, PAGE_STATES)
        yield ShownElement(element["id"], element["title"], tally, tuple(pages))


def _page(
    number: int, page: Document, recorded: Document, files: Mapping[str, ShownFile], words: Words
) -> ShownPage:
    attempts: list[ShownAttempt] = []
    latest: tuple[ShownItem, ...] = ()
    numbers = {item["id"]: place for place, item in enumerate(page["items"], start=1)}
    for attempt in sorted(recorded["attempts"], key=lambda each: each["number"], reverse=True):
        items = tuple(items_of(page, attempt, files, words.time_zone))
        same = frozenset(item.number for item in items if item in latest)
        latest = latest or items
        outcome, tone = outcome_of(attempt)
        attempts.append(
            ShownAttempt(
                number=attempt["number"],
                file=attempt["file"],
                outcome=outcome,
                tone=tone,
                signed_at=words.moment(attempt["signed_at"]),
                steps=tuple(steps_of(attempt, numbers, words)),
                items=tuple(item for item in items if item.number not in same),
                same=tuple(sorted(same)),
            )
        )
    title, instructions = page["title"], page["instructions"]
    return ShownPage(page["id"], number, title, instructions, recorded["state"], tuple(attempts))


def _tally(title: str, states: Iterable[str], order: Iterable[str]) -> Tally:
    found = tuple(states)
    counts = Counter(found)
    return Tally(title, found, tuple(counts[state] for state in order))


def _covered(coverage: Iterable[Document]) -> Iterator[Tally]:
    """Tally criteria by what their names begin with, as P, K or CC."""
    groups: dict[str, list[str]] = {}
    for each in coverage:
        kind = re.split(r"[^A-Za-z]", each["criterion"])[0]
        groups.setdefault(kind, []).append(each["state"])
    for kind, states in groups.items():
        yield _tally(kind, states, COVERAGE_STATES)


def _criteria(document: Document, elements: Iterable[ShownElement]) -> Iterator[Criterion]:
    pages = {page.id: page for element in elements for page in element.pages}
    asked = {
        (page["id"], item["id"]): (number, item["text"])
        for element in document["module"]["elements"]
        for page in element["pages"]
        for number, item in enumerate(page["items"], start=1)
    }
    for each in document["coverage"]:
        found = [(at["page_id"], at["item_id"]) for at in each["items"]]
        places = (Place(pages[page_id], *asked[page_id, item]) for page_id, item in found)
        yield Criterion(each["criterion"], each["state"], tuple(places))


def _certificate(each: Document, words: Words) -> ShownCertificate:
    state = CertificateState(each["state"])
    said = facts(
        ("Title", each["record"]["module"]["certificate_title"]),
        ("Issued", words.moment(each["issued_at"])),
        ("Certificate id", each["id"]),
        ("State", STATE_WORDS[state]),
        ("Why", each["reason"]),
        ("Superseded by", each["superseded_by"]),
    )
    tone = RIGHT if state is CertificateState.VALID else WARN
    folder = each["file"].rpartition("/")[0]
    return ShownCertificate(f"Issue {each['issue']}", _sentence(state), tone, said, folder)


def _change(each: Document, numbers: Mapping[str, int], words: Words) -> Change:
    lines = tuple(
        f"{_FIELDS[name]}: {_value(name, value, numbers, words)}, "
        f"before: {_value(name, each['before'][name], numbers, words)}"
        for name, value in each["after"].items()
    )
    by = words.name(each["changed_by"])
    return Change(words.moment(each["changed_at"]), by, each["reason"], lines)


def _value(name: str, value: Any, numbers: Mapping[str, int], words: Words) -> str:  # noqa: ANN401 (a JSON value)
    if not value:
        return "none"
    match name:
        case "page_assessors":
            named = {numbers[page_id]: words.name(by) for page_id, by in value.items()}
            return ", ".join(f"page {number}: {who}" for number, who in sorted(named.items()))
        case "assessor_id":
            return words.name(value)
        case "due_on":
            return words.day(value)
    return _sentence(value).lower()


def _sentence(state: str) -> str:
    return state.replace("-", " ").capitalize()
