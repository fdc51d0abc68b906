"""What an administrator writes down of somebody, and what becomes of the member by it."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum
from typing import Final, Literal, TypeVar

from chalicelib.domain.access import Actor
from chalicelib.domain.addresses import DueMail, MailKind, address_digest
from chalicelib.domain.errors import Conflict
from chalicelib.domain.people import Authorisation, Identity, Member, Membership, Role
from chalicelib.domain.times import date_at, end_of, first_moment, last_day

T = TypeVar("T")


class _Keep(Enum):
    KEEP = "keep"


KEEP: Final = _Keep.KEEP  # what is not spoken of stays, where None says something
LastDay = date | Literal[_Keep.KEEP] | None  # None for no end


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorisationDetails:
    """What somebody is to be authorised to do. Dates are inclusive, in the centre's time zone."""

    role: Role
    qualification: str
    modules: tuple[str, ...]
    starts_on: date | None = None
    ends_on: date | None = None
    countersigner_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What is to be known of somebody; None leaves a field as it is.

    Dates are inclusive, in the centre's time zone. A role that `authorisations` does not name is
    authorised no more.
    """

    name: str | None = None
    roles: frozenset[Role] | None = None
    address: str | None = None
    learner_number: str | None = None
    registration: str | None = None
    identities: tuple[Identity, ...] | None = None
    authorisations: tuple[AuthorisationDetails, ...] | None = None
    starts_on: date | None = None
    ends_on: LastDay = KEEP


def nobody(centre_id: str, person_id: str, now: datetime) -> Member:
    """Return a member of whom nothing is known yet."""
    membership = Membership(
        centre_id=centre_id,
        person_id=person_id,
        name="",
        roles=frozenset(),
        valid_from=now,
        version=0,
    )
    return Member(membership)


def applied(details: Details, member: Member, time_zone: str, now: datetime) -> Member:
    """Return what becomes of a member.

    An authorisation that is new, or rests on something that changes (roles, dates, sign-ins, the
    address that links go to), has an empty id: it needs one of its own, so that nothing goes on
    under the old.
    """
    before = member.membership
    membership = _with_address(
        replace(
            before,
            name=_given(details.name, before.name),
            roles=_given(details.roles, before.roles),
            learner_number=_given(details.learner_number, before.learner_number),
            registration=_given(details.registration, before.registration),
            identities=_given(details.identities, before.identities),
            valid_from=_start(details.starts_on, before.valid_from, time_zone),
            valid_until=_end(details.ends_on, before.valid_until, time_zone),
        ),
        _given(details.address, before.address),
        now,
    )
    if details.authorisations is None:
        kept = member.authorisations
        authorisations = tuple(each for each in kept if each.role in membership.roles)
    else:
        authorisations = tuple(
            _authorised(each, member.authorisation(each.role), time_zone, now)
            for each in details.authorisations
        )
    return renewed(member, Member(membership, authorisations))


def ended(member: Member, now: datetime) -> Member:
    """Return what becomes of a member whose membership ends now; one to come never begins."""
    before = member.membership
    told = tuple(mail for mail in before.due if mail.kind is MailKind.CHANGED)
    end = max(now, before.valid_from)
    return renewed(
        member, Member(replace(before, valid_until=end, due=told), member.authorisations)
    )


def verified(member: Member, now: datetime) -> Member:
    """Return what becomes of a member whose address is verified."""
    due = tuple(mail for mail in member.membership.due if mail.kind is not MailKind.VERIFY)
    membership = replace(member.membership, address_verified_at=now, due=due)
    return replace(member, membership=membership)


def asked_again(member: Member, now: datetime) -> Member:
    """Return what becomes of a member who is to be asked again to verify their address."""
    before = member.membership
    due = (*before.due, DueMail(MailKind.VERIFY, before.address))
    return replace(member, membership=replace(before, due=due, asked_at=now))


def renewed(before: Member, after: Member) -> Member:
    """Take the ids from authorisations whose foundations have changed."""
    if _foundations(before.membership) == _foundations(after.membership):
        return after
    return replace(
        after, authorisations=tuple(replace(each, id="") for each in after.authorisations)
    )


def changed_fields(before: Member, after: Member) -> tuple[str, ...]:
    """Name the fields that differ, as the API calls them."""
    one, other = before.membership, after.membership
    names = {
        "name": "name",
        "roles": "roles",
        "address": "address",
        "address_verified_at": "address_verified_at",
        "learner_number": "learner_number",
        "registration": "registration",
        "identities": "identities",
        "valid_from": "starts_on",
        "valid_until": "ends_on",
    }
    fields = [name for field, name in names.items() if getattr(one, field) != getattr(other, field)]
    if _contents(before) != _contents(after):
        fields.append("authorisations")
    return tuple(fields)


def require_not_own(actor: Actor, before: Member, after: Member) -> None:
    """Raise Conflict where administrators would shut themselves out."""
    one, other = before.membership, after.membership
    if actor.id != one.person_id:
        return
    dates = (one.valid_from, one.valid_until) != (other.valid_from, other.valid_until)
    unlinked = not set(one.identities) <= set(other.identities)
    if dates or unlinked or Role.ADMINISTRATOR not in other.roles:
        detail = (
            "Nobody ends their own membership, unlinks a sign-in of their own, or stops being an "
            "administrator, by themselves."
        )
        raise Conflict("own-membership", detail)


def _with_address(membership: Membership, address: str, now: datetime) -> Membership:
    """Note an address: another one has to be verified, and a verified one is told that it went."""
    before = membership.address
    if address_digest(address) == address_digest(before):
        return replace(membership, address=address)
    due = tuple(mail for mail in membership.due if mail.kind is MailKind.CHANGED)
    if membership.address_verified_at:
        due += (DueMail(MailKind.CHANGED, before),)
    if address:
        due += (DueMail(MailKind.VERIFY, address),)
    return replace(
        membership,
        address=address,
        address_verified_at=None,
        due=due,
        asked_at=now if address else None,
    )


def _authorised(
    details: AuthorisationDetails, held: Authorisation | None, time_zone: str, now: datetime
) -> Authorisation:
    start = held.valid_from if held else now
    until = held.valid_until if held else None
    wanted = Authorisation(
        id="",
        role=details.role,
        qualification=details.qualification,
        modules=details.modules,
        valid_from=_start(details.starts_on, start, time_zone),
        valid_until=_end(details.ends_on, until, time_zone),
        countersigner_id=details.countersigner_id,
    )
    return held if held and replace(held, id="") == wanted else wanted


def _start(day: date | None, known: datetime, time_zone: str) -> datetime:
    """Give the first moment of a period. A date that is the known one's changes nothing."""
    if day is None or day == date_at(known, time_zone):
        return known
    return first_moment(day, time_zone)


def _end(day: LastDay, known: datetime | None, time_zone: str) -> datetime | None:
    """Give the first moment after a period. A date that is the known one's changes nothing.

    Otherwise a client that sends back what it has read would lengthen what ended at noon.
    """
    if day is KEEP:
        return known
    if day is None:
        return None
    return known if known and day == last_day(known, time_zone) else end_of(day, time_zone)


def _foundations(membership: Membership) -> tuple[object, ...]:
    dates = (membership.valid_from, membership.valid_until)
    identities = frozenset(membership.identities)
    return (membership.roles, dates, address_digest(membership.address), identities)


def _contents(member: Member) -> set[Authorisation]:
    return {replace(each, id="") for each in member.authorisations}


def _given(value: T | None, known: T) -> T:
    return known if value is None else value
