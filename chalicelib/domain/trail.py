"""The audit trail of an enrolment: what was done, one entry after the other, in a chain of hashes.

What an entry looks like is written in `formats/verifier/VERIFY.md`, section 6.
"""

import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from chalicelib.domain.digests import canonical, digest, sha256
from chalicelib.domain.enrolments import OPEN_STATES
from chalicelib.domain.times import stamp

FORMAT = 1  # of an entry, and of what is signed of a chain
ORIGIN = "0" * 64  # what the first entry names as the hash before it
MARK = 2  # bytes of an event's hash that the state of a chain keeps


class Kind(StrEnum):
    """What kind of thing was done. New kinds may come."""

    ENROLMENT_CREATED = "enrolment.created"
    ENROLMENT_CHANGED = "enrolment.changed"
    CONTRIBUTION_SIGNED = "contribution.signed"
    ATTEMPT_SIGNED = "attempt.signed"
    ATTEMPT_WITHDRAWN = "attempt.withdrawn"
    ATTEMPT_JUDGED = "attempt.judged"
    JUDGEMENT_COUNTERSIGNED = "judgement.countersigned"
    JUDGEMENT_VERIFIED = "judgement.verified"
    JUDGEMENT_SET_ASIDE = "judgement.set-aside"
    DEPARTURES_REVIEWED = "departures.reviewed"
    CERTIFICATE_ISSUED = "certificate.issued"
    CERTIFICATE_SUSPENDED = "certificate.suspended"
    CERTIFICATE_SUPERSEDED = "certificate.superseded"
    ATTACHMENT_FLAGGED = "attachment.flagged"
    ATTACHMENT_SEEN = "attachment.seen"
    ATTACHMENT_RELEASED = "attachment.released"
    ATTACHMENT_WITHHELD = "attachment.withheld"
    PORTFOLIO_EXPORTED = "portfolio.exported"
    PORTFOLIO_DOWNLOADED = "portfolio.downloaded"
    PORTFOLIO_VIEWED = "portfolio.viewed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that was done in an enrolment, by a name of its own: the natural key of its entry.

    `by` is a person's id, or empty; `method` is one of judgements', or `system`; `on` is the digest
    of what it was done to, or empty. `facts` are ids, numbers, states and days. `texts` are never
    written down in the trail: it commits to them.
    """

    event: str
    kind: Kind
    at: datetime
    by: str = ""
    method: str = "system"
    on: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class State:
    """Where a chain stands: nothing but what its entries come to, `anchored` excepted.

    `seen` has the first bytes of the hash of every event, in the order of the entries: whoever
    finds theirs there has to look at the entry, and whoever does not is sure. `competent` has a bit
    for each page of the module that was once judged competent. `anchored` is the latest entry
    whose hash was signed and locked away.
    """

    seq: int = 0
    hash: str = ORIGIN
    seen: bytes = b""
    competent: int = 0
    open: bool = True
    anchored: int = 0


def event_name(kind: Kind, enrolment_id: str, *parts: object) -> str:
    """Name what was done: `attempt-judged:ENROLMENT:PAGE:NUMBER`."""
    return ":".join((kind.replace(".", "-"), enrolment_id, *map(str, parts)))


def commitment(key: bytes, event: str, name: str, text: str) -> str:
    """Commit to a text: nobody without the key can tell what it was."""
    return hmac.digest(key, f"{event}\n{name}\n{text}".encode(), "sha256").hex()


def next_line(centre_id: str, enrolment_id: str, state: State, act: Act, key: bytes) -> bytes:
    """Write the entry that an act comes to, if it is the next one."""
    entry = {
        "format": FORMAT,
        "centre_id": centre_id,
        "enrolment_id": enrolment_id,
        "seq": state.seq + 1,
        "previous": state.hash,
        "event": act.event,
        "kind": str(act.kind),
        "at": stamp(act.at),
        "by": act.by,
        "method": str(act.method),
        "on": act.on,
        "facts": dict(act.facts),
        "commitments": {
            name: commitment(key, act.event, name, text) for name, text in act.texts.items()
        },
    }
    return canonical(entry)


def to_entry(line: bytes) -> dict[str, Any]:
    """Read an entry."""
    entry: dict[str, Any] = json.loads(line)
    return entry


def advanced(state: State, line: bytes, pages: Sequence[str]) -> State:
    """Return where the chain stands once an entry is its next; `pages` are the module's."""
    entry = to_entry(line)
    page_id, moves = _competent_page(entry), _moves(entry)
    return replace(
        state,
        seq=entry["seq"],
        hash=digest(line),
        seen=state.seen + _mark(entry["event"]),
        competent=state.competent | (1 << pages.index(page_id) if page_id in pages else 0),
        open=state.open if moves is None else moves,
    )


def suspects(state: State, event: str) -> Iterator[int]:
    """Yield the numbers of the entries that may be of an event; none means that there is none."""
    mark, at = _mark(event), 0
    while (at := state.seen.find(mark, at)) >= 0:
        if at % MARK == 0:
            yield at // MARK + 1
        at += 1


def covers(state: State, pages: Sequence[str]) -> bool:
    """Whether every page was once judged competent."""
    return state.competent == (1 << len(pages)) - 1


def head_statement(
    centre_id: str, enrolment_id: str, state: State, signed_at: datetime
) -> dict[str, Any]:
    """Say how far a chain has come, as it is signed."""
    return {
        "format": FORMAT,
        "centre_id": centre_id,
        "enrolment_id": enrolment_id,
        "seq": state.seq,
        "hash": state.hash,
        "signed_at": stamp(signed_at),
    }


def _mark(event: str) -> bytes:
    return sha256(event.encode())[:MARK]


def _competent_page(entry: Mapping[str, Any]) -> str:
    """Name the page that an entry has stand, by itself or by its countersignature."""
    facts = entry["facts"]
    judged = entry["kind"] == Kind.ATTEMPT_JUDGED and "countersigner_id" not in facts
    if (judged or entry["kind"] == Kind.JUDGEMENT_COUNTERSIGNED) and facts["competent"]:
        return str(facts["page_id"])
    return ""


def _moves(entry: Mapping[str, Any]) -> bool | None:
    """Tell whether an entry opens the enrolment or closes it; None where it does neither."""
    match entry["kind"]:
        case Kind.CERTIFICATE_ISSUED:
            return False
        case Kind.CERTIFICATE_SUSPENDED:
            return True
        case Kind.ENROLMENT_CHANGED if "state" in entry["facts"]["after"]:
            return entry["facts"]["after"]["state"] in OPEN_STATES
    return None
