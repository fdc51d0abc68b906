"""The bus that other systems listen to (Amazon EventBridge)."""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "testamur"
AT_ONCE = 10  # entries of one call, the most that EventBridge takes


class Bus:
    """Puts events on the one bus of the stage."""

    def __init__(self, client: "Callable[[], EventBridgeClient]", name: str) -> None:
        self._client = client
        self._name = name

    def put(self, envelopes: Sequence[dict[str, Any]]) -> None:
        """Put events on the bus, in order. Raises Unavailable unless it has taken them all."""
        for start in range(0, len(envelopes), AT_ONCE):
            entries: Any = [
                {
                    "EventBusName": self._name,
                    "Source": SOURCE,
                    "DetailType": envelope["type"],
                    "Detail": json.dumps(envelope),
                }
                for envelope in envelopes[start : start + AT_ONCE]
            ]
            try:
                answer = self._client().put_events(Entries=entries)
            except (BotoCoreError, ClientError) as error:
                raise _unavailable() from error
            if answer["FailedEntryCount"]:
                raise _unavailable()


def _unavailable() -> Unavailable:
    return Unavailable("busy", "The bus did not take an event; it is put there again.")
