"""Enrolling candidates, reading how far they are, and giving them another assessor."""

from typing import Any

import pytest

from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.people import Role
from tests.api.door import Door, centre_path, sign

NOBODY = "01" * 13


def asked(door: Door, **more: Any) -> dict[str, Any]:
    world = door.world
    return {
        "candidate_id": world.candidate.id,
        "assessor_id": world.assessor.id,
        "module_id": world.module.id,
        "module_version": 1,
    } | more


@pytest.mark.parametrize(
    ("more", "flaws"),
    [
        ({"candidate_id": NOBODY}, {"/candidate_id": "not-a-candidate"}),
        ({"assessor_id": NOBODY}, {"/assessor_id": "not-an-assessor"}),
        ({"module_id": "unheard-of"}, {"/module_version": "not-published"}),
        ({"module_version": 2}, {"/module_version": "not-published"}),
    ],
)
def test_people_and_modules_that_do_not_fit(
    door: Door, more: dict[str, Any], flaws: dict[str, str]
) -> None:
    body, path = asked(door, **more), f"{centre_path(door)}/enrolments"
    refusal = door.refused("invalid-enrolment", "POST", path, door.world.administrator, body)
    assert refusal.flaws == flaws


@pytest.mark.parametrize(
    "more",
    [
        {"module_version": 0},
        {"module_version": 1_000_000},
        {"module_version": "1"},
        {"module_version": True},
        {"module_version": 1.5},
        {"candidate_id": ""},
        {"candidate_id": "a#b"},
        {"candidate_id": "a" * 101},
        {"candidate_id": "a\n"},
        {"due_on": "tomorrow"},
        {"due_on": "2026-02-30"},
        {"due_on": "2026-12-31T00:00:00Z"},
        {"state": "complete"},
    ],
)
def test_fields_that_do_not_fit(door: Door, more: dict[str, Any]) -> None:
    body, path = asked(door, **more), f"{centre_path(door)}/enrolments"
    refusal = door.refused("invalid-body", "POST", path, door.world.administrator, body)
    assert list(refusal.flaws) == [f"/{name}" for name in more]


def test_administrators_alone_enrol(door: Door) -> None:
    world = door.world
    for other in (world.candidate, world.assessor, world.verifier):
        path = f"{centre_path(door)}/enrolments"
        door.refused("role-not-allowed", "POST", path, other, asked(door))


def test_a_candidate_has_one_open_enrolment_in_a_module(door: Door) -> None:
    path, administrator = f"{centre_path(door)}/enrolments", door.world.administrator
    made = door.done("POST", path, administrator, asked(door, due_on="2026-12-31"))
    assert made.headers["location"].endswith(f"enrolments/{made.json['id']}")
    assert made.json["due_on"] == "2026-12-31"
    door.refused("enrolment-open", "POST", path, administrator, asked(door))


def test_progress_says_what_waits_on_whom(door: Door, enrolment: Enrolment) -> None:
    world = door.world
    world.judge(enrolment, world.sign(enrolment, "plan-1"))
    sign(door, enrolment, "plan-2")
    world.judge(enrolment, world.sign(enrolment, "kn-1"), competent=False, feedback="More.")
    shown = door.done("GET", f"{centre_path(door)}/enrolments/{enrolment.id}", world.candidate)
    assert shown.json["pages_competent"] == 1
    assert [(page["state"], page["waits_on"]) for page in shown.json["pages"]] == [
        ("competent", None),
        ("signed", world.assessor.id),
        ("not-yet-competent", world.candidate.id),
    ]


def test_an_enrolment_is_given_to_another_assessor(door: Door, enrolment: Enrolment) -> None:
    world, path = door.world, f"{centre_path(door)}/enrolments/{enrolment.id}"
    other = world.person("Otto Other", Role.ASSESSOR)
    change = {"assessor_id": other.id}
    shown = door.etag(path, world.administrator)
    door.refused("if-match-required", "PATCH", path, world.administrator, change)
    door.refused("role-not-allowed", "PATCH", path, world.assessor, change, if_match=shown)
    for assessor_id, code in ((NOBODY, "invalid-enrolment"), (world.candidate.id, "own-work")):
        wrong = {"assessor_id": assessor_id}
        door.refused(code, "PATCH", path, world.administrator, wrong, if_match=shown)

    sign(door, enrolment, "kn-1")
    stale = door.refused(
        "stale-enrolment", "PATCH", path, world.administrator, change, if_match=shown
    )
    current = stale.json["current"]["etag"]
    changed = door.done("PATCH", path, world.administrator, change, if_match=current)
    assert changed.json["assessor_id"] == other.id
    assert [page["waits_on"] for page in changed.json["pages"]][2] == other.id

    written = door.written.count
    again = door.done("PATCH", path, world.administrator, change, if_match=current)
    assert (again.text, again.headers) == (changed.text, changed.headers)
    assert door.written.count == written
    door.refused("not-found", "GET", path, world.assessor)
