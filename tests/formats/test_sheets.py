"""Lists that we write are opened by spreadsheets, and nothing in them is executed."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.formats.sheets import FORMULA, write_sheet

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


@pytest.mark.parametrize("cell", ["=1+1", "+44", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1"])
def test_formulas_become_text(cell: str) -> None:
    assert read(write_sheet([["name"], [cell]])) == [["name"], [f"'{cell}"]]


def test_what_spreadsheets_want() -> None:
    text = write_sheet([["name", "note"], ["Zoë Nguyễn", 'a "b", c']])
    assert text == '\ufeffname,note\r\nZoë Nguyễn,"a ""b"", c"\r\n'


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=4))
def test_nothing_else_is_changed_and_nothing_begins_like_a_formula(
    records: list[list[str]],
) -> None:
    found = read(write_sheet(records))
    assert not [cell for record in found for cell in record if cell.lstrip(" ").startswith(FORMULA)]
    bare = [[cell.removeprefix("'") for cell in record] for record in found]
    assert bare == [[cell.removeprefix("'") for cell in record] for record in records]


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True))
