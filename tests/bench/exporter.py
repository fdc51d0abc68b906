"""One export in a process of its own, as a function would make it, and what it took.

Reads a task as JSON, and writes figures as JSON. A process that has done something else before
would have memory to spare.
"""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chalicelib.domain.archives import ENOUGH, Member, Piece, Plan, Slice, Source
from chalicelib.formats import zips
from chalicelib.storage.archives import Archives
from cli.cloud import local_client

STATUS = Path("/proc/self/status")  # Linux has it


@dataclass
class Bytes:
    """Counts what goes through a client: bodies of requests, and what is read of answers."""

    sent: int = 0
    received: int = 0
    calls: int = 0

    def watch(self, client: Any) -> None:
        """Begin to count."""
        client.meta.events.register("before-send.s3", self._request)
        client.meta.events.register("after-call.s3", self._answer)

    def _request(self, request: Any, **_: object) -> None:
        self.sent += int(request.headers.get("Content-Length") or 0)

    def _answer(self, http_response: Any, parsed: dict[str, Any], model: Any, **_: object) -> None:
        self.calls += 1
        if "Body" in parsed:
            parsed["Body"] = Counted(parsed["Body"], self)
        elif model.name != "HeadObject":  # it tells a length, and has no body
            self.received += len(http_response.content)


@dataclass
class Counted:
    """A stream that is counted while it is read."""

    stream: Any
    counts: Bytes

    def read(self, size: int) -> bytes:
        """Read, and count."""
        chunk: bytes = self.stream.read(size)
        self.counts.received += len(chunk)
        return chunk

    def close(self) -> None:
        """Close it."""
        self.stream.close()


def peak() -> int:
    """Tell the most memory that this process has had at once, in bytes."""
    (line,) = [line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def streamed(members: list[Member]) -> Iterator[Piece]:
    """Return what the archive is made of, with every large file in slices that have to be sent.

    No version is named: the local cloud would send the whole of it for every slice.
    """
    current = [replace(each, source=replace(each.source, version="")) for each in members]
    for piece in zips.pieces(current):
        if isinstance(piece, Slice):
            for start in range(0, len(piece), ENOUGH):
                yield Slice(piece.member, start, min(start + ENOUGH, piece.end))
        else:
            yield piece


def main() -> None:
    """Make the export."""
    task = json.load(sys.stdin)
    members = [Member(**{**each, "source": Source(**each["source"])}) for each in task["members"]]
    client = local_client("s3", task["endpoint"])
    archives = Archives(client, task["bucket"])
    archives.size(task["name"])  # the first call loads what every call needs
    idle, seconds, wall = peak(), time.process_time(), time.monotonic()
    counted = Bytes()
    counted.watch(client)
    plan = Plan(lambda: streamed(members)) if task["streamed"] else zips.plan(members)
    for _ in archives.assemble(task["name"], plan):
        pass
    json.dump(
        {
            "bytes": plan.size,
            "received": counted.received,
            "sent": counted.sent,
            "calls": counted.calls,
            "cpu": time.process_time() - seconds,
            "seconds": time.monotonic() - wall,
            "memory": peak() - idle,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
