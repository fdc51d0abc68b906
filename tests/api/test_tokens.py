"""Bearer tokens: whose are believed, and whose are not."""

import functools
from collections.abc import Callable
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from chalicelib.api.http import OPERATIONS
from chalicelib.domain.enrolments import Enrolment
from tests.api import tokens
from tests.api.door import Door
from tests.api.tokens import ADA, EPOCH, claims, ec_key, good, part, rsa_key, signed


def altered(place: int, change: str) -> str:
    """Change one of the three parts of a good token."""
    parts = good().split(".")
    parts[place] = change
    return ".".join(parts)


Cases = dict[str, Callable[[], str]]


@functools.cache
def signature() -> str:
    return good().split(".")[2]


def other_last_character(text: str) -> str:
    """Spell the same bytes in another way: the last character has bits that mean nothing."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) + 1]


@functools.cache
def stranger() -> RSAKey:
    """Make a key that bears the name of the issuer's, and is not."""
    return RSAKey.generate_key(2048, {"kid": "rsa"})


def with_header(header: dict[str, Any]) -> str:
    """Sign with a stranger's key, and a header that wants it believed."""
    content = ".".join((part({"alg": "RS256", "kid": "rsa"} | header), part(claims(ADA))))
    return f"{content}.{signed(claims(ADA), stranger()).split('.')[2]}"


BELIEVED: Cases = {
    "RS256": good,
    "ES256": lambda: signed(claims(ADA), ec_key(), "ES256"),
    "PS256": lambda: signed(claims(ADA), rsa_key(), "PS256"),
    "several audiences": lambda: good(aud=["another", "testamur"]),
    "an access token of Cognito": lambda: good(aud=None, client_id="testamur"),
    "a clock half a minute fast": lambda: good(iat=EPOCH + 30, nbf=EPOCH + 30),
    "just under 8 KiB": lambda: good(padding="x" * 5_500),
}
REFUSED: Cases = {
    "expired": lambda: good(exp=EPOCH - 61),
    "without an end": lambda: good(exp=None),
    "with an end that is no number": lambda: good(exp="tomorrow"),
    "not valid yet": lambda: good(nbf=EPOCH + 61),
    "issued in the future": lambda: good(iat=EPOCH + 61),
    "of another issuer": lambda: good(iss="https://elsewhere.example"),
    "of an issuer of a similar name": lambda: good(iss="https://issuer.example/"),
    "of no issuer": lambda: good(iss=None),
    "of an issuer that is no text": lambda: good(iss=["https://issuer.example"]),
    "for another audience": lambda: good(aud="another"),
    "for other audiences": lambda: good(aud=["testamurs", "testamu"]),
    "for another client": lambda: good(aud=None, client_id="another"),
    "for nobody": lambda: good(aud=None),
    "of nobody": lambda: good(sub=None),
    "of somebody without a name": lambda: good(sub=""),
    "of somebody who is a number": lambda: good(sub=7),
    "of somebody unknown": lambda: signed(claims("somebody-else")),
    "none": lambda: tokens.unsigned(claims(ADA)),
    "None": lambda: tokens.unsigned(claims(ADA), "None"),
    "no algorithm": lambda: ".".join((part({}), part(claims(ADA)), "")),
    "HS256 with the public key": lambda: tokens.signed_with_public_key(claims(ADA)),
    "RS384": lambda: signed(claims(ADA), rsa_key(), "RS384"),
    "ES256 with the name of the RSA key": lambda: signed(claims(ADA), ec_key("rsa"), "ES256"),
    "another key of the same name": lambda: signed(claims(ADA), stranger()),
    "a key that is not published": lambda: signed(claims(ADA), rsa_key("unheard-of")),
    "a key of its own": lambda: with_header({"jwk": stranger().as_dict(private=False)}),
    "keys from elsewhere": lambda: with_header({"jku": "https://elsewhere.example"}),
    "a critical extension": lambda: with_header({"crit": ["exp"]}),
    "a header that is a list": lambda: altered(0, part(["RS256"])),
    "an algorithm that is a list": lambda: altered(0, part({"alg": ["RS256"], "kid": "rsa"})),
    "a key name that is an object": lambda: altered(0, part({"alg": "RS256", "kid": {}})),
    "another's claims": lambda: altered(1, part(claims("Ivy Verifier"))),
    "claims that are a list": lambda: altered(1, part([ADA])),
    "claims that are text": lambda: altered(1, part("iss")),
    "claims nested deeply": lambda: altered(1, tokens.base64url(b"[" * 3_000)),
    "without a signature": lambda: altered(2, ""),
    "with another signature": lambda: altered(2, "A" * len(signature())),
    "a signature cut short": lambda: good()[:-1],
    "a signature spelt in another way": lambda: altered(2, other_last_character(signature())),
    "a padded signature": lambda: good() + "==",
    "a line feed after it": lambda: good() + "\n",
    "a space inside": lambda: good().replace(".", ". ", 1),
    "two parts": lambda: good().rpartition(".")[0],
    "four parts": lambda: good() + "." + signature(),
    "nothing": lambda: "",
    "garbage": lambda: "garbage",
    "dots": lambda: "..",
    "letters that are no ASCII": lambda: "Zoë.Zoë.Zoë",
    "more than 8 KiB": lambda: good(padding="x" * 6_500),
    "a megabyte": lambda: "x" * 1_000_000,
}


@pytest.mark.parametrize("case", BELIEVED)
def test_tokens_that_are_believed(shared: Door, case: str) -> None:
    me = shared.send("GET", "/v1/me", BELIEVED[case]())
    assert me.status == 200
    assert me.json["memberships"][0]["person_id"] == shared.world.administrator.id


@pytest.mark.parametrize("case", REFUSED)
def test_tokens_that_are_not(shared: Door, case: str) -> None:
    code = "unknown-person" if case == "of somebody unknown" else "unauthenticated"
    refusal = shared.refused(code, "GET", "/v1/me", REFUSED[case]())
    assert refusal.status == 401
    challenge = 'Bearer realm="testamur"'
    refused = challenge if case == "nothing" else f'{challenge}, error="invalid_token"'
    assert refusal.headers["www-authenticate"] == refused


@pytest.mark.parametrize("header", [None, "Basic Wm9lOlpvZQ==", "Bearer", "bearer ", "token"])
def test_other_headers(shared: Door, header: str | None) -> None:
    refusal = shared.refused("unauthenticated", "GET", "/v1/me", Authorization=header)
    # Whoever sends no token is told of no fault of it (RFC 6750, section 3.1).
    assert refusal.headers["www-authenticate"] == 'Bearer realm="testamur"'


def test_the_scheme_is_written_in_any_case(shared: Door) -> None:
    assert shared.send("GET", "/v1/me", Authorization=f"bEARER {good()}").status == 200


def test_every_operation_but_the_open_ones_wants_a_token(shared: Door, standing: Enrolment) -> None:
    for each in OPERATIONS:
        if each.rule.signed_in:
            path = each.path.format(
                centre_id=standing.centre_id,
                enrolment_id=standing.id,
                page_id="plan-1",
                item_id="plan-s1",
                number=1,
                module_id=standing.module_id,
                version=1,
                person_id=standing.candidate_id,
                webhook_id=standing.id,
                export_id=standing.id,
                plan_id=standing.id,
                visit_id=standing.id,
                attachment_id=standing.id,
                upload_id=standing.id,
            )
            shared.refused("unauthenticated", each.method, path, None, {})
