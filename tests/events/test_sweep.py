"""The sweep does what a lost stream has left undone, whatever fails on the way."""

from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.people import Role
from chalicelib.events import sweep
from chalicelib.events.sweep import INTERVAL, RESERVE
from chalicelib.runtime import new_id
from chalicelib.storage import keys
from chalicelib.storage.changes import Update
from chalicelib.storage.keys import SHARDS
from chalicelib.usecases import trail
from tests.contributions import WITNESS, begin, invite
from tests.faults import Answer, hooked, refused
from tests.trails import check
from tests.world import World


class Index:
    """Notes the shards that are asked for, and refuses one of them."""

    def __init__(self, world: World, refusing: int | None = None) -> None:
        self.world = world
        self.refusing = refusing
        self.asked: list[int] = []

    def __call__(self, params: Any, context: Any, **_: Any) -> None:
        if "IndexName" in params:
            shard = int(params["ExpressionAttributeValues"][":a"]["S"])
            self.asked.append(shard)
            context["refused"] = shard == self.refusing

    def refuse(self, context: Any, **_: Any) -> Answer | None:
        return refused("AccessDeniedException") if context.get("refused") else None

    def noting(self) -> AbstractContextManager[None]:
        return hooked(self.world.client, "provide-client-params.dynamodb.Query", self)

    def refusals(self) -> AbstractContextManager[None]:
        return hooked(self.world.client, "before-call.dynamodb.Query", self.refuse)


def run(world: World, milliseconds: int = 900_000) -> dict[str, int]:
    return sweep.handle(world.runtime, lambda: milliseconds)


def enrol(world: World, name: str) -> Enrolment:
    world.candidate = world.person(name, Role.CANDIDATE)
    return world.enrol()


def issued(world: World, enrolment: Enrolment) -> bool:
    return world.table.get(keys.certificate(world.centre.id, enrolment.id, 1)) is not None


def test_what_was_lost_is_finalised_and_mailed_once(world: World) -> None:
    ready = enrol(world, "Candidate 1")
    world.complete(ready)
    waiting = enrol(world, "Candidate 2")
    world.sign(waiting, "plan-1")
    world.sign(waiting, "kn-1")
    untouched = enrol(world, "Candidate 3")

    found = run(world)

    assert found == {
        "enrolments": 3,
        "certificates": 1,
        "mails": 2,
        "uploads": 0,
        "exports": 0,
        "failures": 0,
    }
    assert [issued(world, each) for each in (ready, waiting, untouched)] == [True, False, False]
    assert {address for address, _, _ in world.outbox.sent} == {world.assessor.membership.address}
    again = {
        "enrolments": 2,
        "certificates": 0,
        "mails": 0,
        "uploads": 0,
        "exports": 0,
        "failures": 0,
    }
    assert run(world) == again


def test_a_trail_is_kept_and_anchored_without_the_stream(world: World) -> None:
    enrolment = world.enrol()
    signed = world.sign(enrolment, "kn-1")
    run(world)
    assert heads(world, enrolment) == [2]
    run(world)
    assert heads(world, enrolment) == [2], "nothing is signed anew that has not grown"
    world.judge(enrolment, signed)
    for page_id in ("plan-1", "plan-2"):
        world.judge(enrolment, world.sign(enrolment, page_id))
    run(world)
    assert heads(world, enrolment) == [2, 1 + 2 * 3 + 1], "the certificate is on record as well"


def heads(world: World, enrolment: Enrolment) -> list[int]:
    """Check the trail of an enrolment, and tell which entries of it are anchored."""
    recorded = trail.read(world.runtime, world.centre.id, enrolment.id)
    check(recorded, world.runtime.sealer.jwk)
    return [seq for seq, _ in world.runtime.anchors.heads(world.centre.id, enrolment.id)]


def test_only_the_current_attempt_is_mailed(world: World) -> None:
    enrolment = world.enrol()
    world.judge(enrolment, world.sign(enrolment, "kn-1"), competent=False, feedback="Say more.")
    assert run(world)["mails"] == 0
    world.sign(enrolment, "kn-1")
    assert run(world)["mails"] == 1


def test_every_shard_is_swept_and_every_enrolment_is_in_one(world: World) -> None:
    for number in range(10):
        enrol(world, f"Candidate {number}")
    index = Index(world)
    with index.noting():
        assert run(world)["enrolments"] == 10
    assert sorted(index.asked) == list(range(SHARDS))


def test_a_sweep_stops_in_time_and_the_next_one_begins_elsewhere(world: World) -> None:
    index = Index(world)
    with index.noting():
        for _ in range(SHARDS):
            left = iter([RESERVE, RESERVE - 1])
            sweep.handle(world.runtime, partial(next, left))
            world.clock.forward(seconds=INTERVAL)
        assert sorted(index.asked) == list(range(SHARDS)), "each had its turn"
        assert run(world, RESERVE - 1)["enrolments"] == 0
    assert len(index.asked) == SHARDS


@pytest.mark.parametrize("shard", [0, 7, SHARDS - 1])
def test_a_shard_that_fails_is_told_after_the_others_were_swept(world: World, shard: int) -> None:
    index = Index(world, refusing=shard)
    with index.noting(), index.refusals(), pytest.raises(RuntimeError, match="1 "):
        run(world)
    assert sorted(index.asked) == list(range(SHARDS))


def test_an_enrolment_that_fails_does_not_keep_those_after_it_waiting(world: World) -> None:
    in_one_shard = iter(new_id, "")
    world.runtime = replace(
        world.runtime,
        new_id=lambda: next(
            each for each in in_one_shard if keys.open_index("", each)["open_shard"] == "3"
        ),
    )
    enrolments = []
    for number in range(3):
        enrolments.append(enrol(world, f"Candidate {number}"))
        world.complete(enrolments[-1])
    first, *others = sorted(enrolments, key=lambda each: each.id)
    broken = {"state": "no such state"}
    world.table.write(Update(keys.enrolment(world.centre.id, first.id), set=broken))

    with pytest.raises(RuntimeError, match="1 "):
        run(world)

    assert not issued(world, first)
    assert all(issued(world, each) for each in others)


def test_mail_that_is_not_taken_fails_the_run_and_goes_out_with_the_next(world: World) -> None:
    world.sign(world.enrol(), "kn-1")
    world.outbox.broken = True
    with pytest.raises(RuntimeError):
        run(world)
    world.outbox.broken = False
    assert run(world)["mails"] == 1


def test_a_witness_whose_mail_was_lost_gets_it_once(world: World) -> None:
    invite(world, begin(world))
    assert run(world)["mails"] == 1
    assert run(world)["mails"] == 0
    assert [address for address, _, _ in world.outbox.sent] == [WITNESS.address]
