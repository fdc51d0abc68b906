"""Scenes: enrolments."""

from datetime import date

from chalicelib.domain.people import Role
from tests.api.door import centre_path
from tests.play.stage import Stage, scene


@scene("createEnrolment")
def create_enrolment(stage: Stage) -> None:
    world, path = stage.world, f"{centre_path(stage.door)}/enrolments"
    body = {
        "candidate_id": world.candidate.id,
        "assessor_id": world.assessor.id,
        "module_id": world.module.id,
        "module_version": world.module.version,
        "due_on": "2026-06-30",
    }
    summary = "A candidate is enrolled, with a day to be done by."
    stage.shows(summary, "POST", path, world.administrator, body)
    stage.refused("enrolment-open", "POST", path, world.administrator, body)


@scene("getEnrolment")
def get_enrolment(stage: Stage) -> None:
    world = stage.world
    enrolment = world.enrol()
    first = world.sign(enrolment, "plan-1")
    world.clock.forward(hours=2)
    world.judge(enrolment, first)
    world.sign(enrolment, "plan-2")
    path = f"{centre_path(stage.door)}/enrolments"
    summary = "One page is competent, one waits for the assessor, one is not begun."
    stage.shows(summary, "GET", f"{path}/{enrolment.id}", world.candidate)
    stage.refused("not-found", "GET", f"{path}/{world.module.id}", world.candidate)


@scene("changeEnrolment")
def change_enrolment(stage: Stage) -> None:
    world = stage.world
    enrolment = world.enrol()
    path = f"{centre_path(stage.door)}/enrolments/{enrolment.id}"
    read = stage.door.etag(path)
    world.sign(enrolment, "plan-1")
    body = {"assessor_id": world.person("Sam Second", Role.ASSESSOR).id}
    stage.refused("stale-enrolment", "PATCH", path, world.administrator, body, if_match=read)
    current = stage.door.etag(path)
    summary = "Another assessor takes over, with the page that waits."
    stage.shows(summary, "PATCH", path, world.administrator, body, if_match=current)
    pause = {"state": "on-break", "reason": "Parental leave.", "occurred_on": "2026-02-27"}
    current = stage.door.etag(path)
    summary = "A break that began some days ago: nothing is signed until it ends."
    of = ("PATCH", path, world.administrator, pause)
    stage.shows(summary, *of, name="break", if_match=current)
    sealed = {"state": "complete"}
    current = stage.door.etag(path)
    stage.refused("enrolment-state", "PATCH", path, world.administrator, sealed, if_match=current)


@scene("listEnrolments")
def list_enrolments(stage: Stage) -> None:
    world = stage.world
    world.enrol()
    path = f"{centre_path(stage.door)}/enrolments"
    stage.shows("A candidate's own.", "GET", f"{path}?limit=20", world.candidate)
    stage.refused("invalid-query", "GET", f"{path}?limit=10000", world.candidate)


@scene("importEnrolments")
def import_enrolments(stage: Stage) -> None:
    world = stage.world
    path = f"{centre_path(stage.door)}/enrolments/imports"
    lines = [
        "candidate,assessor,module_id,module_version,due_on",
        f"{world.candidate.id},{world.assessor.membership.address},moving-people,1,2026-06-30",
    ]
    good = {"csv": "\n".join(lines), "dry_run": False}
    wrong = {"csv": "\n".join([*lines, "L-17,nobody@harbour.example,moving-people,1,30/06/2026"])}
    summary = "A dry run tells what is wrong, by line and column."
    stage.shows(summary, "POST", path, world.administrator, wrong, name="dry-run")
    stage.shows("A candidate is enrolled.", "POST", path, world.administrator, good)
    other = {"csv": lines[0], "dry": True}
    stage.refused("invalid-body", "POST", path, world.administrator, other)


@scene("exportCaseload")
def export_caseload(stage: Stage) -> None:
    world = stage.world
    enrolment = world.enrol(due_on=date(2026, 6, 30))
    world.judge(enrolment, world.sign(enrolment, "plan-1"))
    world.sign(enrolment, "plan-2")
    path = f"{centre_path(stage.door)}/caseload"
    stage.shows("An assessor's own.", "GET", f"{path}?state=active", world.assessor)
    stage.refused("role-not-allowed", "GET", path, world.candidate)
