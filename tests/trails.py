"""Checks an audit trail as VERIFY.md says, and nothing but that."""

import base64
import hashlib
import hmac
import json
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from chalicelib.usecases.trail import Recorded

MEMBERS = {
    "format",
    "centre_id",
    "enrolment_id",
    "seq",
    "previous",
    "event",
    "kind",
    "at",
    "by",
    "method",
    "on",
    "facts",
    "commitments",
}


def check_chain(lines: bytes) -> list[dict[str, Any]]:
    """Check that the entries are one chain without a gap, a fork or a repeat; return them."""
    entries, previous = [], "0" * 64
    for number, line in enumerate(lines.splitlines(), 1):
        entry = json.loads(line)
        assert rfc8785.dumps(entry) == line
        assert set(entry) == MEMBERS
        assert (entry["format"], entry["seq"], entry["previous"]) == (1, number, previous)
        previous = hashlib.sha256(line).hexdigest()
        entries.append(entry)
    assert len({entry["event"] for entry in entries}) == len(entries)
    return entries


def check_commitments(entries: list[dict[str, Any]], commitments: dict[str, Any]) -> None:
    """Check that every text that the chain commits to is there, and the one committed to."""
    key, texts = bytes.fromhex(commitments["key"]), commitments["texts"]
    assert set(texts) == {each["event"] for each in entries if each["commitments"]}
    for entry in entries:
        told = texts.get(entry["event"], {})
        assert set(told) == set(entry["commitments"])
        for name, text in told.items():
            message = f"{entry['event']}\n{name}\n{text}".encode()
            made = hmac.new(key, message, hashlib.sha256).hexdigest()
            assert made == entry["commitments"][name]


def check_heads(heads: bytes, lines: bytes, jwk: dict[str, str]) -> list[dict[str, Any]]:
    """Check that the heads are signed, of these entries, and that the last is of the last one."""
    public = Ed25519PublicKey.from_public_bytes(_decoded(jwk["x"]))
    digests = [hashlib.sha256(line).hexdigest() for line in lines.splitlines()]
    said = []
    for head in heads.decode().splitlines():
        header, payload, signature = head.split(".")
        public.verify(_decoded(signature), f"{header}.{payload}".encode())
        assert json.loads(_decoded(header)) == {
            "alg": "EdDSA",
            "kid": jwk["kid"],
            "typ": "testamur-head+jws",
        }
        said.append(json.loads(_decoded(payload)))
        assert said[-1]["hash"] == digests[said[-1]["seq"] - 1]
    numbers = [each["seq"] for each in said]
    assert numbers == sorted(set(numbers))
    assert numbers[-1:] == ([len(digests)] if digests else [])
    return said


def check(recorded: Recorded, jwk: dict[str, str]) -> list[dict[str, Any]]:
    """Check all of a trail; return its entries."""
    entries = check_chain(recorded.lines)
    assert list(recorded.entries) == entries
    check_commitments(entries, recorded.commitments)
    check_heads(recorded.heads, recorded.lines, jwk)
    return entries


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
