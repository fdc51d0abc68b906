"""The coverage of criteria as lists for spreadsheets: by page, and item by item."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from chalicelib.formats.portfolio_reading import COVERAGE_STATES, PAGE_STATES, Reading, read
from chalicelib.formats.sheets import write_sheet

Rows = Iterable[tuple[str, ...]]

# Workbooks are dated, and the same document has to give the same bytes.
CREATED = datetime(1980, 1, 1, tzinfo=UTC)
TEXTS_ALONE = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
_HEAD = {"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#E4F0F0", "bottom": 1}
_TEXT = {"text_wrap": True, "valign": "top"}
_TONES = {"right": ("#14603A", "#E4F3E9"), "wrong": ("#9C1F1F", "#FBE9E7")}
_TONES |= {"warn": ("#744700", "#FDF2D9")}
_NARROW, _COLUMN, _WIDE = 12, 18, 70  # characters


def coverage_csv(document: Mapping[str, Any]) -> bytes:
    """Write the coverage by page, then, after an empty line, item by item."""
    reading = read(document)
    return write_sheet([*_by_page(reading), (), *_by_item(reading)]).encode()


def coverage_xlsx(document: Mapping[str, Any]) -> bytes:
    """Write the coverage as a workbook: a sheet by page, and one item by item."""
    import xlsxwriter  # type: ignore[import-untyped]  # noqa: PLC0415 (heavy, seldom needed)

    reading = read(document)
    file = BytesIO()
    with xlsxwriter.Workbook(file, TEXTS_ALONE) as book:
        title = f"Coverage: {reading.candidate}, {reading.module}"
        book.set_properties({"title": title, "author": reading.centre, "created": CREATED})
        by_page = book.add_worksheet("Coverage")
        by_page.freeze_panes(1, 2)
        by_page.set_column(0, 1, _NARROW)
        by_page.set_column(2, len(reading.pages) + 1, _COLUMN)
        _fill(book, by_page, _by_page(reading))
        by_item = book.add_worksheet("Items")
        by_item.freeze_panes(1, 1)
        by_item.set_column(0, 0, _NARROW)
        by_item.set_column(1, 1, _COLUMN * 2)
        by_item.set_column(2, 2, _NARROW)
        by_item.set_column(3, 3, _WIDE)
        by_item.set_column(4, 4, _COLUMN)
        _fill(book, by_item, _by_item(reading))
    return file.getvalue()


def _by_page(reading: Reading) -> Iterator[tuple[str, ...]]:
    pages = reading.pages
    yield ("Criterion", "State", *(f"{page.number} {page.title}" for page in pages))
    for criterion in reading.criteria:
        bearing = {place.page.id for place in criterion.places}
        states = (PAGE_STATES[page.state][0] if page.id in bearing else "" for page in pages)
        yield (criterion.name, COVERAGE_STATES[criterion.state][0], *states)


def _by_item(reading: Reading) -> Iterator[tuple[str, ...]]:
    yield ("Criterion", "Page", "Item", "What it asks", "State")
    for criterion in reading.criteria:
        for place in criterion.places:
            page = place.page
            title, state = f"{page.number} {page.title}", PAGE_STATES[page.state][0]
            yield (criterion.name, title, str(place.item), place.text, state)


def _fill(book: Any, sheet: Any, rows: Rows) -> None:  # noqa: ANN401 (xlsxwriter has no types)
    """Write every cell as text, whatever it looks like, and states in their colours."""
    head, text = book.add_format(_HEAD), book.add_format(_TEXT)
    states = {**PAGE_STATES, **COVERAGE_STATES}
    formats = {
        words: book.add_format({**_TEXT, "font_color": ink, "bg_color": paper})
        for words, tone in states.values()
        if tone
        for ink, paper in [_TONES[tone]]
    }
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            shown = formats.get(cell, text) if number else head
            sheet.write_string(number, column, cell, shown)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
