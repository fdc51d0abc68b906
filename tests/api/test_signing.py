"""Signing: what cannot be signed, and that the draft survives."""

from typing import Any

import pytest

from chalicelib.domain.enrolments import Enrolment
from tests.api.door import SIGNATURE, Door, page_path, save

INCOMPLETE: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "nothing answered": (
        "plan-1",
        {},
        {
            "/answers/plan-s1/understood": "unanswered",
            "/answers/plan-s1/initials": "unanswered",
            "/answers/plan-s2/understood": "unanswered",
            "/answers/plan-s2/initials": "unanswered",
        },
    ),
    "initials of white space": (
        "plan-1",
        {
            "plan-s1": {"understood": True, "initials": " \t"},
            "plan-s2": {"understood": False, "initials": "ZN"},
        },
        {"/answers/plan-s1/initials": "unanswered"},
    ),
    "nothing chosen": (
        "plan-2",
        {"plan-c1": {"chosen": []}},
        {"/answers/plan-c1/chosen": "unanswered"},
    ),
    "two chosen of one": (
        "plan-2",
        {"plan-c1": {"chosen": ["a", "b"]}},
        {"/answers/plan-c1/chosen": "wrong-count"},
    ),
    "an answer of white space": (
        "kn-1",
        {"kn-q1": {"text": " \n\u2003"}},
        {"/answers/kn-q1/text": "unanswered"},
    ),
    "two words of at least three": (
        "kn-1",
        {"kn-q1": {"text": "Because so."}},
        {"/answers/kn-q1/text": "too-few-words"},
    ),
    "301 words of at most 300": (
        "kn-1",
        {"kn-q1": {"text": "so " * 301}},
        {"/answers/kn-q1/text": "too-many-words"},
    ),
}


@pytest.mark.parametrize("case", INCOMPLETE)
def test_an_incomplete_page_is_not_signed_and_its_draft_survives(
    shared: Door, standing: Enrolment, case: str
) -> None:
    page_id, answers, flaws = INCOMPLETE[case]
    path, candidate = page_path(standing, page_id), shared.world.candidate
    etag = save(shared, path, answers)
    refusal = shared.refused(
        "page-incomplete", "POST", f"{path}/attempts", candidate, SIGNATURE, if_match=etag
    )
    assert refusal.flaws == flaws
    kept = shared.done("GET", path, candidate)
    assert (kept.json["answers"], kept.headers["etag"]) == (answers, etag)


@pytest.mark.parametrize(
    ("body", "flaws"),
    [
        (SIGNATURE | {"declaration": "0"}, {"/declaration": "declaration-not-current"}),
        (SIGNATURE | {"declaration": ""}, {"/declaration": "declaration-not-current"}),
        (SIGNATURE | {"signature": " "}, {"/signature": "signature-required"}),
        (SIGNATURE | {"signature": "Z" * 201}, {"/signature": "signature-required"}),
    ],
)
def test_a_page_is_signed_with_a_name_under_the_current_declaration(
    shared: Door, standing: Enrolment, body: dict[str, str], flaws: dict[str, str]
) -> None:
    path, candidate = page_path(standing, "plan-1"), shared.world.candidate
    answers = shared.world.answers("plan-1")
    etag = save(shared, path, answers)
    refusal = shared.refused(
        "not-signed", "POST", f"{path}/attempts", candidate, body, if_match=etag
    )
    assert refusal.flaws == flaws
    assert shared.done("GET", path, candidate).json["answers"] == answers


def test_only_the_draft_that_was_shown_is_signed(shared: Door, standing: Enrolment) -> None:
    path, candidate = page_path(standing, "plan-1"), shared.world.candidate
    shown = shared.etag(path)
    current = save(shared, path, shared.world.answers("plan-1"))
    attempts = f"{path}/attempts"
    stale = shared.refused("stale-page", "POST", attempts, candidate, SIGNATURE, if_match=shown)
    assert stale.json["current"]["answers"] == shared.world.answers("plan-1")
    named = stale.json["current"]["etag"]
    assert named.strip('"') == current.strip('"').partition(".")[0]
    shared.refused("if-match-required", "POST", attempts, candidate, SIGNATURE)


def test_others_do_not_sign(shared: Door, standing: Enrolment) -> None:
    path, world = page_path(standing, "plan-1"), shared.world
    etag = save(shared, path, world.answers("plan-1"))
    for other in (world.administrator, world.assessor, world.verifier):
        attempts = f"{path}/attempts"
        shared.refused("role-not-allowed", "POST", attempts, other, SIGNATURE, if_match=etag)


def test_nobody_signs_whatever_is_there(shared: Door, standing: Enrolment) -> None:
    path, candidate = f"{page_path(standing, 'plan-1')}/attempts", shared.world.candidate
    shared.refused("if-match-required", "POST", path, candidate, SIGNATURE, if_match="*")
