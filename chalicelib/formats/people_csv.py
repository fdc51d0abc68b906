"""Lists of people as spreadsheets save them: bytes in, people and flaws by line out.

docs/people.md describes the columns.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from chalicelib.domain.details import KEEP, AuthorisationDetails, Details
from chalicelib.domain.people import ALL_MODULES, AUTHORISED, Identity, Role
from chalicelib.domain.text import clean

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
SEPARATORS = (",", ";", "\t")
# How cells begin that a spreadsheet would execute, in either width.
FORMULA = tuple("=+-@\t\r＝＋－＠")  # noqa: RUF001 (these are meant)
BOM = b"\xef\xbb\xbf"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
LISTED = re.compile(r"[\s,;|]+")
EARLIEST, LATEST = date(1950, 1, 1), date(2999, 12, 31)


@dataclass(frozen=True, slots=True)
class CellFlaw:
    """One thing wrong with a file: in which line, counted from one, and in which column."""

    line: int
    column: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody as a line of the file has them. What its cells leave empty stays as it is."""

    line: int
    details: Details


@dataclass(frozen=True, slots=True)
class PeopleFile:
    """What a file says, and what is wrong with it. The encoding is named for people to check."""

    encoding: str
    rows: tuple[Row, ...]
    flaws: tuple[CellFlaw, ...]


class _BadCellError(Exception):
    def __init__(self, column: str, code: str, detail: str) -> None:
        super().__init__(code)
        self.flaw = (column, code, detail)


def read_people(raw: bytes, limit: int) -> PeopleFile:
    """Read a list of people, at most so many. All that is wrong with it is told at once.

    It may be in UTF-8, with or without a byte order mark, in UTF-16 with one, or in Windows-1252;
    separated by commas, semicolons or tabs; with any line ends.
    """
    encoding, text = _decoded(raw)
    if text is None:
        detail = "The file is no text in UTF-8 or Windows-1252; save it as CSV in UTF-8."
        return PeopleFile(encoding, (), (CellFlaw(1, "", "unreadable", detail),))
    rows: list[Row] = []
    flaws: list[CellFlaw] = []
    records = _records(text)
    try:
        _, heads = next(records, (1, []))
        columns = [head.strip().lower() for head in heads]
        flaws += _head_flaws(columns)
        if not flaws:
            for line, cells in records:
                if len(rows) == limit:
                    detail = f"At most {limit} people are taken at once; split the file."
                    flaws.append(CellFlaw(line, "", "too-many-rows", detail))
                    break
                _read_row(line, columns, cells, rows, flaws)
    except csv.Error:
        detail = "The quotation marks of the file do not match from here on."
        flaws.append(CellFlaw(len(rows) + 2, "", "unreadable", detail))
    return PeopleFile(encoding, tuple(rows), tuple(flaws))


def _decoded(raw: bytes) -> tuple[str, str | None]:
    if raw.startswith(UTF_16):
        return _try("utf-16", raw)
    bare = raw.removeprefix(BOM)
    encoding, text = _try("utf-8", bare)
    return (encoding, text) if text is not None else _try("windows-1252", bare)


def _try(encoding: str, raw: bytes) -> tuple[str, str | None]:
    try:
        return encoding, raw.decode(encoding)
    except UnicodeDecodeError:
        return encoding, None


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the records that are not blank, each with the line that it begins in."""
    first = text.partition("\n")[0]
    separator = max(SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield line, cells
        line = reader.line_num + 1


def _head_flaws(columns: list[str]) -> Iterator[CellFlaw]:
    known = ", ".join(COLUMNS)
    if len(columns) > 2 * len(COLUMNS):
        detail = f"The first line has {len(columns)} columns; at most these are known: {known}."
        yield CellFlaw(1, "", "too-many-columns", detail)
        return
    for column in columns:
        if column not in COLUMNS:
            yield CellFlaw(1, column[:40], "unknown-column", f"The columns are {known}.")
        elif columns.count(column) > 1:
            yield CellFlaw(1, column, "given-twice", "Name each column once.")
    for column in REQUIRED:
        if column not in columns:
            detail = "The first line names the columns, this one among them."
            yield CellFlaw(1, column, "missing", detail)


def _read_row(
    line: int, columns: list[str], cells: list[str], rows: list[Row], flaws: list[CellFlaw]
) -> None:
    if len(cells) > len(columns):
        detail = f"The line has {len(cells)} cells for {len(columns)} columns."
        flaws.append(CellFlaw(line, "", "too-many-cells", detail))
        return
    given = dict.fromkeys(COLUMNS, "")
    wrong = []
    for column, cell in zip(columns, cells, strict=False):
        try:
            given[column] = _cell(column, cell)
        except _BadCellError as error:
            wrong.append(CellFlaw(line, *error.flaw))
    try:
        details = None if wrong else _details(given)
    except _BadCellError as error:
        wrong.append(CellFlaw(line, *error.flaw))
    flaws += wrong
    if not wrong and details:
        rows.append(Row(line, details))


def _cell(column: str, cell: str) -> str:
    shown = "".join(each for each in cell if unicodedata.category(each) != "Cf")
    if shown.startswith(FORMULA) or shown.strip().startswith(FORMULA):
        detail = "The cell begins like a formula; write text, without =, +, - or @ before it."
        raise _BadCellError(column, "formula", detail)
    try:
        return clean(cell).strip()
    except ValueError as error:
        raise _BadCellError(column, "invalid-text", f"The text {error}.") from None


def _details(given: dict[str, str]) -> Details:
    roles = frozenset(_role(each) for each in _listed(given["roles"]))
    if not roles:
        raise _BadCellError("roles", "no-role", "Name at least one role.")
    if not given["name"]:
        raise _BadCellError("name", "invalid-name", "Write the name.")
    for one, other in (("issuer", "subject"), ("subject", "issuer")):
        if given[one] and not given[other]:
            raise _BadCellError(other, "missing", "An identity is an issuer and a subject.")
    if given["modules"] and not given["qualification"]:
        detail = "Modules are authorised with the qualification held, or `none`."
        raise _BadCellError("qualification", "missing", detail)
    identity = Identity(given["issuer"], given["subject"])
    return Details(
        name=given["name"],
        roles=roles,
        address=given["address"] or None,
        learner_number=given["learner_number"] or None,
        registration=given["registration"] or None,
        identities=(identity,) if given["issuer"] else None,
        starts_on=_day("starts_on", given["starts_on"]),
        ends_on=_day("ends_on", given["ends_on"]) or KEEP,
        authorisations=_authorisations(given, roles) if given["qualification"] else None,
    )


def _authorisations(
    given: dict[str, str], roles: frozenset[Role]
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
        raise _BadCellError("roles", "unknown-role", detail) from None


def _day(column: str, text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        day = None
    if day is None or not EARLIEST <= day <= LATEST:
        raise _BadCellError(column, "invalid-date", "Write a date such as 2026-03-02.")
    return day
