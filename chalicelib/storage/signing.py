"""The tokens of signed links: HMAC-SHA-256 (RFC 2104) over a fixed binary form of the link.

A token is base64url (RFC 4648, section 5) without padding of: version, key id, what the link binds
together, and the code over all of these. The version byte fixes the algorithm and what the link is
for, so that none is taken for one of another kind; nothing in a token chooses.

- to judge by: centre, enrolment, assessor, attempt, generation, expiry in seconds, content hash,
  digest of the address, page id
- to verify an address by: centre, person, expiry in seconds, digest of the address
- to give testimony by: centre, enrolment, generation, expiry in seconds, digest of the address,
  page id and item id
- to visit by: centre, visit, person, generation, expiry in seconds, digest of the address

A mailed code is derived by the same keys from other content, which no token begins with.
"""

import base64
import binascii
import hashlib
import hmac
import struct
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from ulid import ULID

from chalicelib.domain.addresses import AddressLink
from chalicelib.domain.links import ReviewLink
from chalicelib.domain.testimony import WitnessLink
from chalicelib.domain.times import stamp
from chalicelib.domain.visits import VisitLink

# Version bytes; 1 was that of links that bound no address.
REVIEW, ADDRESS, TESTIMONY, VISIT = 2, 3, 4, 5
HEADER = struct.Struct(">BB")
FORM = struct.Struct(">16s16s16sHHQ32s16s")
ADDRESS_FORM = struct.Struct(">16s16sQ16s")
TESTIMONY_FORM = struct.Struct(">16s16sHQ16s")
VISIT_FORM = struct.Struct(">16s16s16sHQ16s")
CODE_BYTES = 32
CODE_BITS = 40
CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: none look alike
LOOKALIKES = str.maketrans("OIL", "011")


class LinkSigner:
    """Makes and reads the tokens of links with the keys it is given, at most two alive."""

    def __init__(self, load_keys: Callable[[], tuple[int, Mapping[int, bytes]]]) -> None:
        """`load_keys` returns the id of the key to sign with, and all live keys by id."""
        self._load_keys = load_keys
        self._loaded: tuple[int, Mapping[int, bytes]] | None = None

    def token(self, link: ReviewLink) -> str:
        """Make the token of a link to judge by: the same link gives the same token."""
        content = FORM.pack(
            *_bytes_of(link.centre_id, link.enrolment_id, link.assessor_id),
            link.attempt,
            link.generation,
            int(link.expires_at.timestamp()),
            bytes.fromhex(link.content_hash),
            bytes.fromhex(link.address),
        )
        return self._sign(REVIEW, content + link.page_id.encode("ascii"))

    def read(self, token: str) -> ReviewLink | None:
        """Read a token to judge by, or return None where it is not exactly one that we made."""
        content = self._verify(REVIEW, token)
        return _review_link(content) if content and len(content) > FORM.size else None

    def address_token(self, link: AddressLink) -> str:
        """Make the token of a link to verify an address by: the same link gives the same token."""
        ids = _bytes_of(link.centre_id, link.person_id)
        expiry = int(link.expires_at.timestamp())
        digest = bytes.fromhex(link.address)
        return self._sign(ADDRESS, ADDRESS_FORM.pack(*ids, expiry, digest))

    def read_address(self, token: str) -> AddressLink | None:
        """Read a token to verify by, or return None where it is not exactly one that we made."""
        content = self._verify(ADDRESS, token)
        return _address_link(content) if content and len(content) == ADDRESS_FORM.size else None

    def testimony_token(self, link: WitnessLink) -> str:
        """Make the token of a link to give testimony by: the same link gives the same token."""
        content = TESTIMONY_FORM.pack(
            *_bytes_of(link.centre_id, link.enrolment_id),
            link.generation,
            int(link.expires_at.timestamp()),
            bytes.fromhex(link.address),
        )
        return self._sign(TESTIMONY, content + f"{link.page_id}/{link.item_id}".encode("ascii"))

    def read_testimony(self, token: str) -> WitnessLink | None:
        """Read a token to give testimony by, or return None where it is not exactly one of ours."""
        content = self._verify(TESTIMONY, token)
        return _witness_link(content) if content else None

    def visit_token(self, link: VisitLink) -> str:
        """Make the token of a link to visit by: the same link gives the same token."""
        content = VISIT_FORM.pack(
            *_bytes_of(link.centre_id, link.visit_id, link.person_id),
            link.generation,
            int(link.expires_at.timestamp()),
            bytes.fromhex(link.address),
        )
        return self._sign(VISIT, content)

    def read_visit(self, token: str) -> VisitLink | None:
        """Read a token to visit by, or return None where it is not exactly one that we made."""
        content = self._verify(VISIT, token)
        return _visit_link(content) if content and len(content) == VISIT_FORM.size else None

    def _sign(self, version: int, content: bytes) -> str:
        current, keys = self._keys()
        signed = HEADER.pack(version, current) + content
        code = hmac.digest(keys[current], signed, hashlib.sha256)
        return base64.urlsafe_b64encode(signed + code).rstrip(b"=").decode("ascii")

    def _verify(self, version: int, token: str) -> bytes | None:
        """Return what a token of this version says, or None where it is not one that we made."""
        try:
            padded = token.encode("ascii") + b"=" * (-len(token) % 4)
            raw = base64.b64decode(padded, altchars=b"-_", validate=True)
        except (UnicodeEncodeError, binascii.Error):
            return None
        # The last character carries unused bits, and padding could be written: one spelling only.
        if base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii") != token:
            return None
        signed, code = raw[:-CODE_BYTES], raw[-CODE_BYTES:]
        if len(signed) <= HEADER.size or signed[0] != version:
            return None
        _, keys = self._keys()
        key = keys.get(signed[1])
        if key is None or not hmac.compare_digest(hmac.digest(key, signed, "sha256"), code):
            return None
        return signed[HEADER.size :]

    def code(self, link: ReviewLink, asked_at: datetime) -> str:
        """Make the code that was asked for at a moment: 40 bits, in eight characters."""
        current, keys = self._keys()
        return _code(keys[current], link, asked_at)

    def fits(self, link: ReviewLink, asked_at: datetime, code: str) -> bool:
        """Tell whether this is that code, however a person has typed it.

        Any live key will do: the code may have been mailed before the keys were changed.
        """
        typed = "".join(code.split()).replace("-", "").upper().translate(LOOKALIKES).encode()
        _, keys = self._keys()
        return any(
            hmac.compare_digest(_code(key, link, asked_at).encode(), typed) for key in keys.values()
        )

    def _keys(self) -> tuple[int, Mapping[int, bytes]]:
        if self._loaded is None:
            self._loaded = self._load_keys()
        return self._loaded


def _bytes_of(*ids: str) -> list[bytes]:
    return [ULID.from_str(each).bytes for each in ids]


def _code(key: bytes, link: ReviewLink, asked_at: datetime) -> str:
    """Derive a code from what stays the same of a link when a fresh one is mailed."""
    of = (
        link.centre_id,
        link.enrolment_id,
        link.assessor_id,
        link.page_id,
        link.attempt,
        link.generation,
        link.content_hash,
    )
    content = "\n".join(("code", *map(str, of), stamp(asked_at))).encode()
    number = int.from_bytes(hmac.digest(key, content, hashlib.sha256)[: CODE_BITS // 8])
    return "".join(CODE_ALPHABET[number >> shift & 31] for shift in range(CODE_BITS - 5, -1, -5))


def _address_link(content: bytes) -> AddressLink:
    centre, person, expiry, address = ADDRESS_FORM.unpack(content)
    return AddressLink(
        centre_id=str(ULID(centre)),
        person_id=str(ULID(person)),
        address=address.hex(),
        expires_at=datetime.fromtimestamp(expiry, UTC),
    )


def _witness_link(content: bytes) -> WitnessLink:
    centre, enrolment, generation, expiry, address = TESTIMONY_FORM.unpack_from(content)
    page_id, _, item_id = content[TESTIMONY_FORM.size :].decode("ascii").partition("/")
    return WitnessLink(
        centre_id=str(ULID(centre)),
        enrolment_id=str(ULID(enrolment)),
        page_id=page_id,
        item_id=item_id,
        generation=generation,
        expires_at=datetime.fromtimestamp(expiry, UTC),
        address=address.hex(),
    )


def _visit_link(content: bytes) -> VisitLink:
    centre, visit, person, generation, expiry, address = VISIT_FORM.unpack(content)
    return VisitLink(
        centre_id=str(ULID(centre)),
        visit_id=str(ULID(visit)),
        person_id=str(ULID(person)),
        generation=generation,
        expires_at=datetime.fromtimestamp(expiry, UTC),
        address=address.hex(),
    )


def _review_link(content: bytes) -> ReviewLink:
    centre, enrolment, assessor, attempt, generation, expiry, digest, address = FORM.unpack_from(
        content
    )
    return ReviewLink(
        centre_id=str(ULID(centre)),
        enrolment_id=str(ULID(enrolment)),
        page_id=content[FORM.size :].decode("ascii"),
        attempt=attempt,
        content_hash=digest.hex(),
        assessor_id=str(ULID(assessor)),
        generation=generation,
        expires_at=datetime.fromtimestamp(expiry, UTC),
        address=address.hex(),
    )
