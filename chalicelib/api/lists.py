"""Lists: how many at once, and where to go on."""

import base64
import re
from typing import Annotated

from pydantic import Field

from chalicelib.api.http import QueryModel
from chalicelib.domain.errors import Flaw, Invalid

LIMIT = 100
PLACE = re.compile(r"[A-Za-z0-9#._-]{1,200}")

Limit = Annotated[int, Field(ge=1, le=LIMIT, description="How many at most.")]
Cursor = Annotated[
    str, Field(min_length=1, max_length=300, description="`next` of the page before, unchanged.")
]

Next = Annotated[str | None, Field(description="`cursor` of the next page; null on the last one.")]


class ListQuery(QueryModel):
    """What every list takes."""

    limit: Limit = 50
    cursor: Cursor | None = None

    @property
    def after(self) -> str:
        """The place in the list where the page before ended. Raises Invalid."""
        if self.cursor is None:
            return ""
        try:
            place = base64.urlsafe_b64decode(self.cursor + "=" * (-len(self.cursor) % 4)).decode()
        except ValueError:
            place = ""
        if not PLACE.fullmatch(place) or next_cursor(place) != self.cursor:
            flaw = Flaw("?cursor", "unknown-cursor", "Take it from `next`, unchanged.")
            raise Invalid("invalid-query", "The list cannot go on from there.", [flaw])
        return place


def next_cursor(end: str) -> str | None:
    """Make the cursor of the page after; None where there is none."""
    return base64.urlsafe_b64encode(end.encode()).decode().rstrip("=") if end else None
