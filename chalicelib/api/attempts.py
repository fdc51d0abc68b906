"""Attempts: signing a page, and reading what was signed."""

from datetime import datetime
from typing import Any

from chalicelib.api.enrolments import ENROLMENT
from chalicelib.api.http import Answer, AnswerModel, Call, Operation, RequestModel, answer
from chalicelib.api.judgements import ATTEMPT, JudgementOut, judgement_out
from chalicelib.api.texts import Text
from chalicelib.api.verifications import VerificationOut, verification_out
from chalicelib.domain.attempts import Attempt
from chalicelib.usecases import attempts, links
from chalicelib.usecases.attempts import Signature

ATTEMPTS = ENROLMENT + "/pages/{page_id}/attempts"


class SignatureIn(RequestModel):
    """The version of the declaration accepted, and the candidate's name beneath it."""

    declaration: Text
    signature: Text


class Receipt(AnswerModel):
    """What the candidate keeps: it never changes, and the hash covers all that was signed."""

    page_id: str
    number: int
    content_hash: str
    signed_at: datetime
    candidate_id: str


class AttemptOut(Receipt):
    """An attempt as it stands now."""

    assessor_id: str
    withdrawn_at: datetime | None
    set_aside_at: datetime | None
    judgement: JudgementOut | None


class SignedAttemptOut(AttemptOut):
    """An attempt with the very document that was signed (its RFC 8785 form is what is hashed).

    `set_aside_reason` is why its judgement was set aside, if it was. `verification` is what an
    internal verifier found last; null for the candidate.
    """

    document: dict[str, Any]
    set_aside_reason: str | None
    verification: VerificationOut | None


class AttemptList(AnswerModel):
    """The attempts of a page, oldest first."""

    items: list[AttemptOut]
    next: None = None


class LinkSent(AnswerModel):
    """A link goes to the assessor's verified address, if the attempt still waits."""

    accepted: bool = True


def attempt_fields(attempt: Attempt, feedback: str | None = None) -> dict[str, Any]:
    """Give the fields of AttemptOut; `feedback` where it has been read in full."""
    judgement = attempt.judgement
    text = feedback if feedback is not None or judgement is None else judgement.feedback
    return {
        "page_id": attempt.page_id,
        "number": attempt.number,
        "content_hash": attempt.content_hash,
        "signed_at": attempt.signed_at,
        "candidate_id": attempt.candidate_id,
        "assessor_id": attempt.assessor_id,
        "withdrawn_at": attempt.withdrawn_at,
        "set_aside_at": attempt.set_aside.at if attempt.set_aside else None,
        "judgement": judgement_out(judgement, text) if judgement else None,
    }


@Operation(
    "signPage",
    "POST",
    ATTEMPTS,
    summary="Sign the page as its draft stands; the answer is a receipt to keep.",
    who="the candidate",
    body=SignatureIn,
    answer=Receipt,
    status=201,
    idempotent=True,
    if_match=True,
    problems=(
        "role-not-allowed",
        "not-the-candidate",
        "page-signed",
        "page-competent",
        "too-many-attempts",
        "enrolment-complete",
        "stale-page",
        "not-signed",
        "page-incomplete",
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
        Signature(body.declaration, body.signature),
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
    who="its candidate, its assessor, administrators, internal verifiers",
    answer=AttemptList,
)
def list_attempts(call: Call) -> Answer:
    """Answer with the history of a page."""
    found = attempts.list_attempts(
        call.runtime, call.actor(), call["enrolment_id"], call["page_id"]
    )
    return answer(AttemptList(items=[AttemptOut(**attempt_fields(each)) for each in found]))


@Operation(
    "getAttempt",
    "GET",
    ATTEMPT,
    summary="An attempt with the document that was signed.",
    who="its candidate, its assessor, administrators, internal verifiers",
    answer=SignedAttemptOut,
)
def get_attempt(call: Call) -> Answer:
    """Answer with an attempt and what was signed."""
    found = attempts.get_attempt(
        call.runtime, call.actor(), call["enrolment_id"], call["page_id"], call.number("number")
    )
    fields = attempt_fields(found.attempt, found.feedback)
    return answer(
        SignedAttemptOut(
            **fields,
            document=found.document,
            set_aside_reason=found.reason.text if found.reason else None,
            verification=verification_out(found.verification) if found.verification else None,
        )
    )


@Operation(
    "withdrawAttempt",
    "DELETE",
    ATTEMPT,
    summary="Take an attempt back while nobody has judged it; it stays in the history.",
    who="the candidate",
    answer=AttemptOut,
    problems=("role-not-allowed", "not-the-candidate", "attempt-not-waiting"),
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
    who="administrator, assessor",
    answer=LinkSent,
    status=202,
    idempotent=True,
    problems=("role-not-allowed", "attempt-not-waiting"),
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
