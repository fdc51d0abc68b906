"""What was done is told once for each act, from the stream alone, and can be told again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib.domain.enrolments import Enrolment, EnrolmentState
from chalicelib.domain.errors import Invalid
from chalicelib.domain.events import envelope
from chalicelib.domain.people import Role
from chalicelib.events import notify
from chalicelib.storage.changes import Key
from chalicelib.usecases import attempts, events
from tests.events.records import Record, failed, record_of
from tests.world import TABLE, World

Images = dict[Key, Any]


def images(world: World, enrolment: Enrolment) -> Images:
    """Read all items of an enrolment, as the stream would bring them."""
    found = world.client.query(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={
            ":pk": {"S": f"CENTRE#{enrolment.centre_id}#ENROLMENT#{enrolment.id}"}
        },
    )
    return {Key(item["pk"]["S"], item["sk"]["S"]): item for item in found["Items"]}


def records(before: Images, after: Images) -> Iterator[Record]:
    """Make the stream's records of what has changed."""
    for key, item in after.items():
        if item != before.get(key):
            record = record_of(key)
            record["dynamodb"]["NewImage"] = item
            if key in before:
                record["dynamodb"]["OldImage"] = before[key]
            yield record


@contextmanager
def streamed(world: World, enrolment: Enrolment) -> Iterator[list[str]]:
    """Hand what is done on to the notifier, twice, and collect the events it tells."""
    told: list[str] = []
    before = images(world, enrolment)
    yield told
    batch = {"Records": list(records(before, images(world, enrolment)))}
    world.events.told.clear()
    assert failed(notify.handle(world.runtime, batch)) == []
    told += [each["id"] for each in world.events.told]
    assert failed(notify.handle(world.runtime, batch)) == []
    assert [each["id"] for each in world.events.told] == told * 2, "a repeat has the same ids"


def test_every_act_is_told_and_nothing_else(world: World) -> None:
    enrolment = world.enrol()
    e = enrolment.id
    with streamed(world, enrolment) as told:
        world.save(enrolment, "kn-1")
    assert told == []
    with streamed(world, enrolment) as told:
        world.sign(enrolment, "kn-1")
    assert told == [f"attempt-signed:{e}:kn-1:1"]
    with streamed(world, enrolment) as told:
        attempts.withdraw(world.runtime, world.candidate, e, "kn-1", 1)
    assert told == [f"attempt-withdrawn:{e}:kn-1:1"]
    second = world.sign(enrolment, "kn-1")
    with streamed(world, enrolment) as told:
        world.judge(enrolment, second)
    assert told == [f"attempt-judged:{e}:kn-1:2"]
    with streamed(world, enrolment) as told:
        world.reassign(enrolment, world.person("Oda Other", Role.ASSESSOR).id)
    assert told == []


def test_a_new_enrolment_is_told(world: World) -> None:
    enrolment = world.enrol()
    batch = {"Records": list(records({}, images(world, enrolment)))}
    assert failed(notify.handle(world.runtime, batch)) == []
    assert [each["id"] for each in world.events.told] == [f"enrolment-created:{enrolment.id}"]


def test_a_countersignature_is_told(world: World) -> None:
    second = world.person("Sec Ond", Role.ASSESSOR)
    held = world.authorisation(countersigner_id=second.id)
    first = world.person("Fir St", Role.ASSESSOR, authorisation=held)
    enrolment = world.enrol(assessor_id=first.id)
    world.judge(enrolment, world.sign(enrolment, "kn-1"), actor=first)
    with streamed(world, enrolment) as told:
        world.countersign(enrolment, "kn-1", actor=second)
        found = world.verify(enrolment, "kn-1")
    assert told == [
        f"judgement-countersigned:{enrolment.id}:kn-1:1",
        f"judgement-verified:{enrolment.id}:kn-1:1:{found.id}",
    ]


def test_the_end_of_an_enrolment_and_what_comes_after_it(world: World) -> None:
    enrolment = world.enrol()
    world.complete(enrolment)
    e, ms = enrolment.id, round(world.clock().timestamp() * 1000)
    with streamed(world, enrolment) as told:
        world.finalise(enrolment)
    assert sorted(told) == [
        f"certificate-issued:{e}:1",
        f"enrolment-state-changed:{e}:complete:{ms}",
    ]
    with streamed(world, enrolment) as told:
        world.set_aside(enrolment, "kn-1")
    assert {f"certificate-suspended:{e}:1", f"judgement-set-aside:{e}:kn-1:1"} <= set(told)


def test_a_break_is_told_and_a_new_assessor_is_not(world: World) -> None:
    enrolment = world.enrol()
    ms = round(world.clock().timestamp() * 1000)
    with streamed(world, enrolment) as told:
        paused = world.change(enrolment, state=EnrolmentState.ON_BREAK)
        world.reassign(paused, world.person("Oda Other", Role.ASSESSOR).id)
    assert told == [f"enrolment-state-changed:{enrolment.id}:on-break:{ms}"]


def test_every_event_is_derived_again_from_the_table(world: World) -> None:
    enrolment = world.enrol()
    world.complete(enrolment)
    world.finalise(enrolment)
    world.set_aside(enrolment, "kn-1")
    batch = {"Records": list(records({}, images(world, enrolment)))}
    world.clock.forward(days=400)
    notify.handle(world.runtime, batch)
    assert len(world.events.told) > 9
    for told in world.events.told:
        derived = events.derive(world.runtime, world.centre.id, told["id"])
        assert envelope(derived) == told


@pytest.mark.parametrize(
    "event_id",
    [
        "",
        "attempt-judged:{e}:kn-1:1",
        "attempt-signed:{e}:kn-1:2",
        "attempt-signed:{e}:plan-1:1",
        "attempt-signed:nobody:kn-1:1",
        "certificate-issued:{e}:1",
        "enrolment-state-changed:{e}:active:1",
        "attempt-signed:{e}:HEAD#kn-1:1",
    ],
)
def test_what_was_not_done_is_not_derived(world: World, event_id: str) -> None:
    enrolment = world.enrol()
    world.sign(enrolment, "kn-1")
    with pytest.raises(Invalid) as refusal:
        events.derive(world.runtime, world.centre.id, event_id.format(e=enrolment.id))
    assert refusal.value.code == "unknown-event"


def test_nothing_personal_is_told(world: World) -> None:
    enrolment = world.enrol()
    world.complete(enrolment)
    world.finalise(enrolment)
    world.set_aside(enrolment, "kn-1", reason="PLANTED-REASON")
    batch = {"Records": list(records({}, images(world, enrolment)))}
    notify.handle(world.runtime, batch)
    told = json.dumps(world.events.told, ensure_ascii=False)
    people = (world.candidate, world.assessor, world.verifier, world.administrator)
    names = [part for who in people for part in who.membership.name.split()]
    ids = [who.id for who in people]
    for word in (*names, *ids, "PLANTED", "Moving", "Harbour", '"AE"'):
        assert word not in told, word


def test_telling_costs_no_call_to_the_table(world: World) -> None:
    enrolment = world.enrol()
    batch = {"Records": list(records({}, images(world, enrolment)))}
    world.calls.take()
    notify.handle(world.runtime, batch)
    assert len(world.events.told) == 1
    assert world.calls.take() == []


def test_a_bus_that_fails_keeps_no_mail_back_and_the_event_comes_later(world: World) -> None:
    enrolment = world.enrol()
    before = images(world, enrolment)
    world.sign(enrolment, "kn-1")
    batch = {"Records": list(records(before, images(world, enrolment)))}
    world.events.broken = True
    assert failed(notify.handle(world.runtime, batch))
    assert len(world.outbox.sent) == 1
    world.events.broken = False
    assert failed(notify.handle(world.runtime, batch)) == []
    assert len(world.outbox.sent) == 1
    assert len(world.events.told) == 1


def test_a_mailer_that_fails_keeps_no_event_back(world: World) -> None:
    enrolment = world.enrol()
    before = images(world, enrolment)
    world.sign(enrolment, "kn-1")
    batch = {"Records": list(records(before, images(world, enrolment)))}
    world.outbox.broken = True
    assert failed(notify.handle(world.runtime, batch))
    assert len(world.events.told) == 1
