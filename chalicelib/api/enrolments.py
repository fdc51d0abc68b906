"""Enrolments: creating them, and how far they are."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from chalicelib.api.http import Answer, AnswerModel, Call, Operation, RequestModel, answer
from chalicelib.api.rules import ADMINISTRATORS, READERS
from chalicelib.api.texts import Identifier
from chalicelib.domain.enrolments import (
    Enrolment,
    EnrolmentState,
    PageProgress,
    PageState,
    progress,
)
from chalicelib.usecases import enrolments
from chalicelib.usecases.enrolments import NewEnrolment

ENROLMENTS = "/v1/centres/{centre_id}/enrolments"
ENROLMENT = ENROLMENTS + "/{enrolment_id}"


class EnrolmentIn(RequestModel):
    """Who is to work through which module version, and who judges."""

    candidate_id: Identifier
    assessor_id: Identifier
    module_id: Identifier
    module_version: Annotated[int, Field(ge=1, le=999_999)]
    due_on: date | None = None


class EnrolmentChange(RequestModel):
    """What is to change of an enrolment."""

    assessor_id: Identifier


class ProgressOut(AnswerModel):
    """What a page waits for, on whom, since when. `waits_on` is empty where nothing is left."""

    page_id: str
    state: PageState
    attempts: int
    since: datetime
    waits_on: str


class EnrolmentOut(AnswerModel):
    """An enrolment. `pages` is the progress in printed order, read as it stands now."""

    id: str
    candidate_id: str
    assessor_id: str
    module_id: str
    module_version: int
    state: EnrolmentState
    created_at: datetime
    due_on: str
    completed_at: datetime | None
    pages_competent: int
    pages: list[ProgressOut]


@Operation(
    "createEnrolment",
    "POST",
    ENROLMENTS,
    summary="Enrol a candidate in a published module version.",
    rule=ADMINISTRATORS,
    body=EnrolmentIn,
    answer=EnrolmentOut,
    status=201,
    idempotent=True,
    problems=("own-work", "enrolment-open", "invalid-enrolment"),
)
def create_enrolment(call: Call) -> Answer:
    """Enrol the candidate that the body names."""
    actor = call.actor()
    body = call.body(EnrolmentIn)
    new = NewEnrolment(
        candidate_id=body.candidate_id,
        assessor_id=body.assessor_id,
        module_id=body.module_id,
        module_version=body.module_version,
        due_on=body.due_on,
    )
    made = enrolments.create_enrolment(call.runtime, actor, new, call.request(actor, body))
    module = enrolments.pinned_module(call.runtime, made.centre_id, made)
    where = ENROLMENT.format(centre_id=made.centre_id, enrolment_id=made.id)
    return answer(_out(made, progress(module, made, ())), 201, location=call.address(where))


@Operation(
    "getEnrolment",
    "GET",
    ENROLMENT,
    summary="An enrolment with its progress by page.",
    rule=READERS,
    answer=EnrolmentOut,
)
def get_enrolment(call: Call) -> Answer:
    """Answer with the enrolment and what every page waits for."""
    enrolment, progress = enrolments.get_progress(call.runtime, call.actor(), call["enrolment_id"])
    return answer(_out(enrolment, progress), etag=enrolments.etag(enrolment))


@Operation(
    "changeEnrolment",
    "PATCH",
    ENROLMENT,
    summary="Give an enrolment to another assessor, with every page that waits for judgement.",
    rule=ADMINISTRATORS,
    body=EnrolmentChange,
    answer=EnrolmentOut,
    if_match=True,
    problems=(
        "own-work",
        "enrolment-complete",
        "stale-enrolment",
        "invalid-enrolment",
    ),
)
def change_enrolment(call: Call) -> Answer:
    """Reassign the enrolment; links to the waiting pages die, and fresh ones are mailed."""
    actor = call.actor()
    body = call.body(EnrolmentChange)
    enrolments.reassign(
        call.runtime, actor, call["enrolment_id"], body.assessor_id, call.if_match()
    )
    enrolment, progress = enrolments.get_progress(call.runtime, actor, call["enrolment_id"])
    return answer(_out(enrolment, progress), etag=enrolments.etag(enrolment))


def _out(enrolment: Enrolment, progress: tuple[PageProgress, ...]) -> EnrolmentOut:
    pages = [
        ProgressOut(
            page_id=page.page_id,
            state=page.state,
            attempts=page.attempts,
            since=page.since,
            waits_on=page.waits_on,
        )
        for page in progress
    ]
    return EnrolmentOut(
        id=enrolment.id,
        candidate_id=enrolment.candidate_id,
        assessor_id=enrolment.assessor_id,
        module_id=enrolment.module_id,
        module_version=enrolment.module_version,
        state=enrolment.state,
        created_at=enrolment.created_at,
        due_on=enrolment.due_on,
        completed_at=enrolment.completed_at,
        pages_competent=sum(page.state is PageState.COMPETENT for page in pages),
        pages=pages,
    )
