"""Testimony of somebody without an account: who is asked, and the signed link they are sent."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.domain.addresses import address_digest, address_flaws
from chalicelib.domain.errors import Conflict, Flaw
from chalicelib.domain.people import name_flaws

LIFETIME = timedelta(days=30)
INVITATIONS_LIMIT = 100  # for one item


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Who is asked: `relationship` is to the candidate, `status` what lets them judge the work."""

    name: str
    address: str
    relationship: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A witness asked by somebody; each asking is a generation, and voids the links before it.

    `mailed` is the generation that was mailed last, at `mailed_at`.
    """

    witness: Witness
    by: str
    at: datetime
    generation: int
    expires_at: datetime
    mailed: int = 0
    mailed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessLink:
    """Everything that the token of a link binds together; `address` is a digest."""

    centre_id: str
    enrolment_id: str
    page_id: str
    item_id: str
    generation: int
    expires_at: datetime
    address: str


class WitnessState(StrEnum):
    """Why a link opens, or does not."""

    LIVE = "live"
    EXPIRED = "link-expired"
    USED = "link-used"
    VOID = "link-void"


def witness_flaws(witness: Witness, involved: Iterable[str]) -> Iterator[Flaw]:
    """Say what keeps somebody from being asked.

    Nobody bears witness to their own work, nor to what they judge, nor because they asked
    themselves: `involved` are the addresses of these.
    """
    yield from name_flaws("/name", witness.name)
    yield from address_flaws("/address", witness.address)
    if _mailbox(witness.address) in set(map(_mailbox, involved)):
        detail = "This is the address of the candidate, their assessor, or yours; name another."
        yield Flaw("/address", "own-testimony", detail)
    yield from name_flaws("/relationship", witness.relationship, "what they are to the candidate")
    yield from name_flaws("/status", witness.status, "what lets them judge the work")


def _mailbox(address: str) -> str:
    """Tell where mail to an address arrives, as far as that shows: case and tags lead nowhere."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def witness_link(
    centre_id: str, enrolment_id: str, page_id: str, item_id: str, invitation: Invitation
) -> WitnessLink:
    """Derive the one link of an invitation from what is stored of it."""
    return WitnessLink(
        centre_id=centre_id,
        enrolment_id=enrolment_id,
        page_id=page_id,
        item_id=item_id,
        generation=invitation.generation,
        expires_at=invitation.expires_at,
        address=address_digest(invitation.witness.address),
    )


def witness_state(
    link: WitnessLink, invitation: Invitation | None, signed: int, now: datetime
) -> WitnessState:
    """Tell whether an authentic link still opens its invitation.

    `signed` is the generation by which the latest part was signed.
    """
    if invitation is None or link.generation != invitation.generation:
        return WitnessState.VOID
    if link.address != address_digest(invitation.witness.address):
        return WitnessState.VOID
    if signed == link.generation:
        return WitnessState.USED
    return WitnessState.EXPIRED if link.expires_at <= now else WitnessState.LIVE


def require_another_invitation(invitation: Invitation | None) -> None:
    """Raise Conflict where somebody has been asked too often."""
    if invitation and invitation.generation >= INVITATIONS_LIMIT:
        detail = f"Witnesses have been asked {INVITATIONS_LIMIT} times; speak with your centre."
        raise Conflict("too-many-invitations", detail)
