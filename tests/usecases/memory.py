"""A table in memory on which several functions work at once, one call at a time."""

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from chalicelib.storage.changes import Change, Condition, Item, Key, Put, Update
from chalicelib.storage.table import ConditionFailedError


class CrashError(Exception):
    """The function was killed here."""


@dataclass
class Memory:
    """As much of the table as the audit trail needs, as one function sees it.

    `step` is asked before and after each call. `dropped` plants a bug: the items, by the beginning
    of their sort keys, whose conditions are left out.
    """

    items: dict[Key, Item]
    step: Callable[[], None]
    dropped: str = "nothing"
    refused: int = 0

    def get(self, key: Key) -> Item | None:
        self.step()
        found = self.items.get(key)
        self.step()
        return found

    def get_many(self, *keys: Key) -> tuple[Item | None, ...]:
        return tuple(self.get(key) for key in keys)

    def query(self, pk: str, prefix: str) -> Iterator[Item]:
        self.step()
        yield from (
            item
            for key, item in sorted(self.items.items())
            if key.pk == pk and key.sk.startswith(prefix)
        )

    def write(self, change: Change) -> Item:
        self.step()
        written = self.apply(change)
        self.step()
        return written

    def apply(self, change: Change) -> Item:
        assert isinstance(change, Put | Update)
        current = self.items.get(change.key)
        if not change.key.sk.startswith(self.dropped):
            self.check(change, current)
        new = change.attributes if isinstance(change, Put) else {**(current or {}), **change.set}
        self.items[change.key] = {**change.key._asdict(), **new}
        return self.items[change.key]

    def check(self, change: Put | Update, current: Item | None) -> None:
        if not all(holds(condition, current or {}) for condition in change.conditions):
            self.refused += 1
            raise ConditionFailedError({change.key: current})


class Swapped(Memory):
    """Plants a bug: the state of a chain is written before the entry that it counts."""

    held: Put | None = None

    def write(self, change: Change) -> Item:
        self.step()
        if isinstance(change, Put):
            self.check(change, self.items.get(change.key))
            self.held = change
            return {}
        written = self.apply(change)
        self.step()
        if self.held:
            self.apply(Put(self.held.key, self.held.attributes))
        return written


def holds(condition: Condition, item: Item) -> bool:
    match condition.must:
        case "be absent":
            return condition.attribute not in item
        case _:
            return condition.attribute in item and item[condition.attribute] == condition.value


@dataclass
class Worker:
    """A function that goes one step whenever it is let, and is killed at some of them."""

    work: Callable[["Worker"], None]
    crashes: Sequence[int] = ()
    steps: int = 0
    done: bool = False
    failure: BaseException | None = None
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    back: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def start(self) -> None:
        threading.Thread(target=self._run, daemon=True).start()
        self.back.acquire()

    def let(self) -> None:
        self.go.release()
        self.back.acquire()

    def step(self) -> None:
        self.back.release()
        self.go.acquire()
        self.steps += 1
        if self.steps in self.crashes:
            raise CrashError

    def _run(self) -> None:
        try:
            self.back.release()
            self.go.acquire()
            self.work(self)
        except BaseException as error:  # noqa: BLE001 (told by the one who waits for it)
            self.failure = error
        self.done = True
        self.back.release()


def interleave(workers: Sequence[Worker], chance: random.Random) -> None:
    """Let the workers go on in turns as chance has it, until all are done."""
    for worker in workers:
        worker.start()
    while waiting := [worker for worker in workers if not worker.done]:
        chance.choice(waiting).let()
    for worker in workers:
        if worker.failure:
            raise worker.failure
