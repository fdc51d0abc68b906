"""Choice items are marked for the assessor's information."""

import pytest

from chalicelib.domain.answers import Answer
from chalicelib.domain.marking import Mark, mark
from chalicelib.domain.modules import ChoiceItem, Option, Page, Statement

OPTIONS = tuple(Option(letter, letter, right=letter in "ab") for letter in "abc")
TWO_OF_THREE = ChoiceItem(id="c", text="Choose", options=OPTIONS, choose=2, tests=("s", "t"))
EXCLUDED = ChoiceItem(id="x", text="Choose", options=OPTIONS, choose=1, excluded="All are wrong.")
PAGE = Page("p", "Page", ungrouped=(Statement(id="s", text="S"), TWO_OF_THREE, EXCLUDED))
YES, NO = Answer(understood=True), Answer(understood=False)


@pytest.mark.parametrize("chosen", [("a", "b"), ("b", "a")])
def test_the_whole_key_is_right_in_any_order(chosen: tuple[str, ...]) -> None:
    first, _ = mark(PAGE, {"c": Answer(chosen=chosen), "s": YES}, {"t": YES})
    assert first == Mark("c", right=True)


@pytest.mark.parametrize("chosen", [None, (), ("a",), ("a", "c"), ("a", "b", "c")])
def test_anything_else_is_wrong(chosen: tuple[str, ...] | None) -> None:
    first, _ = mark(PAGE, {"c": Answer(chosen=chosen)}, {})
    assert first == Mark("c", right=False)


@pytest.mark.parametrize("chosen", [None, ("a",), ("a", "b")])
def test_an_excluded_item_is_not_marked(chosen: tuple[str, ...] | None) -> None:
    _, second = mark(PAGE, {"x": Answer(chosen=chosen), "s": YES}, {})
    assert second == Mark("x", right=None)


@pytest.mark.parametrize(
    ("here", "elsewhere", "contradicted"),
    [
        (YES, YES, ("s", "t")),
        (YES, NO, ("s",)),
        (NO, YES, ("t",)),
        (NO, NO, ()),
        (Answer(), Answer(initials="ZN"), ()),
    ],
)
def test_understood_beside_a_wrong_answer_is_a_contradiction_across_pages(
    here: Answer, elsewhere: Answer, contradicted: tuple[str, ...]
) -> None:
    first, _ = mark(PAGE, {"c": Answer(chosen=("c",)), "s": here}, {"t": elsewhere})
    assert first == Mark("c", right=False, contradicts=contradicted)


def test_what_was_signed_here_counts_over_what_is_known_from_elsewhere() -> None:
    first, _ = mark(PAGE, {"s": NO}, {"s": YES})
    assert first.contradicts == ()
