"""What waits on somebody, as they are told when they sign in."""

from dataclasses import replace
from typing import Any

from chalicelib.domain.access import Actor
from chalicelib.domain.enrolments import Enrolment, EnrolmentState
from chalicelib.domain.people import Role
from chalicelib.events import finalise
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Put
from chalicelib.usecases import sweep, verifications
from chalicelib.usecases.waiting import FAN_OUT
from tests.api.door import Door, news, sign
from tests.world import SHORT_MODULE


def waiting(door: Door, who: Actor) -> dict[str, Any]:
    (membership,) = door.done("GET", "/v1/me", who).json["memberships"]
    found: dict[str, Any] = membership["waiting"]
    return found


def pages(door: Door) -> list[tuple[int, ...]]:
    names = ("open", "signed", "not_yet_competent", "competent")
    studies = waiting(door, door.world.candidate)["studies"]
    return [tuple(each[f"pages_{name}"] for name in names) for each in studies]


def judging(door: Door, who: Actor) -> list[tuple[str, str]]:
    found = waiting(door, who)["judgements"]
    return [(each["enrolment_id"], each["page_id"]) for each in found]


def test_a_candidate_is_told_how_far_they_are(door: Door, enrolment: Enrolment) -> None:
    world = door.world
    assert pages(door) == [(3, 0, 0, 0)]
    signed = world.sign(enrolment, "plan-1")
    sign(door, enrolment, "kn-1")
    assert pages(door) == [(1, 2, 0, 0)]
    world.judge(enrolment, signed, competent=False, feedback="More.")
    assert pages(door) == [(1, 1, 1, 0)]
    world.judge(enrolment, world.sign(enrolment, "plan-1"))
    assert pages(door) == [(1, 1, 0, 1)]
    (study,) = waiting(door, world.candidate)["studies"]
    assert study["enrolment_id"] == enrolment.id
    assert study["module_title"] == "Moving people safely"
    assert study["state"] == "active"


def test_an_assessor_is_told_what_to_judge_oldest_first(door: Door) -> None:
    world = door.world
    world.publish(SHORT_MODULE.replace("id: moving-people", "id: resting"))
    other = world.person("Otto Other", Role.ASSESSOR)
    first, second = (
        world.enrol(),
        world.enrol(module_id="resting", page_assessors={"kn-1": other.id}),
    )
    for enrolment, page_id in ((second, "plan-1"), (first, "plan-2"), (second, "kn-1")):
        sign(door, enrolment, page_id)
        world.clock.forward(seconds=30)
    assert judging(door, world.assessor) == [(second.id, "plan-1"), (first.id, "plan-2")]
    assert judging(door, other) == [(second.id, "kn-1")]
    assert waiting(door, other)["judgements"] == [
        {
            "enrolment_id": second.id,
            "page_id": "kn-1",
            "number": 1,
            "since": "2026-03-02T09:31:00Z",
            "candidate_id": world.candidate.id,
            "candidate_name": "Zoë Nguyễn",
            "module_title": "Moving people safely",
        }
    ]
    world.reassign(second, other.id)
    assert judging(door, world.assessor) == [(first.id, "plan-2")]
    assert judging(door, other) == [(second.id, "plan-1"), (second.id, "kn-1")]


def test_nothing_waits_in_what_is_closed(door: Door, enrolment: Enrolment) -> None:
    world = door.world
    nothing = {"studies": [], "judgements": [], "countersignatures": [], "complete": True}
    world.complete(enrolment)
    assert world.finalise(enrolment)
    other = world.change(world.enrol(), state=EnrolmentState.ON_BREAK)
    assert len(waiting(door, world.candidate)["studies"]) == 1
    world.change(other, state=EnrolmentState.WITHDRAWN, reason="Gone.")
    for who in (world.candidate, world.assessor, world.administrator):
        assert waiting(door, who) == nothing


def test_a_countersigner_is_told_what_to_countersign(door: Door) -> None:
    world = door.world
    countersigner = world.person("Cora Countersigner", Role.ASSESSOR)
    held = world.authorisation(countersigner_id=countersigner.id)
    world.assessor = world.person("Tom Trainee", Role.ASSESSOR, authorisation=held)
    enrolment = world.enrol()
    for page_id in ("plan-1", "plan-2"):
        world.judge(enrolment, world.sign(enrolment, page_id))
        world.clock.forward(seconds=30)
    world.judge(enrolment, world.sign(enrolment, "kn-1"), competent=False, feedback="More.")
    for page_id in ("plan-2", "kn-1"):  # the news of the other page is lost
        finalise.handle(door.runtime, news(enrolment, page_id))
    assert countersigning(door, countersigner) == ["plan-2"]
    shard = int(keys.open_index(world.centre.id, enrolment.id)["open_shard"])
    sweep.sweep(door.runtime, shard)
    assert countersigning(door, countersigner) == ["plan-1", "plan-2"]

    verifications.countersign(door.runtime, countersigner, enrolment.id, "plan-1", 1)
    world.set_aside(enrolment, "plan-2")
    for page_id in ("plan-1", "plan-2", "plan-1"):
        finalise.handle(door.runtime, news(enrolment, page_id))
    assert countersigning(door, countersigner) == []


def countersigning(door: Door, who: Actor) -> list[str]:
    return [each["page_id"] for each in waiting(door, who)["countersignatures"]]


def test_a_long_queue_is_cut_and_says_so(door: Door, enrolment: Enrolment) -> None:
    world = door.world
    for _ in range(FAN_OUT):
        more = replace(enrolment, id=world.runtime.new_id())
        key = keys.enrolment(world.centre.id, more.id)
        world.table.write(Put(key, items.from_enrolment(more)))
        queued = keys.queued_enrolment(world.assessor.id, world.centre.id, more.id)
        world.table.write(Put(queued, {"enrolment_id": more.id}))
    sign(door, enrolment, "kn-1")
    waiting(door, world.assessor)  # warm: who they are has been read
    world.calls.take()
    found = waiting(door, world.assessor)
    assert not found["complete"]
    assert judging(door, world.assessor) == [(enrolment.id, "kn-1")]
    calls = world.calls.take()[: FAN_OUT + 4]
    assert sorted(set(calls)) == ["BatchGetItem", "Query"]
    assert calls.count("Query") == FAN_OUT + 2
