"""Scenes: people."""

from tests.play.stage import Stage, scene


@scene("getMe")
def get_me(stage: Stage) -> None:
    stage.shows("A candidate at one centre.", "GET", "/v1/me", stage.world.candidate)
    world = stage.world
    world.sign(world.enrol(), "plan-1")
    summary = "An assessor, on whom a signed page waits."
    stage.shows(summary, "GET", "/v1/me", world.assessor, name="assessor")
    stage.refused("unauthenticated", "GET", "/v1/me", "expired-or-forged")
