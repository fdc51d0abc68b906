"""People, and who is acting."""

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.access import Actor, acting
from chalicelib.domain.errors import Conflict, Unauthenticated, not_found
from chalicelib.domain.people import (
    Authorisation,
    Member,
    Membership,
    Role,
    check_authorisation,
    check_membership,
)
from chalicelib.runtime import TRUST, Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Change, Put, create
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases.centres import load_centre


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


def create_person(runtime: Runtime, centre_id: str, new: NewPerson) -> Membership:
    """Make somebody known at a centre, with their membership and maybe an authorisation.

    Somebody whom another centre knows by the same identity keeps their id; nothing else of there
    is seen or touched. Raises Invalid, NotFound for an unknown centre, and Conflict for an identity
    that this centre has linked already.
    """
    load_centre(runtime, centre_id)
    links = _links(runtime, new.identity) if new.identity else None
    person_id = min(links.values()) if links else runtime.new_id()
    membership = _membership(runtime, centre_id, person_id, new)
    check_membership(membership)
    changes: list[Change] = [
        create(keys.membership(membership.person_id, centre_id), items.from_membership(membership)),
        create(keys.centre_person(centre_id, membership.person_id), {"name": membership.name}),
    ]
    if new.identity:
        key = keys.identity(new.identity.issuer, new.identity.subject, centre_id)
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


def load_member(runtime: Runtime, centre_id: str, person_id: str) -> Member | None:
    """Return what a centre knows of somebody, as read at most 60 seconds ago; None of strangers."""

    def load() -> Member | None:
        found = list(runtime.table.query(f"PERSON#{person_id}", f"WHO#{centre_id}#"))
        memberships = [item for item in found if item["sk"].endswith("#MEMBERSHIP")]
        authorisations = (item for item in found if "#AUTHORISATION#" in item["sk"])
        if not memberships:
            return None
        return Member(
            items.to_membership(memberships[0]),
            tuple(map(items.to_authorisation, authorisations)),
        )

    return runtime.cache.get(_member_key(centre_id, person_id), load, TRUST)


def forget_member(runtime: Runtime, centre_id: str, person_id: str) -> None:
    """Read the member anew next time: what was known of them has changed."""
    runtime.cache.forget(_member_key(centre_id, person_id))


def find_links(runtime: Runtime, identity: Identity) -> dict[str, str]:
    """Return who a sign-in identity is at each centre that has linked it: centre id -> person id.

    Raises Unauthenticated where no centre has.
    """
    links = runtime.cache.get(
        ("identity", identity.issuer, identity.subject), lambda: _links(runtime, identity), TRUST
    )
    if not links:
        detail = "Nobody here is linked to this sign-in; ask your centre to add you."
        raise Unauthenticated("unknown-person", detail)
    return links


def find_actors(runtime: Runtime, identity: Identity) -> list[Actor]:
    """Return what a sign-in identity is now at each of its centres. Raises Unauthenticated."""
    members = (
        load_member(runtime, centre_id, person_id)
        for centre_id, person_id in find_links(runtime, identity).items()
    )
    now = runtime.now()
    return [acting(member, now) for member in members if member and member.membership.valid_at(now)]


def act_as(runtime: Runtime, identity: Identity, centre_id: str) -> Actor:
    """Let whoever signed in act at a centre.

    Raises Unauthenticated where no centre knows them, and NotFound where this one does not.
    """
    person_id = find_links(runtime, identity).get(centre_id)
    if person_id is None:
        raise not_found()
    return act(runtime, person_id, centre_id)


def act(runtime: Runtime, person_id: str, centre_id: str) -> Actor:
    """Let a person act at a centre. Raises NotFound where they have no valid membership."""
    return acting(load_member(runtime, centre_id, person_id), runtime.now())


def _membership(runtime: Runtime, centre_id: str, person_id: str, new: NewPerson) -> Membership:
    now = runtime.now()
    return Membership(
        centre_id=centre_id,
        person_id=person_id,
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
    key = keys.authorisation(membership.person_id, membership.centre_id, authorisation.role)
    return Put(key, items.from_authorisation(authorisation))


def _links(runtime: Runtime, identity: Identity) -> dict[str, str] | None:
    partition = keys.identity(identity.issuer, identity.subject, "").pk
    found = runtime.table.query(partition, "AT#")
    return {item["sk"].removeprefix("AT#"): item["person_id"] for item in found} or None


def _member_key(centre_id: str, person_id: str) -> tuple[str, ...]:
    return ("member", centre_id, person_id)
