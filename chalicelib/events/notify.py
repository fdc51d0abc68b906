"""Mails that the table's stream asks for."""

from collections.abc import Mapping
from typing import Any

from chalicelib.events.streams import HeadChanged, in_order
from chalicelib.runtime import Runtime
from chalicelib.usecases import codes, links


def handle(runtime: Runtime, event: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Mail the links and codes that attempts wait for and that have not been mailed."""

    def changed(head: HeadChanged) -> None:
        of = (head.centre_id, head.enrolment_id, head.page_id, head.number)
        links.mail_link(runtime, *of)
        codes.mail_code(runtime, *of)

    return in_order(event, changed)
