"""The event-driven step that closes an enrolment once its last page stands."""

from collections.abc import Mapping
from typing import Any

from chalicelib.events.streams import HeadChanged, heads, in_order
from chalicelib.log import log
from chalicelib.runtime import Runtime
from chalicelib.usecases import certificates


def handle(runtime: Runtime, event: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Finalise the enrolments whose attempts a batch says were judged."""

    def judged(head: HeadChanged) -> None:
        certificate = certificates.note_judged(
            runtime, head.centre_id, head.enrolment_id, head.page_id, head.number
        )
        if certificate:
            log("certificate-stands", issued=certificate.issue)

    return in_order(heads(event), judged)
