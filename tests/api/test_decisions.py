"""Judgements that are not recorded, and people who do not judge."""

from typing import Any

import pytest

from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.people import Role
from tests.api.door import Door, Reply, decision, judgements, sign

LONGEST = 20_000


@pytest.fixture(scope="module")
def receipt(shared: Door, standing: Enrolment) -> Reply:
    return sign(shared, standing, "kn-1")


@pytest.mark.parametrize(
    ("more", "flaws"),
    [
        ({"initials": ""}, {"/initials": "initials-required"}),
        ({"initials": "\u2003"}, {"/initials": "initials-required"}),
        ({"initials": "ABCDEFGHIJK"}, {"/initials": "initials-required"}),
        ({"competent": False}, {"/feedback": "feedback-required"}),
        ({"competent": False, "feedback": " \n"}, {"/feedback": "feedback-required"}),
    ],
)
def test_an_incomplete_judgement(
    shared: Door, standing: Enrolment, receipt: Reply, more: Any, flaws: dict[str, str]
) -> None:
    body = decision(receipt, **more)
    path = judgements(standing)
    refusal = shared.refused("invalid-judgement", "POST", path, shared.world.assessor, body)
    assert refusal.flaws == flaws


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"competent": "Y"}, "/competent"),
        ({"competent": None}, "/competent"),
        ({"content_hash": "A" * 64}, "/content_hash"),
        ({"content_hash": "a" * 64 + "\n"}, "/content_hash"),
        ({"feedback": "a" * (LONGEST + 1)}, "/feedback"),
        ({"feedback": "a\x00b"}, "/feedback"),
        ({"judged_by": "somebody"}, "/judged_by"),
    ],
)
def test_a_judgement_that_does_not_fit(
    shared: Door, standing: Enrolment, receipt: Reply, more: Any, pointer: str
) -> None:
    body = decision(receipt, **more)
    path = judgements(standing)
    refusal = shared.refused("invalid-body", "POST", path, shared.world.assessor, body)
    assert list(refusal.flaws) == [pointer]


def test_nobody_judges_their_own_work(shared: Door) -> None:
    world = shared.world
    both = world.person("Bo Both", Role.CANDIDATE, Role.ASSESSOR)
    enrolment = world.enrol(candidate_id=both.id)
    path, content_hash = judgements(enrolment), "a" * 64
    body = {"content_hash": content_hash, "competent": True, "initials": "BB"}
    shared.refused("own-work", "POST", path, both, body)


def test_nobody_is_enrolled_to_judge_their_own_work(shared: Door) -> None:
    world = shared.world
    both = world.person("Bea Both", Role.CANDIDATE, Role.ASSESSOR)
    body = {
        "candidate_id": both.id,
        "assessor_id": both.id,
        "module_id": world.module.id,
        "module_version": 1,
    }
    path = f"/v1/centres/{world.centre.id}/enrolments"
    shared.refused("own-work", "POST", path, world.administrator, body)


def test_those_who_are_no_assessors_do_not_judge(
    shared: Door, standing: Enrolment, receipt: Reply
) -> None:
    world = shared.world
    for other in (world.administrator, world.verifier, world.candidate):
        path, body = judgements(standing), decision(receipt)
        shared.refused("role-not-allowed", "POST", path, other, body)


def test_an_assessor_who_is_not_assigned_finds_nothing(
    shared: Door, standing: Enrolment, receipt: Reply
) -> None:
    world = shared.world
    others = (
        world.person("Otto Other", Role.ASSESSOR),
        world.person("Nan Othing", Role.ASSESSOR, authorisation=None),
        world.person("Una Other", Role.ASSESSOR, authorisation=world.authorisation(modules=("x",))),
    )
    for other in others:
        there = shared.refused("not-found", "POST", judgements(standing), other, decision(receipt))
        nowhere = judgements(standing).replace(standing.id, "01" * 13)
        absent = shared.refused("not-found", "POST", nowhere, other, decision(receipt))
        assert there.json | {"instance": ""} == absent.json | {"instance": ""}
