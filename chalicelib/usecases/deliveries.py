"""Bringing events to the webhooks of their centre."""

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalicelib.domain.deliveries import GONE, Delivery, after_failure, to_message
from chalicelib.domain.events import MEDIA, TYPE_PREFIX
from chalicelib.domain.times import stamp
from chalicelib.domain.webhooks import PATIENCE, Webhook, WebhookState, signature_headers
from chalicelib.log import log
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Update, equals
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases import webhooks


def fan_out(runtime: Runtime, event: Mapping[str, Any]) -> None:
    """Queue an event from the bus for every webhook of its centre that wants it.

    Each has a message of its own, so that none waits for another's receiver.
    """
    centre_id = event["data"]["centre_id"]
    kind = event["type"].removeprefix(TYPE_PREFIX)
    wanting = [each for each in webhooks.of_centre(runtime, centre_id) if each.wants(kind)]
    runtime.deliveries.send(
        *(to_message(Delivery(centre_id, webhook.id, event)) for webhook in wanting)
    )


def deliver(runtime: Runtime, delivery: Delivery) -> None:
    """Try a delivery that is due; put back one that is not, or that fails and is not given up."""
    wait = delivery.wait(runtime.now())
    if wait:
        runtime.deliveries.send(to_message(delivery), wait=wait)
        return
    item = runtime.table.get(keys.webhook(delivery.centre_id, delivery.webhook_id))
    webhook = items.to_webhook(item) if item else None
    if webhook is None or webhook.state is not WebhookState.ACTIVE:
        return
    status = _post(runtime, webhook, delivery.event)
    if 200 <= status < 300:  # noqa: PLR2004 (RFC 9110, section 15.3: successful)
        if webhook.failing_since:
            _note(runtime, webhook, replace(webhook, failing_since=None, last_status=None))
        return
    failing = _failing(runtime, webhook, status)
    _note(runtime, webhook, failing)
    again = after_failure(delivery, runtime.now())
    if again is None:
        log("delivery-given-up", status=status)
    elif failing.state is WebhookState.ACTIVE:
        runtime.deliveries.send(to_message(again), wait=again.wait(runtime.now()))


def _post(runtime: Runtime, webhook: Webhook, event: Mapping[str, Any]) -> int:
    now = runtime.now()
    body = json.dumps(event, separators=(",", ":")).encode()
    signed = signature_headers(event["id"], body, webhook.secrets_at(now), now)
    headers = {"Content-Type": MEDIA, "User-Agent": "Testamur", **signed}
    started = time.perf_counter()
    status = runtime.receivers.post(webhook.url, body, headers)
    log("delivery", status=status, milliseconds=round((time.perf_counter() - started) * 1000))
    return status


def _failing(runtime: Runtime, webhook: Webhook, status: int) -> Webhook:
    """Tell how a webhook stands after a failure: gone, paused after many days, or tried again."""
    now = runtime.now()
    since = webhook.failing_since or now
    state = webhook.state
    if status == GONE:
        state = WebhookState.DISABLED
    elif now - since >= PATIENCE:
        state = WebhookState.PAUSED
    return replace(webhook, state=state, failing_since=since, last_status=status)


def _note(runtime: Runtime, before: Webhook, after: Webhook) -> None:
    """Write down what has changed, if anything has: never a word for each delivery."""
    if after == before:
        return
    noted = {"state": str(after.state), "last_status": after.last_status}
    since = after.failing_since
    change = Update(
        keys.webhook(before.centre_id, before.id),
        (equals("revision", before.revision),),
        set={name: value for name, value in noted.items() if value is not None}
        | ({"failing_since": stamp(since)} if since else {}),
        remove=() if since else ("failing_since", "last_status"),
        add={"revision": int(after.state is not before.state)},
    )
    try:
        runtime.table.write(change)
    except ConditionFailedError:
        # Changed or deleted by an administrator in between, who knows better.
        return
