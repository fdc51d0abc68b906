"""What the table's stream brings: records of attempt heads, in order, possibly more than once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.log import log_failure
from chalicelib.storage.changes import Key
from chalicelib.storage.keys import parse_attempt, parse_enrolment


@dataclass(frozen=True, slots=True)
class HeadChanged:
    """The head of an attempt was written. What it holds is read from the table, not from here."""

    sequence: str
    centre_id: str
    enrolment_id: str
    page_id: str
    number: int


def heads(event: Mapping[str, Any]) -> Iterator[HeadChanged]:
    """Yield the heads that a batch of stream records names; other items are passed over."""
    for record in event["Records"]:
        change = record["dynamodb"]
        key = Key(change["Keys"]["pk"]["S"], change["Keys"]["sk"]["S"])
        if key.sk.startswith("HEAD#"):
            yield HeadChanged(
                change["SequenceNumber"], *parse_enrolment(key.pk), *parse_attempt(key.sk)
            )


def in_order(
    event: Mapping[str, Any], handle: Callable[[HeadChanged], object]
) -> dict[str, list[dict[str, str]]]:
    """Handle the heads one after the other, and stop at the first failure.

    Returns the partial-batch response of Lambda: records from the one named on come again.
    """
    for head in heads(event):
        try:
            handle(head)
        except Exception as error:  # noqa: BLE001 (whatever it is, the record must come again)
            log_failure("stream-record-failed", error)
            return {"batchItemFailures": [{"itemIdentifier": head.sequence}]}
    return {"batchItemFailures": []}
