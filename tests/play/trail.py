"""Scenes: the audit trail, and the keys of what is signed."""

from chalicelib.usecases import trail
from tests.play.stage import Stage, scene


@scene("listTrail")
def list_trail(stage: Stage) -> None:
    world = stage.world
    enrolment = world.enrol()
    world.judge(enrolment, world.sign(enrolment, "kn-1"))
    trail.catch_up(world.runtime, enrolment.centre_id, enrolment.id)
    path = f"/v1/centres/{enrolment.centre_id}/enrolments/{enrolment.id}/trail"
    stage.refused("role-not-allowed", "GET", path, world.candidate)
    stage.shows("A page signed and judged.", "GET", path, world.verifier)


@scene("getKeys")
def get_keys(stage: Stage) -> None:
    stage.shows("One key, by its thumbprint.", "GET", "/v1/keys")
