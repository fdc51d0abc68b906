"""Me: who is signed in, where they are what, and what waits on them."""

from datetime import datetime

from chalicelib.api.http import Answer, AnswerModel, Call, Operation, answer
from chalicelib.api.rules import SIGNED_IN
from chalicelib.api.waiting import WaitsOut, waits_out
from chalicelib.domain.access import Actor
from chalicelib.domain.people import Role
from chalicelib.runtime import Runtime
from chalicelib.usecases import people, waiting


class MembershipOut(AnswerModel):
    """A membership at one centre, where the person goes by `person_id`."""

    centre_id: str
    person_id: str
    name: str
    roles: list[Role]
    valid_from: datetime
    valid_until: datetime | None
    waiting: WaitsOut


class Me(AnswerModel):
    """The centres where whoever is signed in is somebody now."""

    memberships: list[MembershipOut]


@Operation(
    "getMe",
    "GET",
    "/v1/me",
    summary="Who is signed in, where they are what, and what waits on them there.",
    rule=SIGNED_IN,
    answer=Me,
)
def get_me(call: Call) -> Answer:
    """Answer with what the identity behind the token is at each centre that has linked it."""
    actors = people.find_actors(call.runtime, call.identity())
    return answer(Me(memberships=[_membership(call.runtime, actor) for actor in actors]))


def _membership(runtime: Runtime, actor: Actor) -> MembershipOut:
    membership = actor.membership
    return MembershipOut(
        centre_id=membership.centre_id,
        person_id=membership.person_id,
        name=membership.name,
        roles=sorted(membership.roles),
        valid_from=membership.valid_from,
        valid_until=membership.valid_until,
        waiting=waits_out(waiting.waits(runtime, actor)),
    )
