"""One event on its way to one webhook: when it is tried, and when it is given up."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.times import parse, stamp

# After each failure so long a wait: a day in all, then it is given up.
WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=16),
)
GONE = 410  # RFC 9110, section 15.5.11: the receiver wants no more


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event in its envelope, for one webhook of its centre, that has failed so many times."""

    centre_id: str
    webhook_id: str
    event: Mapping[str, Any]
    failures: int = 0
    not_before: datetime | None = None

    def wait(self, now: datetime) -> timedelta:
        """How long it has to wait before it is tried; nothing where it is due."""
        if self.not_before is None:
            return timedelta()
        return max(self.not_before - now, timedelta())


def after_failure(delivery: Delivery, now: datetime) -> Delivery | None:
    """Return the delivery as it is tried again, or None once it is given up."""
    if delivery.failures >= len(WAITS):
        return None
    due = now + WAITS[delivery.failures]
    return replace(delivery, failures=delivery.failures + 1, not_before=due)


def to_message(delivery: Delivery) -> dict[str, Any]:
    """Write a delivery as JSON."""
    due = delivery.not_before
    return {
        "centre_id": delivery.centre_id,
        "webhook_id": delivery.webhook_id,
        "event": delivery.event,
        "failures": delivery.failures,
        "not_before": stamp(due) if due else None,
    }


def from_message(message: Mapping[str, Any]) -> Delivery:
    """Read what `to_message` wrote."""
    due = message["not_before"]
    return Delivery(
        centre_id=message["centre_id"],
        webhook_id=message["webhook_id"],
        event=message["event"],
        failures=message["failures"],
        not_before=parse(due) if due else None,
    )
