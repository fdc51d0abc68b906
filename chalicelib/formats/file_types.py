"""What is known of a file from its bytes."""

import hashlib
import zlib
from dataclasses import dataclass

from chalicelib.formats.refusals import RefusedContentError


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file is, whatever was said of it: digests in hexadecimal digits, size in bytes."""

    sha256: str
    crc32: str
    size: int


class Inspector:
    """Holds a file against the type and size that were declared, as it streams by."""

    def __init__(self, media_type: str, size: int) -> None:
        self._media_type = media_type
        self._declared = size
        self._size = 0
        self._sha256 = hashlib.sha256()
        self._crc32 = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes. Raises RefusedContentError as soon as it is sure."""
        self._size += len(chunk)
        if self._size > self._declared:
            raise RefusedContentError("too-large")
        self._sha256.update(chunk)
        self._crc32 = zlib.crc32(chunk, self._crc32)

    def finish(self) -> Facts:
        """Judge the whole. Raises RefusedContentError."""
        if self._size < self._declared:
            raise RefusedContentError("too-small")
        return Facts(self._sha256.hexdigest(), f"{self._crc32:08x}", self._size)
