"""The queue of uploads: news of files from S3, from GuardDuty, from the stream and the sweeper."""

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.log import log_failure
from chalicelib.runtime import Runtime
from chalicelib.storage.keys import parse_upload
from chalicelib.usecases.promotions import promote


def handle(runtime: Runtime, event: Mapping[str, Any]) -> None:
    """Look at the files that the messages of a batch name.

    What raises here is a failure of ours, never of a file: the message comes again, and in the end
    the alarm rings. Names that are no attachment's (GuardDuty tries the bucket with an object of
    its own) are passed over.
    """
    try:
        for record in event["Records"]:
            if upload := parse_upload(json.loads(record["body"])["key"]):
                promote(runtime, *upload)
    except Exception as error:  # noqa: BLE001 (told without its own words, and raised again)
        log_failure("promotion-failed", error)
        message = "a message comes again"
        raise RuntimeError(message) from None
