"""Whatever order the stream's records come in, and however often: one certificate."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.enrolments import Enrolment
from chalicelib.runtime import Cache
from tests.events.records import head_record
from tests.events.test_finalise import Item, certificates, handle
from tests.world import TABLE, World, new_world

HEADS = [("plan-1", 1), ("plan-1", 2), ("plan-2", 1), ("kn-1", 1)]


@dataclass
class Ready:
    """An enrolment that is complete and not yet finalised, as often as one likes."""

    world: World
    enrolment: Enrolment
    items: dict[tuple[str, str], Item] = field(default_factory=dict)

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
        # No function remembers what has not happened.
        self.world.runtime = replace(self.world.runtime, cache=Cache(self.world.clock))

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
        ready = Ready(world, enrolment)
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
@settings(max_examples=12, deadline=None)
def test_records_that_come_again_change_nothing(
    ready: Ready, times: list[int], random: Any
) -> None:
    deliveries = [head for head, many in zip(HEADS, times, strict=True) for _ in range(many)]
    random.shuffle(deliveries)
    ready.rewind()
    ready.deliver(*deliveries)
    assert len(certificates(ready.world)) == 1
