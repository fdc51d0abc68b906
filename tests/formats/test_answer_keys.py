"""An answer key marks what a person decided, and says of each fault where it is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.modules import ChoiceItem, Module, publication_flaws
from chalicelib.formats.remarks import UnreadableDocumentError
from chalicelib.formats.workbooks import apply_key, read_workbook
from tests.formats.workbook_text import KEY, workbook

MODULE = read_workbook(workbook()).module


def choices(module: Module) -> dict[str, ChoiceItem]:
    return {item.id: item for item in module.items if isinstance(item, ChoiceItem)}


def faults(key: str) -> list[tuple[int, str]]:
    with pytest.raises(UnreadableDocumentError) as caught:
        apply_key(MODULE, key)
    assert all(remark.error and remark.detail for remark in caught.value.remarks)
    return [(remark.line, remark.code) for remark in caught.value.remarks]


def test_a_marked_module_can_be_published() -> None:
    assert publication_flaws(MODULE)
    module = apply_key(MODULE, KEY)
    assert publication_flaws(module) == ()
    assert {item_id: "".join(sorted(item.key)) for item_id, item in choices(module).items()} == {
        "e1-c1": "b",
        "e1-c2": "c",
        "e1-c3": "c",
        "e1-range-1": "ac",
        "e2-c1": "b",
        "e2-c2": "",
        "e2-range-1": "ace",
    }


def test_notes_exclude_and_accept_items() -> None:
    marked = choices(apply_key(MODULE, KEY))
    assert marked["e2-c2"].excluded == "all of them will do"
    assert marked["e1-c3"].accepted == "names a rule of the house"
    assert not marked["e1-c1"].excluded
    assert not marked["e1-c1"].accepted


def test_nothing_else_changes() -> None:
    marked = apply_key(MODULE, KEY)
    assert [item.text for item in marked.items] == [item.text for item in MODULE.items]
    assert marked.pages[3].groups[0].title == MODULE.pages[3].groups[0].title


@pytest.mark.parametrize("key", ["\ufeff" + KEY, KEY.replace("\n", "\r\n"), KEY + "\n,,,\n"])
def test_what_spreadsheets_do_to_csv_is_accepted(key: str) -> None:
    assert apply_key(MODULE, key) == apply_key(MODULE, KEY)


@pytest.mark.parametrize(
    ("row", "instead", "fault"),
    [
        ("element,item", "item,element", (1, "wrong-header")),
        ("1,1,2,\n", "9,1,2,\n", (2, "unknown-item")),
        ("1,1,2,\n", "1,44,2,\n", (2, "unknown-item")),
        ("1,1,2,\n", "1,range-2,1;2,\n", (2, "unknown-item")),
        ("1,1,2,\n", "one,1,2,\n", (2, "unknown-item")),
        ("1,1,2,\n", "1,1,2,,\n", (2, "wrong-row")),
        ("1,1,2,\n", "1,1,4,\n", (2, "option-out-of-range")),
        ("1,1,2,\n", "1,1,b,\n", (2, "wrong-options")),
        ("1,1,2,\n", "1,1,1;2,\n", (2, "wrong-count")),
        ("1,1,2,\n", "1,1,,\n", (2, "wrong-count")),
        ("1,range-1,1;3,\n", "1,range-1,3;3,\n", (5, "wrong-count")),
        ("1,1,2,\n", "1,1,2,perhaps\n", (2, "wrong-note")),
        ("1,1,2,\n", "1,1,,exclude:\n", (2, "wrong-note")),
        ("1,1,2,\n", "1,1,2,exclude: all wrong\n", (2, "excluded-with-options")),
        ("1,1,2,\n", "1,1,2,\n1,1,2,\n", (3, "duplicate-row")),
        ("1,1,2,\n", "", (0, "item-without-row")),
        ("1,1,2,\n", '1,1,2,"open', (0, "no-csv")),
        ("1,1,2,\n", "1,1,2,\x00\n", (0, "no-csv")),
    ],
)
def test_faults_are_named_with_their_line(row: str, instead: str, fault: tuple[int, str]) -> None:
    assert row in KEY
    assert fault in faults(KEY.replace(row, instead, 1))


def test_all_faults_are_named_at_once() -> None:
    key = KEY.replace("1,1,2,", "1,1,9,").replace("2,1,2,\n", "")
    assert faults(key) == [(0, "item-without-row"), (2, "option-out-of-range")]


def test_an_empty_key_has_no_header() -> None:
    assert faults("") == [(1, "wrong-header")]


def attempted(key: str) -> Module | UnreadableDocumentError:
    try:
        return apply_key(MODULE, key)
    except UnreadableDocumentError as error:
        return error


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.integers(0, len(KEY)), st.integers(0, 20))
def test_a_damaged_key_marks_or_is_refused(text: str, start: int, length: int) -> None:
    result = attempted(KEY[:start] + text + KEY[start + length :])
    if isinstance(result, Module):
        assert publication_flaws(result) == ()
    else:
        assert all(remark.error and remark.detail for remark in result.remarks)
