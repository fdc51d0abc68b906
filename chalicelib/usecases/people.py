"""Centres, people, and who is acting."""

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.access import Actor, actor_at
from chalicelib.domain.errors import Conflict, Unauthenticated, not_found
from chalicelib.domain.people import (
    Authorisation,
    Centre,
    Membership,
    Person,
    Role,
    check_authorisation,
    check_centre,
    check_membership,
)
from chalicelib.runtime import TRUST, Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Change, Put, create
from chalicelib.storage.table import ConditionFailedError


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a sign-in service says somebody is: the `iss` and `sub` of its tokens."""

    issuer: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """Somebody to be made known at a centre."""

    name: str
    roles: frozenset[Role]
    address: str = ""
    address_verified: bool = False
    identity: Identity | None = None
    authorisation: Authorisation | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


def create_centre(runtime: Runtime, name: str, time_zone: str) -> Centre:
    """Create a centre. Raises Invalid."""
    centre = Centre(runtime.new_id(), name, time_zone)
    check_centre(centre)
    runtime.table.write(create(keys.centre(centre.id), items.from_centre(centre)))
    return centre


def create_person(runtime: Runtime, centre_id: str, new: NewPerson) -> Membership:
    """Make somebody known at a centre, with their membership and maybe an authorisation.

    Raises Invalid, NotFound for an unknown centre, and Conflict for an identity known already.
    """
    load_centre(runtime, centre_id)
    membership = _membership(runtime, centre_id, new)
    check_membership(membership)
    changes: list[Change] = [
        create(keys.membership(membership.person_id, centre_id), items.from_membership(membership)),
        create(keys.centre_person(centre_id, membership.person_id), {"name": membership.name}),
    ]
    if new.identity:
        key = keys.identity(new.identity.issuer, new.identity.subject)
        changes.append(create(key, {"person_id": membership.person_id}))
    if new.authorisation:
        changes.append(_authorise(runtime, membership, new.authorisation))
    try:
        runtime.table.write(*changes)
    except ConditionFailedError:
        detail = "Somebody is known by this sign-in identity already; look them up instead."
        raise Conflict("identity-known", detail) from None
    return membership


def authorise(runtime: Runtime, membership: Membership, authorisation: Authorisation) -> str:
    """Replace what somebody is authorised to do, and return the new authorisation's id."""
    change = _authorise(runtime, membership, authorisation)
    runtime.table.write(change)
    new_id: str = change.attributes["id"]
    return new_id


def load_centre(runtime: Runtime, centre_id: str) -> Centre:
    """Return a centre, or raise NotFound."""

    def load() -> Centre | None:
        item = runtime.table.get(keys.centre(centre_id))
        return items.to_centre(item) if item else None

    centre = runtime.cache.get(("centre", centre_id), load, TRUST)
    if centre is None:
        raise not_found()
    return centre


def load_person(runtime: Runtime, person_id: str) -> Person:
    """Return a person with all their memberships, as read at most 60 seconds ago."""

    def load() -> Person:
        found = list(runtime.table.query(f"PERSON#{person_id}", "WHO#"))
        memberships = (item for item in found if item["sk"].endswith("#MEMBERSHIP"))
        authorisations = (item for item in found if item["sk"].endswith("#AUTHORISATION"))
        return Person(
            person_id,
            tuple(map(items.to_membership, memberships)),
            tuple((item["centre_id"], items.to_authorisation(item)) for item in authorisations),
        )

    return runtime.cache.get(_person_key(person_id), load, TRUST)


def forget_person(runtime: Runtime, person_id: str) -> None:
    """Read the person anew next time: what was known of them has changed."""
    runtime.cache.forget(_person_key(person_id))


def find_person(runtime: Runtime, identity: Identity) -> Person:
    """Return the person behind a sign-in identity. Raises Unauthenticated where nobody is."""

    def load() -> str | None:
        item = runtime.table.get(keys.identity(identity.issuer, identity.subject))
        return item["person_id"] if item else None

    person_id = runtime.cache.get(("identity", identity.issuer, identity.subject), load, TRUST)
    if person_id is None:
        detail = "Nobody here is linked to this sign-in; ask your centre to add you."
        raise Unauthenticated("unknown-person", detail)
    return load_person(runtime, person_id)


def act(runtime: Runtime, person_id: str, centre_id: str) -> Actor:
    """Let a person act at a centre. Raises NotFound where they have no valid membership."""
    return actor_at(load_person(runtime, person_id), centre_id, runtime.now())


def _membership(runtime: Runtime, centre_id: str, new: NewPerson) -> Membership:
    now = runtime.now()
    return Membership(
        centre_id=centre_id,
        person_id=runtime.new_id(),
        name=new.name,
        roles=new.roles,
        valid_from=new.valid_from or now,
        valid_until=new.valid_until,
        address=new.address,
        address_verified_at=now if new.address and new.address_verified else None,
    )


def _authorise(runtime: Runtime, membership: Membership, authorisation: Authorisation) -> Put:
    authorisation = replace(authorisation, id=runtime.new_id())
    check_authorisation(authorisation, membership.roles)
    key = keys.authorisation(membership.person_id, membership.centre_id)
    return Put(key, items.from_authorisation(membership.centre_id, authorisation))


def _person_key(person_id: str) -> tuple[str, ...]:
    return ("person", person_id)
