"""Samples for tests: judged work, and plans of it."""

from typing import Any

from chalicelib.domain.access import Actor
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.people import Role
from chalicelib.domain.sampling import Plan, Rate, Risk, Scope, Stage
from chalicelib.usecases import sampling
from chalicelib.usecases.sampling import NewPlan
from tests.world import World, request

RATES: dict[str, Any] = {
    "low": {"rate": 0},
    "medium": {"rate": 50, "least": 1},
    "high": {"rate": 100},
}
PLAN: dict[str, Any] = {"title": "First quarter", "stage": "interim", "rates": RATES}


def trainee(world: World) -> Actor:
    """Make an assessor known whose judgements are countersigned."""
    second = world.person("Cora Countersigner", Role.ASSESSOR)
    held = world.authorisation(countersigner_id=second.id)
    return world.person("Tom Trainee", Role.ASSESSOR, authorisation=held)


def judged(world: World, *pages: str, name: str = "Sam Pled", **more: Any) -> Enrolment:
    """Enrol somebody new, and have pages of theirs signed and judged competent."""
    world.candidate = world.person(name, Role.CANDIDATE, **more)
    enrolment = world.enrol()
    for page_id in pages or ("plan-1", "plan-2", "kn-1"):
        world.judge(enrolment, world.sign(enrolment, page_id))
    return enrolment


def planned(world: World, **more: Any) -> Plan:
    """Make a plan: half of what is of medium risk, all of high risk."""
    given: dict[str, Any] = {
        "title": "First quarter",
        "stage": Stage.INTERIM,
        "scope": Scope(),
        "by": (),
        "risks": {},
        "rates": {Risk.LOW: Rate(0, 0), Risk.MEDIUM: Rate(50, 1), Risk.HIGH: Rate(100, 0)},
    }
    new = NewPlan(**given | more)
    return sampling.create_plan(world.runtime, world.verifier, new, request(world.verifier))
