"""Mails that the table's stream asks for."""

from collections.abc import Mapping
from typing import Any

from chalicelib.events.streams import HeadChanged, MemberChanged, in_order
from chalicelib.runtime import Runtime
from chalicelib.usecases import addresses, links


def handle(runtime: Runtime, event: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Mail the links of attempts that wait, and what is due to members, and has not been mailed."""

    def changed(head: HeadChanged) -> None:
        links.mail_link(runtime, head.centre_id, head.enrolment_id, head.page_id, head.number)

    def member_changed(member: MemberChanged) -> None:
        addresses.mail_due(runtime, member.centre_id, member.person_id)

    return in_order(event, changed, member_changed)
