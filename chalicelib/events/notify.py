"""Mails that the table's stream asks for."""

from collections.abc import Mapping
from typing import Any

from chalicelib.events.streams import HeadChanged, in_order
from chalicelib.runtime import Runtime
from chalicelib.usecases import links


def handle(runtime: Runtime, event: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Mail the links of attempts that wait and have not been mailed."""

    def changed(head: HeadChanged) -> None:
        links.mail_link(runtime, head.centre_id, head.enrolment_id, head.page_id, head.number)

    return in_order(event, changed)
