"""Scenes: testimony, the pages behind the link of a witness."""

from typing import Any
from urllib.parse import urlencode

from chalicelib.api.http import FORM
from tests.contributions import TESTIFIED, begin, invite, mailed
from tests.play.stage import Stage, scene

FORGED = "/v1/testimony/forged"


def _mailed(stage: Stage) -> str:
    enrolment = begin(stage.world)
    invite(stage.world, enrolment)
    return mailed(stage.world, enrolment)


@scene("openTestimony")
def open_testimony(stage: Stage) -> None:
    stage.shows("What is asked, with the form.", "GET", _mailed(stage))
    stage.refused("not-found", "GET", FORGED)


@scene("signTestimony")
def sign_testimony(stage: Stage) -> None:
    link = _mailed(stage)
    form: dict[str, Any] = {"media": FORM, "key": None}
    unsigned = urlencode(TESTIFIED | {"signature": ""})
    stage.refused("contribution-incomplete", "POST", link, None, unsigned, **form)
    stage.shows("The testimony is signed.", "POST", link, None, urlencode(TESTIFIED), **form)


@scene("showTestimony")
def show_testimony(stage: Stage) -> None:
    link = _mailed(stage)
    stage.door.form(link, TESTIFIED)
    stage.shows("What was signed.", "GET", f"{link}/receipt")
    stage.refused("not-found", "GET", f"{FORGED}/receipt")
