"""Scenes: portfolios taken out as one archive."""

from tests.api.door import centre_path
from tests.play.stage import Stage, scene


@scene("startExport")
def start_export(stage: Stage) -> None:
    world, path = stage.world, f"{centre_path(stage.door)}/exports"
    enrolment = world.enrol()
    who = world.administrator
    stage.refused("invalid-export", "POST", path, who, {})
    none = {"module_id": world.module.id, "state": "withdrawn"}
    stage.refused("nothing-to-export", "POST", path, who, none)
    period = {"module_id": world.module.id, "since": "2026-01-01", "until": "2026-03-31"}
    shown = "All of a module that were open in a quarter."
    stage.shows(shown, "POST", path, who, period, name="period")
    one = {"enrolment_ids": [enrolment.id], "purpose": "Visit in March"}
    stage.shows("One enrolment.", "POST", path, who, one)


@scene("getExport")
def get_export(stage: Stage) -> None:
    world = stage.world
    world.sign(enrolment := world.enrol(), "plan-1")
    export = world.start_export(enrolment)
    path = f"{centre_path(stage.door)}/exports/{export.id}"
    stage.refused("not-found", "GET", path.replace(export.id, "0" * 26), world.verifier)
    stage.shows("It has just begun.", "GET", path, world.administrator, name="begun")
    world.work_on(export)
    stage.shows("It is ready: the link has the archive.", "GET", path, world.administrator)


@scene("listExports")
def list_exports(stage: Stage) -> None:
    world = stage.world
    world.start_export(world.enrol())
    path = f"{centre_path(stage.door)}/exports"
    stage.refused("role-not-allowed", "GET", path, world.candidate)
    stage.shows("One export.", "GET", path, world.administrator)
