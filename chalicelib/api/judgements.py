"""Judging an attempt by token."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from chalicelib.api.enrolments import ENROLMENT, HappenedOn, OccurredOn
from chalicelib.api.http import Answer, AnswerModel, Call, Operation, RequestModel, answer
from chalicelib.api.rules import ITS_ASSESSOR
from chalicelib.api.texts import LongText, Text, TextOrNull
from chalicelib.domain.judgements import Appraisal, Appraisals, Decision, Judgement, Method
from chalicelib.domain.modules import INITIALS_LIMIT, ITEMS_LIMIT
from chalicelib.usecases import judgements
from chalicelib.usecases.judgements import Judging

ATTEMPT = ENROLMENT + "/pages/{page_id}/attempts/{number}"


class AppraisalIn(RequestModel):
    """What the assessor finds of the evidence for one item."""

    valid: bool = Field(description="It shows what it is said to show.")
    authentic: bool = Field(description="It is the candidate's own.")
    current: bool = Field(description="It is recent enough to tell what they can do today.")
    sufficient: bool = Field(description="There is enough of it.")
    reliable: bool = Field(description="Another assessor would find the same.")


class AppraisalOut(AnswerModel):
    """What the assessor found of the evidence for one item."""

    valid: bool
    authentic: bool
    current: bool
    sufficient: bool
    reliable: bool


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
    evidence: Annotated[dict[Text, AppraisalIn], Field(max_length=ITEMS_LIMIT)] = Field(
        default_factory=dict,
        description="By item id, for each item of the page whose `vacsr` is true. Where one of the "
        "five is false, the page is not yet competent.",
    )


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
    evidence: dict[str, AppraisalOut] | None = Field(
        description="By item id, what was found of evidence where the module asks; null in lists."
    )


def judgement_out(
    judgement: Judgement, feedback: str | None, evidence: Appraisals | None
) -> JudgementOut:
    """Show a judgement with its feedback, and what it says of evidence; None where not read."""
    shown = None
    if evidence is not None:
        shown = {item_id: AppraisalOut(**found.document()) for item_id, found in evidence.items()}
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
        evidence=shown,
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
        "departure-not-reviewed",
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
        evidence={
            item_id: Appraisal(**given.model_dump()) for item_id, given in body.evidence.items()
        },
    )
    judgement = judgements.judge(call.runtime, actor, judging, decision, call.request(actor, body))
    return answer(judgement_out(judgement, body.feedback, decision.evidence), 201)
