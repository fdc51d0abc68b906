"""An archive is put together inside S3: whole or not at all, wherever it is interrupted."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from itertools import count, islice, zip_longest
from typing import Any
from urllib.parse import unquote

import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib.domain.archives import (
    LARGE,
    PART_MINIMUM,
    AssemblyError,
    Member,
    Plan,
    Source,
)
from chalicelib.domain.errors import Unavailable
from chalicelib.formats import zips
from chalicelib.storage.archives import Archives
from chalicelib.storage.multipart import Upload
from chalicelib.storage.quarantine import AbsentError
from tests.faults import Killed, hooked, killed_at
from tests.members import noise, plain, put, store
from tests.world import ARCHIVES, EVIDENCE, World

NAME = "centre/export.zip"
SMALL = {"bagit.txt": b"BagIt", "data/1.json": b"{}", "data/2.json": b"", "data/3.json": b"[]"}
CONTENTS = {
    **SMALL,
    "data/4.mp4": noise(LARGE, 4),
    "data/5.json": b"null",
    "data/6.mp4": noise(LARGE + 1, 6),
    "index.html": b"<!doctype html>",
}


@pytest.fixture
def archives(world: World) -> Archives:
    return world.runtime.archives


def plan_of(world: World, contents: dict[str, bytes]) -> Plan:
    return zips.plan(store(world.s3, EVIDENCE, contents))


def made(archives: Archives, plan: Plan) -> bytes:
    """Put an archive together, and read it."""
    for _ in archives.assemble(NAME, plan):
        pass
    return archives.read(NAME, 0, plan.size)


def left_over(world: World) -> list[str]:
    """List what there is beside the archive: objects, and uploads under way."""
    objects = world.s3.list_objects_v2(Bucket=ARCHIVES).get("Contents", ())
    uploads = world.s3.list_multipart_uploads(Bucket=ARCHIVES).get("Uploads", ())
    return [each["Key"] for each in (*objects, *uploads) if each["Key"] != NAME or each in uploads]


def calls_of(world: World, work: Iterator[Any]) -> list[str]:
    """List the calls that some work makes."""
    calls: list[str] = []

    def note(model: Any, **_: Any) -> None:
        calls.append(model.name)

    with hooked(world.s3, "before-call", note):
        for _ in work:
            pass
    return calls


@pytest.mark.parametrize(
    "contents",
    [
        SMALL,
        CONTENTS,
        {"data/1.mp4": noise(LARGE)},
        {"data/1.json": noise(PART_MINIMUM), "data/2.mp4": noise(LARGE), "data/3": noise(9 << 20)},
        {f"data/{number}.bin": noise(3 << 20, number) for number in range(8)},
    ],
)
def test_what_is_put_together_is_the_archive_to_the_byte(
    world: World, archives: Archives, contents: dict[str, bytes]
) -> None:
    assert made(archives, plan_of(world, contents)) == plain(contents)
    assert left_over(world) == []


def test_what_is_there_is_told_after_each_part(world: World, archives: Archives) -> None:
    plan = plan_of(world, CONTENTS)
    told = [*archives.assemble(NAME, plan)]
    assert len(told) == plan.count
    assert told == sorted(told)
    assert told[-1] == plan.size
    # Once it is there, nothing is done again.
    calls = calls_of(world, archives.assemble(NAME, plan))
    assert {"UploadPart", "UploadPartCopy", "CreateMultipartUpload"}.isdisjoint(calls)


def test_what_lies_together_is_read_together(world: World, archives: Archives) -> None:
    contents = {f"data/{number}.json": b"%d" % number for number in range(100)}
    calls = calls_of(world, archives.assemble(NAME, plan_of(world, contents)))
    assert calls.count("GetObject") == 1
    assert archives.read(NAME, 0, 4) == b"PK\3\4"


@pytest.mark.parametrize("event", ["before-call", "after-call"])
def test_whoever_is_killed_anywhere_goes_on_to_the_same_bytes(
    world: World, archives: Archives, event: str
) -> None:
    expected, plan = plain(CONTENTS), plan_of(world, CONTENTS)
    for number in count(1):
        with killed_at(number, event, world.s3) as calls, suppress(Killed):
            made(archives, plan)
        assert archives.size(NAME) in (None, plan.size), "half an archive is none"
        assert made(archives, plan) == expected
        assert left_over(world) == []
        archives.clear(NAME)
        if len(calls) < number:
            assert number > 20, "it was killed at every call"
            return


def test_whoever_goes_on_does_nothing_twice(world: World, archives: Archives) -> None:
    plan = plan_of(world, CONTENTS)
    whole = calls_of(world, archives.assemble(NAME, plan))
    for done in range(1, plan.count):
        archives.clear(NAME)
        before = calls_of(world, islice(archives.assemble(NAME, plan), done))
        after = calls_of(world, archives.assemble(NAME, plan))
        for call in ("CreateMultipartUpload", "UploadPart", "UploadPartCopy", "GetObject"):
            assert before.count(call) + after.count(call) == whole.count(call)
    # What was made to be copied is taken as it is, if that is all that was done.
    archives.clear(NAME)
    made_it = whole.index("CompleteMultipartUpload") + 1
    with killed_at(made_it, "after-call", world.s3), pytest.raises(Killed):
        made(archives, plan)
    assert calls_of(world, archives.assemble(NAME, plan)).count("CreateMultipartUpload") == 0


def test_two_at_once_come_to_the_same(world: World, archives: Archives) -> None:
    expected, plan = plain(CONTENTS), plan_of(world, CONTENTS)
    for _ in zip_longest(archives.assemble(NAME, plan), archives.assemble(NAME, plan)):
        pass
    assert archives.read(NAME, 0, plan.size) == expected
    assert left_over(world) == []


def spoilt(members: list[Member], name: str, **changes: Any) -> Plan:
    """Plan an archive of which one member is not as it was recorded."""
    spoil = {each.name: each for each in members}
    spoil[name] = replace(spoil[name], **changes)
    return zips.plan([*spoil.values()])


@pytest.mark.parametrize("name", ["data/1.json", "data/5.json", "index.html"])
def test_a_small_file_that_has_changed_is_noticed(
    world: World, archives: Archives, name: str
) -> None:
    plan = spoilt(store(world.s3, EVIDENCE, CONTENTS), name, crc32=1)
    assert_refused(archives, plan, "evidence-changed", name)


@pytest.mark.parametrize("name", ["data/4.mp4", "data/6.mp4"])
def test_a_large_file_of_another_size_is_noticed(
    world: World, archives: Archives, name: str
) -> None:
    members = store(world.s3, EVIDENCE, CONTENTS)
    other = put(world.s3, EVIDENCE, name, noise(LARGE + 2))
    recorded = replace(other, size=len(CONTENTS[name]))
    plan = spoilt(members, name, source=recorded)
    assert_refused(archives, plan, "evidence-changed", name)


def test_a_file_that_has_become_shorter_is_noticed(world: World, archives: Archives) -> None:
    members = store(world.s3, EVIDENCE, CONTENTS)
    for content in (b"", b"["):
        source = replace(put(world.s3, EVIDENCE, "short", content), size=2)
        plan = spoilt(members, "data/3.json", source=source, start=0)
        assert_refused(archives, plan, "evidence-changed", "data/3.json")


@pytest.mark.parametrize("name", ["data/1.json", "data/4.mp4", "data/6.mp4"])
def test_a_file_that_is_gone_is_noticed(world: World, archives: Archives, name: str) -> None:
    members = store(world.s3, EVIDENCE, CONTENTS)
    source = put(world.s3, EVIDENCE, "gone", CONTENTS[name])
    plan = spoilt(members, name, source=source, start=0)
    world.s3.delete_object(Bucket=EVIDENCE, Key="gone", VersionId=source.version)
    assert_refused(archives, plan, "evidence-missing", name)
    # Neither is one of another version.
    put(world.s3, EVIDENCE, "gone", CONTENTS[name])
    assert_refused(archives, plan, "evidence-missing", name)


def assert_refused(archives: Archives, plan: Plan, code: str, name: str) -> None:
    with pytest.raises(AssemblyError) as refused:
        made(archives, plan)
    assert (refused.value.code, refused.value.member) == (code, name)
    assert archives.size(NAME) is None
    archives.clear(NAME)


def test_a_version_is_pinned(world: World, archives: Archives) -> None:
    plan = plan_of(world, CONTENTS)
    for name in ("data/4.mp4", "data/6.mp4"):
        put(world.s3, EVIDENCE, name, b"written over")
    assert made(archives, plan) == plain(CONTENTS)


def test_a_stream_that_breaks_off_is_read_another_time(world: World, archives: Archives) -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise ReadTimeoutError(endpoint_url=f"{size}")

    def break_off(parsed: dict[str, Any], **_: Any) -> None:
        parsed["Body"] = Broken()

    plan = plan_of(world, SMALL)
    with hooked(world.s3, "after-call.s3.GetObject", break_off), pytest.raises(Unavailable):
        made(archives, plan)
    assert made(archives, plan) == plain(SMALL)


def test_an_archive_that_is_not_as_long_as_it_should_be_does_not_stay(
    world: World, archives: Archives
) -> None:
    def one_more(parsed: dict[str, Any], **_: Any) -> None:
        if "ContentLength" in parsed:
            parsed["ContentLength"] += 1

    plan = plan_of(world, SMALL)
    with hooked(world.s3, "after-call.s3.HeadObject", one_more), pytest.raises(Unavailable):
        made(archives, plan)
    assert archives.size(NAME) is None
    assert left_over(world) == []


def test_no_part_is_too_small_and_none_of_another_size(world: World) -> None:
    upload = Upload.begin(world.s3, ARCHIVES, NAME, "application/zip")
    upload.send(1, bytes(PART_MINIMUM))
    upload.send(2, b"end")
    with pytest.raises(ValueError, match="no part under"):
        upload.complete([PART_MINIMUM - 1, 4])
    for sizes in ([PART_MINIMUM + 1, 3], [PART_MINIMUM, PART_MINIMUM, 3]):
        with pytest.raises(Unavailable):
            upload.complete(sizes)
    upload.complete([PART_MINIMUM, 3])
    assert world.s3.head_object(Bucket=ARCHIVES, Key=NAME)["ContentLength"] == PART_MINIMUM + 3


def test_what_is_kept_is_read_back(archives: Archives) -> None:
    assert archives.keep("work/bundle", b"0123456789") == Source(ARCHIVES, "work/bundle", "", 10)
    assert archives.read("work/bundle", 3, 4) == b"3456"
    assert archives.size("work/bundle") == 10
    archives.clear("work/")
    assert archives.size("work/bundle") is None
    with pytest.raises(AbsentError):
        archives.read("work/bundle", 0, 1)


def test_a_download_has_a_name(archives: Archives) -> None:
    link = unquote(archives.link(NAME, "Zoë: portfolio.zip"))
    assert NAME in link
    assert 'filename="Zo__ portfolio.zip"' in link
    assert "X-Amz-Expires=300" in link
