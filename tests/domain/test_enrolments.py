"""Where pages stand, and who is waited for."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from chalicelib.domain.attempts import Attempt
from chalicelib.domain.enrolments import (
    MOVES,
    Enrolment,
    EnrolmentState,
    PageState,
    latest,
    page_state,
    progress,
    require_active,
    require_move,
    require_open,
    require_unsealed,
)
from chalicelib.domain.errors import Conflict, Invalid
from chalicelib.domain.judgements import Countersignature, SettingAside
from chalicelib.domain.modules import Element, Module, Page
from tests.domain.values import SIGNED_AT, attempt, judgement

LATER = SIGNED_AT + timedelta(days=1)
ENROLMENT = Enrolment(
    id="enrolment",
    centre_id="centre",
    candidate_id="candidate",
    assessor_id="now-assessing",
    module_id="module",
    module_version=1,
    state=EnrolmentState.ACTIVE,
    created_at=SIGNED_AT,
    created_by="administrator",
)
MODULE = Module(
    id="module",
    title="Module",
    elements=(Element("e", "E", pages=(Page("p1", "One"), Page("p2", "Two"))),),
)
SET_ASIDE = SettingAside("verifier", LATER, "Not enough.")


@pytest.mark.parametrize(
    ("found", "state", "waits_on"),
    [
        (None, PageState.OPEN, "candidate"),
        (attempt(), PageState.SIGNED, "assessor"),
        (attempt(withdrawn_at=LATER), PageState.OPEN, "candidate"),
        (attempt(judgement=judgement()), PageState.COMPETENT, ""),
        (attempt(judgement=judgement(competent=False)), PageState.RETURNED, "candidate"),
        (attempt(judgement=judgement(), set_aside=SET_ASIDE), PageState.OPEN, "candidate"),
        (
            attempt(judgement=judgement(competent=False), set_aside=SET_ASIDE),
            PageState.OPEN,
            "candidate",
        ),
        (attempt(judgement=judgement(countersigner_id="cora")), PageState.COMPETENT, "cora"),
        (
            attempt(
                judgement=judgement(countersigner_id="cora"),
                countersignature=Countersignature("cora", LATER),
            ),
            PageState.COMPETENT,
            "",
        ),
        (
            attempt(judgement=judgement(competent=False, countersigner_id="cora")),
            PageState.RETURNED,
            "candidate",
        ),
        (
            attempt(judgement=judgement(countersigner_id="cora"), set_aside=SET_ASIDE),
            PageState.OPEN,
            "candidate",
        ),
    ],
)
def test_a_page_stands_somewhere_and_waits_on_somebody(
    found: Attempt | None, state: PageState, waits_on: str
) -> None:
    assert page_state(found) is state
    first, _ = progress(MODULE, ENROLMENT, [found] if found else [])
    assert (first.state, first.waits_on) == (state, waits_on)


def test_the_latest_attempt_counts_in_whatever_order_they_come() -> None:
    found = [attempt("p1", 1), attempt("p1", 2), attempt("p1", 10), attempt("p2", 1)]
    for order in permutations(found):
        assert latest(order) == {"p1": found[2], "p2": found[3]}
    assert latest([]) == {}


def test_a_page_nobody_touched_waits_on_the_candidate_since_the_enrolment() -> None:
    for page, page_id in zip(progress(MODULE, ENROLMENT, []), ("p1", "p2"), strict=True):
        assert page.page_id == page_id
        assert (page.attempts, page.since, page.waits_on) == (0, SIGNED_AT, "candidate")


def test_a_module_without_pages_waits_for_nothing() -> None:
    assert progress(Module(id="empty", title="Empty"), ENROLMENT, []) == ()


def test_pages_come_in_printed_order_with_the_number_of_attempts() -> None:
    found = progress(MODULE, ENROLMENT, [attempt("p2", 3), attempt("p1", 1), attempt("p2", 2)])
    assert [(page.page_id, page.attempts) for page in found] == [("p1", 1), ("p2", 3)]


@pytest.mark.parametrize(
    ("found", "since"),
    [
        (attempt(), SIGNED_AT),
        (attempt(withdrawn_at=LATER), LATER),
        (attempt(judgement=judgement()), SIGNED_AT),
        (attempt(judgement=judgement(), set_aside=SET_ASIDE), LATER),
    ],
)
def test_since_when(found: Attempt, since: object) -> None:
    assert progress(MODULE, ENROLMENT, [found])[0].since == since


SIGNING = {
    EnrolmentState.ON_BREAK: "enrolment-on-break",
    EnrolmentState.WITHDRAWN: "enrolment-withdrawn",
    EnrolmentState.TRANSFERRED: "enrolment-transferred",
    EnrolmentState.AWAITING_VERIFICATION: "enrolment-awaiting-verification",
    EnrolmentState.COMPLETE: "enrolment-complete",
}


@pytest.mark.parametrize("state", EnrolmentState)
def test_pages_are_signed_while_active_and_written_while_open(state: EnrolmentState) -> None:
    enrolment = replace(ENROLMENT, state=state)
    for require, refused in (
        (require_active, state is not EnrolmentState.ACTIVE),
        (require_open, state in {"withdrawn", "transferred", "complete"}),
        (require_unsealed, state is EnrolmentState.COMPLETE),
    ):
        if not refused:
            require(enrolment)
            continue
        with pytest.raises(Conflict) as refusal:
            require(enrolment)
        assert refusal.value.code == SIGNING[state]


@pytest.mark.parametrize("now", EnrolmentState)
@pytest.mark.parametrize("then", EnrolmentState)
def test_a_move_is_legal_or_says_which_are(now: EnrolmentState, then: EnrolmentState) -> None:
    enrolment = replace(ENROLMENT, state=now)
    if then in MOVES[now]:
        require_move(enrolment, then, "why")
        return
    with pytest.raises(Conflict) as refusal:
        require_move(enrolment, then, "why")
    assert refusal.value.code == "enrolment-state"
    assert refusal.value.facts["current"] == {"state": now, "moves": sorted(MOVES[now])}


def test_nobody_makes_an_enrolment_complete_by_hand_or_opens_what_is_final() -> None:
    by_hand = {state for moves in MOVES.values() for state in moves}
    assert by_hand == {"active", "on-break", "withdrawn", "transferred"}
    assert not MOVES[EnrolmentState.COMPLETE] | MOVES[EnrolmentState.TRANSFERRED]
    assert MOVES.keys() == set(EnrolmentState)


@pytest.mark.parametrize("state", [EnrolmentState.WITHDRAWN, EnrolmentState.TRANSFERRED])
def test_nobody_leaves_without_a_reason(state: EnrolmentState) -> None:
    with pytest.raises(Invalid) as refusal:
        require_move(ENROLMENT, state, "")
    assert [flaw.pointer for flaw in refusal.value.flaws] == ["/reason"]
    require_move(ENROLMENT, EnrolmentState.ON_BREAK, "")


def test_a_page_is_judged_by_its_own_assessor_or_the_primary_one() -> None:
    enrolment = replace(ENROLMENT, page_assessors={"p2": "second"})
    assert [enrolment.assessor_of(page) for page in ("p1", "p2")] == ["now-assessing", "second"]
    assert enrolment.assessors == {"now-assessing", "second"}
