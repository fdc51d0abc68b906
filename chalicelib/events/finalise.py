"""The event-driven step that keeps the audit trail, and closes an enrolment once it is complete."""

from collections.abc import Mapping
from typing import Any

from chalicelib.events.streams import ItemChanged, changes, in_order
from chalicelib.log import log
from chalicelib.runtime import Runtime
from chalicelib.storage.items import to_attempt
from chalicelib.usecases import certificates, trail


def handle(runtime: Runtime, event: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Put on record what a batch says was done; finalise the enrolments that are complete by it."""

    def changed(change: ItemChanged) -> None:
        item = trail.note(runtime, change.key)
        if item and (head := change.head):
            of = (head.centre_id, head.enrolment_id)
            certificate = certificates.note_judged(runtime, *of, to_attempt(item))
            if certificate:
                log("certificate-stands", issued=certificate.issue)

    shown = (change for change in changes(event) if change.on_record)
    return in_order(shown, changed)
