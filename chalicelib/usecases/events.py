"""Telling other systems what was done."""

from collections.abc import Mapping
from typing import Any

from chalicelib.domain.errors import Flaw, Invalid
from chalicelib.domain.events import Event, envelope, parse_event_id
from chalicelib.runtime import Runtime
from chalicelib.storage.acts import acts, key_of
from chalicelib.storage.changes import Key


def publish(
    runtime: Runtime, key: Key, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    """Put on the bus what was done between two images of an item. Can be done again at will.

    Nothing is stored: whoever gets an event twice knows it by its id.
    """
    if told := [envelope(event) for event in acts(key, before, after)]:
        runtime.bus.put(told)


def derive(runtime: Runtime, centre_id: str, event_id: str) -> Event:
    """Derive an event of a centre again, from what stands in the table.

    Raises Invalid where no such thing was done there, or where the table does not show it any
    more: of the states that an enrolment has been in, it shows the latest.
    """
    named = parse_event_id(event_id)
    if named:
        key = key_of(centre_id, named)
        item = runtime.table.get(key) or {}
        for event in acts(key, {}, item):
            if event.id == named:
                return event
    detail = "Nothing at this centre goes by this id; take it from an event of the centre."
    flaw = Flaw("/event_id", "unknown-event", detail)
    raise Invalid("unknown-event", "Nothing is sent; mend what is listed.", [flaw])
