"""Whatever happens to three consumers at once, the chain has every act once and never forks.

Records come again and in any order; functions are killed before and after every call, and start
anew without what they knew. The seeds make every history the same again.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pytest

from chalicelib.domain.modules import Module
from chalicelib.domain.trail import Act, Kind, State, advanced, covers, event_name
from chalicelib.runtime import Cache, Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Item, Key
from chalicelib.storage.trail import to_line, to_state, trace
from chalicelib.usecases import trail
from tests.domain.values import attempt, judgement
from tests.trails import check_chain, check_commitments
from tests.usecases.memory import CrashError, Memory, Swapped, Worker, interleave
from tests.world import new_world

HISTORIES = 1_000
CONSUMERS = 3
OF = ("centre", "enrolment")
VIEWS = ("a", "b", "c")
EXPORT = Key("", "")  # among the records: here somebody exports the enrolment


@dataclass
class Past:
    """What was done: it stands in the table, its records come, and its events belong in the chain.

    `chain` makes the table that a function sees.
    """

    runtime: Runtime
    module: Module
    chain: Callable[..., Memory] = Memory
    items: dict[Key, Item] = field(default_factory=dict)
    events: set[str] = field(default_factory=set)
    texts: dict[str, dict[str, str]] = field(default_factory=dict)  # that are committed to

    def add(self, key: Key, item: dict[str, Any], *events: str) -> None:
        filled = {name: value for name, value in item.items() if value is not None}
        self.items[key] = {**key._asdict(), **filled}
        self.events.update(events)

    def function(self, table: dict[Key, Item], worker: Worker) -> Runtime:
        """Start a function that knows nothing but the module, which takes long to read."""
        cache = Cache(self.runtime.now)
        cache.get(("module", OF[0], self.module.id, str(self.module.version)), lambda: self.module)
        seen: Any = self.chain(table, worker.step)
        return replace(self.runtime, table=seen, cache=cache)


@pytest.fixture(scope="module")
def past() -> Iterator[Past]:
    with new_world() as world:
        past = Past(world.runtime, world.module)
        created = event_name(Kind.ENROLMENT_CREATED, OF[1])
        past.add(keys.enrolment(*OF), items.from_enrolment(world.enrol()), created)
        for page in world.module.pages:
            head = items.from_attempt(attempt(page.id)) | items.from_judgement(judgement())
            signed, judged = (
                event_name(kind, OF[1], page.id, 1)
                for kind in (Kind.ATTEMPT_SIGNED, Kind.ATTEMPT_JUDGED)
            )
            past.add(keys.head(*OF, page.id, 1), head, signed, judged)
            past.texts[judged] = {"initials": "AE", "feedback": ""}
        for name in VIEWS:
            event = event_name(Kind.PORTFOLIO_VIEWED, OF[1], name)
            act = Act(event=event, kind=Kind.PORTFOLIO_VIEWED, at=world.clock(), by=name)
            past.add(keys.trace(*OF, name), trace(*OF, name, act).attributes, event)
        yield past


def consume(past: Past, table: dict[Key, Item], records: list[Key], worker: Worker) -> None:
    """Note records one after the other; killed at one, a new function begins with it again."""
    runtime, waiting = past.function(table, worker), list(records)
    while waiting:
        try:
            if waiting[0] == EXPORT:
                trail.catch_up(runtime, *OF)
            else:
                trail.note(runtime, waiting[0])
        except CrashError:
            runtime = past.function(table, worker)
        else:
            del waiting[0]


def play(past: Past, seed: int) -> tuple[dict[Key, Item], list[Worker]]:
    """Have three consumers note all records, some of them more than once."""
    chance = random.Random(seed)  # noqa: S311 (the same again for the same seed)
    table = dict(past.items)
    records = [key for key in past.items for _ in range(chance.choice([1, 1, 2]))]
    records += [EXPORT] * chance.choice([0, 0, 0, 1])
    chance.shuffle(records)
    workers = [
        Worker(
            partial(consume, past, table, records[number::CONSUMERS]),
            crashes=chance.sample(range(1, 60), chance.choice([0, 1, 3])),
        )
        for number in range(CONSUMERS)
    ]
    interleave(workers, chance)
    return table, workers


def check(past: Past, table: dict[Key, Item]) -> None:
    """Check that the chain has every event once, and that its state is what it comes to."""
    prefix = keys.entries(*OF).sk
    lines = [to_line(table[key]) for key in sorted(table) if key.sk.startswith(prefix)]
    entries = check_chain(b"".join(line + b"\n" for line in lines))
    assert {entry["event"] for entry in entries} == past.events
    secret = table[keys.commitments(*OF)]["secret"]
    check_commitments(entries, {"key": secret, "texts": past.texts})
    pages = [page.id for page in past.module.pages]
    state = State()
    for line in lines:
        state = advanced(state, line, pages)
    assert to_state(table[keys.trail(*OF)]) == state
    assert covers(state, pages)


def test_three_consumers_keep_one_chain(past: Past) -> None:
    killed = 0
    for seed in range(HISTORIES):
        table, workers = play(past, seed)
        check(past, table)
        killed += sum(each <= worker.steps for worker in workers for each in worker.crashes)
    assert killed > HISTORIES


@pytest.mark.parametrize(
    "planted",
    [
        partial(Memory, dropped="ENTRY#"),
        partial(Memory, dropped="TRAIL"),
        partial(Memory, dropped="COMMITMENTS"),
        Swapped,
    ],
    ids=["entries are overwritten", "states are", "keys are", "the state goes first"],
)
def test_the_histories_would_catch_a_bug(past: Past, planted: Callable[..., Memory]) -> None:
    broken = replace(past, chain=planted)
    caught = 0
    for seed in range(HISTORIES // 10):
        try:
            check(broken, play(broken, seed)[0])
        except (AssertionError, LookupError):
            caught += 1
    assert caught
