"""Lists as spreadsheets save and open them: CSV in any of their dialects in, one of them out."""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from chalicelib.domain.text import clean

SEPARATORS = (",", ";", "\t")
# How cells begin that a spreadsheet would execute, in either width.
FORMULA = tuple("=+-@\t\r＝＋－＠")  # noqa: RUF001 (these are meant)
BOM = b"\xef\xbb\xbf"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
EARLIEST, LATEST = date(1950, 1, 1), date(2999, 12, 31)

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class CellFlaw:
    """One thing wrong with a file: in which line, counted from one, and in which column."""

    line: int
    column: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Row(Generic[Entry]):
    """What a line of the file says."""

    line: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Sheet(Generic[Entry]):
    """What a file says, and what is wrong with it. The encoding is named for people to check."""

    encoding: str
    rows: tuple[Row[Entry], ...]
    flaws: tuple[CellFlaw, ...]


@dataclass(frozen=True, slots=True)
class Columns(Generic[Entry]):
    """The columns of a list, those that have to be there, and what the cells of a line make.

    `entry` gets the text of every column, empty where there is none; it raises BadCellError. What
    stands in those that are only `shown` is not read: they were ours, and are as they came back.
    """

    names: tuple[str, ...]
    required: tuple[str, ...]
    entry: Callable[[Mapping[str, str]], Entry]
    shown: tuple[str, ...] = ()


class BadCellError(Exception):
    """A cell that cannot be what it has to be."""

    def __init__(self, column: str, code: str, detail: str) -> None:
        super().__init__(code)
        self.flaw = (column, code, detail)


def read_sheet(raw: bytes, columns: Columns[Entry], limit: int) -> Sheet[Entry]:
    """Read a list of at most so many lines. All that is wrong with it is told at once.

    It may be in UTF-8, with or without a byte order mark, in UTF-16 with one, or in Windows-1252;
    separated by commas, semicolons or tabs; with any line ends.
    """
    encoding, text = _decoded(raw)
    if text is None:
        detail = "The file is no text in UTF-8 or Windows-1252; save it as CSV in UTF-8."
        return Sheet(encoding, (), (CellFlaw(1, "", "unreadable", detail),))
    rows: list[Row[Entry]] = []
    flaws: list[CellFlaw] = []
    records = _records(text)
    try:
        _, heads = next(records, (1, []))
        named = [head.strip().lower() for head in heads]
        flaws += _head_flaws(columns, named)
        if not flaws:
            for line, cells in records:
                if len(rows) == limit:
                    detail = f"At most {limit} lines are taken at once; split the file."
                    flaws.append(CellFlaw(line, "", "too-many-rows", detail))
                    break
                _read_row(columns, line, named, cells, rows, flaws)
    except csv.Error:
        detail = "The quotation marks of the file do not match from here on."
        flaws.append(CellFlaw(len(rows) + 2, "", "unreadable", detail))
    return Sheet(encoding, tuple(rows), tuple(flaws))


def read_day(column: str, text: str) -> date | None:
    """Read a date as in 2026-03-02; None of an empty cell. Raises BadCellError."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        day = None
    if day is None or not EARLIEST <= day <= LATEST:
        raise BadCellError(column, "invalid-date", "Write a date such as 2026-03-02.")
    return day


def write_sheet(records: Iterable[Iterable[str]]) -> str:
    """Write a list by RFC 4180, with the byte order mark by which spreadsheets know UTF-8.

    Cells that a spreadsheet would execute get an apostrophe before them, and are text.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerows([*map(_defused, record)] for record in records)
    return BOM.decode() + file.getvalue()


def _defused(cell: str) -> str:
    return f"'{cell}" if _is_formula(cell) else cell


def _is_formula(cell: str) -> bool:
    shown = "".join(each for each in cell if unicodedata.category(each) != "Cf")
    return shown.startswith(FORMULA) or shown.strip().startswith(FORMULA)


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


def _head_flaws(columns: Columns[Entry], named: list[str]) -> Iterator[CellFlaw]:
    known = ", ".join(columns.names)
    if len(named) > 2 * len(columns.names):  # or counting them would take for ever
        detail = f"The first line has {len(named)} columns; at most these are known: {known}."
        yield CellFlaw(1, "", "too-many-columns", detail)
        return
    for column in named:
        if column not in columns.names:
            yield CellFlaw(1, column[:40], "unknown-column", f"The columns are {known}.")
        elif named.count(column) > 1:
            yield CellFlaw(1, column, "given-twice", "Name each column once.")
    for column in columns.required:
        if column not in named:
            detail = "The first line names the columns, this one among them."
            yield CellFlaw(1, column, "missing", detail)


def _read_row(
    columns: Columns[Entry],
    line: int,
    named: list[str],
    cells: list[str],
    rows: list[Row[Entry]],
    flaws: list[CellFlaw],
) -> None:
    if len(cells) > len(named):
        detail = f"The line has {len(cells)} cells for {len(named)} columns."
        flaws.append(CellFlaw(line, "", "too-many-cells", detail))
        return
    given = dict.fromkeys(columns.names, "")
    wrong = []
    for column, cell in zip(named, cells, strict=False):
        if column in columns.shown:
            continue
        try:
            given[column] = _cell(column, cell)
        except BadCellError as error:
            wrong.append(CellFlaw(line, *error.flaw))
    if not wrong:
        try:
            rows.append(Row(line, columns.entry(given)))
        except BadCellError as error:
            wrong.append(CellFlaw(line, *error.flaw))
    flaws += wrong


def _cell(column: str, cell: str) -> str:
    if _is_formula(cell):
        detail = "The cell begins like a formula; write text, without =, +, - or @ before it."
        raise BadCellError(column, "formula", detail)
    try:
        return clean(cell).strip()
    except ValueError as error:
        raise BadCellError(column, "invalid-text", f"The text {error}.") from None
