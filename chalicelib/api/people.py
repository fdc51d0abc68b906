"""People: who is signed in."""

from datetime import datetime

from chalicelib.api.http import Answer, AnswerModel, Call, Operation, answer
from chalicelib.domain.people import Role


class MembershipOut(AnswerModel):
    """A membership at one centre."""

    centre_id: str
    name: str
    roles: list[Role]
    valid_from: datetime
    valid_until: datetime | None


class Me(AnswerModel):
    """The person signed in, and the centres where they are somebody now."""

    person_id: str
    memberships: list[MembershipOut]


@Operation(
    "getMe",
    "GET",
    "/v1/me",
    summary="Who is signed in, and where they are what.",
    who="anybody signed in",
    answer=Me,
    problems=("unauthenticated", "unknown-person"),
)
def get_me(call: Call) -> Answer:
    """Answer with the person behind the token."""
    person = call.person()
    now = call.runtime.now()
    memberships = [
        MembershipOut(
            centre_id=membership.centre_id,
            name=membership.name,
            roles=sorted(membership.roles),
            valid_from=membership.valid_from,
            valid_until=membership.valid_until,
        )
        for membership in person.memberships
        if membership.valid_at(now)
    ]
    return answer(Me(person_id=person.id, memberships=memberships))
