"""Scenes: review, the pages behind a signed link."""

from typing import Any
from urllib.parse import urlencode

from chalicelib.api.http import FORM
from chalicelib.domain.centres import LinkPolicy
from chalicelib.storage import keys
from chalicelib.storage.changes import Update
from chalicelib.usecases import centres
from chalicelib.usecases.centres import CentreSettings
from tests.api.door import mail
from tests.attachments import picture
from tests.play.stage import Stage, scene
from tests.world import EVIDENCE_MODULE

FORGED = "/v1/review/forged"
COMPETENT = urlencode({"competent": "Y", "initials": "AE"})


def _mailed(stage: Stage) -> str:
    enrolment = stage.world.enrol()
    stage.world.sign(enrolment, "plan-2")
    return mail(stage.door, enrolment, "plan-2")


@scene("openReview")
def open_review(stage: Stage) -> None:
    stage.shows("What was signed, with the form to judge it.", "GET", _mailed(stage))
    stage.refused("not-found", "GET", FORGED)


@scene("judgeByLink")
def judge_by_link(stage: Stage) -> None:
    link = _mailed(stage)
    form: dict[str, Any] = {"media": FORM, "key": None}
    incomplete = urlencode({"competent": "N", "initials": "AE", "feedback": ""})
    stage.refused("invalid-judgement", "POST", link, None, incomplete, **form)
    stage.shows("The page is competent.", "POST", link, None, COMPETENT, **form)


def _with_picture(stage: Stage) -> str:
    """Mail a link to a page with a picture; return where that lies behind it."""
    world = stage.world
    world.module = world.publish(EVIDENCE_MODULE.replace("PLANTED-GUIDANCE ", ""))
    enrolment = world.enrol()
    photo = world.attach(picture(), name="room.jpg", media_type="image/jpeg")
    key = keys.attachment(photo.centre_id, photo.id)
    # S3 names a version as it likes; the hash that the token covers has to be the same every time.
    world.table.write(Update(key, set={"version": "L4kqtJlcpXroDTDmpUMLUo"}))
    etag = world.save(enrolment, "show-1", world.answers("show-1", photo)).etag
    world.sign_as_shown(enrolment, "show-1", etag)
    return f"{mail(stage.door, enrolment, 'show-1')}/attachments/{photo.id}"


@scene("openEvidence")
def open_evidence(stage: Stage) -> None:
    place = _with_picture(stage)
    stage.shows("The download is a file of ours.", "GET", place)
    stage.refused("not-found", "GET", f"{place}0")


@scene("showThumbnail")
def show_thumbnail(stage: Stage) -> None:
    place = _with_picture(stage)
    stage.shows("The picture is small, and without its place.", "GET", f"{place}/thumbnail")
    stage.refused("not-found", "GET", f"{place}0/thumbnail")


@scene("flagEvidence")
def flag_evidence(stage: Stage) -> None:
    link, _, _ = _with_picture(stage).rpartition("/attachments/")
    form: dict[str, Any] = {"media": FORM, "key": None}
    unsaid = urlencode({"number": "1", "reason": " "})
    stage.refused("invalid-attachment", "POST", f"{link}/flags", None, unsaid, **form)
    said = urlencode({"number": "1", "reason": "A face can be seen."})
    stage.shows("It is withheld, and the page shown.", "POST", f"{link}/flags", None, said, **form)


@scene("showJudgement")
def show_judgement(stage: Stage) -> None:
    link = _mailed(stage)
    stage.door.form(link, COMPETENT)
    stage.shows("What was recorded.", "GET", f"{link}/judgement")
    stage.refused("not-found", "GET", f"{FORGED}/judgement")


@scene("sendReviewCode")
def send_review_code(stage: Stage) -> None:
    world = stage.world
    form: dict[str, Any] = {"media": FORM, "key": None}
    link = _mailed(stage)
    stage.refused("not-found", "POST", f"{FORGED}/codes", None, COMPETENT, **form)
    with_code = CentreSettings(links=LinkPolicy.WITH_CODE)
    centres.change_centre(world.runtime, world.centre.id, with_code)
    stage.shows("A code is on its way.", "POST", f"{link}/codes", None, COMPETENT, **form)


@scene("sendFreshLink")
def send_fresh_link(stage: Stage) -> None:
    link = _mailed(stage)
    stage.shows("A fresh link is on its way.", "POST", f"{link}/links", key=None)
    stage.refused("not-found", "POST", f"{FORGED}/links", key=None)
