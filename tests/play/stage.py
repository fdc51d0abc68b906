"""A stage: a world where nothing is left to chance, and a record of what is sent to its API."""

import hashlib
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import parse_qsl

from chalicelib.api.http import JSON, OPERATIONS, PROBLEM
from chalicelib.api.problems import CODES
from tests.api.door import Door, Reply, fields_of, open_door, operation_of
from tests.world import SHORT_MODULE, World, new_world

SOURCE = SHORT_MODULE.replace("PLANTED-KEY-OPTION ", "").replace("PLANTED-GUIDANCE ", "")
SHOWN = ("ETag", "Link", "Location", "Retry-After", "WWW-Authenticate")
NUMBERS = {"number", "version", "limit"}
MAIN = re.compile(r"<main>\s*(.*?)\s*</main>", re.DOTALL)
# Links to files, and forms that take them, are signed with the time of day.
SIGNED = re.compile(r"(https://[^\"?]+\?)[^\"]*X-Amz-Signature=[^\"]*")
SIGNING = {"policy", "x-amz-credential", "x-amz-date", "x-amz-signature"}
DIGEST = re.compile(r"\.[0-9a-f]{16}\"")

Scene = Callable[["Stage"], None]
SCENES: dict[str, Scene] = {}


def scene(operation: str) -> Callable[[Scene], Scene]:
    """Declare the scene of an operation."""

    def declare(played: Scene) -> Scene:
        assert operation not in SCENES, f"{operation} has two scenes"
        SCENES[operation] = played
        return played

    return declare


@dataclass
class Stage:
    """Where the scene of one operation is played."""

    operation: str
    door: Door
    recorded: list[dict[str, Any]] = field(default_factory=list)

    @property
    def world(self) -> World:
        return self.door.world

    def shows(
        self,
        summary: str,
        method: str,
        path: str,
        *given: Any,
        name: str = "done",
        shortened: Callable[[Any], Any] | None = None,
        **more: Any,
    ) -> Reply:
        """Send a request that succeeds, and record it under a name of its own."""
        reply = self._send(name, summary, method, path, *given, **more)
        assert reply.status < 400, reply.text
        if shortened:
            self.recorded[-1]["answer"]["body"] = shortened(reply.json)
        return reply

    def refused(self, code: str, method: str, path: str, *given: Any, **more: Any) -> Reply:
        """Send a request that is refused, and record it under the problem's code."""
        reply = self._send(code, f"{CODES[code].title}.", method, path, *given, **more)
        assert reply.status == CODES[code].status, reply.text
        assert reply.media != PROBLEM or reply.json["code"] == code, reply.text
        return reply

    def _send(
        self, name: str, summary: str, method: str, path: str, *given: Any, **more: Any
    ) -> Reply:
        self.world.clock.forward(minutes=1)
        if method == "POST":
            more = {"key": str(uuid.uuid5(uuid.NAMESPACE_OID, name))} | more
        reply = self.door.send(method, path, *given, **more)
        assert reply.operation == self.operation, f"this shows {reply.operation}"
        assert name not in {each["name"] for each in self.recorded}, f"{name} comes twice"
        body = given[1] if len(given) > 1 else more.get("body")
        self.recorded.append(
            {
                "name": name,
                "summary": summary,
                "request": _request(method, path, body, more),
                "answer": _answer(reply),
            }
        )
        return reply


def play(operation: str) -> list[dict[str, Any]]:
    """Play the scene of an operation, and return what was sent and answered."""
    with _stage(operation) as stage:
        SCENES[operation](stage)
        return stage.recorded


def play_all() -> dict[str, list[dict[str, Any]]]:
    """Play every scene there is."""
    known = {each.id for each in OPERATIONS}
    return {operation: play(operation) for operation in sorted(SCENES) if operation in known}


@contextmanager
def _stage(operation: str) -> Iterator[Stage]:
    ids, secrets = count(1), count(1)
    fixed: dict[str, Any] = {
        "new_id": lambda: f"01KJPZ7S40{next(ids):016d}",
        "new_secret": lambda: hashlib.sha256(f"secret {next(secrets)}".encode()).hexdigest(),
    }
    with new_world(SOURCE, **fixed) as world, open_door(world) as door:
        yield Stage(operation, door)


def _request(method: str, path: str, body: object, more: dict[str, Any]) -> dict[str, Any]:
    bare, _, query = path.partition("?")
    fields = fields_of(operation_of(method, bare), bare)
    assert fields
    headers = {
        "Idempotency-Key": more.get("key"),
        "If-Match": more.get("if_match"),
        "Accept": more.get("accept"),
    }
    parts: dict[str, Any] = {
        "path": _typed(fields.groupdict()),
        "query": _typed(dict(parse_qsl(query))),
        "headers": {name: value for name, value in headers.items() if value},
        "body": dict(parse_qsl(body)) if isinstance(body, str) and "=" in body else body,
    }
    return {name: value for name, value in parts.items() if value not in ({}, None)}


def _typed(given: dict[str, str]) -> dict[str, object]:
    return {
        name: int(value) if name in NUMBERS and value.isdigit() else value
        for name, value in given.items()
    }


def _answer(reply: Reply) -> dict[str, Any]:
    body: Any = None
    if reply.media in {JSON, PROBLEM}:
        body = _unsigned(reply.json)
    elif reply.text:
        found = MAIN.search(reply.text)
        body = found[1] if found else reply.text
    headers = {name: reply.headers[name.lower()] for name in SHOWN if name.lower() in reply.headers}
    if "ETag" in headers and SIGNED.search(reply.text):
        headers["ETag"] = DIGEST.sub('.0000000000000000"', headers["ETag"])
    return {
        "status": reply.status,
        "headers": {name: _unsigned(value) for name, value in headers.items()},
        "media": reply.media,
        "body": body,
    }


def _unsigned(value: Any) -> Any:
    """Replace what signs a link to a file."""
    match value:
        case dict():
            return {
                name: "..." if name in SIGNING else _unsigned(inner)
                for name, inner in value.items()
            }
        case list():
            return [_unsigned(inner) for inner in value]
        case str():
            return SIGNED.sub(r"\1X-Amz-Signature=0", value)
        case _:
            return value
