"""Statements that anybody can check who has our public key: JWS in compact form, by Ed25519.

RFC 7515 (JWS), RFC 8037 (Ed25519 as EdDSA), RFC 7638 (thumbprints). Header and payload are
canonical JSON, and Ed25519 is deterministic: the same statement has the same bytes.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from chalicelib.domain.digests import canonical, sha256

ALGORITHM = "EdDSA"
EXPORT, HEAD, DRAW = "testamur-export+jws", "testamur-head+jws", "testamur-draw+jws"  # what is said
PUBLIC_BYTES = 32  # of an Ed25519 key (RFC 8032, section 5.1.5)


def public_jwk(public: bytes) -> dict[str, str]:
    """Return the 32 bytes of a public key as a JWK, which goes by its thumbprint."""
    key = {"crv": "Ed25519", "kty": "OKP", "x": encoded(public)}
    return key | {"alg": ALGORITHM, "kid": encoded(sha256(canonical(key))), "use": "sig"}


def signing_input(kid: str, kind: str, payload: Mapping[str, Any]) -> bytes:
    """Return what has to be signed for a statement of a kind."""
    header = {"alg": ALGORITHM, "kid": kid, "typ": kind}
    return f"{encoded(canonical(header))}.{encoded(canonical(dict(payload)))}".encode()


def sealed(signed: bytes, signature: bytes) -> str:
    """Put together what was signed and its signature."""
    return f"{signed.decode()}.{encoded(signature)}"


def statement_of(seal: str) -> dict[str, Any]:
    """Return what a seal of ours says. The caller knows where it comes from: nothing is checked."""
    payload = seal.split(".")[1]
    said: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return said


def encoded(content: bytes) -> str:
    """Write bytes as base64url without padding (RFC 4648, section 5)."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")
