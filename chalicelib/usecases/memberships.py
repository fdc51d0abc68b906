"""Making people known at a centre, and changing what it knows of them. Nothing is deleted."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.access import Actor
from chalicelib.domain.addresses import DueMail, MailKind
from chalicelib.domain.centres import Centre
from chalicelib.domain.details import (
    Details,
    applied,
    changed_fields,
    ended,
    nobody,
    require_not_own,
)
from chalicelib.domain.errors import (
    Conflict,
    DomainError,
    Flaw,
    Stale,
    Unavailable,
    not_found,
)
from chalicelib.domain.people import (
    Authorisation,
    HistoryEntry,
    Identity,
    Member,
    Membership,
    Role,
    check_member,
)
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import (
    Change,
    Delete,
    Item,
    Key,
    Put,
    absent,
    create,
    equals,
)
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases import people
from chalicelib.usecases.centres import load_centre
from chalicelib.usecases.requests import Request, answered, remember

OPERATOR = "operator"
HISTORY_SHOWN = 20
TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """Somebody whom an operator makes known at a centre, and whose address they may vouch for."""

    name: str
    roles: frozenset[Role]
    address: str = ""
    address_verified: bool = False
    identity: Identity | None = None
    authorisation: Authorisation | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """What a centre knows of somebody, with the latest of what was changed, newest first."""

    centre: Centre
    member: Member
    history: tuple[HistoryEntry, ...]

    @property
    def etag(self) -> str:
        """The strong validator of all that can be changed."""
        return etag(self.member)


def etag(member: Member) -> str:
    """Give the strong validator of all that can be changed of a member."""
    return f'"{member.membership.version}"'


def create_person(runtime: Runtime, centre_id: str, new: NewPerson) -> Membership:
    """Make somebody known at a centre, as its operator.

    Whoever another centre knows by the same identity has an id of their own here: nothing tells
    that there is such a centre. Raises Invalid, NotFound for an unknown centre, and Conflict for
    an identity or an address of somebody else.
    """
    load_centre(runtime, centre_id)
    now = runtime.now()
    identities = (new.identity,) if new.identity else ()
    membership = Membership(
        centre_id=centre_id,
        person_id=runtime.new_id(),
        name=new.name,
        roles=new.roles,
        valid_from=new.valid_from or now,
        valid_until=new.valid_until,
        address=new.address,
        identities=identities,
    )
    if new.address and new.address_verified:
        membership = replace(membership, address_verified_at=now)
    elif new.address:
        due = (DueMail(MailKind.VERIFY, new.address),)
        membership = replace(membership, due=due, asked_at=now)
    authorisations = (new.authorisation,) if new.authorisation else ()
    member = Member(membership, authorisations)
    blank = nobody(centre_id, membership.person_id, now)
    check_member(member, _further_flaws(runtime, blank, member))
    write_new(runtime, member, None)
    return membership


def add_person(runtime: Runtime, actor: Actor, details: Details, request: Request) -> Person:
    """Make somebody known at the actor's centre.

    Raises Invalid, and Conflict for an identity, an address or a learner number of somebody else.
    """
    if made := answered(runtime, request):
        return get_person(runtime, actor, made["person_id"])
    member = drafted(runtime, load_centre(runtime, actor.centre_id), details)
    try:
        write_new(runtime, member, actor, request)
    except (Conflict, Unavailable):
        if made := answered(runtime, request):
            return get_person(runtime, actor, made["person_id"])
        raise
    return get_person(runtime, actor, member.membership.person_id)


def drafted(runtime: Runtime, centre: Centre, details: Details) -> Member:
    """Return the member that somebody new is to be. Raises Invalid."""
    now = runtime.now()
    blank = nobody(centre.id, runtime.new_id(), now)
    member = applied(details, blank, centre.time_zone, now)
    check_member(member, _further_flaws(runtime, blank, member))
    return replace(member, membership=replace(member.membership, version=1))


def change_person(
    runtime: Runtime, actor: Actor, person_id: str, details: Details, if_match: Container[str]
) -> Person:
    """Change what the actor's centre knows of somebody.

    Where nothing is to be changed, nothing is, whatever the version. Raises Stale where somebody
    else has changed it, Invalid, and Conflict for what belongs to somebody else, or where
    administrators would shut themselves out.
    """
    before = read(runtime, actor.centre_id, person_id)
    centre = load_centre(runtime, actor.centre_id)
    after = applied(details, before, centre.time_zone, runtime.now())
    if changed_fields(before, after):
        if etag(before) not in if_match:
            raise _stale(before)
        require_not_own(actor, before, after)
        check_member(after, _further_flaws(runtime, before, after))
        save(runtime, before, after, actor)
    return get_person(runtime, actor, person_id)


def end_membership(runtime: Runtime, actor: Actor, person_id: str) -> Person:
    """End somebody's membership now; of one that has run out, the address is set free.

    Raises Conflict for one's own.
    """
    for _ in range(TRIES):
        before = read(runtime, actor.centre_id, person_id)
        after = before
        if not before.membership.over_at(runtime.now()):
            after = ended(before, runtime.now())
            require_not_own(actor, before, after)
        elif not any(_claims(runtime, before, before)):
            return get_person(runtime, actor, person_id)
        try:
            save(runtime, before, after, actor)
        except Stale:
            continue
        return get_person(runtime, actor, person_id)
    raise _stale(before)


def get_person(runtime: Runtime, actor: Actor, person_id: str) -> Person:
    """Return what the actor's centre knows of somebody now. Raises NotFound."""
    member = read(runtime, actor.centre_id, person_id)
    partition, prefix = keys.history(person_id, actor.centre_id, "")
    history = runtime.table.page(partition, prefix, HISTORY_SHOWN, newest_first=True)
    centre = load_centre(runtime, actor.centre_id)
    return Person(centre, member, tuple(map(items.to_history, history.items)))


def list_people(
    runtime: Runtime, actor: Actor, role: Role | None, limit: int, after: str
) -> tuple[tuple[Membership, ...], str]:
    """Return a page of the people of the actor's centre, and where it ended."""
    centre_id = actor.centre_id
    first = keys.centre_role(centre_id, role, "") if role else keys.centre_person(centre_id, "")
    page = runtime.table.page(*first, limit, after)
    wanted = [
        keys.membership(entry["sk"].removeprefix(first.sk), centre_id) for entry in page.items
    ]
    found = runtime.table.get_many(*wanted) if wanted else ()
    return tuple(items.to_membership(item) for item in found if item), page.end


def save(runtime: Runtime, before: Member, after: Member, actor: Actor | None) -> None:
    """Write what has become of a member, and the record of the change, in one transaction.

    Without an actor it was the member who changed it. Raises Stale where it was changed since it
    was read, Conflict for what belongs to somebody else, and Forbidden for an actor whose own
    membership was changed.
    """
    if actor:
        _require_unchanged(runtime, actor, before)
    fields = changed_fields(before, after)
    # Setting free what a member had is a change as well: who comes back has to claim it anew.
    counts = fields or before.membership.over_at(runtime.now())
    version = before.membership.version + (1 if counts else 0)
    after = replace(after, membership=replace(after.membership, version=version))
    changes = _changes(runtime, before, after, actor.id if actor else _where(after)[1])
    if actor and actor.id != after.membership.person_id:
        changes.append(people.still(actor))
    _forget(runtime, after)
    try:
        runtime.table.write(*changes)
    except ConditionFailedError as failure:
        if _key(after) in failure.current:
            raise _stale(read(runtime, *_where(after))) from None
        if actor:
            people.require_still(runtime, actor, failure)
        raise _refusal(failure.current) from None


def read(runtime: Runtime, centre_id: str, person_id: str) -> Member:
    """Return what a centre knows of somebody now. Raises NotFound."""
    member = people.read_member(runtime, centre_id, person_id)
    if member is None:
        raise not_found()
    return member


def write_new(
    runtime: Runtime, member: Member, actor: Actor | None, request: Request | None = None
) -> None:
    """Write somebody new; without an actor, for the operator.

    Raises Conflict for what belongs to somebody else, and Forbidden for an actor whose own
    membership was changed.
    """
    blank = nobody(*_where(member), runtime.now())
    changes = _changes(runtime, blank, member, actor.id if actor else OPERATOR)
    if actor:
        changes.append(people.still(actor))
    if request:
        named = {"person_id": member.membership.person_id}
        changes.append(remember(request, named, runtime.now()))
    try:
        runtime.table.write(*changes)
    except ConditionFailedError as failure:
        if actor:
            people.require_still(runtime, actor, failure)
        raise _refusal(failure.current) from None


def _further_flaws(runtime: Runtime, before: Member, after: Member) -> Iterator[Flaw]:
    """Yield what only the stage, and the centre's other people, can tell."""
    trusted = {each.issuer for each in runtime.settings.issuers}
    for number, identity in enumerate(after.membership.identities):
        linked = identity in before.membership.identities
        if trusted and identity.issuer not in trusted and not linked:
            detail = "Nobody can sign in by this issuer; name one that this stage trusts."
            yield Flaw(f"/identities/{number}/issuer", "unknown-issuer", detail)
    centre_id, person_id = _where(after)
    for number, authorisation in enumerate(after.authorisations):
        if not authorisation.countersigner_id or authorisation.id:
            continue
        other = people.load_member(runtime, centre_id, authorisation.countersigner_id)
        if (
            other is None
            or other.membership.person_id == person_id
            or Role.ASSESSOR not in other.membership.roles
            or other.membership.over_at(runtime.now())
        ):
            detail = "Name another assessor of this centre, who countersigns while it is needed."
            pointer = f"/authorisations/{number}/countersigner_id"
            yield Flaw(pointer, "not-an-assessor", detail)


def _changes(runtime: Runtime, before: Member, after: Member, by: str) -> list[Change]:
    """Build what turns one member into the other; of somebody new, nothing may be there yet."""
    centre_id, person_id = _where(after)
    one, other = before.membership, after.membership
    unchanged = equals("version", one.version) if one.version else absent("pk")
    named, listed = {"person_id": person_id}, keys.centre_role
    new = [each for each in other.identities if each not in one.identities]
    gone = [each for each in one.identities if each not in other.identities]
    changes: list[Change] = [
        Put(_key(after), items.from_membership(other), (unchanged,)),
        *(Put(listed(centre_id, role, person_id), {}) for role in other.roles - one.roles),
        *(Delete(listed(centre_id, role, person_id)) for role in one.roles - other.roles),
        *(create(keys.identity(each.issuer, each.subject, centre_id), named) for each in new),
        *(
            Delete(
                keys.identity(each.issuer, each.subject, centre_id),
                (equals("person_id", person_id),),
            )
            for each in gone
        ),
        *_claims(runtime, before, after),
        *_authorisations(runtime, before, after),
    ]
    if not one.version:
        changes.append(Put(keys.centre_person(centre_id, person_id), {}))
    if fields := changed_fields(before, after):
        entry = HistoryEntry(runtime.now(), by, fields)
        key = keys.history(person_id, centre_id, runtime.new_id())
        changes.append(create(key, items.from_history(entry)))
    return changes


def _claims(runtime: Runtime, before: Member, after: Member) -> Iterator[Change]:
    """Take what only one person of a centre can have, and give back what is needed no more."""
    person_id = after.membership.person_id
    mine = equals("person_id", person_id)
    wanted = _claimed(after.membership, runtime.now())
    known = wanted | _claimed(before.membership, before.membership.valid_from)
    found = dict(zip(known, runtime.table.get_many(*known), strict=True)) if known else {}
    for key, item in found.items():
        if key not in wanted:
            if item and item["person_id"] == person_id:
                yield Delete(key, (mine,))
        elif item is None:
            yield create(key, {"person_id": person_id})
        elif item["person_id"] != person_id:
            raise _refusal({key: item})


def _claimed(membership: Membership, now: datetime) -> set[Key]:
    """Give the keys of what a member has for themselves; an address only until they leave."""
    claimed = set()
    if membership.address and not membership.over_at(now):
        claimed.add(keys.address(membership.centre_id, membership.address))
    if membership.learner_number:
        claimed.add(keys.learner(membership.centre_id, membership.learner_number))
    return claimed


def _authorisations(runtime: Runtime, before: Member, after: Member) -> Iterator[Change]:
    """Write what is authorised anew, and take away what is authorised no more."""
    for each in after.authorisations:
        if not each.id:
            yield people.authorising(after.membership, replace(each, id=runtime.new_id()))
    centre_id, person_id = _where(after)
    for each in before.authorisations:
        if after.authorisation(each.role) is None:
            yield Delete(keys.authorisation(person_id, centre_id, each.role))


def _require_unchanged(runtime: Runtime, actor: Actor, before: Member) -> None:
    """Raise Forbidden for actors who change themselves, and are not what they were let in as."""
    known, own = before.membership, actor.membership
    if actor.id != known.person_id:
        return
    unchanged = replace(
        known, roles=own.roles, valid_from=own.valid_from, valid_until=own.valid_until
    )
    if known != replace(unchanged, identities=own.identities):
        raise people.changed_since(runtime, actor)


def _refusal(current: Mapping[Key, Item | None]) -> DomainError:
    """Say what stands in the way of a change: most often, somebody else has it."""
    for key, item in current.items():
        who = {"current": {"person_id": item.get("person_id")}} if item else {}
        match key.sk.partition("#")[0]:
            case "ADDRESS" if item:
                detail = "Somebody at this centre has this address; links go to one's own alone."
                return Conflict("address-taken", detail, (), **who)
            case "LEARNER" if item:
                detail = "Somebody at this centre has this learner number."
                return Conflict("learner-number-taken", detail, (), **who)
            case "AT" | "WHO" if item:
                detail = "Somebody is known by this sign-in identity already; look them up instead."
                return Conflict("identity-known", detail, (), **who)
    return Unavailable("busy", "Something changed at the same moment; send the same again.")


def _stale(member: Member) -> Stale:
    detail = "Somebody else has changed the person in between. Read them, then send again."
    return Stale("stale-person", detail, (), current={"etag": etag(member)})


def _forget(runtime: Runtime, member: Member) -> None:
    people.forget_member(runtime, *_where(member))


def _where(member: Member) -> tuple[str, str]:
    return member.membership.centre_id, member.membership.person_id


def _key(member: Member) -> Key:
    return keys.membership(member.membership.person_id, member.membership.centre_id)
