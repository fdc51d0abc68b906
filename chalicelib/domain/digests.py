"""Canonical JSON (RFC 8785) and the hashes taken of it."""

import hashlib
from typing import Any

import rfc8785


def canonical(document: dict[str, Any]) -> bytes:
    """Return the one byte sequence that RFC 8785 allows for this document."""
    return rfc8785.dumps(document)


def digest(content: bytes) -> str:
    """Return SHA-256 (FIPS 180-4) of the content, as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def sha256(content: bytes) -> bytes:
    """Return SHA-256 of the content, as its 32 bytes."""
    return hashlib.sha256(content).digest()
