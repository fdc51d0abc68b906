"""Visits: administrators let external verifiers read some enrolments, until a day."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from chalicelib.api.http import Answer, AnswerModel, Call, Operation, RequestModel, answer
from chalicelib.api.lists import ListQuery, Next, next_cursor
from chalicelib.api.rules import ADMINISTRATORS, members
from chalicelib.api.texts import Identifier, Text
from chalicelib.domain.people import Role
from chalicelib.domain.times import last_day
from chalicelib.domain.visits import ENROLMENTS_LIMIT, PURPOSE_LIMIT, Visit
from chalicelib.usecases import visits
from chalicelib.usecases.centres import load_centre
from chalicelib.usecases.visits import NewVisit

VISITS = "/v1/centres/{centre_id}/visits"
VISIT = VISITS + "/{visit_id}"
VISITORS = members(Role.ADMINISTRATOR, own=(Role.EXTERNAL_VERIFIER,))


class VisitIn(RequestModel):
    """Who is to read which enrolments, until when, and what for."""

    person_id: Identifier = Field(description="A person with the role external-verifier.")
    enrolment_ids: Annotated[list[Identifier], Field(min_length=1, max_length=ENROLMENTS_LIMIT)] = (
        Field(description="Enrolments in which they are neither the candidate nor an assessor.")
    )
    until: date = Field(
        description="The last day on which they can be read, in the centre's time zone: at most a "
        "year ahead."
    )
    purpose: Annotated[Text, Field(max_length=PURPOSE_LIMIT)] = Field(
        description="What the visit is for. The visitor reads it, and it stays on record."
    )


class VisitOut(AnswerModel):
    """Some enrolments that an external verifier may read, until a day."""

    id: str
    person_id: str
    enrolment_ids: list[str]
    until: date = Field(description="The last day, in the centre's time zone.")
    purpose: str
    created_at: datetime
    created_by: str
    live: bool = Field(description="Whether it shows anything now.")
    mailed_at: datetime | None = Field(
        description="When the link was last mailed; null before. It is mailed within seconds, or "
        "where the address has not been verified yet, within fifteen minutes of that."
    )
    ended_at: datetime | None = Field(description="When it was ended before its day; else null.")
    ended_by: str | None


class VisitList(AnswerModel):
    """Visits, newest first."""

    items: list[VisitOut]
    next: Next


@Operation(
    "createVisit",
    "POST",
    VISITS,
    summary="Let an external verifier read some enrolments, until a day.",
    rule=ADMINISTRATORS,
    body=VisitIn,
    answer=VisitOut,
    status=201,
    headers=("Location",),
    idempotent=True,
    problems=("invalid-visit",),
)
def create_visit(call: Call) -> Answer:
    """Grant what the body names, and have the link to it mailed to the verifier."""
    actor = call.actor()
    body = call.body(VisitIn)
    new = NewVisit(
        person_id=body.person_id,
        enrolment_ids=tuple(body.enrolment_ids),
        until=body.until,
        purpose=body.purpose.strip(),
    )
    made = visits.create_visit(call.runtime, actor, new, call.request(actor, body))
    where = call.address(VISIT.format(centre_id=made.centre_id, visit_id=made.id))
    return answer(_out(call, made), 201, location=where)


@Operation(
    "listVisits",
    "GET",
    VISITS,
    summary="The visits to the centre, newest first; external verifiers get their own.",
    rule=VISITORS,
    query=ListQuery,
    answer=VisitList,
)
def list_visits(call: Call) -> Answer:
    """Answer with a page of the list."""
    actor, query = call.actor(), call.query(ListQuery)
    found, end = visits.list_visits(call.runtime, actor, query.limit, query.after)
    listed = [_out(call, each) for each in found]
    return answer(VisitList(items=listed, next=next_cursor(end)))


@Operation(
    "getVisit",
    "GET",
    VISIT,
    summary="A visit.",
    rule=VISITORS,
    answer=VisitOut,
)
def get_visit(call: Call) -> Answer:
    """Answer with the visit."""
    found = visits.get_visit(call.runtime, call.actor(), call["visit_id"])
    return answer(_out(call, found))


@Operation(
    "endVisit",
    "POST",
    VISIT + "/end",
    summary="End a visit before its day: it shows nothing any more, at once.",
    rule=ADMINISTRATORS,
    answer=VisitOut,
)
def end_visit(call: Call) -> Answer:
    """End the visit; ending it again changes nothing."""
    actor = call.actor()
    call.no_body()
    return answer(_out(call, visits.end_visit(call.runtime, actor, call["visit_id"])))


@Operation(
    "sendVisitLink",
    "POST",
    VISIT + "/links",
    summary="Have a fresh link mailed to the external verifier; the one before opens nothing.",
    rule=ADMINISTRATORS,
    answer=VisitOut,
    status=202,
    idempotent=True,
    problems=("visit-over", "too-many-links"),
)
def send_visit_link(call: Call) -> Answer:
    """Ask for the mail; within ten minutes of the last one it goes out some minutes later."""
    actor = call.actor()
    call.no_body()
    sent = visits.send_link(call.runtime, actor, call["visit_id"], call.request(actor))
    return answer(_out(call, sent), 202)


def _out(call: Call, visit: Visit) -> VisitOut:
    zone = load_centre(call.runtime, visit.centre_id).time_zone
    return VisitOut(
        id=visit.id,
        person_id=visit.person_id,
        enrolment_ids=list(visit.enrolment_ids),
        until=last_day(visit.ends_at, zone),
        purpose=visit.purpose,
        created_at=visit.created_at,
        created_by=visit.created_by,
        live=visit.live_at(call.runtime.now()),
        mailed_at=visit.mailed_at,
        ended_at=visit.ended_at,
        ended_by=visit.ended_by or None,
    )
