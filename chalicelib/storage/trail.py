"""The audit trail as items, and back."""

from chalicelib.domain.times import stamp
from chalicelib.domain.trail import Act
from chalicelib.storage import keys
from chalicelib.storage.changes import Put, create


def trace(centre_id: str, enrolment_id: str, trace_id: str, act: Act) -> Put:
    """Build the record of an act that leaves nothing else behind, such as looking at something.

    `trace_id` is its natural key in the enrolment: the same again fails as being there.
    """
    attributes = {
        "event": act.event,
        "kind": str(act.kind),
        "at": stamp(act.at),
        "by": act.by,
        "method": act.method,
        "on": act.on,
        "facts": dict(act.facts),
    }
    return create(keys.trace(centre_id, enrolment_id, trace_id), attributes)
