"""Scenes: attempts."""

from tests.api.door import SIGNATURE, attempt_path, page_path
from tests.play.stage import Stage, scene


@scene("signPage")
def sign_page(stage: Stage) -> None:
    world = stage.world
    enrolment = world.enrol()
    path = page_path(enrolment, "plan-1")
    half = world.save(enrolment, "plan-1", {"plan-s1": {"understood": True}}).etag
    signing = ("POST", f"{path}/attempts", world.candidate, SIGNATURE)
    stage.refused("page-incomplete", *signing, if_match=half)
    whole = world.save(enrolment, "plan-1").etag
    stage.shows("The answer is a receipt.", *signing, if_match=whole)


@scene("listAttempts")
def list_attempts(stage: Stage) -> None:
    world = stage.world
    enrolment = world.enrol()
    first = world.sign(enrolment, "kn-1")
    world.judge(enrolment, first, competent=False, feedback="Say why, with an example.")
    world.clock.forward(days=1)
    world.sign(enrolment, "kn-1")
    path = f"{page_path(enrolment, 'kn-1')}/attempts"
    stage.shows("One was returned, the next waits.", "GET", path, world.candidate)
    missing = f"{page_path(enrolment, 'kn-9')}/attempts"
    stage.refused("not-found", "GET", missing, world.candidate)


@scene("getAttempt")
def get_attempt(stage: Stage) -> None:
    world = stage.world
    enrolment = world.enrol()
    attempt = world.sign(enrolment, "plan-2")
    path = attempt_path(enrolment, attempt)
    stage.shows("What was signed, word for word.", "GET", path, world.candidate)
    missing = f"{page_path(enrolment, 'plan-2')}/attempts/2"
    stage.refused("not-found", "GET", missing, world.candidate)


@scene("withdrawAttempt")
def withdraw_attempt(stage: Stage) -> None:
    world = stage.world
    enrolment = world.enrol()
    first = world.sign(enrolment, "plan-1")
    path = attempt_path(enrolment, first)
    stage.shows("The page is open again.", "DELETE", path, world.candidate)
    judged = world.sign(enrolment, "plan-2")
    world.judge(enrolment, judged)
    late = attempt_path(enrolment, judged)
    stage.refused("attempt-not-waiting", "DELETE", late, world.candidate)


@scene("sendReviewLink")
def send_review_link(stage: Stage) -> None:
    world = stage.world
    enrolment = world.enrol()
    attempt = world.sign(enrolment, "plan-1")
    path = f"{attempt_path(enrolment, attempt)}/review-links"
    stage.shows("The link is on its way.", "POST", path, world.administrator)
    world.judge(enrolment, attempt)
    stage.refused("attempt-not-waiting", "POST", path, world.administrator)
