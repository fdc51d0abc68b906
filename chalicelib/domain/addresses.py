"""Mail addresses: what one looks like, and the link by which its holder verifies it."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.domain.errors import Flaw

ADDRESS_LIMIT = 254  # characters; RFC 5321, section 4.5.3.1.3, less the angle brackets
# The dot-atom of RFC 5321, section 4.1.2, and host names as in RFC 1123, section 2.1: what the
# mailer surely takes, for a mail that it refuses is never sent.
LOCAL_LIMIT = 64  # characters; RFC 5321, section 4.5.3.1.1
LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
DOMAIN = re.compile(rf"({LABEL}\.)+(?![0-9]+$){LABEL}")
DIGEST_BYTES = 16
LIFETIME = timedelta(days=7)


class MailKind(StrEnum):
    """What a mail about an address is for."""

    VERIFY = "verify-address"
    CHANGED = "address-changed"


@dataclass(frozen=True, slots=True)
class DueMail:
    """A mail that has to be sent to an address."""

    kind: MailKind
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressLink:
    """Everything that the token of a link binds together; `address` is a digest."""

    centre_id: str
    person_id: str
    address: str
    expires_at: datetime


class AddressState(StrEnum):
    """Whether a link still verifies its address."""

    LIVE = "live"
    VERIFIED = "verified"
    EXPIRED = "link-expired"
    VOID = "link-void"


def address_flaws(pointer: str, address: str) -> Iterator[Flaw]:
    """Yield what keeps mail from being sent to an address, or from it."""
    local, _, domain = address.rpartition("@")
    if not address.isascii():
        detail = "Write the address in plain letters; a domain of others begins with xn--."
        yield Flaw(pointer, "address-not-ascii", detail)
    elif (
        len(address) > ADDRESS_LIMIT
        or len(local) > LOCAL_LIMIT
        or not LOCAL.fullmatch(local)
        or not DOMAIN.fullmatch(domain)
    ):
        detail = "This is no e-mail address; write one such as name@example.org."
        yield Flaw(pointer, "invalid-address", detail)


def address_digest(address: str) -> str:
    """Give a digest of an address (32 hexadecimal digits), the same however its case is written."""
    return hashlib.sha256(address.lower().encode()).hexdigest()[: DIGEST_BYTES * 2]


def address_state(
    link: AddressLink, address: str, verified_at: datetime | None, now: datetime
) -> AddressState:
    """Tell what an authentic link does to the address that is known now, verified or not."""
    if address_digest(address) != link.address:
        return AddressState.VOID
    if verified_at is not None:
        return AddressState.VERIFIED
    return AddressState.EXPIRED if link.expires_at <= now else AddressState.LIVE
