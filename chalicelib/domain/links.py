"""Signed links: what one says, and whether it still opens the attempt that it was made for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.domain.addresses import address_digest
from chalicelib.domain.attempts import Attempt

LIFETIME = timedelta(days=14)
RENEWAL = timedelta(days=2)  # with less than this left, a fresh mail carries a fresh expiry
PATIENCE = timedelta(minutes=10)  # between two mails for the same attempt

CODE_LIFETIME = timedelta(minutes=15)
CODE_PATIENCE = timedelta(minutes=5)  # between two codes for the same attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewLink:
    """Everything that the token of a link binds together.

    `address` is a digest of the address that it was made for.
    """

    centre_id: str
    enrolment_id: str
    page_id: str
    attempt: int
    content_hash: str
    assessor_id: str
    generation: int
    expires_at: datetime
    address: str


class LinkState(StrEnum):
    """Why a link opens, or does not."""

    LIVE = "live"
    EXPIRED = "link-expired"
    USED = "link-used"
    VOID = "link-void"
    OFF = "links-off"


def link_for(centre_id: str, enrolment_id: str, attempt: Attempt, address: str) -> ReviewLink:
    """Derive the one link of an attempt from what is stored of it and of its assessor."""
    return ReviewLink(
        centre_id=centre_id,
        enrolment_id=enrolment_id,
        page_id=attempt.page_id,
        attempt=attempt.number,
        content_hash=attempt.content_hash,
        assessor_id=attempt.assessor_id,
        generation=attempt.generation,
        expires_at=attempt.link_expires_at,
        address=address_digest(address),
    )


def link_state(
    link: ReviewLink, attempt: Attempt, current: Attempt, address: str, now: datetime
) -> LinkState:
    """Tell whether an authentic link still opens its attempt.

    `current` is the latest attempt of the page: once it has been signed again, links to what was
    signed before are void, judged or not. So are those that were made for another address of the
    assessor than the one known now.
    """
    if current.number > link.attempt or attempt.withdrawn_at or attempt.set_aside:
        return LinkState.VOID
    if (link.assessor_id, link.generation) != (attempt.assessor_id, attempt.generation):
        return LinkState.VOID
    if link.content_hash != attempt.content_hash or not made_for(link, address):
        return LinkState.VOID
    if attempt.judgement is not None:
        return LinkState.USED
    return LinkState.EXPIRED if link.expires_at <= now else LinkState.LIVE


def made_for(link: ReviewLink, address: str) -> bool:
    """Whether a link was mailed to this address."""
    return link.address == address_digest(address)


def renewed_expiry(attempt: Attempt, now: datetime) -> datetime:
    """Keep the expiry while enough of it is left, so that a mail sent again has the same link."""
    enough = attempt.link_expires_at - now >= RENEWAL
    return attempt.link_expires_at if enough else now + LIFETIME
