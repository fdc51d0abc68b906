"""Scenes: pages."""

from tests.api.door import page_path
from tests.play.stage import Stage, scene

HALF_DONE = {
    "plan-s1": {"understood": True, "initials": "ZN"},
    "plan-s2": {"understood": False},
}


@scene("getPage")
def get_page(stage: Stage) -> None:
    world = stage.world
    enrolment = world.enrol()
    returned = world.sign(enrolment, "plan-2")
    feedback = "Read the plan once more, and say what you would ask."
    world.judge(enrolment, returned, competent=False, feedback=feedback)
    path = page_path(enrolment, "plan-2")
    stage.shows(
        "A choice that was returned with feedback and is open again.", "GET", path, world.candidate
    )
    statements, questions = page_path(enrolment, "plan-1"), page_path(enrolment, "kn-1")
    stage.shows(
        "Statements that nobody has touched.", "GET", statements, world.candidate, name="statements"
    )
    stage.shows(
        "A question as its assessor gets it, with guidance and without the draft.",
        "GET",
        questions,
        world.assessor,
        name="question-for-assessors",
    )
    stage.refused("not-found", "GET", page_path(enrolment, "plan-9"), world.candidate)


@scene("saveDraft")
def save_draft(stage: Stage) -> None:
    world = stage.world
    path = page_path(world.enrol(), "plan-1")
    opened = stage.door.etag(path)
    body = {"answers": HALF_DONE}
    summary = "Half a page is kept; its new ETag is for the next save."
    stage.shows(summary, "PUT", path, world.candidate, body, if_match=opened)
    other = {"answers": {"plan-s1": {"understood": False, "initials": "ZN"}}}
    stage.refused("stale-page", "PUT", path, world.candidate, other, if_match=opened)
    wrong = {"answers": {"plan-s1": {"chosen": ["b"]}, "plan-s7": {"understood": True}}}
    current = stage.door.etag(path)
    stage.refused("invalid-answers", "PUT", path, world.candidate, wrong, if_match=current)
