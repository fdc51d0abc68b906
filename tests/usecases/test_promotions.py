"""Promotion: what arrives becomes evidence once or is refused, wherever it is interrupted."""

import json
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from chalicelib.domain.attachments import (
    UPLOAD_LIFETIME,
    Attachment,
    AttachmentState,
)
from chalicelib.events import promote as promotion
from chalicelib.events import sweep
from chalicelib.storage import keys
from chalicelib.storage.changes import Update
from chalicelib.storage.quarantine import SCAN_TAG
from chalicelib.storage.scanners import GuardDuty, Off, Verdict
from chalicelib.usecases.promotions import ScanFailedError, promote
from tests.attachments import NOTE as NOTE_BYTES
from tests.attachments import begin, in_index, name_of, picture, read, stored
from tests.faults import Killed, killed_at
from tests.world import EVIDENCE, QUARANTINE, World, clients

JPEG = {"name": "photo.jpg", "media_type": "image/jpeg"}
MINUTE = timedelta(minutes=1)


class Suspicious(Off):
    """A scanner that finds something in every file."""

    name = "suspicious"

    def finish(self) -> Verdict:
        return Verdict("malware", "Test.Signature")


def put(attachment: Attachment, content: bytes) -> str:
    """Have a file arrive, as it comes from S3: whatever was declared of it."""
    _, s3 = clients()
    made = s3.put_object(Bucket=QUARANTINE, Key=name_of(attachment), Body=content)
    return str(made["VersionId"])


def arrived(world: World, content: bytes = NOTE_BYTES, **more: Any) -> Attachment:
    attachment = begin(world.runtime, world.centre.id, content, **more)
    put(attachment, content)
    return attachment


def run(world: World, attachment: Attachment) -> Attachment:
    promote(world.runtime, attachment.centre_id, attachment.id)
    return read(world.runtime, attachment)


def quarantined(attachment: Attachment) -> list[tuple[str, str]]:
    return stored(clients()[1], QUARANTINE, attachment)


def kept(attachment: Attachment) -> list[tuple[str, str]]:
    return stored(clients()[1], EVIDENCE, attachment)


def note(world: World, attachment: Attachment, **attributes: Any) -> None:
    key = keys.attachment(attachment.centre_id, attachment.id)
    world.table.write(Update(key, set=attributes))


def delete(world: World, attachment: Attachment) -> None:
    index = keys.open_index(attachment.centre_id, attachment.id)
    note(world, attachment, deleted_at="2026-03-02T10:00:00Z", deleted_by="candidate", **index)


def assert_refused(world: World, attachment: Attachment, reason: str) -> None:
    """Check that a refused file leaves nothing behind, and is looked at no more."""
    now = read(world.runtime, attachment)
    assert (now.state, now.reason, now.version) == (AttachmentState.REJECTED, reason, "")
    assert now.settled_at
    assert quarantined(attachment) == kept(attachment) == []
    assert not in_index(world.runtime, attachment)


def assert_clean(world: World, attachment: Attachment, content: bytes) -> None:
    """Check that a clean file lies in evidence once, in the version that is pinned."""
    now = read(world.runtime, attachment)
    assert (now.state, now.reason) == (AttachmentState.CLEAN, "")
    assert [version for name, version in kept(attachment) if name == "original"] == [now.version]
    of = {"Bucket": EVIDENCE, "Key": f"{name_of(attachment)}/original", "VersionId": now.version}
    assert clients()[1].get_object(**of)["Body"].read() == content
    assert len({name for name, _ in kept(attachment)}) == len(kept(attachment))
    assert quarantined(attachment) == []
    assert not in_index(world.runtime, attachment)


def test_a_clean_file_is_pinned_with_its_facts(world: World) -> None:
    attachment = arrived(world)
    assert in_index(world.runtime, attachment)
    now = run(world, attachment)
    assert_clean(world, attachment, NOTE_BYTES)
    assert (now.sha256, now.crc32) == (attachment.sha256, f"{zlib.crc32(NOTE_BYTES):08x}")
    assert (now.settled_at, now.scanned_by, now.pictured) == (world.clock(), "off", False)


def test_an_original_is_a_download_and_no_page(world: World) -> None:
    attachment = arrived(world)
    run(world, attachment)
    head = clients()[1].head_object(Bucket=EVIDENCE, Key=f"{name_of(attachment)}/original")
    assert head["ContentType"] == "application/octet-stream"
    assert head["ContentDisposition"] == "attachment"


def test_a_picture_is_shown_as_a_rendering_and_a_thumbnail(world: World) -> None:
    attachment = arrived(world, picture(), **JPEG)
    assert run(world, attachment).pictured
    assert_clean(world, attachment, picture())
    names = sorted(name for name, _ in kept(attachment))
    assert names == ["original", "rendering.jpg", "thumbnail.jpg"]


def test_what_is_no_picture_is_refused_as_one(world: World) -> None:
    attachment = arrived(world, b"\xff\xd8\xff\xe0 and then nothing of the kind", **JPEG)
    run(world, attachment)
    now = read(world.runtime, attachment)
    assert_refused(world, attachment, now.reason)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(NOTE_BYTES + b"x", "too-large"), (NOTE_BYTES[1:], "too-small")],
    ids=["larger", "smaller"],
)
def test_another_size_than_declared_is_refused(world: World, content: bytes, reason: str) -> None:
    attachment = begin(world.runtime, world.centre.id)
    put(attachment, content)
    run(world, attachment)
    assert_refused(world, attachment, reason)


def test_other_bytes_than_declared_are_refused(world: World) -> None:
    attachment = begin(world.runtime, world.centre.id)
    put(attachment, NOTE_BYTES.swapcase())
    run(world, attachment)
    assert_refused(world, attachment, "checksum-differs")


def test_a_file_in_parts_gets_the_digest_that_nobody_declared(world: World) -> None:
    attachment = arrived(world, sha256="", parts="upload-id")
    assert len(run(world, attachment).sha256) == 64
    assert_clean(world, attachment, NOTE_BYTES)


def test_malware_is_refused(world: World) -> None:
    world.runtime = replace(world.runtime, scanner=Suspicious())
    attachment = arrived(world)
    run(world, attachment)
    assert_refused(world, attachment, "malware")


def test_what_never_arrived_is_left_until_it_cannot_any_more(world: World) -> None:
    attachment = begin(world.runtime, world.centre.id)
    world.clock.time += UPLOAD_LIFETIME - MINUTE
    assert run(world, attachment) == attachment
    assert in_index(world.runtime, attachment)
    world.clock.time += MINUTE
    run(world, attachment)
    assert_refused(world, attachment, "never-arrived")


def test_the_parts_of_what_never_arrived_are_dropped(world: World) -> None:
    attachment = begin(world.runtime, world.centre.id)
    upload = world.runtime.quarantine.begin_parts(name_of(attachment), "text/plain")
    note(world, attachment, parts=upload)
    world.clock.time += UPLOAD_LIFETIME
    run(world, attachment)
    assert_refused(world, attachment, "never-arrived")
    assert world.runtime.quarantine.parts(name_of(attachment), upload) is None


def test_of_what_was_posted_twice_the_last_counts_and_nothing_stays(world: World) -> None:
    attachment = arrived(world)
    put(attachment, NOTE_BYTES)
    run(world, attachment)
    assert_clean(world, attachment, NOTE_BYTES)


def test_what_is_posted_after_all_is_settled_is_cleared_away(world: World) -> None:
    attachment = arrived(world)
    settled = run(world, attachment)
    put(attachment, b"something else")
    assert run(world, attachment) == settled
    assert_clean(world, attachment, NOTE_BYTES)


@pytest.mark.parametrize("settled", [False, True])
def test_a_deleted_attachment_leaves_nothing(world: World, *, settled: bool) -> None:
    attachment = arrived(world, picture(), **JPEG)
    if settled:
        run(world, attachment)
    delete(world, attachment)
    run(world, attachment)
    assert quarantined(attachment) == kept(attachment) == []
    assert not in_index(world.runtime, attachment)


def test_news_of_nothing_known_does_nothing(world: World) -> None:
    promote(world.runtime, world.centre.id, "01" * 13)
    assert world.table.get(keys.attachment(world.centre.id, "01" * 13)) is None


class TestGuardDuty:
    """Its tag on the version that arrived is what counts, whatever news there was."""

    @pytest.fixture(autouse=True)
    def scanned(self, world: World) -> None:
        world.runtime = replace(world.runtime, scanner=GuardDuty())

    @staticmethod
    def tag(attachment: Attachment, verdict: str) -> None:
        tagging = {"TagSet": [{"Key": SCAN_TAG, "Value": verdict}]}
        _, s3 = clients()
        s3.put_object_tagging(Bucket=QUARANTINE, Key=name_of(attachment), Tagging=tagging)

    def test_a_file_waits_until_it_is_scanned(self, world: World) -> None:
        attachment = arrived(world)
        for _ in range(2):
            assert run(world, attachment).state is AttachmentState.SCANNING
        assert kept(attachment) == []
        assert in_index(world.runtime, attachment)
        self.tag(attachment, "NO_THREATS_FOUND")
        assert run(world, attachment).scanned_by == "guardduty"
        assert_clean(world, attachment, NOTE_BYTES)

    def test_the_copy_has_no_tags(self, world: World) -> None:
        attachment = arrived(world)
        self.tag(attachment, "NO_THREATS_FOUND")
        run(world, attachment)
        of = {"Bucket": EVIDENCE, "Key": f"{name_of(attachment)}/original"}
        assert clients()[1].get_object_tagging(**of)["TagSet"] == []

    @pytest.mark.parametrize(
        ("verdict", "reason"),
        [("THREATS_FOUND", "malware"), ("UNSUPPORTED", "too-large-to-scan")],
    )
    def test_what_is_not_found_clean_is_refused(
        self, world: World, verdict: str, reason: str
    ) -> None:
        attachment = arrived(world)
        self.tag(attachment, verdict)
        run(world, attachment)
        assert_refused(world, attachment, reason)

    @pytest.mark.parametrize("verdict", ["ACCESS_DENIED", "FAILED", "SOMETHING_NEW"])
    def test_a_scan_that_failed_is_told_and_decides_nothing(
        self, world: World, verdict: str
    ) -> None:
        attachment = arrived(world)
        self.tag(attachment, verdict)
        with pytest.raises(ScanFailedError):
            run(world, attachment)
        assert read(world.runtime, attachment) == attachment

    def test_the_verdict_on_another_version_says_nothing(self, world: World) -> None:
        attachment = arrived(world)
        self.tag(attachment, "NO_THREATS_FOUND")
        put(attachment, NOTE_BYTES)
        assert run(world, attachment).state is AttachmentState.SCANNING


def test_of_two_at_once_one_pins_and_the_other_takes_its_copy_away(world: World) -> None:
    attachment = arrived(world)
    winner: list[Attachment] = []
    world.table.interruption = lambda: winner.append(run(world, attachment))
    assert [run(world, attachment)] == winner
    assert_clean(world, attachment, NOTE_BYTES)


def test_what_is_deleted_while_it_is_read_is_gone(world: World) -> None:
    attachment = arrived(world)
    world.table.interruption = lambda: delete(world, attachment)
    assert run(world, attachment).state is AttachmentState.PENDING
    assert quarantined(attachment) == kept(attachment) == []


def test_what_is_deleted_while_it_is_cleared_up_is_found_by_the_sweeper(world: World) -> None:
    attachment = arrived(world)

    def before_the_next_write() -> None:
        world.table.interruption = lambda: delete(world, attachment)

    world.table.interruption = before_the_next_write
    run(world, attachment)
    assert kept(attachment)
    assert in_index(world.runtime, attachment)
    run(world, attachment)
    assert kept(attachment) == []
    assert not in_index(world.runtime, attachment)


# ---- killed anywhere


def clean_note(world: World) -> tuple[Attachment, Callable[[], None]]:
    attachment = arrived(world)
    return attachment, lambda: assert_clean(world, attachment, NOTE_BYTES)


def clean_picture(world: World) -> tuple[Attachment, Callable[[], None]]:
    attachment = arrived(world, picture(), **JPEG)
    return attachment, lambda: assert_clean(world, attachment, picture())


def wrong_bytes(world: World) -> tuple[Attachment, Callable[[], None]]:
    attachment = begin(world.runtime, world.centre.id)
    put(attachment, NOTE_BYTES.swapcase())
    return attachment, lambda: assert_refused(world, attachment, "checksum-differs")


def never_arrived(world: World) -> tuple[Attachment, Callable[[], None]]:
    attachment = begin(world.runtime, world.centre.id)
    upload = world.runtime.quarantine.begin_parts(name_of(attachment), "text/plain")
    note(world, attachment, parts=upload)
    world.clock.time += UPLOAD_LIFETIME

    def done() -> None:
        assert_refused(world, attachment, "never-arrived")
        assert world.runtime.quarantine.parts(name_of(attachment), upload) is None

    return attachment, done


def deleted_picture(world: World) -> tuple[Attachment, Callable[[], None]]:
    attachment = arrived(world, picture(), **JPEG)
    run(world, attachment)
    delete(world, attachment)

    def done() -> None:
        assert quarantined(attachment) == kept(attachment) == []

    return attachment, done


@pytest.mark.parametrize("event", ["before-call", "after-call"])
@pytest.mark.parametrize(
    "prepare", [clean_note, clean_picture, wrong_bytes, never_arrived, deleted_picture]
)
def test_whoever_is_killed_anywhere_the_sweeper_has_it_finished(
    world: World,
    prepare: Callable[[World], tuple[Attachment, Callable[[], None]]],
    event: str,
) -> None:
    for number in count(1):
        attachment, check = prepare(world)
        with killed_at(number, event, *clients()) as calls, suppress(Killed):
            run(world, attachment)
        sweep.handle(world.runtime, lambda: 900_000)
        for message, _ in world.uploads.take():
            promotion.handle(world.runtime, {"Records": [{"body": json.dumps(message)}]})
        check()
        assert not in_index(world.runtime, attachment)
        if len(calls) < number:
            assert number > 5, "it was killed at every call"
            return
