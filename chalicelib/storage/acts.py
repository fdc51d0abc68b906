"""What was done, told by which attributes of an item have appeared: the source of all events."""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.domain.events import Event, EventId, Kind, milliseconds
from chalicelib.domain.times import parse
from chalicelib.storage import keys
from chalicelib.storage.changes import Key

# Every attribute is the moment at which the act was done.
OF_HEADS = {
    "signed_at": Kind.ATTEMPT_SIGNED,
    "withdrawn_at": Kind.ATTEMPT_WITHDRAWN,
    "judged_at": Kind.ATTEMPT_JUDGED,
    "countersigned_at": Kind.JUDGEMENT_COUNTERSIGNED,
    "set_aside_at": Kind.JUDGEMENT_SET_ASIDE,
}
OF_ENROLMENTS = {
    "created_at": Kind.ENROLMENT_CREATED,
    "state_changed_at": Kind.ENROLMENT_STATE_CHANGED,
}
OF_CERTIFICATES = {
    "issued_at": Kind.CERTIFICATE_ISSUED,
    "suspended_at": Kind.CERTIFICATE_SUSPENDED,
}
ACTS = {"HEAD": OF_HEADS, "META": OF_ENROLMENTS, "CERTIFICATE": OF_CERTIFICATES}


def acts(key: Key, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Event]:
    """Yield what was done between two images of an item.

    With nothing before, that is all that the item shows. Nothing but ids, states and moments is
    taken from the images.
    """
    for attribute, kind in ACTS.get(key.sk.partition("#")[0], {}).items():
        if attribute in after and after[attribute] != before.get(attribute):
            centre_id, enrolment_id = keys.parse_enrolment(key.pk)
            time = parse(after[attribute])
            centre_id, enrolment_id = keys.parse_enrolment(key.pk)
            found = EventId(kind, enrolment_id, _parts(kind, key, after))
            yield Event(found, centre_id, time)


def key_of(centre_id: str, event_id: EventId) -> Key:
    """Name the item that shows what an event tells."""
    enrolment_id, parts = event_id.enrolment_id, event_id.parts
    if event_id.kind in OF_HEADS.values():
        return keys.head(centre_id, enrolment_id, parts[0], int(parts[1]))
    if event_id.kind in OF_CERTIFICATES.values():
        return keys.certificate(centre_id, enrolment_id, int(parts[0]))
    return keys.enrolment(centre_id, enrolment_id)


def _parts(kind: Kind, key: Key, after: Mapping[str, Any]) -> tuple[str, ...]:
    if kind in OF_HEADS.values():
        page_id, number = keys.parse_attempt(key.sk)
        return page_id, str(number)
    if kind in OF_CERTIFICATES.values():
        return (str(int(key.sk.partition("#")[2])),)
    if kind is Kind.ENROLMENT_STATE_CHANGED:
        return after["state"], milliseconds(parse(after["state_changed_at"]))
    return ()
