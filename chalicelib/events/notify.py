"""What the table's stream has others told: mails, events, work on uploads and exports."""

from collections.abc import Mapping
from typing import Any

from chalicelib.events.streams import ItemChanged, changes, in_order
from chalicelib.runtime import Runtime
from chalicelib.usecases import (
    addresses,
    codes,
    events,
    exports,
    links,
    promotions,
    testimony,
    visits,
)


def handle(runtime: Runtime, event: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Put what was done on the bus, send the mails that are due, ask for the work that is."""

    def changed(item: ItemChanged) -> None:
        # Where the bus or the mailer fails, the other one is served all the same; then the record
        # comes again, which neither of them minds.
        try:
            events.publish(runtime, item.key, item.before, item.after)
        finally:
            if head := item.head:
                of = (head.centre_id, head.enrolment_id, head.page_id, head.number)
                links.mail_link(runtime, *of)
                codes.mail_code(runtime, *of)
            if member := item.member:
                addresses.mail_due(runtime, *member)
            if invitation := item.invitation:
                testimony.mail_invitation(runtime, *invitation)
            if (archive := item.export) and not item.before:
                exports.ask_for(runtime, *archive)
            if visit := item.visit:
                visits.mail_link(runtime, *visit)
            if upload := item.attachment:
                _file_changed(runtime, upload, item)

    return in_order(changes(event), changed)


def _file_changed(runtime: Runtime, upload: tuple[str, str], item: ItemChanged) -> None:
    if _is_new("deleted_at", item):
        promotions.ask_for(runtime, *upload)
    elif _is_new("completed_at", item):
        promotions.ask_for(runtime, *upload, wait=promotions.HEAD_START)


def _is_new(attribute: str, item: ItemChanged) -> bool:
    return attribute in item.after and attribute not in item.before
