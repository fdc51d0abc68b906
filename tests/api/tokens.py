"""Bearer tokens as an OpenID Connect issuer makes them, and the issuer's published keys."""

import base64
import functools
import hashlib
import hmac
import json
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from tests.world import ISSUER, START

EPOCH = int(START.timestamp())
ADA = "Ada Admin"  # the administrator of every world


@functools.cache
def rsa_key(kid: str = "rsa") -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


@functools.cache
def ec_key(kid: str = "ec") -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig"})


def key_set(*keys: RSAKey | ECKey) -> dict[str, Any]:
    """Give the JSON Web Key Set that publishes these keys."""
    return {"keys": [key.as_dict(private=False) for key in keys]}


def claims(subject: str, **more: Any) -> dict[str, Any]:
    """Give the claims of a token that is good for a year; None takes a claim away."""
    given = {
        "iss": ISSUER.issuer,
        "aud": ISSUER.audience,
        "sub": subject,
        "iat": EPOCH,
        "exp": EPOCH + 365 * 86_400,
    }
    return {name: value for name, value in (given | more).items() if value is not None}


@functools.cache
def token(subject: str) -> str:
    """Make the token of somebody, as most tests need it."""
    return signed(claims(subject))


def signed(content: dict[str, Any], key: RSAKey | ECKey | None = None, alg: str = "RS256") -> str:
    key = key or rsa_key()
    return jwt.encode({"alg": alg, "kid": key.kid}, content, key, [alg])


def good(**more: Any) -> str:
    """Make a token of Ada, with other claims than usual."""
    return signed(claims(ADA, **more))


def unsigned(content: dict[str, Any], alg: str = "none") -> str:
    return ".".join((part({"alg": alg}), part(content), ""))


def signed_with_public_key(content: dict[str, Any]) -> str:
    """Take the public key, which everybody has, for the secret of an HMAC."""
    signing_input = ".".join((part({"alg": "HS256", "kid": rsa_key().kid}), part(content)))
    code = hmac.digest(rsa_key().as_pem(private=False), signing_input.encode(), hashlib.sha256)
    return f"{signing_input}.{base64url(code)}"


def part(content: Any) -> str:
    return base64url(json.dumps(content).encode())


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
