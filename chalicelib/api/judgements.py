"""Judging an attempt by token."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from chalicelib.api.enrolments import ENROLMENT, HappenedOn, OccurredOn
from chalicelib.api.http import Answer, AnswerModel, Call, Operation, RequestModel, answer
from chalicelib.api.rules import ITS_ASSESSOR
from chalicelib.api.texts import LongText, Text, TextOrNull
from chalicelib.domain.judgements import Decision, Judgement, Method
from chalicelib.domain.modules import INITIALS_LIMIT
from chalicelib.usecases import judgements
from chalicelib.usecases.judgements import Judging

ATTEMPT = ENROLMENT + "/pages/{page_id}/attempts/{number}"


class JudgementIn(RequestModel):
    """A decision on the attempt whose content hash the assessor saw."""

    content_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] = Field(
        description="The `content_hash` of the attempt that was shown to the assessor."
    )
    competent: bool = Field(description="False returns the page: not yet competent.")
    initials: Text = Field(
        description="The assessor's own.",
        json_schema_extra={"minLength": 1, "maxLength": INITIALS_LIMIT},
    )
    feedback: LongText = Field(default="", description="Needed where the page is returned.")
    occurred_on: OccurredOn = None


class JudgementOut(AnswerModel):
    """A judgement, with the authorisation that it rested on frozen into it."""

    competent: bool = Field(description="False: not yet competent, the page is open again.")
    initials: str
    feedback: str | None = Field(
        description="Empty where none was given; null in lists where it is long: the attempt "
        "itself has it."
    )
    judged_by: str = Field(description="The assessor's person id.")
    judged_at: datetime
    occurred_on: HappenedOn
    method: Method = Field(description="Whether it came by a signed link or by a token.")
    authorisation_id: str
    qualification: str = Field(description="The qualification that the assessor held.")
    countersigner_id: TextOrNull = Field(
        description="Who has to stand for it before it counts; null where nobody needs to."
    )


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
    rule=ITS_ASSESSOR,
    body=JudgementIn,
    answer=JudgementOut,
    status=201,
    idempotent=True,
    problems=(
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
