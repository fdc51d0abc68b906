"""Attachments as items, and back."""

from datetime import datetime
from typing import Any

from chalicelib.domain.attachments import Attachment, AttachmentState, FlagRaised
from chalicelib.domain.times import parse, stamp
from chalicelib.storage.changes import Item
from chalicelib.storage.keys import open_index, parse_attachment

# An attachment that is on its way, or whose objects have still to go, stands in the sweeper's
# index; these leave it.
LEAVES_INDEX = ("open_shard", "open_key")
FLAG = ("flagged_at", "flagged_by", "flag_reason")


def from_attachment(attachment: Attachment) -> Item:
    """Attributes of an attachment whose upload begins."""
    attributes: dict[str, Any] = {
        "candidate_id": attachment.candidate_id,
        "number": attachment.number,
        "name": attachment.name,
        "media_type": attachment.media_type,
        "size": attachment.size,
        "sha256": attachment.sha256,
        "caption": attachment.caption,
        "alt_text": attachment.alt_text,
        "state": str(attachment.state),
        "created_at": stamp(attachment.created_at),
        "created_by": attachment.created_by,
        "revision": attachment.revision,
        "parts": attachment.parts,
        "redacts": attachment.redacts,
        "redaction": attachment.redaction,
    }
    return attributes | open_index(attachment.centre_id, attachment.id)


def to_attachment(item: Item) -> Attachment:
    """Read an attachment."""
    centre_id, attachment_id = parse_attachment(item["pk"])
    return Attachment(
        id=attachment_id,
        centre_id=centre_id,
        candidate_id=item["candidate_id"],
        number=int(item["number"]),
        name=item["name"],
        media_type=item["media_type"],
        size=int(item["size"]),
        sha256=item["sha256"],
        caption=item["caption"],
        alt_text=item["alt_text"],
        state=AttachmentState(item["state"]),
        created_at=parse(item["created_at"]),
        created_by=item["created_by"],
        revision=int(item["revision"]),
        parts=item["parts"],
        completed_at=_moment(item, "completed_at"),
        settled_at=_moment(item, "settled_at"),
        reason=item.get("reason", ""),
        crc32=item.get("crc32", ""),
        version=item.get("version", ""),
        scanned_by=item.get("scanned_by", ""),
        pictured=item.get("pictured", False),
        redacts=item["redacts"],
        redaction=item["redaction"],
        replaced_by=item.get("replaced_by", ""),
        flag=_to_flag(item),
        bound=frozenset(item.get("bound", ())),
        deleted_at=_moment(item, "deleted_at"),
        deleted_by=item.get("deleted_by", ""),
    )


def from_flag(flag: FlagRaised) -> Item:
    """Attributes that a flag adds to an attachment."""
    return {
        "flagged_at": stamp(flag.at),
        "flagged_by": flag.by,
        "flag_reason": flag.reason,
    }


def _to_flag(item: Item) -> FlagRaised | None:
    if "flagged_at" not in item:
        return None
    return FlagRaised(item["flagged_by"], parse(item["flagged_at"]), item["flag_reason"])


def _moment(item: Item, name: str) -> datetime | None:
    return parse(item[name]) if item.get(name) else None
