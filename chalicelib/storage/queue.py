"""The queue of what has to be delivered (Amazon SQS)."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

LONGEST = timedelta(seconds=900)  # that SQS holds a message back


class Queue:
    """Sends JSON to one queue."""

    def __init__(self, client: "Callable[[], SQSClient]", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, *messages: dict[str, Any], wait: timedelta = timedelta()) -> None:
        """Send messages that come after a wait, or after the longest there is, if that is shorter.

        Raises Unavailable unless all were taken.
        """
        delay = min(round(wait.total_seconds()), round(LONGEST.total_seconds()))
        for message in messages:
            try:
                self._client().send_message(
                    QueueUrl=self._url, MessageBody=json.dumps(message), DelaySeconds=delay
                )
            except (BotoCoreError, ClientError) as error:
                detail = "The queue did not take a message; send the same request again."
                raise Unavailable("busy", detail) from error
