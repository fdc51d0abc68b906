"""The tokens of signed links: HMAC-SHA-256 (RFC 2104) over a fixed binary form of the link.

A token is base64url (RFC 4648, section 5) without padding of: version, key id, centre, enrolment,
assessor, attempt, generation, expiry in seconds, content hash, page id, and the code over all of
these. The version byte fixes the algorithm; nothing in a token chooses one.

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

from chalicelib.domain.links import ReviewLink
from chalicelib.domain.times import stamp

VERSION = 1
FORM = struct.Struct(">BB16s16s16sHHQ32s")
CODE_BYTES = 32
CODE_BITS = 40
CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: none look alike
LOOKALIKES = str.maketrans("OIL", "011")


class LinkSigner:
    """Makes and reads the tokens of review links with the keys it is given, at most two alive."""

    def __init__(self, load_keys: Callable[[], tuple[int, Mapping[int, bytes]]]) -> None:
        """`load_keys` returns the id of the key to sign with, and all live keys by id."""
        self._load_keys = load_keys
        self._loaded: tuple[int, Mapping[int, bytes]] | None = None

    def token(self, link: ReviewLink) -> str:
        """Make the token of a link: the same link gives the same token."""
        current, keys = self._keys()
        content = FORM.pack(
            VERSION,
            current,
            *(ULID.from_str(text).bytes for text in _ids(link)),
            link.attempt,
            link.generation,
            int(link.expires_at.timestamp()),
            bytes.fromhex(link.content_hash),
        ) + link.page_id.encode("ascii")
        code = hmac.digest(keys[current], content, hashlib.sha256)
        return base64.urlsafe_b64encode(content + code).rstrip(b"=").decode("ascii")

    def read(self, token: str) -> ReviewLink | None:
        """Read a token, or return None where it is not exactly one that we made."""
        try:
            padded = token.encode("ascii") + b"=" * (-len(token) % 4)
            raw = base64.b64decode(padded, altchars=b"-_", validate=True)
        except (UnicodeEncodeError, binascii.Error):
            return None
        # The last character carries unused bits, and padding could be written: one spelling only.
        if base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii") != token:
            return None
        content, code = raw[:-CODE_BYTES], raw[-CODE_BYTES:]
        if len(content) <= FORM.size or content[0] != VERSION:
            return None
        _, keys = self._keys()
        key = keys.get(content[1])
        if key is None or not hmac.compare_digest(hmac.digest(key, content, "sha256"), code):
            return None
        return _link(content)

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


def _ids(link: ReviewLink) -> tuple[str, str, str]:
    return link.centre_id, link.enrolment_id, link.assessor_id


def _code(key: bytes, link: ReviewLink, asked_at: datetime) -> str:
    """Derive a code from what stays the same of a link when a fresh one is mailed."""
    of = (*_ids(link), link.page_id, link.attempt, link.generation, link.content_hash)
    content = "\n".join(("code", *map(str, of), stamp(asked_at))).encode()
    number = int.from_bytes(hmac.digest(key, content, hashlib.sha256)[: CODE_BITS // 8])
    return "".join(CODE_ALPHABET[number >> shift & 31] for shift in range(CODE_BITS - 5, -1, -5))


def _link(content: bytes) -> ReviewLink:
    _, _, centre, enrolment, assessor, attempt, generation, expiry, digest = FORM.unpack_from(
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
    )
