"""The pages of a certificate: what is certified on the first, page by page on those after it."""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.domain.times import local_date, parse
from chalicelib.formats.lettering import clean, drawable, is_rtl
from chalicelib.formats.typesetting import ACCENT, FAINT, QUIET, Sheets, Style

CENTRE = Style(19, bold=True, colour=ACCENT)
BETWEEN = Style(12, colour=QUIET)
# The first size at which it takes no more than two lines, else the last.
NAMES = tuple(Style(size, bold=True) for size in (30, 25, 21, 17, 14))
TITLES = tuple(Style(size, bold=True, colour=ACCENT) for size in (20, 17, 15, 13))
HEADING = Style(15, bold=True, colour=ACCENT)
DETAIL = Style(10.5)
LABEL = Style(10, colour=QUIET)
TABLE_HEAD = Style(9.5, bold=True)
CELL = Style(9.5)
SMALL = Style(9, colour=QUIET)
FOOT = Style(8, colour=QUIET)

_FEW_LINES = 2
_LABELS = 42.0  # width of the column of labels, in millimetres
_COLUMNS = (14.0, 98.0, 18.0, 30.0)  # number, page, attempt, date judged
_GUTTER = 5.0
_HEADS = ("No.", "Page", "Attempt", "Judged on")

_STANDING = "This document shows what was certified on the day of issue."
_GAPS = (
    "A box stands for a letter that cannot be drawn here: the text as it was written stands in the "
    "electronic record."
)


def certificate_pages(record: Mapping[str, Any]) -> bytes:
    """Set a frozen record."""
    name = record["module"]["certificate_title"]
    with Sheets(
        title=f"Certificate {record['certificate_id']}: {name}",
        author=record["centre"]["name"],
        made_at=parse(record["issued_at"]),
    ) as sheets:
        _certify(sheets, record)
        _facts(sheets, record)
        _small_print(sheets, record)
        _schedule(sheets, record)
        foot = f"Certificate {record['certificate_id']} \u00b7 Issue {record['issue']}"
        sheets.number_pages(foot, FOOT)
        return sheets.document()


def _certify(sheets: Sheets, record: Mapping[str, Any]) -> None:
    module = record["module"]
    sheets.add_page()
    sheets.frame(11, thick=0.7)
    sheets.frame(12.6, thick=0.2)
    sheets.skip(24)
    sheets.paragraph(record["centre"]["name"], CENTRE, centred=True)
    sheets.skip(3)
    middle = (sheets.left + sheets.right) / 2
    sheets.rule(middle - 20, middle + 20, thick=0.4, colour=ACCENT)
    sheets.skip(18)
    sheets.paragraph("certifies that", BETWEEN, centred=True)
    sheets.skip(6)
    _fitting(sheets, record["holder"]["name"], NAMES)
    sheets.skip(6)
    sheets.paragraph("has met the competence requirement of", BETWEEN, centred=True)
    sheets.skip(6)
    _fitting(sheets, module["certificate_title"], TITLES)
    sheets.skip(20)


def _fitting(sheets: Sheets, text: str, styles: tuple[Style, ...]) -> None:
    text = clean(text)
    style = next(
        (each for each in styles if len(sheets.wrap(text, each, sheets.width)) <= _FEW_LINES),
        styles[-1],
    )
    sheets.paragraph(text, style, centred=True)


def _facts(sheets: Sheets, record: Mapping[str, Any]) -> None:
    zone = record["centre"]["time_zone"]
    module = record["module"]
    number = f"{module['number']}, version {module['version']}"
    for label, value in (
        ("Module", number if module["number"] else f"version {module['version']}"),
        ("Programme", module["programme"]),
        ("Standards", ", ".join(module["standards"])),
        ("Date of issue", f"{local_date(parse(record['issued_at']), zone)} ({zone})"),
        ("Issue number", str(record["issue"])),
        ("Certificate id", record["certificate_id"]),
    ):
        if value:
            _fact(sheets, label, value)
    sheets.skip(12)


def _fact(sheets: Sheets, label: str, value: str) -> None:
    width = sheets.width - _LABELS
    value = clean(value)
    for index, line in enumerate(sheets.wrap(value, DETAIL, width)):
        if not sheets.has_room(DETAIL.height):
            sheets.add_page()
        if not index:
            sheets.put(label, LABEL, sheets.left, _LABELS)
        sheets.put(line, DETAIL, sheets.left + _LABELS, width, rtl=is_rtl(value))
        sheets.skip(DETAIL.height)
    sheets.skip(1)


def _small_print(sheets: Sheets, record: Mapping[str, Any]) -> None:
    where = record["address"]
    sheets.paragraph(record["scope"], SMALL)
    sheets.skip(1.5)
    sheets.paragraph(f"{_STANDING} To see whether it still stands, check it at {where}", SMALL)
    if not all(drawable(clean(text)) for text in _texts(record)):
        sheets.skip(1.5)
        sheets.paragraph(_GAPS, SMALL)


def _texts(record: Mapping[str, Any]) -> Iterator[str]:
    """Give all that people have written into what is certified."""
    module = record["module"]
    yield record["centre"]["name"]
    yield record["holder"]["name"]
    yield from (module["certificate_title"], module["number"], module["programme"])
    yield from module["standards"]
    yield from (page["title"] for page in record["pages"])


def _schedule(sheets: Sheets, record: Mapping[str, Any]) -> None:
    zone = record["centre"]["time_zone"]
    sheets.add_page()
    sheets.paragraph("Pages certified", HEADING)
    sheets.skip(1)
    sheets.paragraph(f"Each of these pages was judged competent. Dates are those of {zone}.", SMALL)
    sheets.skip(5)
    _head(sheets)
    for number, page in enumerate(record["pages"], start=1):
        judged = local_date(parse(page["judged_at"]), zone)
        _row(sheets, str(number), page["title"], str(page["attempt"]), judged)


def _head(sheets: Sheets) -> None:
    _cells(sheets, _HEADS, TABLE_HEAD)
    sheets.skip(TABLE_HEAD.height + 1)
    sheets.rule(sheets.left, sheets.right, thick=0.4, colour=ACCENT)
    sheets.skip(1.5)


def _row(sheets: Sheets, number: str, title: str, attempt: str, judged: str) -> None:
    lines = sheets.wrap(clean(title), CELL, _COLUMNS[1] - _GUTTER)
    if not sheets.has_room(len(lines) * CELL.height):
        _next_page(sheets)
    for index, line in enumerate(lines):
        # A title longer than a whole page still breaks.
        if not sheets.has_room(CELL.height):
            _next_page(sheets)
        first = index == 0
        _cells(sheets, (number, line, attempt, judged) if first else ("", line), CELL)
        sheets.skip(CELL.height)
    sheets.skip(1)
    sheets.rule(sheets.left, sheets.right, thick=0.15, colour=FAINT)
    sheets.skip(1)


def _next_page(sheets: Sheets) -> None:
    sheets.add_page()
    _head(sheets)


def _cells(sheets: Sheets, texts: tuple[str, ...], style: Style) -> None:
    left = sheets.left
    for text, width in zip(texts, _COLUMNS, strict=False):
        sheets.put(text, style, left, width)
        left += width
