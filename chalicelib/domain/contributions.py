"""What somebody other than the candidate provides for an item, signed before the page is."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SignedPart:
    """A contribution as its author signed it last; the candidate's signature covers its hash.

    `departures` counts the rules that its record departs from.
    """

    item_id: str
    number: int
    content_hash: str
    attachments: tuple[str, ...]
    departures: int

    def document(self) -> dict[str, Any]:
        """Return what the page's signed document says of it, as JSON values."""
        return {
            "item_id": self.item_id,
            "number": self.number,
            "content_hash": self.content_hash,
        }
