"""Scenes: centres."""

from tests.api.door import centre_path
from tests.play.stage import Stage, scene


@scene("getCentre")
def get_centre(stage: Stage) -> None:
    candidate = stage.world.candidate
    stage.shows("As every member sees it.", "GET", centre_path(stage.door), candidate)
    stage.refused("not-found", "GET", f"/v1/centres/{candidate.id}", candidate)
