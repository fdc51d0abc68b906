"""Scenes: judgements."""

from tests.api.door import judgements
from tests.play.stage import Stage, scene


@scene("judgePage")
def judge_page(stage: Stage) -> None:
    world = stage.world
    enrolment = world.enrol()
    attempt = world.sign(enrolment, "kn-1")
    path = judgements(enrolment)
    body = {"content_hash": attempt.content_hash, "competent": False, "initials": "AE"}
    stage.refused("invalid-judgement", "POST", path, world.assessor, body)
    whole = body | {"feedback": "Say why, with an example of your own."}
    stage.shows("A page is returned with feedback.", "POST", path, world.assessor, whole)
