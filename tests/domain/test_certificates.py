"""When an enrolment is complete, and what its certificate freezes."""

import json
from typing import Any

import pytest

from chalicelib.domain.attempts import Attempt
from chalicelib.domain.centres import Centre
from chalicelib.domain.certificates import frozen_record, initials, outstanding, public_record
from chalicelib.domain.verifications import Countersignature, SettingAside
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
