"""Attempts: signing a page, and reading what was signed."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from chalicelib.api.answers import ItemAnswer
from chalicelib.api.enrolments import ENROLMENT, HappenedOn, OccurredOn
from chalicelib.api.http import Answer, AnswerModel, Call, Operation, RequestModel, answer
from chalicelib.api.judgements import ATTEMPT, JudgementOut, judgement_out
from chalicelib.api.lists import ListQuery, Next, next_cursor
from chalicelib.api.rules import ITS_CANDIDATE, VIEWERS, members
from chalicelib.api.texts import StampText, Text, TextOrNull
from chalicelib.api.verbatim import Verbatim
from chalicelib.api.verifications import VerificationOut, verification_out
from chalicelib.domain.attempts import Attempt, Signature
from chalicelib.domain.judgements import Appraisals
from chalicelib.domain.people import NAME_LIMIT, Role
from chalicelib.usecases import attempts, links

ATTEMPTS = ENROLMENT + "/pages/{page_id}/attempts"

DayText = Annotated[
    str,
    Field(
        default_factory=str,
        description="Absent where it is the day on which it was recorded.",
        json_schema_extra={"format": "date"},
    ),
]


class SignatureIn(RequestModel):
    """The version of the declaration accepted, and the name of whoever signs beneath it."""

    declaration: Text = Field(
        description="The `declaration.version` of the page, or the contribution, that was shown."
    )
    signature: Text = Field(
        description="Their own name, as they type it to sign.",
        json_schema_extra={"minLength": 1, "maxLength": NAME_LIMIT},
    )
    occurred_on: OccurredOn = None


class Receipt(AnswerModel):
    """What the candidate keeps: it never changes, and the hash covers all that was signed."""

    page_id: str
    number: int = Field(description="Counts the attempts of a page from 1.")
    content_hash: str = Field(
        description="SHA-256 of the signed document in canonical form (RFC 8785), as hexadecimal "
        "digits."
    )
    signed_at: datetime
    occurred_on: HappenedOn
    candidate_id: str


class AttemptOut(Receipt):
    """A page as it was signed, and what became of it."""

    assessor_id: str = Field(description="Who has to judge it, or has judged it.")
    withdrawn_at: datetime | None = Field(description="When the candidate took it back; else null.")
    set_aside_at: datetime | None = Field(
        description="When an internal verifier took its judgement out of standing; else null."
    )
    departures: int = Field(
        description="How many rules of its forms the evidence departs from, each with a reason."
    )
    departures_reviewed_at: datetime | None = Field(
        description="When an internal verifier reviewed the departures; null where nobody has, or "
        "there are none. Where there are, the page cannot be judged competent before."
    )
    judgement: JudgementOut | None = Field(description="Null while it waits.")


class SignedAttachment(AnswerModel):
    """A file as it was signed for: the digest is that of this very version of the object."""

    id: str
    number: int = Field(description="The evidence number.")
    name: str
    media_type: str
    size: int
    sha256: str
    version: str = Field(description="The version of the object that is kept.")
    caption: str
    alt_text: str


class SignedContribution(AnswerModel):
    """A part that an assessor or a witness had signed before; its own hash covers all of it."""

    item_id: str
    number: int
    content_hash: str


class SignedDocument(AnswerModel):
    """What was signed. Its canonical form (RFC 8785) is what `content_hash` covers."""

    format: int
    salt: str = Field(description="256 random bits, so that nobody guesses answers from the hash.")
    centre_id: str
    candidate_id: str
    enrolment_id: str
    page_id: str
    attempt: int
    module_id: str
    module_version: int
    page_digest: str = Field(description="SHA-256 of the page as candidates see it.")
    answers: dict[str, ItemAnswer] = Field(description="By item id.")
    attachments: list[SignedAttachment] = Field(
        description="All files that answers and contributions name, by evidence number."
    )
    contributions: list[SignedContribution] = Field(
        default_factory=list, description="Absent where nobody else contributes to the page."
    )
    declaration: str = Field(description="The version that was accepted.")
    signature: str
    signed_at: StampText
    occurred_on: DayText


class SignedAttemptOut(AttemptOut):
    """An attempt with the very document that was signed, and all that was said of it since."""

    document: Annotated[dict[str, Any], Verbatim(SignedDocument)]
    set_aside_reason: TextOrNull = Field(
        description="Why its judgement was set aside; null where it was not."
    )
    departures_note: TextOrNull = Field(
        description="What the internal verifier found of the departures; null for the candidate."
    )
    verification: VerificationOut | None = Field(
        description="What an internal verifier found last; null for the candidate."
    )


class AttemptList(AnswerModel):
    """The attempts of a page, oldest first."""

    items: list[AttemptOut]
    next: Next


class LinkSent(AnswerModel):
    """A link goes to the assessor's verified address, if the attempt still waits."""

    accepted: bool = True


def attempt_fields(
    attempt: Attempt, feedback: str | None = None, evidence: Appraisals | None = None
) -> dict[str, Any]:
    """Give the fields of AttemptOut; `feedback` and `evidence` where they have been read."""
    judgement = attempt.judgement
    text = feedback if feedback is not None or judgement is None else judgement.feedback
    return {
        "page_id": attempt.page_id,
        "number": attempt.number,
        "content_hash": attempt.content_hash,
        "signed_at": attempt.signed_at,
        "occurred_on": attempt.occurred_on,
        "candidate_id": attempt.candidate_id,
        "assessor_id": attempt.assessor_id,
        "withdrawn_at": attempt.withdrawn_at,
        "set_aside_at": attempt.set_aside.at if attempt.set_aside else None,
        "departures": attempt.departures,
        "departures_reviewed_at": attempt.departures_reviewed_at,
        "judgement": judgement_out(judgement, text, evidence) if judgement else None,
    }


@Operation(
    "signPage",
    "POST",
    ATTEMPTS,
    summary="Sign the page as its draft stands; the answer is a receipt to keep.",
    rule=ITS_CANDIDATE,
    body=SignatureIn,
    answer=Receipt,
    status=201,
    headers=("Location",),
    idempotent=True,
    if_match=True,
    seen=True,  # nobody signs what was not shown to them
    problems=(
        "not-the-candidate",
        "page-signed",
        "page-competent",
        "too-many-attempts",
        "enrolment-on-break",
        "enrolment-withdrawn",
        "enrolment-transferred",
        "enrolment-awaiting-verification",
        "enrolment-complete",
        "stale-page",
        "not-signed",
        "invalid-date",
        "page-incomplete",
        "too-much-to-sign",
    ),
)
def sign_page(call: Call) -> Answer:
    """Sign the draft that If-Match names."""
    actor = call.actor()
    body = call.body(SignatureIn)
    attempt = attempts.sign(
        call.runtime,
        actor,
        call["enrolment_id"],
        call["page_id"],
        Signature(body.declaration, body.signature, body.occurred_on),
        call.if_match(),
        call.request(actor, body),
    )
    # Relative to this very address, which has no slash at its end.
    return answer(Receipt(**attempt_fields(attempt)), 201, location=f"attempts/{attempt.number}")


@Operation(
    "listAttempts",
    "GET",
    ATTEMPTS,
    summary="All attempts of a page, oldest first.",
    rule=VIEWERS,
    query=ListQuery,
    answer=AttemptList,
)
def list_attempts(call: Call) -> Answer:
    """Answer with the history of a page."""
    actor, query = call.actor(), call.query(ListQuery)
    of = (call["enrolment_id"], call["page_id"])
    found, end = attempts.list_attempts(call.runtime, actor, *of, query.limit, query.after)
    listed = [AttemptOut(**attempt_fields(each)) for each in found]
    return answer(AttemptList(items=listed, next=next_cursor(end)))


@Operation(
    "getAttempt",
    "GET",
    ATTEMPT,
    summary="An attempt with the document that was signed.",
    rule=VIEWERS,
    answer=SignedAttemptOut,
)
def get_attempt(call: Call) -> Answer:
    """Answer with an attempt and what was signed."""
    found = attempts.get_attempt(
        call.runtime, call.actor(), call["enrolment_id"], call["page_id"], call.number("number")
    )
    fields = attempt_fields(found.attempt, found.feedback, found.evidence)
    return answer(
        SignedAttemptOut(
            **fields,
            document=found.document,
            set_aside_reason=found.reason.text if found.reason else None,
            departures_note=found.departure_review.note if found.departure_review else None,
            verification=verification_out(found.verification) if found.verification else None,
        )
    )


@Operation(
    "withdrawAttempt",
    "DELETE",
    ATTEMPT,
    summary="Take an attempt back while nobody has judged it; it stays in the history.",
    rule=ITS_CANDIDATE,
    answer=AttemptOut,
    problems=("not-the-candidate", "attempt-not-waiting"),
)
def withdraw_attempt(call: Call) -> Answer:
    """Withdraw an unjudged attempt; the page is open again, with the same answers."""
    attempt = attempts.withdraw(
        call.runtime, call.actor(), call["enrolment_id"], call["page_id"], call.number("number")
    )
    return answer(AttemptOut(**attempt_fields(attempt)))


@Operation(
    "sendReviewLink",
    "POST",
    ATTEMPT + "/review-links",
    summary="Have the link of a waiting attempt mailed to its assessor again.",
    rule=members(Role.ADMINISTRATOR, own=(Role.ASSESSOR,)),
    answer=LinkSent,
    status=202,
    idempotent=True,
    problems=("attempt-not-waiting",),
)
def send_review_link(call: Call) -> Answer:
    """Ask for the mail; one that has just been sent is not sent again."""
    actor = call.actor()
    call.no_body()
    call.request(actor)
    links.send_link(
        call.runtime, actor, call["enrolment_id"], call["page_id"], call.number("number")
    )
    return answer(LinkSent(), 202)
