"""A thousand uploads, each killed at random points and resumed: none is lost, and none doubled."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import uuid4

from chalicelib.domain.access import Actor
from chalicelib.domain.attachments import PART_SIZE, Attachment, AttachmentState, NewFile
from chalicelib.domain.people import Role
from chalicelib.runtime import Runtime, build_runtime, read_settings
from chalicelib.usecases import attachments, people, promotions, uploads
from chalicelib.usecases.requests import Request
from chalicelib.usecases.uploads import NewUpload, Upload, WantedPart
from cli.cast import create_cast
from cli.cloud import http
from cli.playing import wait_for
from cli.stack import Stack
from cli.uploading import TAKEN, digest, post
from tests.stack.streams import stream_off

SEED = 20261123
COUNT = 1000
IN_PARTS = 50  # every so manieth goes in parts
LARGE = 200  # every so manieth of them all is of two parts
AT_ONCE = 6
PAUSE = 5  # seconds that the function has for what a sweep has found
KILLS = 2  # of one upload, at most
LEFT = 0.2  # of all, that are left to the sweeper
CALLS = 12  # at most, that are made before one of them kills


class Killed(BaseException):
    """The power is gone: nothing below can catch it, and nothing tidies up."""


@dataclass
class Fate(threading.local):
    """How many more moments each thread has to live; every call has one before and one after."""

    left: int = -1

    def strike(self, **_: object) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed


@dataclass
class Device:
    """A phone: what it remembers when it is switched on again."""

    number: int
    content: bytes
    in_parts: bool
    key: str = field(default_factory=lambda: uuid4().hex)
    upload_id: str = ""

    @property
    def file(self) -> NewFile:
        return NewFile(
            name=f"note {self.number}.txt",
            media_type="text/plain",
            size=len(self.content),
            sha256="" if self.in_parts else digest(self.content),
            caption="",
            alt_text="",
            in_parts=self.in_parts,
        )


def devices() -> list[Device]:
    """Make a thousand files, no two of them alike."""
    return [
        Device(number, f"Note {number}.\n".encode() * _lines(number), number % IN_PARTS == 0)
        for number in range(COUNT)
    ]


def _lines(number: int) -> int:
    whole = len(f"Note {number}.\n")
    return PART_SIZE // whole + 9 if number % LARGE == 0 else 1 + number % 300


@dataclass
class Sender:
    """The front-end of one candidate, and the step that follows, in a world full of power cuts."""

    runtime: Runtime
    actor: Actor
    fate: Fate
    kills: Counter[str] = field(default_factory=Counter)

    def send(self, device: Device) -> None:
        """Send one file, however often that is cut short."""
        random = Random(f"{SEED} {device.number}")  # noqa: S311 (so that a run can be repeated)
        for _ in range(random.randint(0, KILLS)):
            self._until_killed("front-end", random, lambda: self._send(device))
        self._send(device)
        for _ in range(random.randint(0, KILLS)):
            self._until_killed("promotion", random, lambda: self._promote(device))
        if random.random() > LEFT:
            self._promote(device)

    def _until_killed(self, what: str, random: Random, act: Callable[[], object]) -> None:
        self.fate.left = random.randint(1, 2 * CALLS)
        try:
            act()
        except Killed:
            self.kills[what] += 1
        finally:
            self.fate.left = -1

    def _send(self, device: Device) -> None:
        """Do what is left to do, from what the device remembers and the API says."""
        upload = self._begun(device)
        device.upload_id = upload.attachment.id
        if upload.form:
            form = {"url": upload.form.url, "fields": upload.form.fields}
            self.fate.strike()
            assert post(form, device.content).status == TAKEN
            self.fate.strike()
        elif upload.arrived is not None:
            self._send_parts(device, {part.number for part in upload.arrived})
        uploads.complete(self.runtime, self.actor, device.upload_id)

    def _begun(self, device: Device) -> Upload:
        if device.upload_id:
            return uploads.get(self.runtime, self.actor, device.upload_id)
        request = Request(self.actor.id, "/uploads", device.key, digest(device.content))
        return uploads.start(self.runtime, self.actor, NewUpload(file=device.file), request)

    def _send_parts(self, device: Device, arrived: set[int]) -> None:
        parts = [
            device.content[at : at + PART_SIZE] for at in range(0, len(device.content), PART_SIZE)
        ]
        for number, part in enumerate(parts, start=1):
            if number not in arrived:
                wanted = [WantedPart(number, digest(part))]
                of = (self.runtime, self.actor, device.upload_id)
                (link,), _ = uploads.part_links(*of, wanted)
                self.fate.strike()
                taken = http.request("PUT", link.url, body=part, headers=dict(link.headers))
                assert taken.status == 200
                self.fate.strike()

    def _promote(self, device: Device) -> None:
        promotions.promote(self.runtime, self.actor.centre_id, device.upload_id)


def sender(stack: Stack) -> Sender:
    """Set a candidate up whose every call may be the last."""
    fate = Fate()

    def client(service: str) -> Any:
        made = stack.cloud.client(service)
        made.meta.events.register_first("before-call", fate.strike)
        made.meta.events.register_first("after-call", fate.strike)
        return made

    cast = create_cast(stack, f"{uuid4().hex}.example")
    runtime = build_runtime(read_settings(stack.environment("promote")), client)
    actor = people.act(runtime, cast.people[Role.CANDIDATE], cast.centre_id)
    return Sender(runtime, actor, fate)


def evidence_of(sender: Sender) -> list[Attachment]:
    """List all that the candidate has, as they would."""
    found: list[Attachment] = []
    after = ""
    while True:
        listed, after = attachments.list_attachments(sender.runtime, sender.actor, "", 100, after)
        found += listed
        if not after:
            return found


def versions(stack: Stack, bucket: str, centre_id: str) -> list[str]:
    """Name every version of every object of a centre in a bucket, and every marker."""
    pages = stack.cloud.client("s3").get_paginator("list_object_versions")
    return [
        each["Key"]
        for page in pages.paginate(Bucket=stack.resources[bucket], Prefix=f"{centre_id}/")
        for each in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
    ]


def test_of_a_thousand_killed_uploads_none_is_lost_and_none_doubled(stack: Stack) -> None:
    crew, sent = sender(stack), devices()
    with stream_off(stack, "promote"), ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(crew.send, sent))
    assert min(crew.kills["front-end"], crew.kills["promotion"]) > COUNT // 2, "they were killed"

    # Every message is lost: the sweeper alone finds what is left to do.
    stack.cloud.client("sqs").purge_queue(QueueUrl=stack.resources["Uploads"])
    centre_id = crew.actor.centre_id

    def settled() -> list[Attachment] | None:
        found = evidence_of(crew)
        originals = sorted(f"{centre_id}/{each.id}/original" for each in found)
        tidy = sorted(versions(stack, "Evidence", centre_id)) == originals
        if tidy and not versions(stack, "Quarantine", centre_id):
            return evidence_of(crew)  # as it stands now that there is nothing left to do
        stack.invoke("sweep")
        time.sleep(PAUSE)
        return None

    found = wait_for(settled, "the end of every upload")
    assert {each.state for each in found} == {AttachmentState.CLEAN}
    assert Counter(each.sha256 for each in found) == Counter(digest(each.content) for each in sent)
    assert {each.id for each in found} == {each.upload_id for each in sent}
    assert len({each.number for each in found}) == COUNT
