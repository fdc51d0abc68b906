"""What the table's stream brings: records of items, in order, possibly more than once."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from chalicelib.log import log_failure
from chalicelib.storage.changes import Key
from chalicelib.storage.keys import (
    is_attachment,
    is_export,
    is_membership,
    parse_attachment,
    parse_attempt,
    parse_contribution,
    parse_enrolment,
    parse_export,
    parse_membership,
    parse_visit,
)
from chalicelib.storage.trail_acts import is_showing


class Sequenced(Protocol):
    """Something that a record of the stream has brought."""

    @property
    def sequence(self) -> str:
        """The number by which the record comes again."""


Found = TypeVar("Found", bound=Sequenced)


@dataclass(frozen=True, slots=True)
class HeadChanged:
    """The head of an attempt was written. What it holds is read from the table, not from here."""

    centre_id: str
    enrolment_id: str
    page_id: str
    number: int


@dataclass(frozen=True, slots=True)
class ItemChanged:
    """An item was written: its texts before (none, if it is new) and after."""

    sequence: str
    key: Key
    before: Mapping[str, str]
    after: Mapping[str, str]

    @property
    def member(self) -> tuple[str, str] | None:
        """Centre and person, if it is a membership."""
        return parse_membership(self.key) if is_membership(self.key.sk) else None

    @property
    def attachment(self) -> tuple[str, str] | None:
        """Centre and attachment, if it is one."""
        return parse_attachment(self.key.pk) if is_attachment(self.key.sk) else None

    @property
    def export(self) -> tuple[str, str] | None:
        """Centre and export, if it is one, or a download of one."""
        return parse_export(self.key) if is_export(self.key.sk) else None

    @property
    def visit(self) -> tuple[str, str, str] | None:
        """Centre, person and visit, if it is one."""
        return parse_visit(self.key)

    @property
    def invitation(self) -> tuple[str, str, str, str] | None:
        """Centre, enrolment, page and item, if it is a contribution that a witness is asked for."""
        if not self.key.sk.startswith("CONTRIBUTION#") or "invited_at" not in self.after:
            return None
        return *parse_enrolment(self.key.pk), *parse_contribution(self.key.sk)

    @property
    def on_record(self) -> bool:
        """Whether it shows that something was done in an enrolment."""
        return is_showing(self.key)

    @property
    def head(self) -> HeadChanged | None:
        """The attempt whose head it is, if it is one."""
        if not self.key.sk.startswith("HEAD#"):
            return None
        return HeadChanged(*parse_enrolment(self.key.pk), *parse_attempt(self.key.sk))


def changes(event: Mapping[str, Any]) -> Iterator[ItemChanged]:
    """Yield what a batch of stream records tells."""
    for record in event["Records"]:
        change = record["dynamodb"]
        key = Key(change["Keys"]["pk"]["S"], change["Keys"]["sk"]["S"])
        before, after = _texts(change.get("OldImage", {})), _texts(change.get("NewImage", {}))
        yield ItemChanged(change["SequenceNumber"], key, before, after)


def in_order(
    found: Iterable[Found], handle: Callable[[Found], object]
) -> dict[str, list[dict[str, str]]]:
    """Handle what was found one after the other, and stop at the first failure.

    Returns the partial-batch response of Lambda: records from the one named on come again.
    """
    for each in found:
        try:
            handle(each)
        except Exception as error:  # noqa: BLE001 (whatever it is, the record must come again)
            log_failure("stream-record-failed", error)
            return {"batchItemFailures": [{"itemIdentifier": each.sequence}]}
    return {"batchItemFailures": []}


def _texts(image: Mapping[str, Any]) -> dict[str, str]:
    return {name: value["S"] for name, value in image.items() if "S" in value}
