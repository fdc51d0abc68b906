"""Judging by token: who may, what, and once."""

from typing import Any

import pytest

from chalicelib.domain.access import Actor
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.people import Role
from chalicelib.storage import keys
from chalicelib.storage.changes import Delete
from chalicelib.usecases import people
from tests.api.door import Door, Reply, decision, judgements, page_path, sign


@pytest.fixture
def receipt(door: Door, enrolment: Enrolment) -> Reply:
    return sign(door, enrolment, "kn-1")


def test_the_assigned_assessor_judges(door: Door, enrolment: Enrolment, receipt: Reply) -> None:
    assessor = door.world.assessor
    made = door.done("POST", judgements(enrolment), assessor, decision(receipt))
    assert made.status == 201
    shown = door.done("GET", page_path(enrolment, "kn-1"), door.world.candidate).json
    assert shown["state"] == "competent"
    assert shown["latest_attempt"]["judgement"] == made.json
    assert made.json["method"] == "token"


def test_a_page_is_judged_once(door: Door, enrolment: Enrolment, receipt: Reply) -> None:
    path, assessor = judgements(enrolment), door.world.assessor
    door.done("POST", path, assessor, decision(receipt))
    for again in (decision(receipt), decision(receipt, competent=False, feedback="No.")):
        door.refused("attempt-not-waiting", "POST", path, assessor, again)


def test_an_old_attempt_is_not_judged(door: Door, enrolment: Enrolment, receipt: Reply) -> None:
    path, assessor = judgements(enrolment), door.world.assessor
    door.done("POST", path, assessor, decision(receipt, competent=False, feedback="Say more."))
    newer = sign(door, enrolment, "kn-1")
    door.refused("attempt-not-waiting", "POST", path, assessor, decision(receipt))
    # Nor is the newer one by what was seen of the older.
    current = judgements(enrolment, 2)
    door.refused("attempt-changed", "POST", current, assessor, decision(receipt))
    door.done("POST", current, assessor, decision(newer))


def authorise(door: Door, assessor: Actor, **more: Any) -> None:
    door.world.authorise(assessor.membership, door.world.authorisation(**more))


def test_authorisation_that_does_not_hold(door: Door, enrolment: Enrolment, receipt: Reply) -> None:
    world = door.world
    tomorrow = world.clock().replace(day=world.clock().day + 1)
    for case in ({"modules": ("another",)}, {"valid_from": tomorrow}):
        authorise(door, world.assessor, **case)
        people.forget_member(door.runtime, world.centre.id, world.assessor.id)
        path, body = judgements(enrolment), decision(receipt)
        door.refused("not-authorised", "POST", path, world.assessor, body)


def test_authorisation_that_has_just_been_revoked(
    door: Door, enrolment: Enrolment, receipt: Reply
) -> None:
    path, assessor = judgements(enrolment), door.world.assessor
    door.done("GET", "/v1/me", assessor)  # the function is warm, and believes what it has read
    authorisation = keys.authorisation(assessor.id, enrolment.centre_id, Role.ASSESSOR)
    door.runtime.table.write(Delete(authorisation))
    door.refused("authorisation-changed", "POST", path, assessor, decision(receipt))
    door.refused("not-authorised", "POST", path, assessor, decision(receipt))


def test_authorisation_that_was_replaced_is_rested_on_at_the_second_try(
    door: Door, enrolment: Enrolment, receipt: Reply
) -> None:
    path, assessor = judgements(enrolment), door.world.assessor
    door.done("GET", "/v1/me", assessor)
    authorise(door, assessor, qualification="TAQA")
    door.refused("authorisation-changed", "POST", path, assessor, decision(receipt))
    made = door.done("POST", path, assessor, decision(receipt))
    assert made.json["qualification"] == "TAQA"


def test_long_feedback_is_given_back_whole(
    door: Door, enrolment: Enrolment, receipt: Reply
) -> None:
    feedback = "Nộp lại: \N{CANDLE}. " * 1_500
    body = decision(receipt, competent=False, feedback=feedback)
    door.done("POST", judgements(enrolment), door.world.assessor, body)
    attempt = f"{page_path(enrolment, 'kn-1')}/attempts/1"
    read = door.done("GET", attempt, door.world.candidate).json
    assert read["judgement"]["feedback"] == feedback
