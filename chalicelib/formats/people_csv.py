"""Lists of people as spreadsheets save them: bytes in, people and flaws by line out.

docs/people.md describes the columns.
"""

import re
from collections.abc import Mapping

from chalicelib.domain.details import KEEP, AuthorisationDetails, Details
from chalicelib.domain.people import ALL_MODULES, AUTHORISED, Identity, Role
from chalicelib.formats.sheets import BadCellError, Columns, Sheet, read_day, read_sheet

COLUMNS = (
    "name",
    "roles",
    "address",
    "issuer",
    "subject",
    "learner_number",
    "registration",
    "starts_on",
    "ends_on",
    "qualification",
    "modules",
)
REQUIRED = ("name", "roles")
LISTED = re.compile(r"[\s,;|]+")


def read_people(raw: bytes, limit: int) -> Sheet[Details]:
    """Read a list of people, at most so many. What the cells leave empty stays as it is."""
    return read_sheet(raw, Columns(COLUMNS, REQUIRED, _details), limit)


def _details(given: Mapping[str, str]) -> Details:
    roles = frozenset(_role(each) for each in _listed(given["roles"]))
    if not roles:
        raise BadCellError("roles", "no-role", "Name at least one role.")
    if not given["name"]:
        raise BadCellError("name", "invalid-name", "Write the name.")
    for one, other in (("issuer", "subject"), ("subject", "issuer")):
        if given[one] and not given[other]:
            raise BadCellError(other, "missing", "An identity is an issuer and a subject.")
    if given["modules"] and not given["qualification"]:
        detail = "Modules are authorised with the qualification held, or `none`."
        raise BadCellError("qualification", "missing", detail)
    identity = Identity(given["issuer"], given["subject"])
    return Details(
        name=given["name"],
        roles=roles,
        address=given["address"] or None,
        learner_number=given["learner_number"] or None,
        registration=given["registration"] or None,
        identities=(identity,) if given["issuer"] else None,
        starts_on=read_day("starts_on", given["starts_on"]),
        ends_on=read_day("ends_on", given["ends_on"]) or KEEP,
        authorisations=_authorisations(given, roles) if given["qualification"] else None,
    )


def _authorisations(
    given: Mapping[str, str], roles: frozenset[Role]
) -> tuple[AuthorisationDetails, ...]:
    modules = tuple(_listed(given["modules"])) or (ALL_MODULES,)
    return tuple(
        AuthorisationDetails(role=role, qualification=given["qualification"], modules=modules)
        for role in sorted(roles & AUTHORISED)
    )


def _listed(text: str) -> list[str]:
    return [each for each in LISTED.split(text) if each]


def _role(text: str) -> Role:
    try:
        return Role(text.lower())
    except ValueError:
        detail = f"{text[:40]} is no role; the roles are {', '.join(Role)}."
        raise BadCellError("roles", "unknown-role", detail) from None
