"""The issuer's published keys: fetched once, renewed, and out of reach."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import IncompleteRead
from typing import Any

import pytest

from chalicelib.runtime import Cache
from tests.api.door import Door, open_door
from tests.api.tokens import ADA, claims, ec_key, good, key_set, rsa_key, signed


@dataclass
class Issuing:
    """The issuer's published keys, and how often they were fetched."""

    published: Any = field(default_factory=lambda: key_set(rsa_key(), ec_key()))
    failure: Exception | None = None
    fetched: int = 0

    def __call__(self, _: str) -> Any:
        self.fetched += 1
        if self.failure:
            raise self.failure
        return self.published


@pytest.fixture
def issuing() -> Issuing:
    return Issuing()


@pytest.fixture
def door(shared: Door, issuing: Issuing) -> Iterator[Door]:
    """Open the door of a cold function."""
    world = shared.world
    with open_door(world, fetch_json=issuing, cache=Cache(world.clock)) as opened:
        yield opened


def test_keys_are_fetched_once_and_forged_tokens_do_not_change_that(
    door: Door, issuing: Issuing
) -> None:
    for _ in range(20):
        assert door.send("GET", "/v1/me", good()).status == 200
    assert issuing.fetched == 1
    for number in range(50):
        door.refused("unauthenticated", "GET", "/v1/me", signed(claims(ADA), rsa_key("unheard-of")))
        door.world.clock.forward(milliseconds=number)
    assert issuing.fetched == 2


def test_keys_are_fetched_again_after_an_hour(door: Door, issuing: Issuing) -> None:
    door.send("GET", "/v1/me", good())
    door.world.clock.forward(minutes=61)
    assert door.send("GET", "/v1/me", good()).status == 200
    assert issuing.fetched == 2


def test_the_issuer_signs_with_a_new_key(door: Door, issuing: Issuing) -> None:
    assert door.send("GET", "/v1/me", good()).status == 200
    issuing.published = key_set(rsa_key("unheard-of"), rsa_key())
    newer = signed(claims(ADA), rsa_key("unheard-of"))
    assert door.send("GET", "/v1/me", newer).status == 200
    assert door.send("GET", "/v1/me", good()).status == 200, "tokens of the old key still count"

    issuing.published = key_set(rsa_key("unheard-of"))
    door.world.clock.forward(minutes=61)
    door.refused("unauthenticated", "GET", "/v1/me", good())


UNREADABLE = {
    "unreachable": OSError("no route to host"),
    "cut off": ConnectionResetError(),
    "cut short": IncompleteRead(b"{"),
    "no JSON": ValueError("no JSON"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_keys_that_cannot_be_fetched(door: Door, issuing: Issuing, case: str) -> None:
    issuing.failure = UNREADABLE[case]
    refusal = door.refused("keys-unreachable", "GET", "/v1/me", good())
    assert refusal.status == 503
    assert int(refusal.headers["retry-after"]) > 0
    issuing.failure = None
    assert door.send("GET", "/v1/me", good()).status == 200


@pytest.mark.parametrize(
    "published",
    [
        {},
        {"keys": []},
        {"keys": None},
        {"keys": [{"kid": "rsa"}]},
        {"keys": [{"kty": "RSA", "kid": "rsa"}]},
        {"keys": ["rsa"]},
        {"error": "moved"},
        [],
        None,
        "keys",
    ],
)
def test_an_answer_that_holds_no_keys(door: Door, issuing: Issuing, published: Any) -> None:
    issuing.published = published
    door.refused("keys-unreachable", "GET", "/v1/me", good())


def test_keys_that_are_known_outlast_an_issuer_that_is_down(door: Door, issuing: Issuing) -> None:
    assert door.send("GET", "/v1/me", good()).status == 200
    issuing.failure = OSError("no route to host")
    forged = signed(claims(ADA), rsa_key("unheard-of"))
    door.refused("keys-unreachable", "GET", "/v1/me", forged)
    assert door.send("GET", "/v1/me", good()).status == 200
