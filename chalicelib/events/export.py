"""The queue of exports: news of exports and downloads, from the stream, the sweeper and itself."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.log import log_failure
from chalicelib.runtime import Runtime
from chalicelib.usecases.archives import proceed


def handle(
    runtime: Runtime, event: Mapping[str, Any], milliseconds_left: Callable[[], int]
) -> None:
    """Go on with the exports that the messages of a batch name.

    What raises here is a failure of ours, never of what is exported: the message comes again, and
    in the end the alarm rings.
    """
    try:
        for record in event["Records"]:
            named = json.loads(record["body"])
            proceed(runtime, named["centre_id"], named["export_id"], milliseconds_left)
    except Exception as error:  # noqa: BLE001 (told without its own words, and raised again)
        log_failure("export-failed", error)
        message = "a message comes again"
        raise RuntimeError(message) from None
