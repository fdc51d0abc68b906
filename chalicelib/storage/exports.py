"""Exports as items, and back."""

from datetime import datetime

from chalicelib.domain.exports import (
    Export,
    ExportState,
    Failure,
    Progress,
    read_selection,
)
from chalicelib.domain.times import parse, stamp
from chalicelib.storage.changes import Item
from chalicelib.storage.keys import open_index

# An export that is in work, and a download that is not on record everywhere, stand in the sweeper's
# index; these leave it.
LEAVES_INDEX = ("open_shard", "open_key")


def from_export(export: Export) -> Item:
    """Attributes of an export that has just been asked for."""
    return {
        "created_at": stamp(export.created_at),
        "created_by": export.created_by,
        "selection": export.selection.document(),
        "enrolments": export.enrolments,
        "pages": export.pages,
        "purpose": export.purpose,
        "state": str(export.state),
        "progress": from_progress(export.progress),
        "lease": export.lease,
        **open_index(export.centre_id, export.id),
    }


def from_progress(progress: Progress) -> dict[str, int]:
    """Attributes of how much has been gathered."""
    return {
        "enrolments": progress.enrolments,
        "pages": progress.pages,
        "files": progress.files,
        "bytes": progress.bytes,
        "placed": progress.placed,
    }


def from_failure(failure: Failure) -> Item:
    """Attributes of why there is no archive."""
    return {
        "failure": {
            "code": failure.code,
            "detail": failure.detail,
            "enrolment_id": failure.enrolment_id,
        }
    }


def to_export(item: Item) -> Export:
    """Read an export."""
    failure = item.get("failure")
    return Export(
        id=item["sk"].removeprefix("EXPORT#"),
        centre_id=item["pk"].removeprefix("CENTRE#"),
        created_at=parse(item["created_at"]),
        created_by=item["created_by"],
        selection=read_selection(item["selection"]),
        enrolments=int(item["enrolments"]),
        pages=int(item["pages"]),
        purpose=item["purpose"],
        state=ExportState(item["state"]),
        progress=Progress(**{name: int(count) for name, count in item["progress"].items()}),
        size=int(item.get("size", 0)),
        assembling_at=_moment(item, "assembling_at"),
        ready_at=_moment(item, "ready_at"),
        failure=Failure(**failure) if failure else None,
        lease=item["lease"],
    )


def _moment(item: Item, name: str) -> datetime | None:
    return parse(item[name]) if name in item else None
