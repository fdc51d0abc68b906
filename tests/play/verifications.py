"""Scenes: second looks at a judgement."""

from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.people import Role
from tests.api.door import centre_path, judgements
from tests.play.stage import Stage, scene

OBJECTION = "The answer gives no example. Have the candidate say what they did, then look again."


def _judged(stage: Stage) -> Enrolment:
    enrolment = stage.world.enrol()
    stage.world.judge(enrolment, stage.world.sign(enrolment, "kn-1"))
    return enrolment


@scene("recordVerification")
def record_verification(stage: Stage) -> None:
    verifier, path = stage.world.verifier, f"{centre_path(stage.door)}/verifications"
    body = {"enrolment_id": _judged(stage).id, "page_id": "kn-1", "attempt": 1}
    upheld, objected = body | {"outcome": "upheld"}, body | {"outcome": "action-required"}
    stage.refused("invalid-verification", "POST", path, verifier, objected)
    noted = objected | {"note": OBJECTION}
    stage.shows("An objection.", "POST", path, verifier, noted, name="objection")
    stage.shows("The judgement is upheld after all.", "POST", path, verifier, upheld)


@scene("listVerifications")
def list_verifications(stage: Stage) -> None:
    world, path = stage.world, f"{centre_path(stage.door)}/verifications"
    enrolment = _judged(stage)
    world.verify(enrolment, "kn-1", OBJECTION)
    world.clock.forward(days=1)
    world.verify(enrolment, "kn-1")
    stage.refused("role-not-allowed", "GET", path, world.candidate)
    of_one = f"{path}?enrolment_id={enrolment.id}"
    stage.shows("Those of one enrolment, newest first.", "GET", of_one, world.administrator)


@scene("setAside")
def set_aside(stage: Stage) -> None:
    verifier, path = stage.world.verifier, f"{judgements(_judged(stage))}/set-aside"
    stage.refused("invalid-verification", "POST", path, verifier, {"reason": " "})
    body = {"reason": "The answer is not the candidate's own.", "occurred_on": "2026-03-01"}
    stage.shows("Decided the day before.", "POST", path, verifier, body)


@scene("countersign")
def countersign(stage: Stage) -> None:
    world = stage.world
    second = world.person("Cora Countersigner", Role.ASSESSOR)
    held = world.authorisation(countersigner_id=second.id)
    world.assessor = world.person("Tom Trainee", Role.ASSESSOR, authorisation=held)
    path = f"{judgements(_judged(stage))}/countersignature"
    stage.refused("not-the-countersigner", "POST", path, world.assessor, {})
    stage.shows("The judgement counts.", "POST", path, second, {})
