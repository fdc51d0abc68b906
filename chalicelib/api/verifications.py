"""Second looks at a judgement: verifying it, countersigning it, and setting it aside."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from chalicelib.api.http import Answer, AnswerModel, Call, Operation, RequestModel, answer
from chalicelib.api.judgements import ATTEMPT
from chalicelib.api.lists import ListQuery, Next, next_cursor
from chalicelib.api.rules import ITS_ASSESSOR, OVERSEERS, members
from chalicelib.api.texts import Identifier, LongText, Text
from chalicelib.domain.people import Role
from chalicelib.domain.verifications import NOTE_LIMIT, Finding, Outcome, Verification
from chalicelib.usecases import verifications
from chalicelib.usecases.verifications import Looked

VERIFICATIONS = "/v1/centres/{centre_id}/verifications"
CHANGED = ("not-authorised", "authorisation-changed", "own-work")

OccurredOn = Annotated[
    date | None,
    Field(strict=False, description="The day it was done, where that is not today."),
]


class VerificationIn(RequestModel):
    """What was found of the judgement on an attempt.

    `content_hash` is that of the attempt as it was read; without it, the attempt as it stands.
    """

    enrolment_id: Identifier = Field(description="Whose page was judged.")
    page_id: Identifier = Field(description="Which page was judged.")
    attempt: Annotated[int, Field(ge=1, le=999_999, description="Its number.")]
    content_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        default=None, description="Of the attempt that was shown to the verifier."
    )
    outcome: Annotated[Outcome, Field(strict=False)]
    note: Annotated[Text, Field(max_length=NOTE_LIMIT)] = Field(
        default="", description="Needed where action is required: what, and by whom."
    )
    occurred_on: OccurredOn = None


class VerificationOut(AnswerModel):
    """A verification on record. `occurred_on` is null where that was the day of recording."""

    id: str
    enrolment_id: str
    page_id: str
    attempt: int
    content_hash: str
    candidate_id: str
    judged_by: str
    outcome: Outcome
    note: str
    occurred_on: date | None
    verified_by: str
    verified_at: datetime
    authorisation_id: str
    qualification: str


class VerificationQuery(ListQuery):
    """Which verifications are listed: the centre's, or those of one enrolment."""

    enrolment_id: Identifier | None = None


class VerificationList(AnswerModel):
    """A page of verifications, newest first."""

    items: list[VerificationOut]
    next: Next


class CountersignatureIn(RequestModel):
    """When the judgement was countersigned, if not today."""

    occurred_on: OccurredOn = None


class CountersignatureOut(AnswerModel):
    """Who stands for a judgement, and since when."""

    page_id: str
    number: int
    countersigned_by: str
    countersigned_at: datetime
    occurred_on: date | None


class SettingAsideIn(RequestModel):
    """Why a judgement is set aside. The assessor and the candidate read it."""

    reason: LongText = Field(description="Text of more than white space.")
    occurred_on: OccurredOn = None


class SettingAsideOut(AnswerModel):
    """A judgement set aside."""

    page_id: str
    number: int
    set_aside_by: str
    set_aside_at: datetime
    reason: str
    occurred_on: date | None


def verification_out(verification: Verification) -> VerificationOut:
    """Show a verification to those who may read it."""
    return VerificationOut(
        id=verification.id,
        enrolment_id=verification.enrolment_id,
        page_id=verification.page_id,
        attempt=verification.attempt,
        content_hash=verification.content_hash,
        candidate_id=verification.candidate_id,
        judged_by=verification.judged_by,
        outcome=verification.outcome,
        note=verification.note,
        occurred_on=day(verification.occurred_on),
        verified_by=verification.verified_by,
        verified_at=verification.verified_at,
        authorisation_id=verification.authorisation_id,
        qualification=verification.qualification,
    )


def day(occurred_on: str) -> date | None:
    """Read the day of an act; None where that was the day of recording."""
    return date.fromisoformat(occurred_on) if occurred_on else None


@Operation(
    "recordVerification",
    "POST",
    VERIFICATIONS,
    summary="Record what an internal verifier found of a judgement; the latest finding counts.",
    rule=members(Role.INTERNAL_VERIFIER),
    body=VerificationIn,
    answer=VerificationOut,
    status=201,
    idempotent=True,
    problems=(*CHANGED, "attempt-not-judged", "judgement-changed", "invalid-verification"),
)
def record_verification(call: Call) -> Answer:
    """Put the finding of the body on record.

    While a finding on a page's current judgement says that action is required, the enrolment is
    not finalised, whatever its module asks for.
    """
    actor = call.actor()
    body = call.body(VerificationIn)
    looked = Looked(body.enrolment_id, body.page_id, body.attempt, body.content_hash or "")
    finding = Finding(outcome=body.outcome, note=body.note, occurred_on=body.occurred_on)
    made = verifications.verify(call.runtime, actor, looked, finding, call.request(actor, body))
    return answer(verification_out(made), 201)


@Operation(
    "listVerifications",
    "GET",
    VERIFICATIONS,
    summary="The verifications of a centre, or of one of its enrolments, newest first.",
    rule=OVERSEERS,
    query=VerificationQuery,
    answer=VerificationList,
    problems=("role-not-allowed",),
)
def list_verifications(call: Call) -> Answer:
    """Answer with a page of the list; what was found of the reader's own work is left out.

    External verifiers name an enrolment that a visit shows them.
    """
    actor = call.actor()
    query = call.query(VerificationQuery)
    found, end = verifications.list_all(
        call.runtime, actor, query.enrolment_id or "", query.limit, query.after
    )
    return answer(VerificationList(items=list(map(verification_out, found)), next=next_cursor(end)))


@Operation(
    "countersign",
    "POST",
    ATTEMPT + "/judgements/countersignature",
    summary="Stand for the judgement of an assessor who is not qualified yet, so that it counts.",
    rule=ITS_ASSESSOR,
    body=CountersignatureIn,
    answer=CountersignatureOut,
    status=201,
    idempotent=True,
    problems=(
        *CHANGED,
        "not-the-countersigner",
        "not-qualified",
        "attempt-not-judged",
        "judgement-changed",
        "invalid-verification",
    ),
)
def countersign(call: Call) -> Answer:
    """Countersign the judgement, as the assessor whom it names for that, and nobody else."""
    actor = call.actor()
    body = call.body(CountersignatureIn)
    looked = _looked(call)
    made = verifications.countersign(
        call.runtime, actor, looked, body.occurred_on, call.request(actor, body)
    )
    countersigned = CountersignatureOut(
        page_id=looked.page_id,
        number=looked.number,
        countersigned_by=made.by,
        countersigned_at=made.at,
        occurred_on=day(made.occurred_on),
    )
    return answer(countersigned, 201)


@Operation(
    "setAside",
    "POST",
    ATTEMPT + "/judgements/set-aside",
    summary="Take a judgement out of standing, so that the page is the candidate's again.",
    rule=members(Role.INTERNAL_VERIFIER),
    body=SettingAsideIn,
    answer=SettingAsideOut,
    status=201,
    idempotent=True,
    problems=(
        *CHANGED,
        "attempt-not-judged",
        "attempt-not-latest",
        "judgement-changed",
        "invalid-verification",
    ),
)
def set_aside(call: Call) -> Answer:
    """Set the judgement of the attempt aside.

    Where a certificate rests on it, that is suspended and the enrolment is active again; once
    every page stands anew, the next issue of the certificate supersedes it.
    """
    actor = call.actor()
    body = call.body(SettingAsideIn)
    looked = _looked(call)
    made = verifications.set_aside(
        call.runtime, actor, looked, body.reason, body.occurred_on, call.request(actor, body)
    )
    setting_aside = SettingAsideOut(
        page_id=looked.page_id,
        number=looked.number,
        set_aside_by=made.setting_aside.by,
        set_aside_at=made.setting_aside.at,
        reason=made.reason.text,
        occurred_on=day(made.reason.occurred_on),
    )
    return answer(setting_aside, 201)


def _looked(call: Call) -> Looked:
    return Looked(call["enrolment_id"], call["page_id"], call.number("number"))
