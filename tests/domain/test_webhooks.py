"""Webhooks: which addresses are called, and how deliveries are signed and tried again."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.deliveries import (
    WAITS,
    Delivery,
    after_failure,
    from_message,
    to_message,
)
from chalicelib.domain.errors import Invalid
from chalicelib.domain.webhooks import (
    ROTATION,
    Target,
    Webhook,
    is_public,
    new_webhook_secret,
    require_target,
    signature_headers,
)
from tests.domain import values

NOW = datetime(2026, 3, 2, 9, 30, 15, 250_000, tzinfo=UTC)
BODY = '{"test": "schön"}'.encode()


def test_a_signature() -> None:
    secret = "whsec_" + base64.b64encode(bytes(range(32))).decode()
    found = signature_headers("attempt-signed:e1:kn-1:1", BODY, [secret], NOW)
    signed = b"attempt-signed:e1:kn-1:1.1772443815." + BODY
    expected = base64.b64encode(hmac.new(bytes(range(32)), signed, hashlib.sha256).digest())
    assert found == {
        "webhook-id": "attempt-signed:e1:kn-1:1",
        "webhook-timestamp": "1772443815",
        "webhook-signature": f"v1,{expected.decode()}",
    }


def test_the_example_of_the_specification() -> None:
    """The vector that the libraries of Standard Webhooks are tested with."""
    at = datetime.fromtimestamp(1614265330, UTC)
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    found = signature_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', [secret], at)
    assert found["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_lines_in_the_documentation_verify() -> None:
    page = Path("docs/events.md").read_text(encoding="utf-8")
    lines: dict[str, Any] = {}
    exec(page.partition("```python\n")[2].partition("```")[0], lines)  # noqa: S102 (our own page)
    verify, secret = lines["verify"], new_webhook_secret("ab" * 32)
    now = datetime.now(UTC)
    headers = signature_headers("id", BODY, [new_webhook_secret("00" * 32), secret], now)
    assert verify(secret, headers, BODY)
    assert not verify(secret, headers, BODY + b" ")
    assert not verify(secret, headers | {"webhook-id": "other"}, BODY)
    assert not verify(new_webhook_secret("cd" * 32), headers, BODY)
    old = signature_headers("id", BODY, [secret], now - timedelta(minutes=6))
    assert not verify(secret, old, BODY)


def test_two_live_secrets_both_sign() -> None:
    old, new = new_webhook_secret("00" * 32), new_webhook_secret("ff" * 32)
    webhook = Webhook(
        id="w1",
        centre_id="c1",
        url="https://hooks.example/",
        secret=new,
        created_at=NOW,
        previous_secret=old,
        previous_until=NOW + ROTATION,
    )
    both = signature_headers("id", BODY, webhook.secrets_at(NOW), NOW)["webhook-signature"]
    alone = [signature_headers("id", BODY, [each], NOW)["webhook-signature"] for each in (new, old)]
    assert both == " ".join(alone)
    assert webhook.secrets_at(NOW + ROTATION) == (new,)


def test_a_secret_is_of_256_bits() -> None:
    secret = new_webhook_secret("0123456789abcdef" * 4)
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32


@pytest.mark.parametrize(
    ("url", "target"),
    [
        (
            "https://hooks.example/in?a=1",
            Target(secure=True, host="hooks.example", port=443, path="/in?a=1"),
        ),
        (
            "https://HOOKS.example:8443",
            Target(secure=True, host="hooks.example", port=8443, path="/"),
        ),
        ("https://8.8.8.8/", Target(secure=True, host="8.8.8.8", port=443, path="/")),
        ("http://127.0.0.1:81/x", Target(secure=False, host="127.0.0.1", port=81, path="/x")),
    ],
)
def test_an_address_is_taken_apart(url: str, target: Target) -> None:
    assert require_target(url, ["127.0.0.1"]) == target


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/",
        "ftp://hooks.example/",
        "//hooks.example/",
        "hooks.example",
        "https://",
        "https:///path",
        "https://user@hooks.example/",
        "https://user:word@hooks.example/",
        "https://hooks.example@127.0.0.1/",
        "https://hooks.example/#part",
        "https://hooks.example/#",
        "https://hooks.example:/",
        "https://hooks.example:22/",
        "https://hooks.example:0/",
        "https://hooks.example:65536/",
        "https://hooks.example:https/",
        "https://hooks.example\\@other.example/",
        "https://hooks example/",
        "https://hooks.example/\r\nHost:x",
        "https://hooks.example/a\tb",
        "https://höoks.example/",
        "https://[::1]/",
        "https://[::ffff:8.8.8.8]/",
        "https://hooks.example./",
        "https://.hooks.example/",
        f"https://hooks.example/{'a' * 500}",
    ],
)
def test_an_address_that_is_never_called(url: str) -> None:
    with pytest.raises(Invalid) as refusal:
        require_target(url, ["127.0.0.1"])
    assert refusal.value.code == "webhook-address-refused"
    assert [flaw.pointer for flaw in refusal.value.flaws] == ["/url"]


@given(st.text(max_size=40).map("https://".__add__))
def test_whatever_is_given_as_an_address_is_taken_or_refused(url: str) -> None:
    try:
        target = require_target(url, ())
    except Invalid:
        return
    assert target.secure
    assert target.host in url.lower()


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.1", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.9.9.9", "169.254.169.254"),
        *("172.16.0.1", "192.0.2.1", "192.168.0.1", "198.18.0.1", "224.0.0.1", "239.1.1.1"),
        *("240.0.0.1", "255.255.255.255"),
        *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "fe80::1", "fe80::1%1"),
        *("fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "2001::1", "2002:7f00:1::"),
        *("2002:808:808::", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "fec0::1"),
        "100::1",
    ],
)
def test_an_address_that_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:2800:220:1::1"])
def test_an_address_that_is_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses())
def test_no_address_is_public_that_python_says_is_not(address: IPv4Address | IPv6Address) -> None:
    assert address.is_global or not is_public(str(address))


deliveries = st.builds(
    Delivery,
    values.ulids,
    values.ulids,
    st.just({"id": "x"}),
    st.integers(0, len(WAITS)),
    values.maybe_moments,
)


@given(deliveries)
def test_a_delivery_is_read_back(delivery: Delivery) -> None:
    assert from_message(to_message(delivery)) == delivery


def test_a_delivery_is_tried_for_about_a_day_with_growing_waits() -> None:
    delivery, now, waits = Delivery("c1", "w1", {}), NOW, []
    while again := after_failure(delivery, now):
        waits.append(again.wait(now))
        assert again.not_before
        delivery, now = again, again.not_before
    assert waits == sorted(waits)
    assert len(waits) == len(WAITS)
    assert timedelta(hours=20) < now - NOW < timedelta(hours=28)
