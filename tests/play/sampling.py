"""Scenes: sampling."""

from typing import Any

from tests.api.door import centre_path
from tests.play.stage import Stage, scene
from tests.sampling import PLAN, judged, trainee

REASON = "The assessor is new; this is their second page of this kind."


def _plans(stage: Stage) -> str:
    return f"{centre_path(stage.door)}/sampling-plans"


def _plan(stage: Stage, **more: Any) -> str:
    """Make a plan, and return its path."""
    made = stage.door.done("POST", _plans(stage), stage.world.verifier, PLAN | more)
    return f"{_plans(stage)}/{made.json['id']}"


def _made(stage: Stage, *, drawn: bool = True) -> tuple[str, str]:
    """Have pages judged, and make a plan; return its path, and an enrolment."""
    enrolment = judged(stage.world, "plan-1", "kn-1", name="Mia Moreau")
    path = _plan(stage)
    if drawn:
        stage.world.clock.forward(minutes=1)
        stage.door.done("POST", f"{path}/draw", stage.world.verifier)
    return path, enrolment.id


@scene("createSamplingPlan")
def create_sampling_plan(stage: Stage) -> None:
    world, path = stage.world, _plans(stage)
    new = trainee(world)
    body = PLAN | {
        "modules": ["moving-people"],
        "starts_on": "2026-01-01",
        "ends_on": "2026-03-31",
        "by": ["assessor"],
        "risks": {new.id: "high", world.assessor.id: "low"},
    }
    summary = "The seed is drawn and kept; its commitment is published."
    stage.shows(summary, "POST", path, world.verifier, body)
    backwards = body | {"ends_on": "2025-03-31"}
    stage.refused("invalid-sampling", "POST", path, world.verifier, backwards)


@scene("listSamplingPlans")
def list_sampling_plans(stage: Stage) -> None:
    _made(stage)
    stage.shows("All of the centre's.", "GET", _plans(stage), stage.world.administrator)
    stage.refused("role-not-allowed", "GET", _plans(stage), stage.world.assessor)


@scene("getSamplingPlan")
def get_sampling_plan(stage: Stage) -> None:
    path, enrolment_id = _made(stage)
    world, verifier = stage.world, stage.world.verifier
    drawn: str = stage.door.done("GET", f"{path}/draw", verifier).json["drawn"][0]
    _, page_id, number = drawn.split("/")
    body = {"enrolment_id": enrolment_id, "page_id": page_id, "attempt": int(number)}
    verifications = f"{centre_path(stage.door)}/verifications"
    stage.door.done("POST", verifications, verifier, body | {"outcome": "upheld"})
    stage.shows("One of two was drawn, and has been looked at.", "GET", path, verifier)
    stage.refused("role-not-allowed", "GET", path, world.candidate)


@scene("drawSample")
def draw_sample(stage: Stage) -> None:
    path, _ = _made(stage, drawn=False)
    stage.shows("The seed is told.", "POST", f"{path}/draw", stage.world.verifier)
    nothing = f"{_plan(stage, modules=['resting'])}/draw"
    stage.refused("nothing-to-draw", "POST", nothing, stage.world.verifier)


@scene("getSamplingDraw")
def get_sampling_draw(stage: Stage) -> None:
    path, _ = _made(stage)
    who = stage.world.administrator
    stage.shows("Whoever has this can draw again.", "GET", f"{path}/draw", who)
    stage.refused("not-found", "GET", f"{_plan(stage)}/draw", who)


@scene("chooseSample")
def choose_sample(stage: Stage) -> None:
    path, enrolment_id = _made(stage, drawn=False)
    units = [f"{enrolment_id}/kn-1/1"]
    verifier, body = stage.world.verifier, {"units": units, "reason": REASON}
    stage.shows(
        "One is chosen before anything is drawn.", "POST", f"{path}/choices", verifier, body
    )
    stage.refused("invalid-sampling", "POST", f"{path}/choices", verifier, body)


@scene("getSamplingSheet")
def get_sampling_sheet(stage: Stage) -> None:
    path, _ = _made(stage)
    stage.shows("A line for each unit.", "GET", f"{path}/sheet", stage.world.verifier)
    stage.refused("role-not-allowed", "GET", f"{path}/sheet", stage.world.assessor)


@scene("importSamplingSheet")
def import_sampling_sheet(stage: Stage) -> None:
    path, _ = _made(stage)
    verifier = stage.world.verifier
    sheet = stage.door.done("GET", f"{path}/sheet", verifier).text.removeprefix("\ufeff")
    good = {"csv": sheet.replace(",,,", ",accept,,2026-03-02"), "dry_run": False}
    wrong = {"csv": sheet.replace(",,,", ",action-required,,2 March")}
    where = f"{path}/sheet"
    summary = "A dry run tells what is wrong, by line and column."
    stage.shows(summary, "POST", where, verifier, wrong, name="dry-run")
    stage.shows("The finding is on record.", "POST", where, verifier, good)
    stage.refused("invalid-body", "POST", where, verifier, {"csv": sheet, "dry": True})
