"""Scenes: departures from the rules of forms, and their review."""

from tests.api.door import page_path
from tests.play.stage import Stage, scene
from tests.world import EVIDENCE_MODULE


@scene("reviewDepartures")
def review_departures(stage: Stage) -> None:
    world = stage.world
    world.module = world.publish(EVIDENCE_MODULE.replace("PLANTED-GUIDANCE ", ""))
    enrolment = world.enrol()
    answers = world.answers("show-1", world.attach(b"The room, prepared."))
    answers["handed"]["values"]["present"] = False
    answers["handed"]["reasons"] = {"with-a-colleague": "Nobody else was on shift."}
    world.sign_as_shown(enrolment, "show-1", world.save(enrolment, "show-1", answers).etag)
    path = f"{page_path(enrolment, 'show-1')}/attempts/1/departure-reviews"
    note = {"note": "Right in this case: the handover could not wait."}
    stage.shows("The page can be judged competent now.", "POST", path, world.verifier, note)
    stage.refused("departures-reviewed", "POST", path, world.verifier, note, key="another-key")
