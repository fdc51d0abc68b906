"""The queue of deliveries: events from the bus, and what becomes of them for each webhook."""

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.domain.deliveries import from_message
from chalicelib.log import log_failure
from chalicelib.runtime import Runtime
from chalicelib.usecases import deliveries


def handle(runtime: Runtime, event: Mapping[str, Any]) -> None:
    """Take the messages of a batch.

    A delivery that fails is none of SQS's business: it is queued again with its wait. What raises
    here is a failure of ours: then the batch comes again, and in the end the alarm rings.
    """
    try:
        for record in event["Records"]:
            _handle(runtime, json.loads(record["body"]))
    except Exception as error:  # noqa: BLE001 (told without its own words, and raised again)
        log_failure("delivery-failed", error)
        message = "a message comes again"
        raise RuntimeError(message) from None


def _handle(runtime: Runtime, message: dict[str, Any]) -> None:
    if "webhook_id" in message:
        deliveries.deliver(runtime, from_message(message))
    else:
        deliveries.fan_out(runtime, message)
