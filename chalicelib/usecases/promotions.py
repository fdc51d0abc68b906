"""Promotion: a file that has arrived is read once, and becomes evidence or is refused.

Messages only hint that there is something to do: the table and the two buckets decide. Every step
can be done again, and whoever was killed between two of them left nothing that the next one, or the
sweeper, does not find: an attachment leaves the sweeper's index last.
"""

import tempfile
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import IO

from chalicelib.domain.attachments import (
    MEDIA_TYPES,
    Attachment,
    AttachmentState,
    Family,
)
from chalicelib.domain.times import stamp
from chalicelib.formats.file_types import Facts, Inspector
from chalicelib.formats.pictures import Renderings, render
from chalicelib.formats.refusals import RefusedContentError
from chalicelib.log import log
from chalicelib.runtime import Runtime
from chalicelib.storage import keys
from chalicelib.storage.attachments import LEAVES_INDEX, to_attachment
from chalicelib.storage.changes import Key, Update, absent
from chalicelib.storage.evidence import RENDERING, THUMBNAIL
from chalicelib.storage.quarantine import AbsentError, Arrived
from chalicelib.storage.scanners import GuardDuty
from chalicelib.storage.table import ConditionFailedError

# What the event of S3 has before the word that the same file is complete: both at once would have
# it read twice.
HEAD_START = timedelta(seconds=30)
UNSETTLED = (absent("settled_at"), absent("deleted_at"))
# What GuardDuty's tag says, as the code of a refusal. Anything else is for an operator to mend.
VERDICTS = {
    "NO_THREATS_FOUND": "",
    "THREATS_FOUND": "malware",
    "UNSUPPORTED": "too-large-to-scan",
}


@dataclass(frozen=True, slots=True)
class Inspected:
    """What reading a file has found."""

    facts: Facts
    pictures: Renderings | None


class ScanFailedError(Exception):
    """GuardDuty could not look at a file, and will not by itself: an operator has to see why."""


def ask_for(
    runtime: Runtime, centre_id: str, attachment_id: str, wait: timedelta = timedelta()
) -> None:
    """Have the promotion step look at an attachment, at once or after a while."""
    runtime.uploads.send({"key": keys.upload(centre_id, attachment_id)}, wait=wait)


def promote(runtime: Runtime, centre_id: str, attachment_id: str) -> None:
    """Settle an attachment if that can be done by now, and clear away what nobody needs.

    1. Read the attachment: what it is decides what is done, whatever the message was about.
    2. Find what has arrived. Nothing: it is left until an upload can be finished no more.
    3. Where GuardDuty scans, wait for its verdict: until there is one, the state is `scanning`.
    4. Read the version that was found, once: digests, size, content, malware, pictures.
    5. Copy that same version to the evidence, and put the pictures beside it.
    6. Write what was found, if nobody else has settled or deleted it: pinned, or refused. Only from
       here on can anybody read it.
    7. Read the attachment again, and clear away what does not belong to it as it stands.
    8. Take it off the sweeper's index.
    """
    attachment = _find(runtime, centre_id, attachment_id)
    if attachment and _unsettled(attachment):
        try:
            _settle(runtime, attachment)
        except (ConditionFailedError, AbsentError):
            # Settled, deleted or cleared by somebody else meanwhile: what stands now counts.
            log("promotion-overtaken")
        attachment = _find(runtime, centre_id, attachment_id)
    if attachment and not _unsettled(attachment):
        _tidy(runtime, attachment)


def _find(runtime: Runtime, centre_id: str, attachment_id: str) -> Attachment | None:
    item = runtime.table.get(keys.attachment(centre_id, attachment_id))
    return to_attachment(item) if item else None


def _unsettled(attachment: Attachment) -> bool:
    return not (attachment.settled_at or attachment.deleted_at)


def _settle(runtime: Runtime, attachment: Attachment) -> None:
    """Do steps 2 to 6."""
    arrived = runtime.quarantine.find(_name(attachment))
    if arrived is None:
        if runtime.now() >= attachment.expires_at:
            _reject(runtime, attachment, "never-arrived")
        return
    if runtime.scanner.name == GuardDuty.name:
        verdict = runtime.quarantine.verdict(_name(attachment), arrived.version)
        if not verdict:
            _note_scanning(runtime, attachment)
            return
        if verdict not in VERDICTS:
            raise ScanFailedError
        if reason := VERDICTS[verdict]:
            _reject(runtime, attachment, reason)
            return
    try:
        inspected = _inspect(runtime, attachment, arrived)
    except RefusedContentError as refusal:
        _reject(runtime, attachment, refusal.code)
        return
    version = _copy(runtime, attachment, arrived, inspected)
    _pin(runtime, attachment, inspected, version)


def _inspect(runtime: Runtime, attachment: Attachment, arrived: Arrived) -> Inspected:
    """Read a file as a stream, a chunk at a time; a picture, which is small, onto disk as well."""
    inspector = Inspector(attachment.media_type, attachment.size)
    picture = MEDIA_TYPES[attachment.media_type].family is Family.PICTURE
    spool: IO[bytes] | None
    with tempfile.TemporaryFile() if picture else nullcontext() as spool:
        with runtime.scanner.session() as scan:
            for chunk in runtime.quarantine.read(_name(attachment), arrived.version):
                inspector.feed(chunk)
                scan.feed(chunk)
                if spool:
                    spool.write(chunk)
            facts = inspector.finish()
            if attachment.sha256 not in ("", facts.sha256):
                raise RefusedContentError("checksum-differs")
            if reason := scan.finish().reason:
                raise RefusedContentError(reason)
        if spool:
            spool.seek(0)
        return Inspected(facts, render(spool) if spool else None)


def _copy(runtime: Runtime, attachment: Attachment, arrived: Arrived, inspected: Inspected) -> str:
    """Bring a file to the evidence, where nobody can read it before it is pinned."""
    name = _name(attachment)
    if inspected.pictures:
        runtime.evidence.keep_picture(name, RENDERING, inspected.pictures.rendering)
        runtime.evidence.keep_picture(name, THUMBNAIL, inspected.pictures.thumbnail)
    return runtime.evidence.take(name, runtime.quarantine.bucket, name, arrived.version)


def _pin(runtime: Runtime, attachment: Attachment, inspected: Inspected, version: str) -> None:
    found = {
        "state": str(AttachmentState.CLEAN),
        "sha256": inspected.facts.sha256,
        "crc32": inspected.facts.crc32,
        "version": version,
        "scanned_by": runtime.scanner.name,
        "pictured": inspected.pictures is not None,
        "settled_at": stamp(runtime.now()),
    }
    runtime.table.write(Update(_key(attachment), UNSETTLED, set=found))
    log("attachment-clean")


def _reject(runtime: Runtime, attachment: Attachment, reason: str) -> None:
    settled = {
        "state": str(AttachmentState.REJECTED),
        "reason": reason,
        "settled_at": stamp(runtime.now()),
    }
    runtime.table.write(Update(_key(attachment), UNSETTLED, set=settled))
    log("attachment-rejected", code=reason)


def _note_scanning(runtime: Runtime, attachment: Attachment) -> None:
    if attachment.state is AttachmentState.PENDING:
        scanning = {"state": str(AttachmentState.SCANNING)}
        runtime.table.write(Update(_key(attachment), UNSETTLED, set=scanning))


def _tidy(runtime: Runtime, attachment: Attachment) -> None:
    """Do steps 7 and 8: nothing stays in quarantine, and of the evidence what is pinned."""
    name = _name(attachment)
    if attachment.state is AttachmentState.CLEAN and not attachment.deleted_at:
        runtime.evidence.prune(name, attachment.version)
    else:
        runtime.evidence.clear(name)
        if attachment.parts:
            runtime.quarantine.abandon(name, attachment.parts)
    runtime.quarantine.clear(name)
    conditions = () if attachment.deleted_at else (absent("deleted_at"),)
    try:
        runtime.table.write(Update(_key(attachment), conditions, remove=LEAVES_INDEX))
    except ConditionFailedError:
        # Deleted a moment ago, which has put it back for the message that is on its way.
        return


def _key(attachment: Attachment) -> Key:
    return keys.attachment(attachment.centre_id, attachment.id)


def _name(attachment: Attachment) -> str:
    return keys.upload(attachment.centre_id, attachment.id)
