"""The audit trail as items, and back."""

from chalicelib.domain.modules import PAGES_LIMIT
from chalicelib.domain.times import stamp
from chalicelib.domain.trail import Act, State
from chalicelib.storage import keys
from chalicelib.storage.changes import Item, Put, Update, absent, create, equals
from chalicelib.storage.packing import pack, unpack

BITMAP = -(-PAGES_LIMIT // 8)  # bytes: a bit for each page that a module can have


def entering(centre_id: str, enrolment_id: str, seq: int, line: bytes) -> Put:
    """Build the entry of a number, which can be written only once."""
    return create(keys.entry(centre_id, enrolment_id, seq), {"line": pack(line)})


def to_line(item: Item) -> bytes:
    """Read an entry, to the byte."""
    return unpack(bytes(item["line"]))


def advancing(centre_id: str, enrolment_id: str, before: State, after: State) -> Update:
    """Build what moves a chain on from where it was read to stand."""
    return Update(
        keys.trail(centre_id, enrolment_id),
        (equals("seq", before.seq) if before.seq else absent("seq"),),
        set={
            "seq": after.seq,
            "hash": bytes.fromhex(after.hash),
            "seen": after.seen,
            "competent": after.competent.to_bytes(BITMAP),
            "open": after.open,
        },
    )


def anchoring(centre_id: str, enrolment_id: str, state: State) -> Update:
    """Build what puts down that a chain is anchored where it stands."""
    return Update(keys.trail(centre_id, enrolment_id), set={"anchored": state.seq})


def to_state(item: Item | None) -> State:
    """Read where a chain stands; without an item it has not begun."""
    if item is None:
        return State()
    return State(
        seq=int(item["seq"]),
        hash=bytes(item["hash"]).hex(),
        seen=bytes(item["seen"]),
        competent=int.from_bytes(bytes(item["competent"])),
        open=item["open"],
        anchored=int(item.get("anchored", 0)),
    )


def trace(centre_id: str, enrolment_id: str, trace_id: str, act: Act) -> Put:
    """Build the record of an act that leaves nothing else behind, such as looking at something.

    `trace_id` is its natural key in the enrolment: the same again fails as being there.
    """
    attributes = {
        "event": act.event,
        "kind": str(act.kind),
        "at": stamp(act.at),
        "by": act.by,
        "method": str(act.method),
        "on": act.on,
        "facts": dict(act.facts),
    }
    return create(keys.trace(centre_id, enrolment_id, trace_id), attributes)
