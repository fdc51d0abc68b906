"""What the table's stream brings: records of what changed, in order, possibly more than once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.log import log_failure
from chalicelib.storage.changes import Key
from chalicelib.storage.keys import (
    is_membership,
    parse_attempt,
    parse_enrolment,
    parse_membership,
)


@dataclass(frozen=True, slots=True)
class HeadChanged:
    """The head of an attempt was written. What it holds is read from the table, not from here."""

    sequence: str
    centre_id: str
    enrolment_id: str
    page_id: str
    number: int


@dataclass(frozen=True, slots=True)
class MemberChanged:
    """A membership was written. What it holds is read from the table, not from here."""

    sequence: str
    centre_id: str
    person_id: str


def changes(event: Mapping[str, Any]) -> Iterator[HeadChanged | MemberChanged]:
    """Yield the heads and the members that a batch of records names; others are passed over."""
    for record in event["Records"]:
        change = record["dynamodb"]
        key = Key(change["Keys"]["pk"]["S"], change["Keys"]["sk"]["S"])
        if key.sk.startswith("HEAD#"):
            yield HeadChanged(
                change["SequenceNumber"], *parse_enrolment(key.pk), *parse_attempt(key.sk)
            )
        elif is_membership(key.sk):
            yield MemberChanged(change["SequenceNumber"], *parse_membership(key))


def in_order(
    event: Mapping[str, Any],
    handle: Callable[[HeadChanged], object],
    handle_member: Callable[[MemberChanged], object] | None = None,
) -> dict[str, list[dict[str, str]]]:
    """Handle what changed, one after the other, and stop at the first failure.

    Returns the partial-batch response of Lambda: records from the one named on come again.
    """
    for change in changes(event):
        try:
            if isinstance(change, HeadChanged):
                handle(change)
            elif handle_member:
                handle_member(change)
        except Exception as error:  # noqa: BLE001 (whatever it is, the record must come again)
            log_failure("stream-record-failed", error)
            return {"batchItemFailures": [{"itemIdentifier": change.sequence}]}
    return {"batchItemFailures": []}
