"""Enrolments: creating them, and how far they are."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from chalicelib.api.http import Answer, AnswerModel, Call, Operation, RequestModel, answer
from chalicelib.api.lists import ListQuery, Next, next_cursor
from chalicelib.api.rules import ADMINISTRATORS, VIEWERS
from chalicelib.api.texts import Identifier, Text, TextOrNull
from chalicelib.domain.access import Actor
from chalicelib.domain.enrolments import (
    REASON_LIMIT,
    Enrolment,
    EnrolmentState,
    PageProgress,
    PageState,
    progress,
)
from chalicelib.domain.enrolments import (
    EnrolmentChange as Recorded,
)
from chalicelib.domain.modules import PAGES_LIMIT, VERSION_LIMIT
from chalicelib.usecases import enrolment_changes, enrolment_lists, enrolments
from chalicelib.usecases.enrolment_changes import Changes
from chalicelib.usecases.enrolment_lists import ListedEnrolment, Sought
from chalicelib.usecases.enrolments import NewEnrolment

ENROLMENTS = "/v1/centres/{centre_id}/enrolments"
ENROLMENT = ENROLMENTS + "/{enrolment_id}"


PageAssessors = Annotated[
    dict[Identifier, Identifier],
    Field(
        max_length=PAGES_LIMIT,
        description="By page id, the ids of those who judge it instead of the primary assessor.",
    ),
]
OccurredOn = Annotated[
    date | None,
    Field(description="The day it happened, where it is recorded later; not in the future."),
]
HappenedOn = Annotated[
    date | None, Field(description="Null where it is the day on which it was recorded.")
]


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
    page_assessors: PageAssessors = Field(default_factory=dict)
    due_on: date | None = Field(default=None, description="When the candidate means to be done.")
    renews: Identifier | None = Field(
        default=None,
        description="An earlier enrolment, closed, of this candidate in any version of the module.",
    )
    occurred_on: OccurredOn = None


class EnrolmentChange(RequestModel):
    """What is to change of an enrolment; what is left out stays. `due_on` null takes it away."""

    assessor_id: Identifier | None = Field(default=None, description="Who judges from now on.")
    page_assessors: PageAssessors | None = Field(default=None, description="The whole map.")
    due_on: date | None = Field(default=None, description="Null takes the date away.")
    state: EnrolmentState | None = Field(
        default=None, description="A state that the present one can become."
    )
    reason: Annotated[Text, Field(max_length=REASON_LIMIT)] = Field(
        default="", description="Kept with the change. A withdrawal and a transfer need one."
    )
    occurred_on: OccurredOn = None


class PageProgressOut(AnswerModel):
    """What a page waits for, on whom, since when."""

    page_id: str
    state: PageState
    attempts: int = Field(description="How often the page has been signed.")
    since: datetime = Field(description="When the page came into this state.")
    waits_on: TextOrNull = Field(
        description="The person who has to do something next; null where nothing is left to do."
    )
    stuck: bool = Field(
        description="Whether whoever it waits on cannot do it now: a membership has ended, or a "
        "role or an authorisation been taken away. An administrator gives it back, or names "
        "somebody else."
    )


class ChangedFields(AnswerModel):
    """Those fields of an enrolment that were changed; the others are null."""

    assessor_id: str | None = None
    page_assessors: dict[str, str] | None = None
    due_on: TextOrNull = Field(default=None, description="Null as well where there was no date.")
    state: EnrolmentState | None = None


class EnrolmentHistoryOut(AnswerModel):
    """Who changed an enrolment, when, why, and what."""

    changed_at: datetime
    changed_by: str
    occurred_on: HappenedOn
    reason: str
    before: ChangedFields
    after: ChangedFields


class EnrolmentOut(AnswerModel):
    """One candidate working through one module version, with the progress by page."""

    id: str
    candidate_id: str
    assessor_id: str
    page_assessors: dict[str, str]
    module_id: str
    module_version: int
    state: EnrolmentState
    created_at: datetime
    created_by: str
    occurred_on: HappenedOn
    due_on: date | None
    completed_at: datetime | None = Field(description="When the certificate was issued.")
    renews: TextOrNull = Field(description="The earlier enrolment that this one renews.")
    pages_competent: int = Field(description="How many pages are done.")
    pages: list[PageProgressOut] = Field(description="Every page, in printed order.")
    changes: list[EnrolmentHistoryOut] = Field(description="The latest hundred, the latest first.")


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
        Field(
            description="Those in this state alone. A page of the list may hold fewer than "
            "`limit`, or none: go on until `next` is null."
        ),
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
    next: Next


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
    problems=("own-work", "enrolment-open", "invalid-enrolment", "invalid-date"),
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
        page_assessors=body.page_assessors,
        due_on=body.due_on,
        renews=body.renews or "",
        occurred_on=body.occurred_on,
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
    rule=VIEWERS,
    query=EnrolmentQuery,
    answer=EnrolmentList,
    problems=("role-not-allowed",),
)
def list_enrolments(call: Call) -> Answer:
    """Answer with a page of the list.

    Candidates and assessors get their own; who is both, and names neither, gets those as a
    candidate. External verifiers, who are neither, get what visits show them.
    """
    actor = call.actor()
    query = call.query(EnrolmentQuery)
    sought = Sought(
        candidate_id=query.candidate_id or "",
        assessor_id=query.assessor_id or "",
        state=query.state,
    )
    found, end = enrolment_lists.list_all(call.runtime, actor, sought, query.limit, query.after)
    return answer(EnrolmentList(items=list(map(_summary, found)), next=next_cursor(end)))


@Operation(
    "getEnrolment",
    "GET",
    ENROLMENT,
    summary="An enrolment with its progress by page.",
    rule=VIEWERS,
    answer=EnrolmentOut,
    headers=("ETag",),
)
def get_enrolment(call: Call) -> Answer:
    """Answer with the enrolment and what every page waits for."""
    return _read(call, call.actor())


@Operation(
    "changeEnrolment",
    "PATCH",
    ENROLMENT,
    summary="Change who judges, when it is due, or whether it goes on.",
    rule=ADMINISTRATORS,
    body=EnrolmentChange,
    answer=EnrolmentOut,
    headers=("ETag",),
    if_match=True,
    problems=(
        "own-work",
        "enrolment-complete",
        "enrolment-open",
        "enrolment-state",
        "change-too-large",
        "stale-enrolment",
        "invalid-enrolment",
        "invalid-date",
    ),
)
def change_enrolment(call: Call) -> Answer:
    """Change the fields that the body names, all in one write.

    Pages that wait for judgement go to their new assessors: links die, and fresh ones are mailed.
    A break stops signing, not writing; withdrawn and transferred enrolments are closed, and a
    withdrawn one can be active again. What was signed before can still be judged. A withdrawal and
    a transfer need a reason.
    """
    actor = call.actor()
    body = call.body(EnrolmentChange)
    given = body.model_fields_set
    changes = Changes(
        assessor_id=body.assessor_id,
        page_assessors=body.page_assessors,
        due_on=str(body.due_on or "") if "due_on" in given else None,
        state=body.state,
        reason=body.reason.strip(),
        occurred_on=body.occurred_on,
    )
    enrolment_id = call["enrolment_id"]
    enrolment_changes.change_enrolment(call.runtime, actor, enrolment_id, changes, call.if_match())
    return _read(call, actor)


def _read(call: Call, actor: Actor) -> Answer:
    enrolment, pages = enrolments.get_progress(call.runtime, actor, call["enrolment_id"])
    out = _out(
        enrolment,
        pages,
        enrolments.unable(call.runtime, enrolment, pages),
        enrolments.history(call.runtime, enrolment),
    )
    return answer(out, version=enrolments.etag(enrolment))


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


def _out(
    enrolment: Enrolment,
    progress: Iterable[PageProgress],
    unable: frozenset[str] = frozenset(),
    changes: Iterable[Recorded] = (),
) -> EnrolmentOut:
    pages = [
        PageProgressOut(
            page_id=page.page_id,
            state=page.state,
            attempts=page.attempts,
            since=page.since,
            waits_on=page.waits_on,
            stuck=page.waits_on in unable,
        )
        for page in progress
    ]
    return EnrolmentOut(
        id=enrolment.id,
        candidate_id=enrolment.candidate_id,
        assessor_id=enrolment.assessor_id,
        page_assessors=dict(enrolment.page_assessors),
        module_id=enrolment.module_id,
        module_version=enrolment.module_version,
        state=enrolment.state,
        created_at=enrolment.created_at,
        created_by=enrolment.created_by,
        occurred_on=enrolment.occurred_on,
        due_on=date.fromisoformat(enrolment.due_on) if enrolment.due_on else None,
        completed_at=enrolment.completed_at,
        renews=enrolment.renews,
        pages_competent=sum(page.state is PageState.COMPETENT for page in pages),
        pages=pages,
        changes=list(map(_change, changes)),
    )


def _change(change: Recorded) -> EnrolmentHistoryOut:
    return EnrolmentHistoryOut(
        changed_at=change.changed_at,
        changed_by=change.changed_by,
        occurred_on=change.occurred_on,
        reason=change.reason,
        before=ChangedFields(**change.before),
        after=ChangedFields(**change.after),
    )
