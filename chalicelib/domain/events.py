"""What other systems are told: that something was done, by ids alone (CloudEvents 1.0)."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from chalicelib.domain.times import stamp

TYPE_PREFIX = "testamur."
MEDIA = "application/cloudevents+json"  # CloudEvents 1.0, JSON event format, section 3
PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}")
NUMBER = re.compile(r"[1-9][0-9]{0,3}")
ATTEMPT_PARTS = ("page_id", "attempt")


class Kind(StrEnum):
    """What was done. New kinds may come: receivers pass over those that they do not know."""

    ATTEMPT_SIGNED = "attempt.signed"
    ATTEMPT_WITHDRAWN = "attempt.withdrawn"
    ATTEMPT_JUDGED = "attempt.judged"
    JUDGEMENT_COUNTERSIGNED = "judgement.countersigned"
    JUDGEMENT_VERIFIED = "judgement.verified"
    JUDGEMENT_SET_ASIDE = "judgement.set-aside"
    ENROLMENT_CREATED = "enrolment.created"
    ENROLMENT_STATE_CHANGED = "enrolment.state-changed"
    CERTIFICATE_ISSUED = "certificate.issued"
    CERTIFICATE_SUSPENDED = "certificate.suspended"
    CERTIFICATE_SUPERSEDED = "certificate.superseded"


# What, beside its enrolment, tells one event of a kind from all others.
PARTS: dict[Kind, tuple[str, ...]] = {
    Kind.ATTEMPT_SIGNED: ATTEMPT_PARTS,
    Kind.ATTEMPT_WITHDRAWN: ATTEMPT_PARTS,
    Kind.ATTEMPT_JUDGED: ATTEMPT_PARTS,
    Kind.JUDGEMENT_COUNTERSIGNED: ATTEMPT_PARTS,
    Kind.JUDGEMENT_VERIFIED: (*ATTEMPT_PARTS, "verification_id"),
    Kind.JUDGEMENT_SET_ASIDE: ATTEMPT_PARTS,
    Kind.ENROLMENT_CREATED: (),
    Kind.ENROLMENT_STATE_CHANGED: ("state", "milliseconds"),
    Kind.CERTIFICATE_ISSUED: ("issue",),
    Kind.CERTIFICATE_SUSPENDED: ("issue",),
    Kind.CERTIFICATE_SUPERSEDED: ("issue",),
}
NUMBERS = frozenset({"attempt", "issue"})
HIDDEN = frozenset({"milliseconds"})  # stands in `time` already
# An id has no full stop: signatures of webhooks join it to what follows by one.
_KINDS = {kind.replace(".", "-"): kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class EventId:
    """The natural key of an event: never drawn, always derived, so that a repeat has the same.

    Written as `attempt-judged:ENROLMENT:PAGE:NUMBER`; `parts` are what `PARTS` names.
    """

    kind: Kind
    enrolment_id: str
    parts: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ":".join((self.kind.replace(".", "-"), self.enrolment_id, *self.parts))


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was done at a centre, and when."""

    id: EventId
    centre_id: str
    time: datetime


def parse_event_id(text: str) -> EventId | None:
    """Read the id of an event; None for what can be none."""
    name, *rest = text.split(":")
    kind = _KINDS.get(name)
    if kind is None or len(rest) != 1 + len(PARTS[kind]):
        return None
    enrolment_id, *parts = rest
    if not all(map(PART.fullmatch, rest)):
        return None
    for named, part in zip(PARTS[kind], parts, strict=True):
        if named in NUMBERS and not NUMBER.fullmatch(part):
            return None
    return EventId(kind, enrolment_id, tuple(parts))


def milliseconds(moment: datetime) -> str:
    """Write a moment as an id carries it: milliseconds since 1970."""
    return str(round(moment.timestamp() * 1000))


def envelope(event: Event) -> dict[str, Any]:
    """Put an event into its envelope: CloudEvents 1.0, structured mode, as JSON.

    `source` and `data.href` are references relative to the API's address. `data` has ids, and
    nothing else of anybody: whoever may read more reads it there.
    """
    source = f"/v1/centres/{event.centre_id}"
    subject = _subject(event.id)
    parts = {
        name: int(part) if name in NUMBERS else part
        for name, part in zip(PARTS[event.id.kind], event.id.parts, strict=True)
        if name not in HIDDEN
    }
    return {
        "specversion": "1.0",
        "id": str(event.id),
        "source": source,
        "type": TYPE_PREFIX + event.id.kind,
        "subject": subject,
        "time": stamp(event.time),
        "datacontenttype": "application/json",
        "data": {
            "centre_id": event.centre_id,
            "enrolment_id": event.id.enrolment_id,
            **parts,
            "href": f"{source}/{subject}",
        },
    }


def _subject(event_id: EventId) -> str:
    enrolment = f"enrolments/{event_id.enrolment_id}"
    if PARTS[event_id.kind][:2] == ATTEMPT_PARTS:
        page_id, number, *_ = event_id.parts
        return f"{enrolment}/pages/{page_id}/attempts/{number}"
    if PARTS[event_id.kind] == ("issue",):
        return f"{enrolment}/certificate"
    return enrolment
