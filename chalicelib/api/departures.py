"""Reviewing what departs from the rules of forms."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from chalicelib.api.http import Answer, AnswerModel, Call, Operation, RequestModel, answer
from chalicelib.api.judgements import ATTEMPT
from chalicelib.api.rules import members
from chalicelib.api.texts import Text
from chalicelib.domain.people import Role
from chalicelib.domain.verifications import NOTE_LIMIT
from chalicelib.usecases import departures
from chalicelib.usecases.verifications import Looked


class DepartureReviewIn(RequestModel):
    """What an internal verifier found of the departures of an attempt."""

    note: Annotated[Text, Field(max_length=NOTE_LIMIT)] = Field(
        description="Text of more than white space. The assessor reads it, the candidate does not."
    )


class DepartureReviewOut(AnswerModel):
    """A review on record."""

    page_id: str
    number: int
    reviewed_by: str
    reviewed_at: datetime
    note: str


@Operation(
    "reviewDepartures",
    "POST",
    ATTEMPT + "/departure-reviews",
    summary="Review where an attempt departs from rules of its forms, so that it can be competent.",
    rule=members(Role.INTERNAL_VERIFIER),
    body=DepartureReviewIn,
    answer=DepartureReviewOut,
    status=201,
    idempotent=True,
    problems=(
        "not-authorised",
        "authorisation-changed",
        "own-work",
        "no-departures",
        "departures-reviewed",
        "attempt-not-waiting",
        "attempt-changed",
        "invalid-verification",
    ),
)
def review_departures(call: Call) -> Answer:
    """Put the review on record, once for an attempt; whoever judges it reads the note."""
    actor = call.actor()
    body = call.body(DepartureReviewIn)
    looked = Looked(call["enrolment_id"], call["page_id"], call.number("number"))
    made = departures.review(call.runtime, actor, looked, body.note, call.request(actor, body))
    reviewed = DepartureReviewOut(
        page_id=looked.page_id,
        number=looked.number,
        reviewed_by=made.by,
        reviewed_at=made.at,
        note=made.note,
    )
    return answer(reviewed, 201)
