"""Visits: what an external verifier is shown of a centre, until when, and what they looked at."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from chalicelib.domain.addresses import address_digest
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.errors import Conflict, Flaw
from chalicelib.domain.people import Member, Role
from chalicelib.domain.times import date_at
from chalicelib.domain.trail import Act, Kind, event_name

ENROLMENTS_LIMIT = 100  # of one visit
PURPOSE_LIMIT = 500  # characters
LONGEST = timedelta(days=366)
LINKS_LIMIT = 1_000  # mailed for one visit
SLOT = timedelta(minutes=10)  # the very same look within one of these is on record once
DIGEST_BYTES = 10  # of what is looked at, in the name of a look
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # the digits of ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Some enrolments that an external verifier may read, until a moment.

    `modules` are the versions that these are pinned to. Each link is a generation, and voids the
    one before; `mailed` is the generation that was mailed last, at `mailed_at`.
    """

    id: str
    centre_id: str
    person_id: str
    enrolment_ids: tuple[str, ...]
    modules: frozenset[tuple[str, int]]
    purpose: str
    created_at: datetime
    created_by: str
    ends_at: datetime
    generation: int = 1
    mailed: int = 0
    mailed_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str = ""

    def live_at(self, now: datetime) -> bool:
        """Whether it shows anything at this moment."""
        return self.ended_at is None and now < self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitLink:
    """Everything that the token of a link binds together; `address` is a digest."""

    centre_id: str
    visit_id: str
    person_id: str
    generation: int
    expires_at: datetime
    address: str


class VisitState(StrEnum):
    """Why a link opens, or does not."""

    LIVE = "live"
    EXPIRED = "link-expired"
    ENDED = "visit-ended"
    VOID = "link-void"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What somebody looked at in an enrolment; what is not named is all of it.

    `on` is the digest of what was shown: of a signed document, or of a file.
    """

    page_id: str = ""
    number: int = 0
    attachment_id: str = ""
    item_id: str = ""
    on: str = ""

    @property
    def facts(self) -> dict[str, str | int]:
        """What it names, for the audit trail."""
        named: dict[str, str | int] = {
            "page_id": self.page_id,
            "number": self.number,
            "item_id": self.item_id,
            "attachment_id": self.attachment_id,
        }
        return {name: value for name, value in named.items() if value}


def visit_flaws(
    visit: Visit, until: date, visitor: Member | None, found: Iterable[Enrolment], time_zone: str
) -> Iterator[Flaw]:
    """Say what is wrong with a visit. `found` are those of its enrolments that there are."""
    now = visit.created_at
    member = visitor.membership if visitor else None
    if not (member and member.valid_at(now) and Role.EXTERNAL_VERIFIER in member.roles):
        detail = "Name somebody who has the role external-verifier at this centre today."
        yield Flaw("/person_id", "not-an-external-verifier", detail)
    there = {each.id: each for each in found}
    for number, enrolment_id in enumerate(visit.enrolment_ids):
        enrolment = there.get(enrolment_id)
        if enrolment is None:
            detail = "The centre has no such enrolment; take its id from the list."
            yield Flaw(f"/enrolment_ids/{number}", "unknown-enrolment", detail)
        elif visit.person_id in {enrolment.candidate_id, *enrolment.assessors}:
            detail = "Nobody visits their own work, nor what they judge; leave it out."
            yield Flaw(f"/enrolment_ids/{number}", "own-enrolment", detail)
    today = date_at(now, time_zone)
    if not today <= until <= today + LONGEST:
        detail = f"Name a day from today, {today} at the centre, to {today + LONGEST}."
        yield Flaw("/until", "impossible-end", detail)
    if not visit.purpose:
        yield Flaw("/purpose", "required", "Say what they visit for; it stays on record.")
    if len(visit.purpose) > PURPOSE_LIMIT:
        yield Flaw("/purpose", "too-long", f"At most {PURPOSE_LIMIT} characters.")


def link_of(visit: Visit, address: str) -> VisitLink:
    """Derive the one link of a visit from what is stored of it and of its visitor."""
    return VisitLink(
        centre_id=visit.centre_id,
        visit_id=visit.id,
        person_id=visit.person_id,
        generation=visit.generation,
        expires_at=visit.ends_at,
        address=address_digest(address),
    )


def visit_state(link: VisitLink, visit: Visit, visitor: Member | None, now: datetime) -> VisitState:
    """Tell whether an authentic link still opens its visit.

    It is void once a newer one was asked for, the address it went to is not the visitor's any more,
    or they are no external verifier of the centre any more.
    """
    if visitor is None or not welcome(visitor, now):
        return VisitState.VOID
    known = address_digest(visitor.membership.address)
    if (link.generation, link.address) != (visit.generation, known):
        return VisitState.VOID
    if visit.ended_at:
        return VisitState.ENDED
    return VisitState.EXPIRED if link.expires_at <= now else VisitState.LIVE


def welcome(visitor: Member, now: datetime) -> bool:
    """Whether somebody may follow a mailed link: an external verifier, at a verified address."""
    known = visitor.membership
    is_verifier = Role.EXTERNAL_VERIFIER in known.roles and known.valid_at(now)
    return is_verifier and known.address_verified_at is not None


def require_going_on(visit: Visit, now: datetime) -> None:
    """Raise Conflict where a visit is over."""
    if not visit.live_at(now):
        raise Conflict("visit-over", "This visit is over; make another one.")


def require_another_link(visit: Visit) -> None:
    """Raise Conflict where links have been asked for too often."""
    if visit.generation >= LINKS_LIMIT:
        detail = f"{LINKS_LIMIT} links were mailed for this visit; make another one."
        raise Conflict("too-many-links", detail)


def look_act(visit: Visit, enrolment_id: str, method: str, look: Look, now: datetime) -> Act:
    """Say of a look what the audit trail keeps.

    The name of the act follows from the look and from when it was, to ten minutes, so that the very
    same look again is the same act.
    """
    facts = {"visit_id": visit.id, **look.facts}
    slot = int(now.timestamp()) // int(SLOT.total_seconds())
    name = "\n".join((method, look.on, *(f"{key}={value}" for key, value in facts.items())))
    digest = hashlib.sha256(f"{slot}\n{name}".encode()).digest()[:DIGEST_BYTES]
    began = datetime.fromtimestamp(slot * SLOT.total_seconds(), UTC)
    return Act(
        event=event_name(Kind.PORTFOLIO_VIEWED, enrolment_id, _ulid(began, digest)),
        kind=Kind.PORTFOLIO_VIEWED,
        at=now,
        by=visit.person_id,
        method=method,
        on=look.on,
        facts=facts,
    )


def _ulid(at: datetime, rest: bytes) -> str:
    """Write a moment and ten bytes as an id that sorts by time (Crockford's base 32)."""
    number = int(at.timestamp() * 1000) << 8 * DIGEST_BYTES | int.from_bytes(rest)
    return "".join(CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))
