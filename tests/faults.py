"""Faults of AWS, injected by botocore's own event hooks on the client."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Self

from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

ENDPOINT = "https://dynamodb.example"
WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"}
Answer = tuple[Any, dict[str, Any]]


def answered(**parsed: Any) -> Answer:
    """Make an answer as botocore would have parsed it."""
    return SimpleNamespace(status_code=200, headers={}), parsed


def refused(code: str, **parsed: Any) -> Answer:
    """Make a refusal as botocore would have parsed it."""
    error = {"Error": {"Code": code, "Message": code}}
    return SimpleNamespace(status_code=400, headers={}), error | parsed


def cancelled(*codes: str) -> Answer:
    """Make the refusal of a transaction, with a reason for each of its changes."""
    reasons = [{"Code": code} for code in codes]
    return refused("TransactionCanceledException", CancellationReasons=reasons)


@contextmanager
def hooked(client: Any, event: str, handler: Callable[..., object]) -> Iterator[None]:
    """Have a handler asked at every such event, before all others."""
    client.meta.events.register_first(event, handler)
    try:
        yield
    finally:
        client.meta.events.unregister(event, handler)


class Killed(BaseException):
    """The function is killed: nothing of ours gets to see it."""


@contextmanager
def killed_at(number: int, event: str, *clients: Any) -> Iterator[list[str]]:
    """Kill whoever makes the call with this number, at `before-call` or `after-call`."""
    calls: list[str] = []

    def strike(model: Any, **_: Any) -> None:
        calls.append(model.name)
        if len(calls) == number:
            raise Killed

    with ExitStack() as hooks:
        for client in clients:
            hooks.enter_context(hooked(client, event, strike))
        yield calls


@dataclass
class Fault:
    """Makes the call to DynamoDB with this number fail, while it is on.

    The modes: `before` (the call never arrives), `after` (it is done, and its answer lost),
    `throttled`, and `conflict` (with another transaction; only writes are counted).
    """

    client: Any
    number: int
    mode: str
    calls: int = 0

    def __enter__(self) -> Self:
        self.client.meta.events.register_first("before-call.dynamodb", self._before)
        self.client.meta.events.register_first("after-call.dynamodb", self._after)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.meta.events.unregister("before-call.dynamodb", self._before)
        self.client.meta.events.unregister("after-call.dynamodb", self._after)

    @property
    def struck(self) -> bool:
        return self.calls >= self.number

    def _before(self, model: Any, **_: Any) -> Answer | None:
        if self.mode == "conflict" and model.name not in WRITES:
            return None
        self.calls += 1
        if self.calls != self.number:
            return None
        match self.mode:
            case "before":
                raise EndpointConnectionError(endpoint_url=ENDPOINT)
            case "throttled":
                return refused("ThrottlingException")
            case "conflict" if model.name == "TransactWriteItems":
                return cancelled("None", "TransactionConflict")
            case "conflict":
                return refused("TransactionConflictException")
        return None

    def _after(self, **_: Any) -> None:
        if self.mode == "after" and self.calls == self.number:
            raise ReadTimeoutError(endpoint_url=ENDPOINT)
