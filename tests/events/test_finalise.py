"""One certificate, whatever the stream does, and only when every page stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.people import Role
from chalicelib.events import finalise
from chalicelib.storage import keys
from chalicelib.usecases import verifications
from tests.events.records import Record, failed, head_record
from tests.world import TABLE, World, new_world

HEADS = [("plan-1", 1), ("plan-1", 2), ("plan-2", 1), ("kn-1", 1)]
Item = dict[str, Any]


def handle(world: World, *records: Record) -> None:
    assert failed(finalise.handle(world.runtime, {"Records": list(records)})) == []


def certificates(world: World) -> list[Item]:
    """Find all certificates there are, by their natural keys, and hold them to their public ids."""
    issued = [item for item in world.client.scan(TableName=TABLE)["Items"] if "record" in item]
    public = [
        item
        for item in world.client.scan(TableName=TABLE)["Items"]
        if item["sk"]["S"] == "CERTIFICATE"
    ]
    assert {item["pk"]["S"] for item in public} == {f"CERTIFICATE#{c['id']['S']}" for c in issued}
    return issued


@dataclass
class Ready:
    """An enrolment that is complete and not yet finalised, as often as one likes."""

    world: World
    enrolment: Enrolment
    items: dict[tuple[str, str], Item]

    def rewind(self) -> None:
        now = self.read()
        for (pk, sk), item in now.items():
            if (pk, sk) not in self.items:
                self.world.client.delete_item(
                    TableName=TABLE, Key={"pk": item["pk"], "sk": item["sk"]}
                )
        for key, item in self.items.items():
            if now.get(key) != item:
                self.world.client.put_item(TableName=TABLE, Item=item)

    def read(self) -> dict[tuple[str, str], Item]:
        found = self.world.client.scan(TableName=TABLE)["Items"]
        return {(item["pk"]["S"], item["sk"]["S"]): item for item in found}

    def deliver(self, *heads: tuple[str, int]) -> None:
        for head in heads:
            handle(self.world, head_record(self.enrolment, *head))


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    with new_world() as world:
        enrolment = world.enrol()
        first = world.sign(enrolment, "plan-1")
        world.judge(enrolment, first, competent=False, feedback="Say more.")
        world.complete(enrolment)
        ready = Ready(world, enrolment, {})
        ready.items = ready.read()
        yield ready


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_every_order_of_records_makes_one_certificate_at_most(ready: Ready, size: int) -> None:
    for order in permutations(HEADS, size):
        ready.rewind()
        ready.deliver(*order)
        pages = {page_id for page_id, number in order if (page_id, number) != ("plan-1", 1)}
        assert len(certificates(ready.world)) == (len(pages) == 3)


@given(st.lists(st.sampled_from([1, 2, 3]), min_size=4, max_size=4), st.randoms())
@settings(max_examples=25, deadline=None)
def test_records_that_come_again_change_nothing(
    ready: Ready, times: list[int], random: Any
) -> None:
    deliveries = [head for head, many in zip(HEADS, times, strict=True) for _ in range(many)]
    random.shuffle(deliveries)
    ready.rewind()
    ready.deliver(*deliveries)
    (issued,) = certificates(ready.world)
    ready.deliver(*deliveries)
    assert certificates(ready.world) == [issued]


def test_no_certificate_until_every_page_stands(world: World) -> None:
    enrolment = world.enrol()
    records = [head_record(enrolment, page.id) for page in world.module.pages]
    for page, record in zip(world.module.pages, records, strict=True):
        signed = world.sign(enrolment, page.id)
        handle(world, *records)
        assert certificates(world) == []
        world.judge(enrolment, signed)
        handle(world, record)
    assert len(certificates(world)) == 1


def test_a_returned_page_does_not_count(world: World) -> None:
    enrolment = world.enrol()
    for page in world.module.pages[:2]:
        world.judge(enrolment, world.sign(enrolment, page.id))
    last = world.sign(enrolment, "kn-1")
    world.judge(enrolment, last, competent=False, feedback="Say more.")
    handle(world, *(head_record(enrolment, page.id) for page in world.module.pages))
    assert certificates(world) == []


def test_the_countersigner_makes_it_count(world: World) -> None:
    countersigner = world.person("Cora Countersigner", Role.ASSESSOR)
    held = world.authorisation(countersigner_id=countersigner.id)
    world.assessor = world.person("Tom Trainee", Role.ASSESSOR, authorisation=held)
    enrolment = world.enrol()
    world.complete(enrolment)
    for page in world.module.pages:
        handle(world, *(head_record(enrolment, each.id) for each in world.module.pages))
        assert certificates(world) == []
        of = (enrolment.id, page.id, 1)
        verifications.countersign(world.runtime, countersigner, *of)
    handle(world, *(head_record(enrolment, each.id) for each in world.module.pages))
    assert len(certificates(world)) == 1


def test_a_page_set_aside_in_between_is_judged_again_first(world: World) -> None:
    enrolment = world.enrol()
    world.complete(enrolment)
    handle(world, head_record(enrolment, "plan-1"), head_record(enrolment, "plan-2"))
    world.set_aside(enrolment, "plan-1")
    handle(world, *(head_record(enrolment, page.id) for page in world.module.pages))
    assert certificates(world) == []

    world.judge(enrolment, world.sign(enrolment, "plan-1"))
    handle(world, head_record(enrolment, "plan-1", 2))
    assert len(certificates(world)) == 1


def test_a_page_set_aside_while_it_is_finalised_holds_the_certificate_back(world: World) -> None:
    enrolment = world.enrol()
    world.complete(enrolment)
    records = [head_record(enrolment, page.id) for page in world.module.pages]
    handle(world, *records[:2])
    progress = keys.progress(enrolment.centre_id, enrolment.id)
    assert world.table.get(progress)

    world.table.interruption = lambda: world.set_aside(enrolment, "plan-1")
    handle(world, records[2])
    assert certificates(world) == []


def test_news_of_what_is_not_there_is_no_failure(world: World) -> None:
    enrolment = world.enrol()
    handle(world, head_record(enrolment, "plan-1"), head_record(enrolment, "no-such-page", 7))
    assert certificates(world) == []
