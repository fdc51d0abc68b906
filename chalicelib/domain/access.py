"""Who may do what. What an actor may not see is not found; what they may not do is forbidden."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.attachments import Attachment
from chalicelib.domain.attempts import Attempt
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.errors import Forbidden, not_found
from chalicelib.domain.people import Authorisation, Member, Membership, Role
from chalicelib.domain.visits import Visit

READERS_OF_ALL = frozenset({Role.ADMINISTRATOR, Role.INTERNAL_VERIFIER})


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody acting at a centre where their membership is valid.

    `visits` are those of an external verifier that are live: what they may read rests on them.
    """

    member: Member
    visits: tuple[Visit, ...] = ()

    @property
    def membership(self) -> Membership:
        """The membership that lets the actor act."""
        return self.member.membership

    @property
    def id(self) -> str:
        """The person's id."""
        return self.membership.person_id

    @property
    def centre_id(self) -> str:
        """The only centre that this actor can reach."""
        return self.membership.centre_id

    def has(self, *roles: Role) -> bool:
        """Whether the actor holds any of these roles."""
        return not self.membership.roles.isdisjoint(roles)

    def authorisation(self, role: Role) -> Authorisation | None:
        """Find what the centre authorises the actor to do in a role, valid or not."""
        return self.member.authorisation(role)

    @property
    def granted(self) -> frozenset[str]:
        """The ids of the enrolments that visits show to the actor."""
        return frozenset(each for visit in self.visits for each in visit.enrolment_ids)

    def visit_to(self, enrolment_id: str) -> Visit | None:
        """Find the visit that shows an enrolment to the actor, the latest one of several."""
        showing = [each for each in self.visits if enrolment_id in each.enrolment_ids]
        return showing[-1] if showing else None


def acting(member: Member | None, now: datetime) -> Actor:
    """Let a member act. Raises NotFound where there is no valid membership."""
    if member is None or not member.membership.valid_at(now):
        raise not_found()
    return Actor(member)


def require_role(actor: Actor, *roles: Role) -> None:
    """Raise Forbidden unless the actor holds one of the roles."""
    if not actor.has(*roles):
        names = " or ".join(roles)
        detail = f"This takes the role {names} at this centre; ask an administrator for it."
        raise Forbidden("role-not-allowed", detail)


def require_reader(actor: Actor, enrolment: Enrolment | None) -> Enrolment:
    """Return the enrolment if the actor may read it.

    Those are its candidate, its assessors, and administrators and internal verifiers of the centre.
    """
    if enrolment is None:
        raise not_found()
    reads = (
        actor.has(*READERS_OF_ALL)
        or (actor.has(Role.CANDIDATE) and actor.id == enrolment.candidate_id)
        or (actor.has(Role.ASSESSOR) and actor.id in enrolment.assessors)
    )
    if not reads:
        raise not_found()
    return enrolment


def require_viewer(actor: Actor, enrolment: Enrolment | None) -> Enrolment:
    """Return the enrolment if the actor may see what has been signed and judged in it.

    Those are its readers, and external verifiers whom a visit shows it. Drafts are not evidence:
    they are for readers alone.
    """
    if enrolment and enrolment.id in actor.granted:
        return enrolment
    return require_reader(actor, enrolment)


def require_overseer(actor: Actor, enrolment: Enrolment | None) -> Enrolment:
    """Return the enrolment if the actor may see what others found of it, and its audit trail.

    Those are readers of all, and external verifiers whom a visit shows it: nobody by their part in
    it.
    """
    if enrolment and (actor.has(*READERS_OF_ALL) or enrolment.id in actor.granted):
        return enrolment
    raise not_found()


def require_candidate(actor: Actor, enrolment: Enrolment | None) -> Enrolment:
    """Return the enrolment if the actor is its candidate; others who may read it are forbidden."""
    require_role(actor, Role.CANDIDATE)
    enrolment = require_reader(actor, enrolment)
    if actor.id != enrolment.candidate_id:
        detail = "Only the candidate of this enrolment does this; sign in as them."
        raise Forbidden("not-the-candidate", detail)
    return enrolment


def assesses(actor: Actor, enrolment: Enrolment) -> bool:
    """Whether the actor is an assessor of the enrolment."""
    return actor.has(Role.ASSESSOR) and actor.id in enrolment.assessors


def require_assessor(actor: Actor, enrolment: Enrolment) -> None:
    """Raise Forbidden unless the actor is an assessor of the enrolment."""
    require_role(actor, Role.ASSESSOR)
    if not assesses(actor, enrolment):
        detail = "Only an assessor of this enrolment does this; ask one of them."
        raise Forbidden("not-the-assessor", detail)


def require_contributor(actor: Actor, enrolment: Enrolment | None) -> Enrolment:
    """Return the enrolment if the actor may upload evidence for its candidate.

    Those are the candidate, the enrolment's assessors, and administrators of the centre.
    """
    enrolment = require_reader(actor, enrolment)
    own = actor.has(Role.CANDIDATE) and actor.id == enrolment.candidate_id
    if not (own or assesses(actor, enrolment)):
        require_role(actor, Role.ADMINISTRATOR)
    return enrolment


def owns(actor: Actor, attachment: Attachment) -> bool:
    """Whether it is the actor's evidence as its candidate, or they have uploaded it for them.

    Whoever has lost the roles that upload for candidates has lost what they uploaded as well.
    """
    candidate = actor.has(Role.CANDIDATE) and actor.id == attachment.candidate_id
    uploader = actor.has(Role.ASSESSOR, Role.ADMINISTRATOR) and actor.id == attachment.created_by
    return candidate or uploader


def manages(actor: Actor, attachment: Attachment) -> bool:
    """Whether the actor may describe or delete an attachment that nobody has signed for."""
    return owns(actor, attachment) or actor.has(Role.ADMINISTRATOR)


def sees(actor: Actor, attachment: Attachment, signed_in: Iterable[Enrolment]) -> bool:
    """Whether the actor may know of an attachment.

    Those are whom it belongs to, administrators and internal verifiers of the centre, and the
    assessors of the enrolments in which it has been signed for.
    """
    if owns(actor, attachment) or actor.has(*READERS_OF_ALL):
        return True
    return actor.has(Role.ASSESSOR) and any(actor.id in each.assessors for each in signed_in)


def is_shown(actor: Actor, attachment: Attachment) -> bool:
    """Whether a visit shows the actor an attachment: it is signed for in what they were granted."""
    return not actor.granted.isdisjoint(attachment.bound)


def reads_findings(actor: Actor, enrolment_id: str, attempt: Attempt) -> bool:
    """Whether the actor may read what a verifier found of an attempt's judgement.

    Those are whoever judged it, readers of all, and external verifiers whom a visit shows it; never
    the candidate whose work it is.
    """
    judged = attempt.judgement is not None and attempt.judgement.judged_by == actor.id
    reads = judged or actor.has(*READERS_OF_ALL) or enrolment_id in actor.granted
    return reads and actor.id != attempt.candidate_id


def countersigns(actor: Actor, attempt: Attempt) -> bool:
    """Whether the actor is the assessor who has to stand for an attempt's judgement."""
    named = attempt.judgement is not None and attempt.judgement.countersigner_id == actor.id
    return named and actor.has(Role.ASSESSOR)


def may_judge(actor: Actor, module_id: str, now: datetime) -> bool:
    """Whether the actor is an assessor with an authorisation for this module now."""
    held = actor.authorisation(Role.ASSESSOR)
    return actor.has(Role.ASSESSOR) and held is not None and held.covers(module_id, now)


def sees_key(actor: Actor, module_id: str, version: int) -> bool:
    """Whether the actor may see key and guidance of a module; nobody who is also a candidate may.

    External verifiers do, of those modules whose enrolments a visit shows them.
    """
    shown = any((module_id, version) in each.modules for each in actor.visits)
    reads = shown or actor.has(Role.ASSESSOR, *READERS_OF_ALL)
    return reads and not actor.has(Role.CANDIDATE)
