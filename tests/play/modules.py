"""Scenes: modules."""

from tests.api.door import centre_path
from tests.play.stage import SOURCE, Stage, scene


@scene("publishModule")
def publish_module(stage: Stage) -> None:
    world, path = stage.world, f"{centre_path(stage.door)}/modules"
    body = {"source": SOURCE.replace("\nversion: 1\n", "\nversion: 2\n")}
    stage.shows("The next version of a module.", "POST", path, world.administrator, body)
    unmarked = {"source": SOURCE.replace("\nversion: 1\n", "\nversion: 3\n").replace("[x]", "[?]")}
    unmarked["source"] = unmarked["source"].replace("- [ ]", "- [?]")
    stage.refused("unpublishable-module", "POST", path, world.administrator, unmarked)


@scene("getModule")
def get_module(stage: Stage) -> None:
    world = stage.world
    path = f"{centre_path(stage.door)}/modules/{world.module.id}/versions"
    stage.shows("As a candidate gets it.", "GET", f"{path}/1", world.candidate)
    summary = "As an assessor gets it, with key and guidance."
    stage.shows(summary, "GET", f"{path}/1", world.assessor, name="for-assessors")
    stage.refused("not-found", "GET", f"{path}/2", world.candidate)


@scene("listModules")
def list_modules(stage: Stage) -> None:
    world = stage.world
    path = f"{centre_path(stage.door)}/modules"
    stage.shows("What can be enrolled in.", "GET", path, world.administrator)
    stage.refused("invalid-query", "GET", f"{path}?cursor=elsewhere", world.administrator)
