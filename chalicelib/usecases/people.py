"""Who is acting, and what a centre knows of somebody."""

from dataclasses import replace
from datetime import date

from chalicelib.domain import times
from chalicelib.domain.access import Actor, acting
from chalicelib.domain.errors import Forbidden, Unauthenticated, not_found
from chalicelib.domain.people import Authorisation, Identity, Member, Membership, Role
from chalicelib.domain.visits import Visit
from chalicelib.runtime import TRUST, Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Check, Put, absent, equals
from chalicelib.storage.table import ConditionFailedError
from chalicelib.storage.visits import to_visit
from chalicelib.usecases import centres


def authorising(membership: Membership, authorisation: Authorisation) -> Put:
    """Build the change that replaces what somebody is authorised to do in a role."""
    key = keys.authorisation(membership.person_id, membership.centre_id, authorisation.role)
    return Put(key, items.from_authorisation(authorisation))


def check_occurred_on(runtime: Runtime, centre_id: str, occurred_on: date | None) -> None:
    """Raise Invalid where an act at the centre cannot have happened on that day."""
    if occurred_on:
        zone = centres.load_centre(runtime, centre_id).time_zone
        times.check_occurred_on(occurred_on, runtime.now(), zone)


def load_member(runtime: Runtime, centre_id: str, person_id: str) -> Member | None:
    """Return what a centre knows of somebody, as read at most 60 seconds ago; None of strangers."""

    def load() -> Member | None:
        return read_member(runtime, centre_id, person_id)

    return runtime.cache.get(_member_key(centre_id, person_id), load, TRUST)


def read_member(runtime: Runtime, centre_id: str, person_id: str) -> Member | None:
    """Return what a centre knows of somebody now; None of strangers."""
    found = list(runtime.table.query(f"PERSON#{person_id}", f"WHO#{centre_id}#"))
    memberships = [item for item in found if keys.is_membership(item["sk"])]
    authorisations = (item for item in found if "#AUTHORISATION#" in item["sk"])
    if not memberships:
        return None
    return Member(
        items.to_membership(memberships[0]), tuple(map(items.to_authorisation, authorisations))
    )


def forget_member(runtime: Runtime, centre_id: str, person_id: str) -> None:
    """Read the member anew next time: what was known of them has changed."""
    runtime.cache.forget(_member_key(centre_id, person_id))


def find_links(runtime: Runtime, identity: Identity) -> dict[str, str]:
    """Return who a sign-in identity is at each centre that has linked it: centre id -> person id.

    Raises Unauthenticated where no centre has.
    """
    links = runtime.cache.get(
        ("identity", identity.issuer, identity.subject),
        lambda: read_links(runtime, identity) or None,
        TRUST,
    )
    if not links:
        detail = "Nobody here is linked to this sign-in; ask your centre to add you."
        raise Unauthenticated("unknown-person", detail)
    return links


def read_links(runtime: Runtime, identity: Identity) -> dict[str, str]:
    """Return who a sign-in identity is now, by centre."""
    partition = keys.identity(identity.issuer, identity.subject, "").pk
    found = runtime.table.query(partition, "AT#")
    return {item["sk"].removeprefix("AT#"): item["person_id"] for item in found}


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
    """Let a person act at a centre. Raises NotFound where they have no valid membership.

    What visits show to an external verifier is read each time: one that is ended shows nothing
    from that moment on.
    """
    now = runtime.now()
    actor = acting(load_member(runtime, centre_id, person_id), now)
    if not actor.has(Role.EXTERNAL_VERIFIER):
        return actor
    visits = read_visits(runtime, centre_id, person_id)
    return replace(actor, visits=tuple(each for each in visits if each.live_at(now)))


def read_visits(runtime: Runtime, centre_id: str, person_id: str) -> tuple[Visit, ...]:
    """Return all visits of somebody to a centre, live or not, oldest first."""
    pk, prefix = keys.visit(person_id, centre_id, "")
    return tuple(map(to_visit, runtime.table.query(pk, prefix)))


def still(actor: Actor) -> Check:
    """Have a write fail unless the actor's own membership is as it was when they were let in.

    A warm function trusts for a while what it knows of people: long enough for somebody who has
    just been removed to make themselves known anew.
    """
    own = items.from_membership(actor.membership)
    return Check(
        keys.membership(actor.id, actor.centre_id),
        tuple(
            absent(name) if own[name] is None else equals(name, own[name])
            for name in ("roles", "valid_from", "valid_until", "identities")
        ),
    )


def require_still(runtime: Runtime, actor: Actor, failure: ConditionFailedError) -> None:
    """Raise Forbidden where a write has failed by the actor's own membership."""
    if keys.membership(actor.id, actor.centre_id) in failure.current:
        raise changed_since(runtime, actor)


def changed_since(runtime: Runtime, actor: Actor) -> Forbidden:
    """Say that the actor's own membership has changed; it is read anew for the next request."""
    forget_member(runtime, actor.centre_id, actor.id)
    detail = "Your own membership has just been changed; if you still may do this, send it again."
    return Forbidden("role-not-allowed", detail)


def _member_key(centre_id: str, person_id: str) -> tuple[str, ...]:
    return ("member", centre_id, person_id)
