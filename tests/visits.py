"""An external verifier and what a visit shows them, and how tests do that."""

import re
from datetime import date
from typing import Any

from chalicelib.domain.access import Actor
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.people import Role
from chalicelib.domain.visits import Visit
from chalicelib.storage import keys
from chalicelib.storage.changes import Item
from chalicelib.usecases import visits
from chalicelib.usecases.visits import NewVisit
from tests.world import World, request

LINK = re.compile(r"https?://\S+?(/v1/visits/\S+)")
UNTIL = date(2026, 3, 31)
PURPOSE = "Sample of the autumn, for the awarding body."


def external(world: World, name: str = "Ex Ternal") -> Actor:
    """Make an external verifier known."""
    return world.person(name, Role.EXTERNAL_VERIFIER)


def grant(
    world: World, who: Actor, *enrolments: Enrolment, by: Actor | None = None, **more: Any
) -> Visit:
    """Grant a visit to some enrolments, until the end of the month."""
    given: dict[str, Any] = {
        "person_id": who.id,
        "enrolment_ids": tuple(each.id for each in enrolments),
        "until": UNTIL,
        "purpose": PURPOSE,
    }
    new = NewVisit(**given | more)
    actor = by or world.administrator
    return visits.create_visit(world.runtime, actor, new, request(actor))


def mailed(world: World, visit: Visit) -> str:
    """Mail the link of a visit, and return its path."""
    assert visits.mail_link(world.runtime, visit.centre_id, visit.person_id, visit.id)
    found = LINK.search(world.outbox.sent[-1][2])
    assert found
    return found[1]


def body_of(who: Actor, *enrolments: Enrolment, **more: Any) -> dict[str, Any]:
    """Write what `createVisit` takes."""
    given = {
        "person_id": who.id,
        "enrolment_ids": [each.id for each in enrolments],
        "until": UNTIL.isoformat(),
        "purpose": PURPOSE,
    }
    return given | more


def traces(world: World, enrolment: Enrolment) -> list[Item]:
    """Return what is on record of looks at an enrolment."""
    pk = keys.enrolment(enrolment.centre_id, enrolment.id).pk
    return list(world.runtime.table.query(pk, "TRACE#"))


def facts_of(kept: list[Item]) -> list[dict[str, Any]]:
    """Return what was looked at, as the looks name it."""
    names = ("visit_id", "page_id", "number", "item_id", "attachment_id")
    return [
        {
            name: int(each["facts"][name]) if name == "number" else each["facts"][name]
            for name in names
            if name in each["facts"]
        }
        for each in kept
    ]
