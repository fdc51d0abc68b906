"""Scenes: contributions of assessors and witnesses."""

from typing import Any

from tests.api.door import SIGNATURE, page_path
from tests.contributions import (
    INVITED,
    OBSERVED,
    PAGE,
    SEEN,
    TOLD,
    begin,
    invite,
    observe,
    sign_observation,
)
from tests.play.stage import Stage, scene

DRAFT = {"values": OBSERVED}
SIGNED = SIGNATURE | {"signature": "Asa Essor"}


def _path(stage: Stage, item_id: str = SEEN) -> str:
    return f"{page_path(begin(stage.world), PAGE)}/contributions/{item_id}"


@scene("listContributions")
def list_contributions(stage: Stage) -> None:
    world = stage.world
    enrolment = begin(world)
    sign_observation(world, enrolment, observe(world, enrolment).etag)
    invite(world, enrolment)
    path = f"{page_path(enrolment, PAGE)}/contributions"
    stage.shows("One is signed, the other asked for.", "GET", path, world.candidate)
    missing = f"{page_path(enrolment, 'work-9')}/contributions"
    stage.refused("not-found", "GET", missing, world.candidate)


@scene("getContribution")
def get_contribution(stage: Stage) -> None:
    world = stage.world
    enrolment = begin(world)
    observe(world, enrolment)
    path = f"{page_path(enrolment, PAGE)}/contributions/{SEEN}"
    stage.shows("A draft, for its assessor.", "GET", path, world.assessor)
    missing = f"{page_path(enrolment, PAGE)}/contributions/work-o9"
    stage.refused("not-found", "GET", missing, world.assessor)


@scene("saveContribution")
def save_contribution(stage: Stage) -> None:
    world, path = stage.world, _path(stage)
    opened = stage.door.etag(path, world.assessor)
    save: Any = ("PUT", path, world.assessor)
    stage.shows("An observation is kept.", *save, DRAFT, if_match=opened)
    other = {"values": {"observed": "He asked first."}}
    stage.refused("stale-contribution", *save, other, if_match=opened)
    wrong = {"values": {"asked": "perhaps", "seen": "She asked."}, "text": "She asked."}
    current = stage.door.etag(path, world.assessor)
    stage.refused("invalid-contribution", *save, wrong, if_match=current)


@scene("signContribution")
def sign_contribution(stage: Stage) -> None:
    world = stage.world
    enrolment = begin(world)
    path = f"{page_path(enrolment, PAGE)}/contributions/{SEEN}"
    half = stage.door.etag(path, world.assessor)
    sign: Any = ("POST", f"{path}/signatures", world.assessor, SIGNED)
    stage.refused("contribution-incomplete", *sign, if_match=half)
    observe(world, enrolment)
    stage.shows("A receipt.", *sign, if_match=stage.door.etag(path, world.assessor))


@scene("getSignedPart")
def get_signed_part(stage: Stage) -> None:
    world = stage.world
    enrolment = begin(world)
    sign_observation(world, enrolment, observe(world, enrolment).etag)
    path = f"{page_path(enrolment, PAGE)}/contributions/{SEEN}/signatures"
    stage.shows("Word for word.", "GET", f"{path}/1", world.candidate)
    stage.refused("not-found", "GET", f"{path}/2", world.candidate)


@scene("inviteWitness")
def invite_witness(stage: Stage) -> None:
    path = f"{_path(stage, TOLD)}/invitations"
    candidate = stage.world.candidate
    own = INVITED | {"address": candidate.membership.address}
    stage.refused("invalid-witness", "POST", path, candidate, own)
    stage.shows("The mail is on its way.", "POST", path, candidate, INVITED)
