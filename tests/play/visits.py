"""Scenes: visits of external verifiers, by token and behind the link."""

from typing import Any

from chalicelib.domain.access import Actor
from chalicelib.domain.enrolments import Enrolment
from tests.api.door import centre_path
from tests.attachments import picture
from tests.play.stage import Stage, scene
from tests.visits import body_of, external, grant, mailed
from tests.world import EVIDENCE_MODULE

FORGED = "/v1/visits/forged"


def _judged(stage: Stage) -> Enrolment:
    world = stage.world
    enrolment = world.enrol()
    world.judge(
        enrolment, world.sign(enrolment, "kn-1"), competent=False, feedback="Give an example."
    )
    world.judge(enrolment, world.sign(enrolment, "kn-1"))
    world.verify(enrolment, "kn-1", number=2)
    return enrolment


def _granted(stage: Stage) -> tuple[Actor, str, str]:
    """Grant a visit; return the verifier, its path, and the link that was mailed."""
    enrolment, who = _judged(stage), external(stage.world)
    visit = grant(stage.world, who, enrolment)
    path = f"{centre_path(stage.door)}/visits/{visit.id}"
    return who, path, mailed(stage.world, visit)


def _inside(stage: Stage) -> tuple[str, str]:
    """Grant a visit; return the link that was mailed, and where the enrolment is below it."""
    enrolment, who = _judged(stage), external(stage.world)
    link = mailed(stage.world, grant(stage.world, who, enrolment))
    return link, f"{link}/{enrolment.id}"


def _exhibited(stage: Stage) -> str:
    """Grant a visit to a page with a picture; return where the picture is below the link."""
    world = stage.world
    world.module = world.publish(EVIDENCE_MODULE.replace("PLANTED-GUIDANCE ", ""))
    enrolment = world.enrol()
    photo = world.attach(picture(), name="room.jpg", media_type="image/jpeg")
    etag = world.save(enrolment, "show-1", world.answers("show-1", photo)).etag
    world.sign_as_shown(enrolment, "show-1", etag)
    link = mailed(world, grant(world, external(world), enrolment))
    return f"{link}/{enrolment.id}/show-1/attempts/1/attachments/{photo.id}"


@scene("createVisit")
def create_visit(stage: Stage) -> None:
    enrolment, who = _judged(stage), external(stage.world)
    path, administrator = f"{centre_path(stage.door)}/visits", stage.world.administrator
    summary = "A verifier reads one enrolment, until the end of the month."
    stage.shows(summary, "POST", path, administrator, body_of(who, enrolment))
    past: Any = body_of(stage.world.candidate, enrolment, until="2026-03-01")
    stage.refused("invalid-visit", "POST", path, administrator, past)


@scene("listVisits")
def list_visits(stage: Stage) -> None:
    who, _, _ = _granted(stage)
    path = f"{centre_path(stage.door)}/visits"
    stage.shows("The verifier's own.", "GET", path, who)
    stage.refused("role-not-allowed", "GET", path, stage.world.verifier)


@scene("getVisit")
def get_visit(stage: Stage) -> None:
    who, path, _ = _granted(stage)
    stage.shows("A visit whose link has been mailed.", "GET", path, who)
    stage.refused("not-found", "GET", path, external(stage.world, "Another Verifier"))


@scene("endVisit")
def end_visit(stage: Stage) -> None:
    who, path, _ = _granted(stage)
    stage.shows("It shows nothing any more.", "POST", f"{path}/end", stage.world.administrator)
    stage.refused("role-not-allowed", "POST", f"{path}/end", who)


@scene("sendVisitLink")
def send_visit_link(stage: Stage) -> None:
    _, path, _ = _granted(stage)
    administrator = stage.world.administrator
    stage.shows("A fresh link is on its way.", "POST", f"{path}/links", administrator)
    stage.door.done("POST", f"{path}/end", administrator)
    stage.refused("visit-over", "POST", f"{path}/links", administrator)


@scene("openVisit")
def open_visit(stage: Stage) -> None:
    _, path, link = _granted(stage)
    stage.shows("What the visit shows.", "GET", link)
    stage.refused("not-found", "GET", FORGED)
    stage.door.done("POST", f"{path}/end", stage.world.administrator)
    stage.refused("visit-ended", "GET", link)


@scene("visitEnrolment")
def visit_enrolment(stage: Stage) -> None:
    _, enrolment = _inside(stage)
    stage.shows("How the pages stand.", "GET", enrolment)
    stage.refused("not-found", "GET", f"{FORGED}/{enrolment.rpartition('/')[2]}")


@scene("visitPage")
def visit_page(stage: Stage) -> None:
    link, enrolment = _inside(stage)
    stage.shows("Decision, evidence and authority.", "GET", f"{enrolment}/kn-1")
    stage.refused("not-found", "GET", f"{link}/{'01' * 13}/kn-1")


@scene("visitAttempt")
def visit_attempt(stage: Stage) -> None:
    _, enrolment = _inside(stage)
    stage.shows("The attempt before.", "GET", f"{enrolment}/kn-1/attempts/1")
    stage.refused("not-found", "GET", f"{enrolment}/kn-1/attempts/3")


@scene("visitEvidence")
def visit_evidence(stage: Stage) -> None:
    file = _exhibited(stage)
    stage.shows("The original.", "GET", file)
    stage.refused("not-found", "GET", f"{file.rpartition('/')[0]}/{'01' * 13}")


@scene("visitThumbnail")
def visit_thumbnail(stage: Stage) -> None:
    file = _exhibited(stage)
    stage.shows("The picture, small.", "GET", f"{file}/thumbnail")
    stage.refused("not-found", "GET", f"{file.rpartition('/')[0]}/{'01' * 13}/thumbnail")
