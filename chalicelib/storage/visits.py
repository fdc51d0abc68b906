"""Visits as items, and back."""

from chalicelib.domain.times import parse, stamp
from chalicelib.domain.visits import Visit
from chalicelib.storage.changes import Item


def from_visit(visit: Visit) -> Item:
    """Attributes of a new visit."""
    return {
        "id": visit.id,
        "centre_id": visit.centre_id,
        "person_id": visit.person_id,
        "enrolment_ids": list(visit.enrolment_ids),
        "modules": [[module_id, version] for module_id, version in sorted(visit.modules)],
        "purpose": visit.purpose,
        "created_at": stamp(visit.created_at),
        "created_by": visit.created_by,
        "ends_at": stamp(visit.ends_at),
        "generation": visit.generation,
    }


def to_visit(item: Item) -> Visit:
    """Read a visit."""
    return Visit(
        id=item["id"],
        centre_id=item["centre_id"],
        person_id=item["person_id"],
        enrolment_ids=tuple(item["enrolment_ids"]),
        modules=frozenset((module_id, int(version)) for module_id, version in item["modules"]),
        purpose=item["purpose"],
        created_at=parse(item["created_at"]),
        created_by=item["created_by"],
        ends_at=parse(item["ends_at"]),
        generation=int(item["generation"]),
        mailed=int(item.get("mailed", 0)),
        mailed_at=parse(item["mailed_at"]) if "mailed_at" in item else None,
        ended_at=parse(item["ended_at"]) if "ended_at" in item else None,
        ended_by=item.get("ended_by", ""),
    )
