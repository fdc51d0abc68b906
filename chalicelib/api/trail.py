"""The audit trail of an enrolment, and the keys that statements of ours are signed with."""

from typing import Annotated, Any

from pydantic import Field

from chalicelib.api.enrolments import ENROLMENT
from chalicelib.api.http import JSON, Answer, AnswerModel, Call, Operation, answer
from chalicelib.api.lists import ListQuery, Next, next_cursor
from chalicelib.api.rules import ANYBODY, OVERSEERS
from chalicelib.api.texts import StampText
from chalicelib.api.verbatim import Verbatim
from chalicelib.usecases import trail

FRESH = "public, max-age=3600"


class TrailEntry(AnswerModel):
    """An entry as the chain has it: its canonical form (RFC 8785) is what is hashed."""

    format: int
    centre_id: str
    enrolment_id: str
    seq: int = Field(description="Counts the entries of the enrolment from 1, without a gap.")
    previous: str = Field(description="SHA-256 of the entry before; 64 zeros in the first.")
    event: str = Field(description="What was done, by a name of its own.")
    kind: str = Field(description="What kind of thing that was. New kinds may come.")
    at: StampText
    by: str = Field(description="The id of who did it; empty where that was nobody with an id.")
    method: str = Field(description="`token`, `link`, `link-with-code` or `system`.")
    on: str = Field(description="SHA-256 of what it was done to; empty where that has none.")
    facts: dict[str, Any] = Field(description="Ids, numbers, states and days, by name.")
    commitments: dict[str, str] = Field(
        description="HMAC-SHA-256 of each text that was said with it, by name; never the text."
    )


class TrailPage(AnswerModel):
    """A page of entries, newest last."""

    items: list[Annotated[dict[str, Any], Verbatim(TrailEntry)]]
    next: Next


class JwkOut(AnswerModel):
    """A public key (RFC 7517, RFC 8037). Its `kid` is its thumbprint (RFC 7638)."""

    alg: str
    crv: str
    kid: str
    kty: str
    use: str
    x: str


class KeySet(AnswerModel):
    """The keys that exports and the heads of audit trails are signed with: a JWK Set."""

    keys: list[JwkOut]


@Operation(
    "listTrail",
    "GET",
    ENROLMENT + "/trail",
    summary="What was done in an enrolment, by whom and when: its audit trail, newest last.",
    rule=OVERSEERS,
    query=ListQuery,
    answer=TrailPage,
    problems=("role-not-allowed", "own-work"),
)
def list_trail(call: Call) -> Answer:
    """Answer with a page of the entries, as they are in the chain.

    What was done appears within seconds. Nobody reads the trail of their own work.
    """
    actor = call.actor()
    query = call.query(ListQuery)
    of = (call.runtime, actor, call["enrolment_id"])
    found, end = trail.list_entries(*of, query.limit, query.after)
    return answer(TrailPage(items=found, next=next_cursor(end)))


@Operation(
    "getKeys",
    "GET",
    "/v1/keys",
    summary="The public keys of what is signed here, as a JWK Set.",
    rule=ANYBODY,
    answer=KeySet,
)
def get_keys(call: Call) -> Answer:
    """Answer with the keys; compare their thumbprints with what the centre told you otherwise."""
    keys = KeySet(keys=[JwkOut(**call.runtime.sealer.jwk)])
    return Answer(200, keys.model_dump_json(), {"Content-Type": JSON, "Cache-Control": FRESH})
