"""Archives put together in an S3 that really copies: several at it at once, and killed."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.domain.archives import LARGE, Plan
from chalicelib.domain.errors import Unavailable
from chalicelib.formats import zips
from chalicelib.storage.archives import Archives
from chalicelib.storage.multipart import Upload
from cli.cloud import http
from cli.stack import Stack
from tests.faults import Killed, hooked, killed_at
from tests.members import noise, plain, store

CONTENTS = {
    "bagit.txt": b"BagIt",
    "data/1.json": b"{}",
    "data/2.mp4": noise(LARGE, 2),
    "data/3.json": b"",
    "data/4.mp4": noise(LARGE + 1, 4),
    "data/5.bin": noise(LARGE - 1, 5),
    "data/6.mp4": noise(LARGE, 6),
    "index.html": b"<!doctype html>",
}


@pytest.fixture
def s3(stack: Stack) -> Any:
    return stack.cloud.client("s3")


@pytest.fixture
def archives(stack: Stack, s3: Any) -> Archives:
    return Archives(s3, stack.resources["Archives"])


@pytest.fixture
def plan(stack: Stack, s3: Any) -> Plan:
    return zips.plan(store(s3, stack.resources["Evidence"], CONTENTS))


@pytest.fixture
def name() -> str:
    return f"{uuid4().hex}/export.zip"


def read(archives: Archives, name: str) -> bytes:
    """Read an archive as whoever has its link."""
    return bytes(http.request("GET", archives.link(name, "export.zip")).data)


def drained(work: Iterator[int]) -> int:
    """Do all of the work; say how many bytes there are in the end."""
    return max(work, default=0)


def left_over(s3: Any, archives: Archives, name: str) -> list[str]:
    """List what there is beside an archive: objects, and uploads under way."""
    objects = s3.list_objects_v2(Bucket=archives.bucket, Prefix=f"work/{name}").get("Contents", ())
    uploads = s3.list_multipart_uploads(Bucket=archives.bucket).get("Uploads", ())
    return [each["Key"] for each in (*objects, *uploads) if name in each["Key"]]


def test_what_is_downloaded_is_the_archive_to_the_byte(
    s3: Any, archives: Archives, plan: Plan, name: str
) -> None:
    assert drained(archives.assemble(name, plan)) == plan.size
    assert read(archives, name) == plain(CONTENTS)
    assert left_over(s3, archives, name) == []
    got = http.request("GET", archives.link(name, "Zoë.zip"))
    assert got.headers["Content-Disposition"].endswith("filename*=UTF-8''Zo%C3%AB.zip")


@pytest.mark.parametrize("event", ["before-call", "after-call"])
def test_whoever_is_killed_again_and_again_comes_to_the_same_bytes(
    s3: Any, archives: Archives, plan: Plan, name: str, event: str
) -> None:
    """Each has one call more than the one before it, and goes on where that one was killed."""
    for number in count(1):
        with killed_at(number, event, s3) as calls, suppress(Killed):
            drained(archives.assemble(name, plan))
        assert archives.size(name) in (None, plan.size), "half an archive is none"
        if len(calls) < number:
            break
    assert read(archives, name) == plain(CONTENTS)
    assert left_over(s3, archives, name) == []


def test_many_at_once_come_to_the_same(stack: Stack, plan: Plan, name: str, s3: Any) -> None:
    ready = threading.Barrier(4)

    def take_part(_: int) -> None:
        mine = Archives(stack.cloud.client("s3"), stack.resources["Archives"])
        ready.wait()
        for _attempt in range(10):
            with suppress(Unavailable):  # overtaken: the queue brings it again
                drained(mine.assemble(name, plan))
                return

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(take_part, range(4)))
    archives = Archives(s3, stack.resources["Archives"])
    drained(archives.assemble(name, plan))
    assert read(archives, name) == plain(CONTENTS)
    assert left_over(s3, archives, name) == []


def test_two_uploads_at_once_come_to_the_same(
    s3: Any, archives: Archives, plan: Plan, name: str
) -> None:
    """Both have found none under way, and begun one."""
    one, other = archives.assemble(name, plan), archives.assemble(name, plan)
    with hooked(s3, "provide-client-params.s3.ListMultipartUploads", elsewhere):
        next(one)
        next(other)
    assert len([*Upload.under(s3, archives.bucket, name)]) == 2
    drained(one)
    drained(other)
    assert read(archives, name) == plain(CONTENTS)
    assert left_over(s3, archives, name) == []


def elsewhere(params: dict[str, Any], **_: Any) -> dict[str, Any]:
    return params | {"Prefix": "nothing"}


def test_whoever_is_overtaken_and_finds_nothing_comes_again(
    archives: Archives, plan: Plan, name: str
) -> None:
    work = archives.assemble(name, plan)
    next(work)
    archives.clear(name)
    with pytest.raises(Unavailable):
        next(work)
