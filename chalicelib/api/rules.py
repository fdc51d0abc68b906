"""Who may call an operation, as data: the door enforces it, the description says it in words."""

from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.people import Role


class Audience(StrEnum):
    """Who an operation is for."""

    ANYBODY = "anybody"
    LINK_HOLDER = "the holder of the link"
    SIGNED_IN = "anybody signed in"
    MEMBERS = "members of the centre"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may call an operation, and what for.

    Of the members of a centre: who holds a role of `every` may do it to everything there, who holds
    one of `own` to what is theirs. A candidate's are their enrolments and their evidence, an
    assessor's the enrolments assigned to them, an external verifier's what visits show them and the
    visits; what somebody has uploaded is theirs as well.
    Without any of the roles it is forbidden; what is not one's own is not found.
    """

    audience: Audience = Audience.MEMBERS
    every: frozenset[Role] = frozenset()
    own: frozenset[Role] = frozenset()

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles of which one is needed, in the order of their declaration."""
        return tuple(role for role in Role if role in self.every | self.own)

    @property
    def signed_in(self) -> bool:
        """Whether a bearer token is needed."""
        return self.audience in {Audience.SIGNED_IN, Audience.MEMBERS}

    def in_words(self, path: str) -> str:
        """Say who may call what stands at a path."""
        if self.audience is not Audience.MEMBERS:
            return self.audience
        if self.every == frozenset(Role):
            return "every member of the centre"
        one = "{enrolment_id}" in path
        own = [
            f"its {_words(role)}" if one else f"{_words(role)}s, of their own" for role in self.own
        ]
        every = [f"{_words(role)}s" for role in self.every]
        return "; ".join([*sorted(every), *sorted(own)])


def members(*every: Role, own: tuple[Role, ...] = ()) -> Rule:
    """Allow members who hold one of these roles."""
    return Rule(every=frozenset(every), own=frozenset(own))


ANYBODY = Rule(Audience.ANYBODY)
LINK_HOLDER = Rule(Audience.LINK_HOLDER)
SIGNED_IN = Rule(Audience.SIGNED_IN)
EVERY_MEMBER = members(*Role)
ADMINISTRATORS = members(Role.ADMINISTRATOR)
# Those who may read an enrolment and all that belongs to it.
READERS = members(Role.ADMINISTRATOR, Role.INTERNAL_VERIFIER, own=(Role.CANDIDATE, Role.ASSESSOR))
# Those who may see what has been signed and judged in it: external verifiers by a visit.
VIEWERS = members(
    Role.ADMINISTRATOR,
    Role.INTERNAL_VERIFIER,
    own=(Role.CANDIDATE, Role.ASSESSOR, Role.EXTERNAL_VERIFIER),
)
# Those who may see what others found of it, and its audit trail.
OVERSEERS = members(Role.ADMINISTRATOR, Role.INTERNAL_VERIFIER, own=(Role.EXTERNAL_VERIFIER,))
ITS_CANDIDATE = members(own=(Role.CANDIDATE,))
ITS_ASSESSOR = members(own=(Role.ASSESSOR,))


def _words(role: Role) -> str:
    return role.replace("-", " ")
