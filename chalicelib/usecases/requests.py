"""Safe retry: the same request sent again gets the same answer, and nothing is done twice."""

import contextlib
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.errors import Invalid
from chalicelib.runtime import Runtime
from chalicelib.storage import keys
from chalicelib.storage.changes import Delete, Put, create, equals
from chalicelib.storage.table import ConditionFailedError

REMEMBERED = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Request:
    """A request that may be sent again: its idempotency key, and the fingerprint of its body."""

    actor_id: str
    route: str
    key: str
    fingerprint: str

    @property
    def id(self) -> str:
        """The key scoped to actor and route, in a form that is kept beside what it made."""
        return keys.request(self.actor_id, self.route, self.key).pk.removeprefix("REQUEST#")[:32]


def fingerprint(body: bytes) -> str:
    """Tell one body from another."""
    return hashlib.sha256(body).hexdigest()[:32]


def require_same(request: Request, known: str) -> None:
    """Raise Invalid where the key of an earlier request comes with another body."""
    if request.fingerprint != known:
        detail = (
            "This Idempotency-Key was used with another body. "
            "Send the first body again, or this one with a new key."
        )
        raise Invalid("idempotency-key-reused", detail)


def answered(runtime: Runtime, request: Request) -> dict[str, Any] | None:
    """Return what the same request made before, or None. Raises Invalid for another body."""
    key = keys.request(request.actor_id, request.route, request.key)
    item = runtime.table.get(key)
    if item is None:
        return None
    if int(item["expires_at"]) <= runtime.now().timestamp():
        # DynamoDB deletes what has lapsed when it gets round to it; the key is free before that.
        with contextlib.suppress(ConditionFailedError):
            runtime.table.write(Delete(key, (equals("expires_at", item["expires_at"]),)))
        return None
    require_same(request, item["fingerprint"])
    made: dict[str, Any] = item["made"]
    return made


def remember(request: Request, made: dict[str, Any], now: datetime) -> Put:
    """Build the change that remembers a request in the transaction that carries it out."""
    attributes = {
        "fingerprint": request.fingerprint,
        "made": made,
        "expires_at": int((now + REMEMBERED).timestamp()),
    }
    return create(keys.request(request.actor_id, request.route, request.key), attributes)
