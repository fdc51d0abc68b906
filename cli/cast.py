"""The people of the local cloud: a centre, and somebody for each role, with bearer tokens."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from chalicelib.domain.people import AUTHORISED, Authorisation, Identity, Role
from chalicelib.runtime import Runtime, build_runtime, read_settings
from chalicelib.usecases.centres import CentreSettings, create_centre
from chalicelib.usecases.memberships import NewPerson, create_person
from cli.stack import Stack

CENTRE = "Harbour Care Training"
TIME_ZONE = "Europe/London"


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays: the ids of a centre and its people, by role.

    `domain` is where their mail goes, and what tells one cast from another.
    """

    centre_id: str
    people: Mapping[str, str]
    domain: str

    def username(self, role: str) -> str:
        """Name the user, and the mail address, of a role."""
        return f"{role}@{self.domain}"


NAMES = {
    Role.ADMINISTRATOR: "Ada Osei",
    Role.CANDIDATE: "Zoë Nguyễn",
    Role.ASSESSOR: "Siân Kowalska",
    Role.INTERNAL_VERIFIER: "Iqbal Haddad",
}
NEWCOMER = "newcomer"  # a second candidate, who has everything before them
NEWCOMERS_NAME = "Tomasz Eze"


def operator_runtime(stack: Stack) -> Runtime:
    """Build the runtime with which an operator uses the use cases on the local cloud."""
    return build_runtime(read_settings(stack.environment()), stack.cloud.client)


def create_cast(stack: Stack, domain: str = "harbour.example") -> Cast:
    """Create the centre and its people, as an operator does by the command line."""
    runtime = operator_runtime(stack)
    centre = create_centre(runtime, CentreSettings(name=CENTRE, time_zone=TIME_ZONE))
    cast = Cast(centre.id, {}, domain)
    people = {
        str(role): _create(stack, runtime, centre.id, name, role, cast.username(role))
        for role, name in NAMES.items()
    }
    return replace(cast, people=people)


def create_newcomer(stack: Stack, cast: Cast) -> str:
    """Add a second candidate to a cast; return their id."""
    runtime = operator_runtime(stack)
    username = cast.username(NEWCOMER)
    return _create(stack, runtime, cast.centre_id, NEWCOMERS_NAME, Role.CANDIDATE, username)


def _create(
    stack: Stack, runtime: Runtime, centre_id: str, name: str, role: Role, username: str
) -> str:
    authorisation = Authorisation(
        id="", role=role, qualification="CAVA", modules=("*",), valid_from=runtime.now()
    )
    new = NewPerson(
        name=name,
        roles=frozenset({role}),
        address=username,
        address_verified=True,
        identity=Identity(stack.trusted["issuer"], stack.subject(username)),
        authorisation=authorisation if role in AUTHORISED else None,
    )
    return create_person(runtime, centre_id, new).person_id
