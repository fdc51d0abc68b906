"""Enrolments: creating them, and how far they are."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from chalicelib.api.http import Answer, AnswerModel, Call, Operation, RequestModel, answer
from chalicelib.api.lists import ListQuery, next_cursor
from chalicelib.api.rules import ADMINISTRATORS, READERS
from chalicelib.api.texts import Identifier, TextOrNull
from chalicelib.domain.enrolments import (
    Enrolment,
    EnrolmentState,
    PageProgress,
    PageState,
    progress,
)
from chalicelib.domain.modules import VERSION_LIMIT
from chalicelib.usecases import enrolments
from chalicelib.usecases.enrolments import ListedEnrolment, NewEnrolment, Sought

ENROLMENTS = "/v1/centres/{centre_id}/enrolments"
ENROLMENT = ENROLMENTS + "/{enrolment_id}"


class EnrolmentIn(RequestModel):
    """Who is to work through which module version, and who judges."""

    candidate_id: Identifier = Field(description="A person with the role candidate.")
    assessor_id: Identifier = Field(
        description="A person with an authorisation for the module, and not the candidate."
    )
    module_id: Identifier
    module_version: Annotated[int, Field(ge=1, le=VERSION_LIMIT)] = Field(
        description="A published version. The enrolment stays on it."
    )
    due_on: date | None = Field(default=None, description="When the candidate means to be done.")


class EnrolmentChange(RequestModel):
    """What is to change of an enrolment."""

    assessor_id: Identifier = Field(description="Who judges from now on.")


class PageProgressOut(AnswerModel):
    """What a page waits for, on whom, since when."""

    page_id: str
    state: PageState
    attempts: int = Field(description="How often the page has been signed.")
    since: datetime = Field(description="When the page came into this state.")
    waits_on: TextOrNull = Field(
        description="The person who has to do something next; null where nothing is left to do."
    )


class EnrolmentOut(AnswerModel):
    """One candidate working through one module version, with the progress by page."""

    id: str
    candidate_id: str
    assessor_id: str
    module_id: str
    module_version: int
    state: EnrolmentState
    created_at: datetime
    due_on: date | None
    completed_at: datetime | None = Field(description="When the certificate was issued.")
    pages_competent: int = Field(description="How many pages are done.")
    pages: list[PageProgressOut] = Field(description="Every page, in printed order.")


class EnrolmentQuery(ListQuery):
    """Whose enrolments, in which state. A page may hold fewer in that state than `limit`."""

    candidate_id: Annotated[
        Identifier | None, Field(description="Those of this candidate alone.")
    ] = None
    assessor_id: Annotated[
        Identifier | None, Field(description="Those that this assessor judges alone.")
    ] = None
    state: Annotated[
        EnrolmentState | None,
        Field(description="Leaves out of each page what stands elsewhere: go on while `next` is."),
    ] = None


class EnrolmentSummary(AnswerModel):
    """An enrolment as lists show it, with the names that people know it by."""

    id: str
    candidate_id: str
    candidate_name: str
    assessor_id: str
    assessor_name: str
    module_id: str
    module_version: int
    module_title: str
    state: EnrolmentState
    created_at: datetime
    due_on: date | None
    completed_at: datetime | None
    renews: str | None = Field(description="The earlier enrolment that this one renews.")


class EnrolmentList(AnswerModel):
    """Enrolments, newest first."""

    items: list[EnrolmentSummary]
    next: str | None


@Operation(
    "createEnrolment",
    "POST",
    ENROLMENTS,
    summary="Enrol a candidate in a published module version.",
    rule=ADMINISTRATORS,
    body=EnrolmentIn,
    answer=EnrolmentOut,
    status=201,
    headers=("ETag", "Location"),
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
    out = _out(made, progress(module, made, ()))
    return answer(out, 201, version=enrolments.etag(made), location=call.address(where))


@Operation(
    "listEnrolments",
    "GET",
    ENROLMENTS,
    summary="Enrolments, newest first: the centre's, or one's own.",
    rule=READERS,
    query=EnrolmentQuery,
    answer=EnrolmentList,
)
def list_enrolments(call: Call) -> Answer:
    """Answer with a page of the list.

    Candidates and assessors get their own; who is both, and names neither, gets those as a
    candidate.
    """
    actor = call.actor()
    query = call.query(EnrolmentQuery)
    sought = Sought(
        candidate_id=query.candidate_id or "",
        assessor_id=query.assessor_id or "",
        state=query.state,
    )
    found, end = enrolments.list_all(call.runtime, actor, sought, query.limit, query.after)
    return answer(EnrolmentList(items=list(map(_summary, found)), next=next_cursor(end)))


@Operation(
    "getEnrolment",
    "GET",
    ENROLMENT,
    summary="An enrolment with its progress by page.",
    rule=READERS,
    answer=EnrolmentOut,
    headers=("ETag",),
)
def get_enrolment(call: Call) -> Answer:
    """Answer with the enrolment and what every page waits for."""
    enrolment, progress = enrolments.get_progress(call.runtime, call.actor(), call["enrolment_id"])
    return answer(_out(enrolment, progress), version=enrolments.etag(enrolment))


@Operation(
    "changeEnrolment",
    "PATCH",
    ENROLMENT,
    summary="Give an enrolment to another assessor, with every page that waits for judgement.",
    rule=ADMINISTRATORS,
    body=EnrolmentChange,
    answer=EnrolmentOut,
    headers=("ETag",),
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
    return answer(_out(enrolment, progress), version=enrolments.etag(enrolment))


def _summary(listed: ListedEnrolment) -> EnrolmentSummary:
    enrolment = listed.enrolment
    return EnrolmentSummary(
        id=enrolment.id,
        candidate_id=enrolment.candidate_id,
        candidate_name=listed.candidate_name,
        assessor_id=enrolment.assessor_id,
        assessor_name=listed.assessor_name,
        module_id=enrolment.module_id,
        module_version=enrolment.module_version,
        module_title=listed.module_title,
        state=enrolment.state,
        created_at=enrolment.created_at,
        due_on=date.fromisoformat(enrolment.due_on) if enrolment.due_on else None,
        completed_at=enrolment.completed_at,
        renews=enrolment.renews or None,
    )


def _out(enrolment: Enrolment, progress: tuple[PageProgress, ...]) -> EnrolmentOut:
    pages = [
        PageProgressOut(
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
        due_on=date.fromisoformat(enrolment.due_on) if enrolment.due_on else None,
        completed_at=enrolment.completed_at,
        pages_competent=sum(page.state is PageState.COMPETENT for page in pages),
        pages=pages,
    )
