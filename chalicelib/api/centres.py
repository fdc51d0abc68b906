"""Centres: what their members may know of the settings."""

from chalicelib.api.http import Answer, AnswerModel, Call, Operation, answer
from chalicelib.api.rules import EVERY_MEMBER
from chalicelib.domain.centres import LinkPolicy
from chalicelib.usecases import centres

CENTRE = "/v1/centres/{centre_id}"


class CentreOut(AnswerModel):
    """A centre. Dates without a time of day are meant in its time zone.

    `links` tells whether assessors may judge by the links in their mail; `public_name` is the
    name on certificates and public pages.
    """

    id: str
    name: str
    time_zone: str
    links: LinkPolicy
    public_name: str


@Operation(
    "getCentre",
    "GET",
    CENTRE,
    summary="A centre and its settings.",
    rule=EVERY_MEMBER,
    answer=CentreOut,
)
def get_centre(call: Call) -> Answer:
    """Answer with what every member may know."""
    centre = centres.get_centre(call.runtime, call.actor())
    return answer(
        CentreOut(
            id=centre.id,
            name=centre.name,
            time_zone=centre.time_zone,
            links=centre.links,
            public_name=centre.shown_name,
        )
    )
