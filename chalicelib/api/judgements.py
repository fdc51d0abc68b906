"""Judging an attempt by token."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from chalicelib.api.enrolments import ENROLMENT, OccurredOn
from chalicelib.api.http import Answer, AnswerModel, Call, Operation, RequestModel, answer
from chalicelib.api.texts import LongText, Text
from chalicelib.domain.judgements import Decision, Judgement, Method
from chalicelib.usecases import judgements
from chalicelib.usecases.judgements import Judging

ATTEMPT = ENROLMENT + "/pages/{page_id}/attempts/{number}"


class JudgementIn(RequestModel):
    """A decision on the attempt whose content hash the assessor saw."""

    content_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    competent: bool
    initials: Text
    feedback: LongText = ""
    occurred_on: OccurredOn = None


class JudgementOut(AnswerModel):
    """A judgement. `feedback` is null in lists where it is long; the attempt itself has it."""

    competent: bool
    initials: str
    feedback: str | None
    judged_by: str
    judged_at: datetime
    occurred_on: date | None
    method: Method
    authorisation_id: str
    qualification: str
    countersigner_id: str


def judgement_out(judgement: Judgement, feedback: str | None) -> JudgementOut:
    """Show a judgement with its feedback."""
    return JudgementOut(
        competent=judgement.competent,
        initials=judgement.initials,
        feedback=feedback,
        judged_by=judgement.judged_by,
        judged_at=judgement.judged_at,
        occurred_on=judgement.occurred_on,
        method=judgement.method,
        authorisation_id=judgement.authorisation_id,
        qualification=judgement.qualification,
        countersigner_id=judgement.countersigner_id,
    )


@Operation(
    "judgePage",
    "POST",
    ATTEMPT + "/judgements",
    summary="Judge an attempt, once.",
    who="the assessor to whom the attempt is assigned",
    body=JudgementIn,
    answer=JudgementOut,
    status=201,
    idempotent=True,
    problems=(
        "role-not-allowed",
        "not-authorised",
        "authorisation-changed",
        "own-work",
        "attempt-changed",
        "attempt-not-waiting",
        "invalid-judgement",
        "invalid-date",
    ),
)
def judge_page(call: Call) -> Answer:
    """Record the decision of the body."""
    actor = call.actor()
    body = call.body(JudgementIn)
    judging = Judging(
        enrolment_id=call["enrolment_id"],
        page_id=call["page_id"],
        number=call.number("number"),
        content_hash=body.content_hash,
    )
    decision = Decision(
        competent=body.competent,
        initials=body.initials,
        feedback=body.feedback,
        occurred_on=body.occurred_on,
    )
    judgement = judgements.judge(call.runtime, actor, judging, decision, call.request(actor, body))
    return answer(judgement_out(judgement, body.feedback), 201)
