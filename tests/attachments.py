"""Attachments as uploads begin them, their files, and what lies in the two buckets."""

import hashlib
import random
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

from PIL import Image

from chalicelib.domain.attachments import (
    ALT_TEXT_LIMIT,
    CAPTION_LIMIT,
    NAME_LIMIT,
    Attachment,
    AttachmentState,
)
from chalicelib.runtime import Runtime, new_id
from chalicelib.storage import keys
from chalicelib.storage.attachments import from_attachment, to_attachment
from chalicelib.storage.changes import Update, create

CHANCE = random.Random(4)  # noqa: S311 (for tests)
NOTE = b"The plan was read, and a second person asked.\n"


def begin(
    runtime: Runtime, centre_id: str, content: bytes = NOTE, at: datetime | None = None, **more: Any
) -> Attachment:
    """Write down an attachment whose upload begins."""
    given: dict[str, Any] = {
        "id": new_id(),
        "centre_id": centre_id,
        "candidate_id": "candidate",
        "number": 1,
        "name": "note.txt",
        "media_type": "text/plain",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "caption": "A note",
        "alt_text": "",
        "state": AttachmentState.PENDING,
        "created_at": at or runtime.now(),
        "created_by": "candidate",
    }
    attachment = Attachment(**given | more)
    key = keys.attachment(centre_id, attachment.id)
    runtime.table.write(create(key, from_attachment(attachment)))
    return attachment


def name_of(attachment: Attachment) -> str:
    return keys.upload(attachment.centre_id, attachment.id)


def read(runtime: Runtime, attachment: Attachment) -> Attachment:
    """Read an attachment as it stands."""
    item = runtime.table.get(keys.attachment(attachment.centre_id, attachment.id))
    assert item
    return to_attachment(item)


def in_index(runtime: Runtime, attachment: Attachment) -> bool:
    """Whether the sweeper would find it."""
    item = runtime.table.get(keys.attachment(attachment.centre_id, attachment.id))
    assert item
    return "open_key" in item


def stored(s3: Any, bucket: str, attachment: Attachment) -> list[tuple[str, str]]:
    """List what lies under the name of an attachment: every version, and every marker."""
    listed = s3.list_object_versions(Bucket=bucket, Prefix=name_of(attachment))
    found = [*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())]
    start = len(name_of(attachment)) + 1
    return [(each["Key"][start:], each["VersionId"]) for each in found]


def captioned(runtime: Runtime, centre_id: str, **more: Any) -> Attachment:
    """Write down a clean attachment with as much beside its file as there may be.

    Its texts can hardly be compressed.
    """
    more["name"], more["caption"], more["alt_text"] = (
        noise(limit, range(0x20000, 0x2A6D0))
        for limit in (NAME_LIMIT, CAPTION_LIMIT, ALT_TEXT_LIMIT)
    )
    begun = begin(runtime, centre_id, state=AttachmentState.CLEAN, **more)
    key = keys.attachment(centre_id, begun.id)
    return to_attachment(runtime.table.write(Update(key, set={"version": "v" * 32})))


def noise(length: int, letters: Sequence[int] = range(0x21, 0x7F)) -> str:
    """Make a text of letters in no order at all."""
    return "".join(map(chr, CHANCE.choices(letters, k=length)))


def picture(form: str = "JPEG", size: tuple[int, int] = (640, 480)) -> bytes:
    """Make a small picture."""
    written = BytesIO()
    Image.new("RGB", size, "teal").save(written, form)
    return written.getvalue()
