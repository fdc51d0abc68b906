"""Coverage as lists: what they say, and that no spreadsheet takes a text for a formula."""

import csv
import io
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook  # type: ignore[import-untyped]  # has no types

from chalicelib.formats.coverage import coverage_csv, coverage_xlsx
from chalicelib.formats.sheets import FORMULA
from tests.formats import portfolio_documents

RICH = portfolio_documents.rich()
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
TRAPS = st.sampled_from(
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "{=1}", "https://x.example"]  # noqa: RUF001
)


def matrix(document: dict[str, Any]) -> list[list[str]]:
    return [*csv.reader(io.StringIO(coverage_csv(document).decode("utf-8-sig"), newline=""))]


def book(document: dict[str, Any]) -> Workbook:
    return load_workbook(io.BytesIO(coverage_xlsx(document)))


def cells(document: dict[str, Any]) -> list[Any]:
    return [cell for sheet in book(document) for row in sheet for cell in row]


def named(text: str) -> dict[str, Any]:
    """Write a text wherever people may: the candidate's name, and all texts of a module."""
    document = portfolio_documents.rich(candidate=text)
    module = document["module"]
    module["title"] = module["elements"][0]["pages"][0]["title"] = text
    for element in module["elements"]:
        for page in element["pages"]:
            for item in page["items"]:
                item["text"] = text
    for each in document["coverage"]:
        each["criterion"] = text
    return document


def test_rows_are_criteria_and_columns_pages() -> None:
    rows = matrix(RICH)
    assert rows[0] == [
        "Criterion",
        "State",
        "1 Before the move",
        "2 What was done",
        "3 What others saw",
        "4 Looking back",
    ]
    assert rows[3] == ["P2", "In progress", "Competent", "", "Waiting for judgement", ""]
    assert [row[0] for row in rows[1:7]] == ["K6", "P1", "P2", "P10", "CC:2.1", "CC:2.10"]
    assert rows[7] == []
    assert rows[8] == ["Criterion", "Page", "Item", "What it asks", "State"]
    assert rows[12] == [
        "P2",
        "1 Before the move",
        "2",
        "A second person is asked where the plan says so.",
        "Competent",
    ]


def test_the_key_and_the_guidance_are_nowhere() -> None:
    assert b"PLANTED" not in coverage_csv(RICH)
    assert not [cell.value for cell in cells(RICH) if "PLANTED" in str(cell.value)]


def test_the_workbook_says_the_same() -> None:
    rows = matrix(RICH)
    by_page, by_item = book(RICH)
    sheets = [
        [[cell or "" for cell in row] for row in sheet.values] for sheet in (by_page, by_item)
    ]
    assert sheets == [rows[:7], rows[8:]]
    assert by_page.freeze_panes == "C2"
    assert by_item.freeze_panes == "B2"


def test_nothing_signed_is_open_everywhere() -> None:
    assert {row[1] for row in matrix(portfolio_documents.empty())[1:7]} == {"Open"}


def test_a_module_without_criteria_has_heads_alone() -> None:
    document = portfolio_documents.empty() | {"coverage": []}
    assert [len(row) for row in matrix(document)] == [6, 0, 5]
    assert [sheet.max_row for sheet in book(document)] == [1, 1]


def test_the_same_document_gives_the_same_bytes() -> None:
    again = portfolio_documents.rich()
    assert coverage_csv(RICH) == coverage_csv(again)
    assert coverage_xlsx(RICH) == coverage_xlsx(again)
    assert book(RICH).properties.created == datetime(1980, 1, 1)  # noqa: DTZ001 (as it is written)


@given(TEXT | st.tuples(TRAPS, TEXT).map("".join))
@settings(max_examples=60, deadline=None)
def test_whatever_the_texts_are_no_cell_is_executed(text: str) -> None:
    document = named(text)
    assert {cell.data_type for cell in cells(document)} <= {"s", "n"}
    assert all(cell.value is None for cell in cells(document) if cell.data_type == "n")
    assert all(cell.hyperlink is None for cell in cells(document))
    written = [cell for row in matrix(document) for cell in row]
    assert not any(cell.startswith(FORMULA) for cell in written)


@pytest.mark.parametrize("text", ["_x0041_", "&<>\"'", "王小明 ليلى 🙂"])
def test_a_workbook_opens_with_any_text(text: str) -> None:
    assert text in [cell.value for cell in cells(named(text))]
