"""Draws: the same for anybody, in whatever order, of the sizes planned, and not to be steered."""

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.enrolments import Enrolment, EnrolmentState
from chalicelib.domain.errors import Invalid
from chalicelib.domain.judgements import Method
from chalicelib.domain.sampling import (
    Choice,
    Dimension,
    Judged,
    Look,
    Plan,
    Rate,
    Risk,
    Sample,
    Scope,
    Stage,
    Unit,
    check_plan,
    document,
    draw,
    parse_unit,
)
from chalicelib.domain.verifications import Outcome, Verified

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LONDON = "Europe/London"


def plan(**more: Any) -> Plan:
    given: dict[str, Any] = {
        "id": "P",
        "centre_id": "C",
        "title": "March",
        "stage": Stage.INTERIM,
        "scope": Scope(),
        "by": (),
        "risks": {},
        "rates": {Risk.LOW: Rate(0, 0), Risk.MEDIUM: Rate(10, 1), Risk.HIGH: Rate(50, 2)},
        "created_at": NOW,
        "created_by": "V",
        "seed": "5e" * 32,
        "statement": "",
    }
    return Plan(**given | more)


def judged(**more: Any) -> Judged:
    given: dict[str, Any] = {
        "unit": "E/page/1",
        "module_id": "moving-people",
        "assessor_id": "A",
        "method": Method.TOKEN,
        "countersigned": False,
        "judged_at": NOW,
    }
    return Judged(**given | more)


risks = st.sampled_from(Risk)
rates = st.builds(Rate, st.integers(0, 100), st.integers(0, 30))
plans = st.builds(
    lambda seed, low, medium, high: plan(
        seed=seed, rates={Risk.LOW: low, Risk.MEDIUM: medium, Risk.HIGH: high}
    ),
    st.binary(min_size=32, max_size=32).map(bytes.hex),
    rates,
    rates,
    rates,
)
frames = st.dictionaries(
    st.tuples(st.integers(0, 40), st.integers(1, 5)), st.tuples(risks, st.sampled_from("AB"))
).map(
    lambda found: [
        Unit(f"E{e}/page-{p}/1", f"risk:{risk}/assessor:{who}", who, "M")
        for (e, p), (risk, who) in found.items()
    ]
)


def recomputed(frame: list[Unit], seed: str, strata: dict[str, Rate]) -> list[str]:
    """Draw again, from what the documentation of the archive says alone."""

    def rank(unit: str) -> str:
        return hmac.new(bytes.fromhex(seed), unit.encode(), hashlib.sha256).hexdigest()

    drawn = []
    for name, planned in strata.items():
        ranked = sorted((each.id for each in frame if each.stratum == name), key=rank)
        part = (len(ranked) * planned.rate + 99) // 100
        drawn += ranked[: min(len(ranked), max(planned.least, part))]
    return sorted(drawn)


@given(plans, frames, st.randoms())
def test_anybody_draws_the_same_whatever_the_order_of_the_frame(
    made: Plan, frame: list[Unit], shuffler: Any
) -> None:
    once = draw(made, frame)
    shuffled = frame.copy()
    shuffler.shuffle(shuffled)
    assert draw(made, shuffled) == once
    assert [each.id for each in once] == sorted(each.id for each in frame)
    strata = {each.stratum: made.rate(each.stratum) for each in frame}
    drawn = [each.id for each in once if each.drawn]
    assert drawn == recomputed(frame, made.seed, strata)


@given(plans, frames)
def test_each_stratum_gives_what_was_planned(made: Plan, frame: list[Unit]) -> None:
    marked = draw(made, frame)
    for name in {each.stratum for each in frame}:
        units = [each for each in marked if each.stratum == name]
        planned, drawn = made.rate(name), sum(each.drawn for each in units)
        assert drawn <= len(units)
        assert drawn >= min(len(units), planned.least)
        assert 100 * drawn >= planned.rate * len(units)
        assert drawn in {len(units), planned.least} or 100 * (drawn - 1) < planned.rate * len(units)


@given(frames.filter(bool), st.binary(min_size=32, max_size=32).map(bytes.hex))
def test_another_unit_moves_no_rank(frame: list[Unit], seed: str) -> None:
    """What is added to a frame can take the last place of its stratum, and no more."""
    made = plan(seed=seed, rates=dict.fromkeys(Risk, Rate(0, 3)))
    added = Unit("Z/added/1", frame[0].stratum, "A", "M")
    before = {each.id for each in draw(made, frame) if each.drawn}
    after = {each.id for each in draw(made, [*frame, added]) if each.drawn}
    assert after - before <= {added.id}
    assert len(before - after) <= 1


def test_what_is_drawn_depends_on_the_seed_alone() -> None:
    """Whoever does not know the seed cannot make a judgement one that is drawn, or is not."""
    frame = [Unit(f"E{number}/page/1", "risk:medium", "A", "M") for number in range(20)]
    hits = 0
    for number in range(200):
        made = plan(seed=hashlib.sha256(b"%d" % number).hexdigest())
        hits += next(each.drawn for each in draw(made, frame) if each.id == "E7/page/1")
    assert 5 < hits < 45, "two of twenty, each time two others"


def test_strata_are_named_by_risk_first() -> None:
    made = plan(by=tuple(Dimension), risks={"A": Risk.LOW})
    named = "assessor:A/module:moving-people/method:token"
    assert made.stratum(judged()) == f"risk:low/{named}"
    assert plan().stratum(judged()) == "risk:medium"
    assert plan().stratum(judged(countersigned=True)) == "risk:high"
    assert plan(risks={"A": Risk.LOW}).stratum(judged(countersigned=True)) == "risk:low"
    assert made.rate(f"risk:high/{named}") == Rate(50, 2)


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        (Scope(), True),
        (Scope(modules=("moving-people",), assessors=("A",), methods=(Method.TOKEN,)), True),
        (Scope(modules=("resting",)), False),
        (Scope(assessors=("B",)), False),
        (Scope(methods=(Method.LINK,)), False),
        (Scope(starts_on=date(2026, 7, 2), ends_on=date(2026, 7, 2)), True),
        (Scope(starts_on=date(2026, 7, 3)), False),
        (Scope(ends_on=date(2026, 7, 1)), False),
    ],
)
def test_what_a_plan_is_about(scope: Scope, *, covered: bool) -> None:
    """The period is of days at the centre: half an hour after midnight it is the next one there."""
    at = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    assert scope.covers(judged(judged_at=at), LONDON) is covered


def test_an_enrolment_that_cannot_hold_anything_is_not_reached() -> None:
    enrolment = Enrolment(
        id="E",
        centre_id="C",
        candidate_id="Z",
        assessor_id="A",
        module_id="moving-people",
        module_version=1,
        state=EnrolmentState.ACTIVE,
        created_at=NOW,
        created_by="A",
    )
    day = timedelta(days=1)
    done = replace(enrolment, completed_at=NOW + day)
    assert Scope().reaches(enrolment, LONDON)
    assert not Scope(modules=("resting",)).reaches(enrolment, LONDON)
    assert Scope(ends_on=NOW.date()).reaches(enrolment, LONDON)
    assert not Scope(ends_on=(NOW - day).date()).reaches(enrolment, LONDON)
    assert Scope(starts_on=(NOW + day).date()).reaches(done, LONDON)
    assert not Scope(starts_on=(NOW + 2 * day).date()).reaches(done, LONDON)


def test_planned_and_actual_are_counted_apart() -> None:
    frame = draw(
        plan(), [Unit(f"E{number}/page/1", "risk:medium", "A", "M") for number in range(5)]
    )
    (drawn,) = (each for each in frame if each.drawn)
    other = next(each for each in frame if not each.drawn)
    late = Unit("F/page/1", "risk:high", "B", "M")
    choices = tuple(Choice(each, "New.", "V", NOW) for each in (drawn, other, late))
    sample = Sample(plan(), frame, choices)
    assert sample.units == tuple(sorted([drawn.id, other.id, late.id]))
    upheld = Look(Verified("1", "V", NOW, Outcome.UPHELD), set_aside=False)
    objected = Look(Verified("2", "V", NOW, Outcome.ACTION_REQUIRED), set_aside=True)
    looks = {drawn.id: upheld, late.id: objected, other.id: Look(None, set_aside=False)}
    by_assessor = sample.tallies(looks, lambda unit: unit.assessor_id)
    a, b = by_assessor["A"], by_assessor["B"]
    assert (a.size, a.drawn, a.chosen, a.looked_at) == (5, 1, 2, 1)
    assert (a.upheld, a.action_required, a.set_aside) == (1, 0, 0)
    assert (b.size, b.drawn, b.chosen, b.looked_at) == (0, 0, 1, 1)
    assert (b.upheld, b.action_required, b.set_aside) == (0, 1, 1)


def test_the_seed_is_told_nowhere_before_the_draw() -> None:
    made = plan()
    assert made.seed not in repr(made)
    assert made.seed not in str(document(Sample(made), {}))
    assert document(Sample(made), {})["seed"] == ""
    drawn = replace(made, drawn_at=NOW, drawn_by="V")
    assert document(Sample(drawn), {})["seed"] == made.seed
    given = f"testamur-draw-1\nP\n{made.seed}".encode()
    assert made.commitment == hashlib.sha256(given).hexdigest()


def test_units_are_read_back_or_are_none() -> None:
    assert parse_unit("01K/kn-1/12") == ("01K", "kn-1", 12)
    for text in ("", "01K/kn-1", "01K/kn-1/0", "01K/kn-1/01", "01K/kn-1/1/2", "a#b/kn-1/1", "x\n"):
        assert parse_unit(text) is None


def test_a_plan_needs_a_title_and_an_end_after_its_start() -> None:
    backwards = Scope(starts_on=date(2026, 3, 2), ends_on=date(2026, 3, 1))
    with pytest.raises(Invalid) as refused:
        check_plan(plan(title=" ", scope=backwards))
    assert [flaw.pointer for flaw in refused.value.flaws] == ["/title", "/ends_on"]
    check_plan(plan(scope=Scope(starts_on=date(2026, 3, 2), ends_on=date(2026, 3, 2))))
