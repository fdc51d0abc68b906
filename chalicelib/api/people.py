"""People: whom a centre knows, and what they may do."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from chalicelib.api.centres import CENTRE
from chalicelib.api.http import Answer, AnswerModel, Call, Operation, RequestModel, answer
from chalicelib.api.lists import ListQuery, Next, next_cursor
from chalicelib.api.rules import ADMINISTRATORS, members
from chalicelib.api.texts import Identifier, Text, TextOrNull
from chalicelib.domain.addresses import ADDRESS_LIMIT
from chalicelib.domain.details import KEEP, AuthorisationDetails, Details, LastDay
from chalicelib.domain.people import (
    IDENTITIES_LIMIT,
    ISSUER_LIMIT,
    MODULES_LIMIT,
    NAME_LIMIT,
    NUMBER_LIMIT,
    QUALIFICATION_LIMIT,
    SUBJECT_LIMIT,
    Authorisation,
    Identity,
    Membership,
    Role,
)
from chalicelib.domain.times import date_at, last_day
from chalicelib.usecases import addresses, memberships
from chalicelib.usecases.centres import get_centre
from chalicelib.usecases.memberships import Person

PEOPLE = CENTRE + "/people"
PERSON = PEOPLE + "/{person_id}"
READERS_OF_PEOPLE = members(Role.ADMINISTRATOR, Role.INTERNAL_VERIFIER)
TAKEN = ("identity-known", "address-taken", "learner-number-taken")

Name = Annotated[Text, Field(min_length=1, max_length=NAME_LIMIT)]
Address = Annotated[Text, Field(max_length=ADDRESS_LIMIT)]
Number = Annotated[Text, Field(max_length=NUMBER_LIMIT)]
Roles = Annotated[list[Role], Field(min_length=1, max_length=len(Role))]
# Dates beyond are slips of the pen, and the calendar itself ends before 10000.
Day = Annotated[date, Field(ge=date(1950, 1, 1), le=date(2999, 12, 31))]
ModuleId = Annotated[str, Field(pattern=r"^(\*|[a-z0-9][a-z0-9-]{0,59})$")]


class IdentityIn(RequestModel):
    """A sign-in identity: `iss` and `sub` of the person's tokens."""

    issuer: Annotated[Text, Field(min_length=1, max_length=ISSUER_LIMIT)] = Field(
        description="`iss` of the tokens, exactly."
    )
    subject: Annotated[Text, Field(min_length=1, max_length=SUBJECT_LIMIT)] = Field(
        description="`sub` of the tokens, exactly."
    )


class AuthorisationIn(RequestModel):
    """What somebody is authorised to do in a role, with the qualification they hold.

    Dates are inclusive, in the centre's time zone.
    """

    role: Role = Field(description="Assessor or internal verifier, which the person has to be.")
    qualification: Annotated[Text, Field(max_length=QUALIFICATION_LIMIT)] = Field(
        description="What the person holds, in at most 80 bytes, such as CAVA; or `none`."
    )
    modules: Annotated[list[ModuleId], Field(min_length=1, max_length=MODULES_LIMIT)] = Field(
        description="Ids of modules, or `*` for all."
    )
    starts_on: Day | None = Field(default=None, description="The first day; else at once.")
    ends_on: Day | None = Field(default=None, description="The last day; else it goes on.")
    countersigner_id: Identifier | None = Field(
        default=None, description="Another assessor, who has to countersign every judgement."
    )


Identities = Annotated[list[IdentityIn], Field(max_length=IDENTITIES_LIMIT)]
Authorisations = Annotated[list[AuthorisationIn], Field(max_length=2)]


class PersonIn(RequestModel):
    """Somebody to be made known at the centre.

    Dates are inclusive, in the centre's time zone.
    """

    name: Name = Field(description="As it is to be printed, in any script, in one line.")
    roles: Roles = Field(description="What the person is at this centre.")
    address: Address = Field(
        default="",
        description="Of this person alone; an assessor needs one. A mail asks to verify it before "
        "others are sent there.",
    )
    learner_number: Number = Field(default="", description="Of this person alone.")
    registration: Number = Field(default="", description="With the awarding body.")
    identities: Identities = Field(
        default_factory=list, description="All by which the person signs in to this centre."
    )
    starts_on: Day | None = Field(default=None, description="The first day; else at once.")
    ends_on: Day | None = Field(default=None, description="The last day; else it goes on.")
    authorisations: Authorisations = Field(
        default_factory=list, description="At most one for each role that needs one."
    )


class PersonChange(RequestModel):
    """What is to change; a field that is left out stays as it is.

    An empty text takes away what was there, `ends_on: null` the end. Lists are replaced as a whole:
    a role that `authorisations` does not name is authorised no more.
    """

    name: Name | None = Field(default=None, description="As it is to be printed from now on.")
    roles: Roles | None = Field(default=None, description="All roles from now on.")
    address: Address | None = Field(
        default=None,
        description="Links to the one before die at once; a mail asks to verify this one.",
    )
    learner_number: Number | None = Field(default=None, description="Of this person alone.")
    registration: Number | None = Field(default=None, description="With the awarding body.")
    identities: Identities | None = Field(
        default=None, description="All by which the person signs in to this centre."
    )
    starts_on: Day | None = Field(default=None, description="The first day.")
    ends_on: Day | None = Field(default=None, description="The last day; null takes the end away.")
    authorisations: Authorisations | None = Field(
        default=None, description="All that the person is authorised to do from now on."
    )


class PersonSummary(AnswerModel):
    """Somebody whom the centre knows.

    `starts_on` and `ends_on` are inclusive dates in the centre's time zone; `valid_until` is the
    first moment after the end.
    """

    id: str
    name: str
    roles: list[Role]
    address: TextOrNull
    address_verified_at: datetime | None = Field(description="Mail goes to verified addresses.")
    learner_number: TextOrNull
    registration: TextOrNull = Field(description="With the awarding body.")
    starts_on: date
    ends_on: date | None
    valid_from: datetime
    valid_until: datetime | None


class IdentityOut(AnswerModel):
    """A sign-in identity that this centre has linked to the person."""

    issuer: str
    subject: str


class AuthorisationOut(AnswerModel):
    """What the person is authorised to do in a role. Every change gives it a new id."""

    id: str
    role: Role
    qualification: str
    modules: list[str]
    starts_on: date
    ends_on: date | None
    valid_from: datetime
    valid_until: datetime | None
    countersigner_id: TextOrNull


class HistoryEntryOut(AnswerModel):
    """A change: who made it (a person's id, or `operator`), when, and of which fields."""

    at: datetime
    by: str
    fields: list[str]


class PersonOut(PersonSummary):
    """Somebody whom the centre knows, with the latest 20 changes, newest first."""

    identities: list[IdentityOut]
    authorisations: list[AuthorisationOut]
    history: list[HistoryEntryOut]


class PeopleQuery(ListQuery):
    """Which people to list."""

    role: Annotated[Role | None, Field(description="Only those who hold this role.")] = None


class PersonList(AnswerModel):
    """A page of the people of a centre, in the order in which they became known."""

    items: list[PersonSummary]
    next: Next


class MailAsked(AnswerModel):
    """A mail goes to the address, unless one has just been sent."""

    accepted: bool = True


@Operation(
    "createPerson",
    "POST",
    PEOPLE,
    summary="Make somebody known at the centre, with roles, identities and authorisations.",
    rule=ADMINISTRATORS,
    body=PersonIn,
    answer=PersonOut,
    status=201,
    headers=("ETag", "Location"),
    idempotent=True,
    problems=("invalid-person", *TAKEN),
)
def create_person(call: Call) -> Answer:
    """Make the person of the body known; a mail asks the holder of the address to verify it."""
    actor = call.actor()
    body = call.body(PersonIn)
    details = _details(body, body.ends_on)
    made = memberships.add_person(call.runtime, actor, details, call.request(actor, body))
    known = made.member.membership
    where = PERSON.format(centre_id=known.centre_id, person_id=known.person_id)
    return answer(_person(made), 201, made.etag, location=call.address(where))


@Operation(
    "listPeople",
    "GET",
    PEOPLE,
    summary="The people whom the centre knows, also those whose membership has ended.",
    rule=READERS_OF_PEOPLE,
    query=PeopleQuery,
    answer=PersonList,
)
def list_people(call: Call) -> Answer:
    """Answer with a page of people, all or those of a role."""
    actor, query = call.actor(), call.query(PeopleQuery)
    found, end = memberships.list_people(call.runtime, actor, query.role, query.limit, query.after)
    zone = get_centre(call.runtime, actor).time_zone
    listed = [_summary(each, zone) for each in found]
    return answer(PersonList(items=listed, next=next_cursor(end)))


@Operation(
    "getPerson",
    "GET",
    PERSON,
    summary="Somebody whom the centre knows, with what was changed of them by whom.",
    rule=READERS_OF_PEOPLE,
    answer=PersonOut,
    headers=("ETag",),
)
def get_person(call: Call) -> Answer:
    """Answer with what the centre knows of the person."""
    found = memberships.get_person(call.runtime, call.actor(), call["person_id"])
    return answer(_person(found), version=found.etag)


@Operation(
    "updatePerson",
    "PATCH",
    PERSON,
    summary="Change what the centre knows of somebody, and what they may do.",
    rule=ADMINISTRATORS,
    body=PersonChange,
    answer=PersonOut,
    headers=("ETag",),
    if_match=True,
    problems=("invalid-person", "stale-person", "own-membership", *TAKEN),
)
def update_person(call: Call) -> Answer:
    """Change the fields of the body. Links mailed to an address before die with its change."""
    actor = call.actor()
    body = call.body(PersonChange)
    ends_on = body.ends_on if "ends_on" in body.model_fields_set else KEEP
    changed = memberships.change_person(
        call.runtime, actor, call["person_id"], _details(body, ends_on), call.if_match()
    )
    return answer(_person(changed), version=changed.etag)


@Operation(
    "endMembership",
    "DELETE",
    PERSON,
    summary="End somebody's membership now. Nothing of what they did is deleted.",
    rule=ADMINISTRATORS,
    answer=PersonOut,
    headers=("ETag",),
    problems=("stale-person", "own-membership"),
)
def end_membership(call: Call) -> Answer:
    """End the membership, unless it has ended already."""
    ended = memberships.end_membership(call.runtime, call.actor(), call["person_id"])
    return answer(_person(ended), version=ended.etag)


@Operation(
    "sendVerificationMail",
    "POST",
    PERSON + "/verification-mails",
    summary="Have the mail that asks to verify an address sent again.",
    rule=ADMINISTRATORS,
    answer=MailAsked,
    status=202,
    idempotent=True,
    problems=("nothing-to-verify", "stale-person"),
)
def send_verification_mail(call: Call) -> Answer:
    """Ask for the mail; one that has just been sent is not sent again."""
    actor = call.actor()
    call.no_body()
    call.request(actor)
    addresses.ask_again(call.runtime, actor, call["person_id"])
    return answer(MailAsked(), 202)


def _details(body: PersonIn | PersonChange, ends_on: LastDay) -> Details:
    identities, authorisations = body.identities, body.authorisations
    return Details(
        name=body.name,
        roles=None if body.roles is None else frozenset(body.roles),
        address=body.address,
        learner_number=body.learner_number,
        registration=body.registration,
        identities=None
        if identities is None
        else tuple(Identity(each.issuer, each.subject) for each in identities),
        authorisations=None
        if authorisations is None
        else tuple(_authorisation_details(each) for each in authorisations),
        starts_on=body.starts_on,
        ends_on=ends_on,
    )


def _authorisation_details(given: AuthorisationIn) -> AuthorisationDetails:
    return AuthorisationDetails(
        role=given.role,
        qualification=given.qualification,
        modules=tuple(given.modules),
        starts_on=given.starts_on,
        ends_on=given.ends_on,
        countersigner_id=given.countersigner_id or "",
    )


def _person(found: Person) -> PersonOut:
    known, zone = found.member.membership, found.centre.time_zone
    return PersonOut(
        **_summary(known, zone).model_dump(),
        identities=[
            IdentityOut(issuer=each.issuer, subject=each.subject) for each in known.identities
        ],
        authorisations=[_authorisation(each, zone) for each in found.member.authorisations],
        history=[
            HistoryEntryOut(at=each.at, by=each.by, fields=list(each.fields))
            for each in found.history
        ],
    )


def _summary(known: Membership, zone: str) -> PersonSummary:
    return PersonSummary(
        id=known.person_id,
        name=known.name,
        roles=sorted(known.roles),
        address=known.address,
        address_verified_at=known.address_verified_at,
        learner_number=known.learner_number,
        registration=known.registration,
        starts_on=date_at(known.valid_from, zone),
        ends_on=last_day(known.valid_until, zone) if known.valid_until else None,
        valid_from=known.valid_from,
        valid_until=known.valid_until,
    )


def _authorisation(held: Authorisation, zone: str) -> AuthorisationOut:
    return AuthorisationOut(
        id=held.id,
        role=held.role,
        qualification=held.qualification,
        modules=list(held.modules),
        starts_on=date_at(held.valid_from, zone),
        ends_on=last_day(held.valid_until, zone) if held.valid_until else None,
        valid_from=held.valid_from,
        valid_until=held.valid_until,
        countersigner_id=held.countersigner_id,
    )
