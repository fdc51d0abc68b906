"""How far criteria are covered, and in what order they stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.enrolments import PageState
from chalicelib.domain.modules import Element, Module, Page, Question
from chalicelib.domain.portfolios import coverage

criteria = st.lists(st.sampled_from(["P1", "P2", "P10", "K3", "CC:2.1", "CC:2.10"]), max_size=4)
states = st.sampled_from(PageState)


def module(*pages: list[str]) -> Module:
    """Make a module of pages that each have one item, with these criteria."""
    made = tuple(
        Page(
            f"p{n}", f"Page {n}", ungrouped=(Question(id=f"i{n}", text="?", criteria=tuple(found)),)
        )
        for n, found in enumerate(pages)
    )
    return Module(id="m", title="M", elements=(Element("e", "E", pages=made),))


def state_of(*found: PageState) -> str:
    """Tell how far a criterion is covered whose pages stand like this."""
    made = module(*[["P1"]] * len(found))
    states_of = {f"p{n}": state for n, state in enumerate(found)}
    (covered,) = coverage(made, states_of)
    return str(covered["state"])


@pytest.mark.parametrize(
    ("found", "state"),
    [
        ([PageState.OPEN], "open"),
        ([PageState.OPEN, PageState.OPEN], "open"),
        ([PageState.SIGNED], "in-progress"),
        ([PageState.RETURNED], "in-progress"),
        ([PageState.COMPETENT, PageState.OPEN], "in-progress"),
        ([PageState.COMPETENT, PageState.RETURNED], "in-progress"),
        ([PageState.COMPETENT, PageState.COMPETENT], "competent"),
    ],
)
def test_every_page_that_bears_a_criterion_counts(found: list[PageState], state: str) -> None:
    assert state_of(*found) == state


def test_criteria_stand_as_people_count() -> None:
    found = coverage(
        module(["CC:2.10", "P10", "K3"], ["CC:2.9", "P2", "P1"], ["AB:1"]),
        {f"p{n}": PageState.OPEN for n in range(3)},
    )
    names = [each["criterion"] for each in found]
    assert names == ["K3", "P1", "P2", "P10", "AB:1", "CC:2.9", "CC:2.10"]


def test_a_module_without_criteria_covers_none() -> None:
    assert coverage(module([]), {"p0": PageState.COMPETENT}) == []


@given(st.lists(st.tuples(criteria, states), max_size=6))
def test_every_item_stands_under_each_of_its_criteria_once(
    pages: list[tuple[list[str], PageState]],
) -> None:
    found = coverage(
        module(*(borne for borne, _ in pages)), {f"p{n}": s for n, (_, s) in enumerate(pages)}
    )
    listed = [(each["criterion"], at["item_id"]) for each in found for at in each["items"]]
    borne = {(name, f"i{n}") for n, (names, _) in enumerate(pages) for name in names}
    assert len(listed) == len(set(listed))
    assert set(listed) == borne
