"""Contributions: what assessors and witnesses provide for a page, signed before its candidate."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from chalicelib.api.answers import FieldAnswer, ItemAnswer, answer_out
from chalicelib.api.attempts import DayText, SignatureIn, SignedAttachment
from chalicelib.api.enrolments import HappenedOn
from chalicelib.api.http import Answer, AnswerModel, Call, Operation, RequestModel, answer
from chalicelib.api.pages import PAGE, Declaration
from chalicelib.api.rules import ITS_ASSESSOR, READERS, VIEWERS, members
from chalicelib.api.texts import StampText, Text, TextOrNull
from chalicelib.api.verbatim import Verbatim
from chalicelib.domain.access import Actor
from chalicelib.domain.addresses import ADDRESS_LIMIT
from chalicelib.domain.attempts import Signature
from chalicelib.domain.contributions import (
    CURRENT_DECLARATION,
    DECLARATIONS,
    Author,
    ContributionState,
)
from chalicelib.domain.people import NAME_LIMIT, Role
from chalicelib.domain.testimony import Invitation, Witness
from chalicelib.usecases import contributions, testimony
from chalicelib.usecases.contributions import Contributing, Part

CONTRIBUTIONS = PAGE + "/contributions"
CONTRIBUTION = CONTRIBUTIONS + "/{item_id}"
CLOSED = (
    "page-signed",
    "page-competent",
    "enrolment-withdrawn",
    "enrolment-transferred",
    "enrolment-complete",
)
INACTIVE = (*CLOSED, "enrolment-on-break", "enrolment-awaiting-verification")


class WitnessIn(RequestModel):
    """Who is asked for testimony; the link goes to them by mail."""

    name: Text = Field(
        description="As they sign it; the mail begins with it.",
        json_schema_extra={"minLength": 1, "maxLength": NAME_LIMIT},
    )
    address: Text = Field(
        description="Their own mail address, never the candidate's.",
        json_schema_extra={"maxLength": ADDRESS_LIMIT},
    )
    relationship: Text = Field(
        description="What they are to the candidate, such as `line manager`.",
        json_schema_extra={"minLength": 1, "maxLength": NAME_LIMIT},
    )
    status: Text = Field(
        description="What lets them judge the work: their post, or their qualification.",
        json_schema_extra={"minLength": 1, "maxLength": NAME_LIMIT},
    )


class AuthorOut(AnswerModel):
    """Who signed: an assessor, with their qualification, or a witness as they gave their status."""

    person_id: TextOrNull = Field(description="Null for a witness, who has no account.")
    name: str
    status: str = Field(description="Their qualification, or what lets them judge the work.")
    relationship: TextOrNull = Field(
        description="Of a witness: what they are to the candidate. Null for an assessor."
    )


class InvitationOut(AnswerModel):
    """Who was asked for testimony, and how far the mail is."""

    name: str
    relationship: str
    status: str
    address: str | None = Field(
        description="For administrators and whoever asked; null for all others."
    )
    invited_by: str
    invited_at: datetime
    expires_at: datetime = Field(description="Until when the link works.")
    mailed_at: datetime | None = Field(description="Null until the mail has gone out.")


class ContributionOut(AnswerModel):
    """How far it is with what somebody other than the candidate provides for an item."""

    item_id: str
    by: str = Field(description="`assessor` or `witness`.")
    state: ContributionState
    number: int = Field(description="Of the part signed last; 0 where none is.")
    content_hash: TextOrNull = Field(description="Of that part; null where none is signed.")
    signed_at: datetime | None = Field(description="When it was; null where none is signed.")
    author: AuthorOut | None = Field(description="Who signed it; null where none is signed.")
    invitation: InvitationOut | None = Field(
        description="The witness who was asked last; null where nobody was, and of an assessor's."
    )


class ContributionList(AnswerModel):
    """What others provide for a page, in the order of its items."""

    items: list[ContributionOut]


class PartDocument(AnswerModel):
    """What was signed. Its canonical form (RFC 8785) is what `content_hash` covers."""

    format: int
    salt: str = Field(description="256 random bits, so that nobody guesses words from the hash.")
    centre_id: str
    candidate_id: str
    enrolment_id: str
    page_id: str
    item_id: str
    number: int
    module_id: str
    module_version: int
    page_digest: str = Field(description="SHA-256 of the page as candidates see it.")
    values: dict[str, FieldAnswer] = Field(description="What was filled in, by the field's id.")
    reasons: dict[str, str] = Field(description="Why it departs from a rule, by the rule's id.")
    attachments: list[SignedAttachment] = Field(description="By evidence number.")
    author: dict[str, str] = Field(
        description="`name` and `status`; `person_id` of an assessor, `relationship` of a witness."
    )
    declaration: str = Field(description="The version that was accepted.")
    signature: str
    signed_at: StampText
    occurred_on: DayText
    invited_by: str = Field(
        default_factory=str, description="Who named the witness; absent of an assessor's part."
    )


class PartReceipt(AnswerModel):
    """What its author keeps: it never changes, and the hash covers all that was signed."""

    item_id: str
    number: int = Field(description="Counts what was signed of an item from 1.")
    content_hash: str
    signed_at: datetime
    occurred_on: HappenedOn


class PartOut(PartReceipt):
    """What was signed, word for word."""

    document: Annotated[dict[str, Any], Verbatim(PartDocument)]


class ContributionInWork(ContributionOut):
    """A contribution with its draft, and what was signed of it last."""

    draft: ItemAnswer = Field(description="Empty for everybody but assessors of the enrolment.")
    declaration: Declaration
    part: PartOut | None = Field(description="What was signed last; null where nothing is.")


@Operation(
    "listContributions",
    "GET",
    CONTRIBUTIONS,
    summary="What others provide for a page, and how far it is.",
    rule=READERS,
    answer=ContributionList,
)
def list_contributions(call: Call) -> Answer:
    """Answer with every item that an assessor or a witness provides."""
    actor = call.actor()
    found = contributions.list_contributions(
        call.runtime, actor, call["enrolment_id"], call["page_id"]
    )
    listed = [ContributionOut(**_fields(actor, each)) for each in found]
    return answer(ContributionList(items=listed))


@Operation(
    "getContribution",
    "GET",
    CONTRIBUTION,
    summary="A contribution with what was signed; its ETag is needed to save and to sign.",
    rule=READERS,
    answer=ContributionInWork,
    headers=("ETag",),
)
def get_contribution(call: Call) -> Answer:
    """Answer with a contribution."""
    actor = call.actor()
    return _answer(actor, contributions.get_contribution(call.runtime, actor, *_of(call)))


@Operation(
    "saveContribution",
    "PUT",
    CONTRIBUTION,
    summary="Save what an assessor has written so far, complete or not.",
    rule=ITS_ASSESSOR,
    body=ItemAnswer,
    answer=ContributionInWork,
    headers=("ETag",),
    if_match=True,
    problems=(
        "not-the-assessor",
        "not-authorised",
        "another-author",
        *CLOSED,
        "stale-contribution",
        "invalid-contribution",
    ),
)
def save_contribution(call: Call) -> Answer:
    """Save the draft of the body over the one that If-Match names."""
    actor = call.actor()
    given = call.body(ItemAnswer).value()
    saved = contributions.save_contribution(call.runtime, actor, *_of(call), given, call.if_match())
    return _answer(actor, saved)


@Operation(
    "signContribution",
    "POST",
    CONTRIBUTION + "/signatures",
    summary="Sign what an assessor has written, as its draft stands.",
    rule=ITS_ASSESSOR,
    body=SignatureIn,
    answer=PartReceipt,
    status=201,
    headers=("Location",),
    idempotent=True,
    if_match=True,
    seen=True,  # nobody signs what was not shown to them
    problems=(
        "not-the-assessor",
        "not-authorised",
        "authorisation-changed",
        "another-author",
        "too-many-parts",
        *INACTIVE,
        "stale-contribution",
        "not-signed",
        "invalid-date",
        "contribution-incomplete",
        "too-much-to-sign",
    ),
)
def sign_contribution(call: Call) -> Answer:
    """Sign the draft that If-Match names. Signed again before its candidate signs, it counts on."""
    actor = call.actor()
    body = call.body(SignatureIn)
    part = contributions.sign_contribution(
        call.runtime,
        actor,
        *_of(call),
        Signature(body.declaration, body.signature, body.occurred_on),
        call.if_match(),
        call.request(actor, body),
    )
    # Relative to this very address, which has no slash at its end.
    where = f"signatures/{part.document['number']}"
    return answer(PartReceipt(**_part_fields(part)), 201, location=where)


@Operation(
    "getSignedPart",
    "GET",
    CONTRIBUTION + "/signatures/{number}",
    summary="What an assessor or a witness signed, word for word.",
    rule=VIEWERS,
    answer=PartOut,
)
def get_signed_part(call: Call) -> Answer:
    """Answer with a part, whatever was signed after it: to its countersigner as well."""
    part = contributions.get_part(call.runtime, call.actor(), *_of(call), call.number("number"))
    return answer(_part(part))


@Operation(
    "inviteWitness",
    "POST",
    CONTRIBUTION + "/invitations",
    summary="Ask somebody without an account for testimony, by a signed link.",
    rule=members(Role.ADMINISTRATOR, own=(Role.CANDIDATE, Role.ASSESSOR)),
    body=WitnessIn,
    answer=ContributionOut,
    status=202,
    idempotent=True,
    problems=(
        "another-author",
        "testimony-signed",
        "too-many-invitations",
        "contribution-changed",
        *INACTIVE,
        "invalid-witness",
    ),
)
def invite_witness(call: Call) -> Answer:
    """Have the link mailed; one that was mailed before opens nothing any more."""
    actor = call.actor()
    body = call.body(WitnessIn)
    witness = Witness(
        name=body.name.strip(),
        address=body.address,
        relationship=body.relationship.strip(),
        status=body.status.strip(),
    )
    asked = testimony.invite(call.runtime, actor, *_of(call), witness, call.request(actor, body))
    return answer(ContributionOut(**_fields(actor, asked)), 202)


def _of(call: Call) -> tuple[str, str, str]:
    return call["enrolment_id"], call["page_id"], call["item_id"]


def _fields(actor: Actor, work: Contributing) -> dict[str, Any]:
    contribution = work.contribution
    signed, invitation = contribution.signed, contribution.invitation
    return {
        "item_id": work.item.id,
        "by": work.item.by,
        "state": contribution.state,
        "number": contribution.number,
        "content_hash": signed.part.content_hash if signed else None,
        "signed_at": signed.at if signed else None,
        "author": _author(signed.author) if signed else None,
        "invitation": _invitation(actor, invitation) if invitation else None,
    }


def _author(author: Author) -> AuthorOut:
    return AuthorOut(
        person_id=author.person_id,
        name=author.name,
        status=author.status,
        relationship=author.relationship,
    )


def _invitation(actor: Actor, invitation: Invitation) -> InvitationOut:
    witness = invitation.witness
    told = actor.has(Role.ADMINISTRATOR) or actor.id == invitation.by
    mailed = invitation.mailed == invitation.generation
    return InvitationOut(
        name=witness.name,
        relationship=witness.relationship,
        status=witness.status,
        address=witness.address if told else None,
        invited_by=invitation.by,
        invited_at=invitation.at,
        expires_at=invitation.expires_at,
        mailed_at=invitation.mailed_at if mailed else None,
    )


def _part_fields(part: Part) -> dict[str, Any]:
    document = part.document
    return {
        "item_id": document["item_id"],
        "number": document["number"],
        "content_hash": part.content_hash,
        "signed_at": datetime.fromisoformat(document["signed_at"]),
        "occurred_on": document.get("occurred_on"),
    }


def _part(part: Part) -> PartOut:
    return PartOut(**_part_fields(part), document=dict(part.document))


def _answer(actor: Actor, work: Contributing) -> Answer:
    out = ContributionInWork(
        **_fields(actor, work),
        draft=answer_out(work.contribution.answer),
        declaration=Declaration(
            version=CURRENT_DECLARATION, text=DECLARATIONS[CURRENT_DECLARATION]
        ),
        part=_part(work.part) if work.part else None,
    )
    return answer(out, version=work.etag)
