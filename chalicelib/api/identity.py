"""Who sends a request: the bearer token (RFC 6750), verified by our own code in every environment.

A token is a JSON Web Token (RFC 7519) of a configured issuer, signed with one of the issuer's keys
by an asymmetric algorithm. What the person may do stands in their memberships, never in the token.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from chalicelib.domain.errors import Unauthenticated, Unavailable
from chalicelib.runtime import Issuer, Runtime
from chalicelib.usecases.people import Identity

ALGORITHMS = ("RS256", "PS256", "ES256")  # RFC 7518; never a symmetric one, never none
KEYS_KEPT = timedelta(hours=1)
REFRESH_PAUSE = timedelta(seconds=30)  # forged key ids must not make us fetch without end
LEEWAY = 60  # seconds that clocks may differ
TOKEN_LIMIT = 8192  # characters


def verify(runtime: Runtime, authorization: str) -> Identity:
    """Return whose token the Authorization header carries. Raises Unauthenticated."""
    token = _token(authorization)
    if not token or len(token) > TOKEN_LIMIT:
        raise _refused("Send `Authorization: Bearer` with a token.")
    issuer = _issuer(runtime, token)
    claims = _claims(runtime, issuer, token)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise _refused("The token names nobody.")
    return Identity(issuer.issuer, subject)


def challenge(authorization: str) -> str:
    """Say how to sign in, and whether it was a token that is refused (RFC 6750, section 3)."""
    error = ', error="invalid_token"' if _token(authorization) else ""
    return f'Bearer realm="testamur"{error}'


def _token(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    return token if scheme.lower() == "bearer" else ""


def _issuer(runtime: Runtime, token: str) -> Issuer:
    """Find the issuer that the token claims to be from; nothing else in it is believed yet."""
    try:
        payload = token.split(".")[1]
        claimed = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["iss"]
    except (IndexError, KeyError, TypeError, ValueError, RecursionError, binascii.Error):
        raise _refused("The token cannot be read.") from None
    for issuer in runtime.settings.issuers:
        if issuer.issuer == claimed:
            return issuer
    raise _refused("The token is of an issuer that is not trusted here.")


def _claims(runtime: Runtime, issuer: Issuer, token: str) -> Mapping[str, Any]:
    try:
        decoded = _decode(runtime, issuer, token)
        registry = jwt.JWTClaimsRegistry(
            now=lambda: int(runtime.now().timestamp()),
            leeway=LEEWAY,
            exp={"essential": True},
            iss={"essential": True, "value": issuer.issuer},
        )
        registry.validate(decoded.claims)
    except (JoseError, ValueError, TypeError, RecursionError):
        detail = "The token is expired, forged, or not for this service; sign in again."
        raise _refused(detail) from None
    if not _is_for(issuer.audience, decoded.claims):
        raise _refused("The token is for another service; sign in to this one.")
    return decoded.claims


def _decode(runtime: Runtime, issuer: Issuer, token: str) -> jwt.Token:
    try:
        return jwt.decode(token, _keys(runtime, issuer), algorithms=ALGORITHMS)
    except (JoseError, ValueError) as first:
        # The issuer may have begun to sign with a key that it did not have when we last looked.
        if not _refresh(runtime, issuer):
            raise
        try:
            return jwt.decode(token, _keys(runtime, issuer), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            raise first from None


def _keys(runtime: Runtime, issuer: Issuer) -> KeySet:
    return runtime.cache.get(("keys", issuer.keys), lambda: _fetch(runtime, issuer), KEYS_KEPT)


def _fetch(runtime: Runtime, issuer: Issuer) -> KeySet:
    try:
        return KeySet.import_key_set(runtime.fetch_json(issuer.keys))
    except Exception as error:
        # Whatever stands there, or does not: it is not what an issuer publishes.
        detail = "The issuer's keys cannot be read just now; nothing is wrong with the request."
        raise Unavailable("keys-unreachable", detail) from error


def _refresh(runtime: Runtime, issuer: Issuer) -> bool:
    """Fetch the keys anew, at most once in a while; tell whether that was done.

    Those we have are kept until there are new ones: no forged token may take them away.
    """
    asked = ("keys-refreshed", issuer.keys)
    now = runtime.now()
    if runtime.cache.get(asked, lambda: now, REFRESH_PAUSE) is not now:
        return False
    fresh = _fetch(runtime, issuer)
    runtime.cache.forget(("keys", issuer.keys))
    runtime.cache.get(("keys", issuer.keys), lambda: fresh, KEYS_KEPT)
    return True


def _is_for(audience: str, claims: Mapping[str, Any]) -> bool:
    named = claims.get("aud", claims.get("client_id"))
    return audience in named if isinstance(named, list) else audience == named


def _refused(detail: str) -> Unauthenticated:
    return Unauthenticated("unauthenticated", detail)
