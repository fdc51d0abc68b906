"""Scenes: people."""

from tests.play.stage import Stage, scene


@scene("getMe")
def get_me(stage: Stage) -> None:
    stage.shows("A candidate at one centre.", "GET", "/v1/me", stage.world.candidate)
    stage.refused("unauthenticated", "GET", "/v1/me", "expired-or-forged")
