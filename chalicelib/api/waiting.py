"""What waits on somebody, as `getMe` shows it."""

from datetime import date, datetime
from typing import Any

from pydantic import Field

from chalicelib.api.http import AnswerModel
from chalicelib.domain.enrolments import EnrolmentState, PageState
from chalicelib.usecases.enrolment_lists import ListedEnrolment
from chalicelib.usecases.waiting import Study, Waiting, Waits


class StudyOut(AnswerModel):
    """An open enrolment of the candidate's, with how many of its pages stand where."""

    enrolment_id: str
    module_id: str
    module_version: int
    module_title: str
    state: EnrolmentState
    due_on: date | None
    pages_open: int = Field(description="Pages that were never signed, or taken back.")
    pages_signed: int = Field(description="Pages that wait for their judgement.")
    pages_not_yet_competent: int = Field(description="Pages that were returned, with feedback.")
    pages_competent: int


class AttemptWaiting(AnswerModel):
    """An attempt that waits, since when."""

    enrolment_id: str
    page_id: str
    number: int
    since: datetime


class JudgementWaiting(AttemptWaiting):
    """An attempt that waits for the assessor's judgement."""

    candidate_id: str
    candidate_name: str
    module_title: str


class WaitsOut(AnswerModel):
    """What waits on somebody at a centre, oldest first."""

    studies: list[StudyOut] = Field(description="Their open enrolments, as a candidate.")
    judgements: list[JudgementWaiting] = Field(description="What they are to judge.")
    countersignatures: list[AttemptWaiting] = Field(description="What they are to countersign.")
    complete: bool = Field(
        description="False where there is more: at most 50 enrolments as a candidate, 50 as an "
        "assessor, and 50 countersignatures are looked into. `listEnrolments` has all."
    )


def waits_out(found: Waits) -> WaitsOut:
    """Show what waits on somebody."""
    return WaitsOut(
        studies=list(map(_study, found.studies)),
        judgements=[_judgement(*each) for each in found.judgements],
        countersignatures=[AttemptWaiting(**_place(each)) for each in found.countersignatures],
        complete=found.complete,
    )


def _study(study: Study) -> StudyOut:
    enrolment = study.listed.enrolment
    return StudyOut(
        enrolment_id=enrolment.id,
        module_id=enrolment.module_id,
        module_version=enrolment.module_version,
        module_title=study.listed.module_title,
        state=enrolment.state,
        due_on=date.fromisoformat(enrolment.due_on) if enrolment.due_on else None,
        pages_open=study.pages[PageState.OPEN],
        pages_signed=study.pages[PageState.SIGNED],
        pages_not_yet_competent=study.pages[PageState.RETURNED],
        pages_competent=study.pages[PageState.COMPETENT],
    )


def _judgement(listed: ListedEnrolment, waits: Waiting) -> JudgementWaiting:
    return JudgementWaiting(
        **_place(waits),
        candidate_id=listed.enrolment.candidate_id,
        candidate_name=listed.candidate_name,
        module_title=listed.module_title,
    )


def _place(waits: Waiting) -> dict[str, Any]:
    return {
        "enrolment_id": waits.enrolment_id,
        "page_id": waits.page_id,
        "number": waits.number,
        "since": waits.since,
    }
