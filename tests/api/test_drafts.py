"""Drafts that are not kept, and saves over what was not seen."""

from typing import Any

import pytest

from chalicelib.domain.enrolments import Enrolment
from tests.api.door import Door, page_path

LONGEST = 20_000
WRONG: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "an item of another page": (
        "plan-1",
        {"kn-q1": {"text": "Because."}},
        {"/answers/kn-q1": "unknown-item"},
    ),
    "an item that nobody knows": (
        "plan-1",
        {"a/b~c": {"text": "Because."}},
        {"/answers/a~1b~0c": "unknown-item"},
    ),
    "a statement answered as a question": (
        "plan-1",
        {"plan-s1": {"text": "Yes."}},
        {"/answers/plan-s1/text": "wrong-kind"},
    ),
    "a choice answered as a statement": (
        "plan-2",
        {"plan-c1": {"understood": True, "initials": "ZN"}},
        {
            "/answers/plan-c1/understood": "wrong-kind",
            "/answers/plan-c1/initials": "wrong-kind",
        },
    ),
    "a question answered as a choice": (
        "kn-1",
        {"kn-q1": {"chosen": ["a"]}},
        {"/answers/kn-q1/chosen": "wrong-kind"},
    ),
    "an option that is not there": (
        "plan-2",
        {"plan-c1": {"chosen": ["e"]}},
        {"/answers/plan-c1/chosen": "unknown-option"},
    ),
    "an option twice": (
        "plan-2",
        {"plan-c1": {"chosen": ["b", "b"]}},
        {"/answers/plan-c1/chosen": "chosen-twice"},
    ),
    "20,001 characters": (
        "kn-1",
        {"kn-q1": {"text": "a" * (LONGEST + 1)}},
        {"/answers/kn-q1/text": "too-long"},
    ),
    "20,001 characters beyond the basic plane": (
        "kn-1",
        {"kn-q1": {"text": "\N{CANDLE}" * (LONGEST + 1)}},
        {"/answers/kn-q1/text": "too-long"},
    ),
    "11 initials": (
        "plan-1",
        {"plan-s1": {"initials": "ABCDEFGHIJK"}},
        {"/answers/plan-s1/initials": "too-long"},
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_no_draft_of_a_page_can_hold(shared: Door, standing: Enrolment, case: str) -> None:
    page_id, answers, flaws = WRONG[case]
    path = page_path(standing, page_id)
    body = {"answers": answers}
    refusal = shared.refused(
        "invalid-answers", "PUT", path, shared.world.candidate, body, if_match=shared.etag(path)
    )
    assert refusal.flaws == flaws
    assert shared.done("GET", path, shared.world.candidate).json["answers"] == {}


def test_saving_needs_if_match(shared: Door, standing: Enrolment) -> None:
    path = page_path(standing, "plan-1")
    shared.refused("if-match-required", "PUT", path, shared.world.candidate, {"answers": {}})


@pytest.mark.parametrize("if_match", ['W/"0-open"', '"1-open", "2-open"', '"x"', '"*"'])
def test_only_the_current_etag_will_do(shared: Door, standing: Enrolment, if_match: str) -> None:
    path = page_path(standing, "plan-1")
    answers = shared.world.answers("plan-1")
    shared.refused(
        "stale-page", "PUT", path, shared.world.candidate, {"answers": answers}, if_match=if_match
    )


@pytest.mark.parametrize("if_match", ["0-open", '"0-open', '"a" "b"', '*, "a"', "W/*"])
def test_an_etag_without_its_quotation_marks_is_told(
    shared: Door, standing: Enrolment, if_match: str
) -> None:
    path, body = page_path(standing, "plan-1"), {"answers": shared.world.answers("plan-1")}
    candidate = shared.world.candidate
    shared.refused("malformed-if-match", "PUT", path, candidate, body, if_match=if_match)
