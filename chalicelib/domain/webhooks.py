"""Webhooks: where a centre wants to be told, and how what it is told is signed.

Signatures follow Standard Webhooks 1.0 (standardwebhooks.com): any of its libraries verifies them.
"""

import base64
import hashlib
import hmac
import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from chalicelib.domain.errors import Flaw, Invalid
from chalicelib.domain.events import Kind

WEBHOOKS_LIMIT = 10  # of a centre
URL_LIMIT = 500  # characters
ROTATION = timedelta(hours=24)  # for so long the secret before the new one signs as well
PATIENCE = timedelta(days=5)  # a webhook that has failed for so long is paused
SECRET = "whsec_"  # noqa: S105 (the prefix that tells people what it is)
SCHEME = "v1"
HTTPS, HTTP = 443, 80
LEAST_PORT = 1024  # below it, nobody but a web server has a reason to listen
URL = re.compile(r"[\x21-\x5b\x5d-\x7e]+")  # visible ASCII without the backslash
HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
UNICAST = ipaddress.IPv6Network("2000::/3")  # RFC 4291, section 2.4: all that is global today
TUNNELS = (ipaddress.IPv6Network("2001::/32"), ipaddress.IPv6Network("2002::/16"))


class WebhookState(StrEnum):
    """Whether a webhook is called; `disabled` after its receiver answered 410."""

    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An address of a centre, the kinds of events that it is told (none named: all), its secrets.

    `failing_since` is when the first delivery failed that no success has followed; `last_status`
    is the HTTP status of the latest failure, 0 where no answer came. `revision` counts what an
    administrator must not overwrite unseen.
    """

    id: str
    centre_id: str
    url: str
    secret: str
    created_at: datetime
    kinds: tuple[Kind, ...] = ()
    state: WebhookState = WebhookState.ACTIVE
    revision: int = 0
    previous_secret: str = ""
    previous_until: datetime | None = None
    failing_since: datetime | None = None
    last_status: int | None = None

    def wants(self, kind: str) -> bool:
        """Whether it is to be told of such an event now."""
        return self.state is WebhookState.ACTIVE and (not self.kinds or kind in self.kinds)

    def secrets_at(self, now: datetime) -> tuple[str, ...]:
        """Return the secrets that sign at this moment: two for a while after a rotation."""
        if self.previous_until is None or self.previous_until <= now:
            return (self.secret,)
        return self.secret, self.previous_secret


@dataclass(frozen=True, slots=True)
class Target:
    """Where a delivery goes: the parts of an address that has been looked at."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The host as a request names it (RFC 9110, section 7.2)."""
        usual = HTTPS if self.secure else HTTP
        return self.host if self.port == usual else f"{self.host}:{self.port}"


def new_webhook_secret(random: str) -> str:
    """Write 256 random bits, given as hexadecimal digits, as a secret."""
    return SECRET + base64.b64encode(bytes.fromhex(random)).decode()


def signature_headers(
    event_id: str, body: bytes, secrets: Collection[str], now: datetime
) -> dict[str, str]:
    """Sign a delivery with every secret that is live."""
    timestamp = str(int(now.timestamp()))
    signed = b".".join((event_id.encode(), timestamp.encode(), body))
    return {
        "webhook-id": event_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_signature(secret, signed) for secret in secrets),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET))
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return f"{SCHEME},{base64.b64encode(digest).decode()}"


def require_target(url: str, trusted: Collection[str]) -> Target:
    """Take an address apart. Raises Invalid for one that is never called.

    `trusted` names hosts that may be called without TLS and at any port.
    """
    target = _target(url) if len(url) <= URL_LIMIT and URL.fullmatch(url) else None
    if target is None or not HOST.fullmatch(target.host):
        raise refused("not-an-address", "Write https://, a host, and a path; nothing else.")
    if target.host in trusted:
        return target
    if not target.secure:
        raise refused("not-https", "Only https is called.")
    if target.port != HTTPS and target.port < LEAST_PORT:
        raise refused("port", f"Listen at port {HTTPS}, or at one from {LEAST_PORT} on.")
    return target


def refused(code: str, detail: str) -> Invalid:
    """Build the refusal of an address."""
    flaw = Flaw("/url", code, detail)
    return Invalid("webhook-address-refused", "This address is not called.", [flaw])


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, and to nothing in disguise.

    Of IPv6 only what is global unicast: no mapped, translated (NAT64) or tunnelled IPv4.
    """
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        hidden = any(found in network for network in TUNNELS)
        return found in UNICAST and found.is_global and not hidden
    return found.is_global and not found.is_multicast


def _target(url: str) -> Target | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    named = "@" not in parts.netloc and "#" not in url and not parts.netloc.endswith(":")
    if parts.scheme not in {"https", "http"} or not parts.hostname or not named:
        return None
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    usual = HTTPS if secure else HTTP
    return Target(secure, parts.hostname, usual if port is None else port, path)
