"""When an enrolment is complete, and what its certificate freezes."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.attempts import Attempt
from chalicelib.domain.centres import Centre
from chalicelib.domain.certificates import (
    frozen_record,
    initials,
    outstanding,
    public_record,
    unverified,
)
from chalicelib.domain.modules import VerificationPolicy
from chalicelib.domain.verifications import Countersignature, Outcome, SettingAside, Verified
from tests.domain.test_enrolments import ENROLMENT, MODULE
from tests.domain.values import SIGNED_AT, attempt, judgement

COMPETENT = judgement()
UNQUALIFIED = judgement(countersigner_id="cora")
SET_ASIDE = SettingAside("ivy", SIGNED_AT)
ONE, TWO = attempt("p1", judgement=COMPETENT), attempt("p2", judgement=COMPETENT)


def record(*attempts: Attempt) -> dict[str, Any]:
    return frozen_record(
        certificate_id="certificate",
        address="https://api.example/v1/certificates/certificate",
        issue=1,
        centre=Centre("centre", "Harbour Care"),
        candidate_name="Zoë van den Berg",
        enrolment=ENROLMENT,
        module=MODULE,
        attempts=attempts,
        issued_at=SIGNED_AT,
    )


@pytest.mark.parametrize(
    ("attempts", "left"),
    [
        ([], ("p1", "p2")),
        ([ONE], ("p2",)),
        ([TWO], ("p1",)),
        ([TWO, ONE], ()),
        ([ONE, TWO, attempt("p1", 2)], ("p1",)),
        ([attempt("p1", 2), ONE, TWO], ("p1",)),
        ([attempt("p1"), attempt("p1", 2, judgement=COMPETENT), TWO], ()),
        ([ONE, attempt("p2", judgement=judgement(competent=False))], ("p2",)),
        ([ONE, attempt("p2", judgement=UNQUALIFIED)], ("p2",)),
        ([ONE, attempt("p2", judgement=COMPETENT, set_aside=SET_ASIDE)], ("p2",)),
        ([ONE, attempt("p2", withdrawn_at=SIGNED_AT)], ("p2",)),
        ([ONE, TWO, attempt("p3")], ()),
    ],
)
def test_a_page_is_outstanding_until_its_current_attempt_stands(
    attempts: list[Attempt], left: tuple[str, ...]
) -> None:
    assert outstanding(MODULE, attempts) == left


def test_the_record_is_plain_json_with_all_that_is_certified() -> None:
    cora = Countersignature("cora", SIGNED_AT)
    second = attempt("p2", 2, judgement=UNQUALIFIED, countersignature=cora)
    frozen = record(ONE, attempt("p2", 1), second)

    assert json.loads(json.dumps(frozen)) == frozen
    assert frozen["holder"] == {"person_id": "candidate", "name": "Zoë van den Berg"}
    assert [page["attempt"] for page in frozen["pages"]] == [1, 2]
    assert [page["countersigned_by"] for page in frozen["pages"]] == ["", "cora"]
    assert frozen["pages"][0]["content_hash"] == ONE.content_hash
    assert "not a regulated qualification" in frozen["scope"]


def test_an_unjudged_page_is_never_frozen() -> None:
    with pytest.raises(ValueError, match="only judged pages"):
        record(ONE, attempt("p2"))


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Zoë van den Berg", "Z. v. d. B."),
        ("  Ada   Lovelace ", "A. L."),
        ("李小龍", "李."),
        ("Madonna", "M."),
    ],
)
def test_a_holder_is_shown_by_initials(name: str, short: str) -> None:
    assert initials(name) == short


def test_the_public_record_holds_nothing_of_the_holder_but_initials() -> None:
    frozen = record(ONE, TWO)
    public = public_record(frozen)
    assert public["holder"] == {"name": "Z. v. d. B."}
    assert public["pages"] == frozen["pages"]
    assert frozen["holder"]["name"] == "Zoë van den Berg", "the record itself is left alone"


UPHELD = Verified("v", "ivy", SIGNED_AT, Outcome.UPHELD)
OBJECTED = Verified("v", "ivy", SIGNED_AT, Outcome.ACTION_REQUIRED)
findings = st.tuples(*[st.sampled_from([None, UPHELD, OBJECTED])] * 2)


def found(*verified: Verified | None) -> list[Attempt]:
    return [
        attempt(page_id, judgement=COMPETENT, verified=each)
        for page_id, each in zip(("p1", "p2"), verified, strict=True)
    ]


@given(verified=findings, policy=st.sampled_from(VerificationPolicy))
def test_no_policy_certifies_over_an_objection(
    verified: tuple[Verified | None, ...], policy: VerificationPolicy
) -> None:
    module = replace(MODULE, verification=policy)
    waiting = unverified(module, found(*verified))
    objected = {page for page, each in zip(("p1", "p2"), verified, strict=True) if each is OBJECTED}
    assert objected <= set(waiting)
    assert unverified(module, found(UPHELD, UPHELD)) == ()


@given(verified=findings)
def test_a_stricter_policy_waits_for_no_less(verified: tuple[Verified | None, ...]) -> None:
    none, sample, every = (
        set(unverified(replace(MODULE, verification=policy), found(*verified)))
        for policy in VerificationPolicy
    )
    assert none <= sample <= every
    assert every == {p for p, each in zip(("p1", "p2"), verified, strict=True) if each != UPHELD}
    if UPHELD in verified:
        assert none == sample


def test_what_was_found_of_an_earlier_attempt_does_not_count() -> None:
    module = replace(MODULE, verification=VerificationPolicy.EVERY_PAGE)
    later = attempt("p1", 2, judgement=COMPETENT)
    assert unverified(module, [*found(UPHELD, UPHELD), later]) == ("p1",)
    assert unverified(MODULE, [*found(OBJECTED, UPHELD), later]) == ()


def test_the_record_tells_how_much_was_verified_by_whom() -> None:
    one, two = found(UPHELD, None)
    frozen = record(one, two)
    assert frozen["verification"] == {"policy": "none", "pages_verified": 1}
    assert [page["verified_by"] for page in frozen["pages"]] == ["ivy", ""]
