"""Judging an attempt, by token or by link: one atomic write, whichever door it came through."""

from dataclasses import dataclass

from chalicelib.domain.access import Actor, require_role
from chalicelib.domain.attempts import Attempt
from chalicelib.domain.errors import Conflict, Forbidden, not_found
from chalicelib.domain.judgements import (
    INLINE_FEEDBACK_LIMIT,
    Decision,
    Judgement,
    Method,
    check_decision,
    require_authority,
    require_somebody_else,
)
from chalicelib.domain.people import Role
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Change, Check, Key, Put, Update, absent, equals
from chalicelib.storage.packing import pack
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases import enrolments, people
from chalicelib.usecases.requests import Request, require_same


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """Which attempt is judged, as the assessor saw it, and by which door.

    `generation` is that of the link used; None by token.
    """

    enrolment_id: str
    page_id: str
    number: int
    content_hash: str
    generation: int | None = None

    @property
    def method(self) -> Method:
        """How the judgement reaches us."""
        return Method.TOKEN if self.generation is None else Method.LINK


def judge(
    runtime: Runtime, actor: Actor, judging: Judging, decision: Decision, request: Request
) -> Judgement:
    """Judge an attempt once.

    1. Refuse a decision that is not complete, and an assessor who may not judge this.
    2. Write the judgement into the attempt's head, on condition that the attempt is unjudged, has
       the content judged, and is assigned to this assessor, and that the authorisation it rests on
       is in force: one transaction, and the only round trip.
    3. Where that is refused, answer a repeat of the same request with what it did before; say to
       anybody else what stands in the way.
    """
    check_decision(decision)
    require_role(actor, Role.ASSESSOR)
    facts = enrolments.facts(runtime, actor.centre_id, judging.enrolment_id)
    if facts is None:
        raise not_found()
    require_somebody_else(actor.id, facts.candidate_id)
    authorisation = require_authority(actor.authorisation, facts.module_id, runtime.now())
    judgement = Judgement(
        competent=decision.competent,
        initials=decision.initials,
        feedback=decision.feedback if _fits_head(decision.feedback) else None,
        judged_by=actor.id,
        judged_at=runtime.now(),
        method=judging.method,
        address=actor.membership.address if judging.method is Method.LINK else "",
        authorisation_id=authorisation.id,
        qualification=authorisation.qualification,
        countersigner_id=authorisation.countersigner_id,
        request=request.id,
        fingerprint=request.fingerprint,
    )
    head = _head(actor, judging)
    try:
        runtime.table.write(*_changes(actor, judging, judgement, decision.feedback))
    except ConditionFailedError as failure:
        if head in failure.current:
            item = failure.current[head]
            return _repeated(actor, items.to_attempt(item) if item else None, request)
        people.forget_person(runtime, actor.id)
        detail = "Your authorisation has changed just now; send the judgement again."
        raise Forbidden("authorisation-changed", detail) from None
    return judgement


def _changes(actor: Actor, judging: Judging, judgement: Judgement, feedback: str) -> list[Change]:
    conditions = [
        absent("judged_at"),
        absent("withdrawn_at"),
        equals("content_hash", judging.content_hash),
        equals("assessor_id", actor.id),
    ]
    if judging.generation is not None:
        conditions.append(equals("generation", judging.generation))
    changes: list[Change] = [
        Update(_head(actor, judging), tuple(conditions), set=items.from_judgement(judgement)),
        Check(
            keys.authorisation(actor.id, actor.centre_id),
            (equals("id", judgement.authorisation_id),),
        ),
    ]
    if judgement.feedback is None:
        key = keys.feedback(actor.centre_id, judging.enrolment_id, judging.page_id, judging.number)
        changes.append(Put(key, {"feedback": pack(feedback.encode())}))
    return changes


def _repeated(actor: Actor, attempt: Attempt | None, request: Request) -> Judgement:
    """Return the judgement that this very request made, or say why there will be none."""
    if attempt is None or attempt.assessor_id != actor.id:
        raise not_found()
    judgement = attempt.judgement
    if judgement and judgement.request == request.id:
        require_same(request, judgement.fingerprint)
        return judgement
    if attempt.waiting:
        detail = "This is not the attempt as it stands now; read it again, then judge it."
        raise Conflict("attempt-changed", detail)
    detail = "This attempt has been judged or withdrawn already; read the page to see how."
    raise Conflict("attempt-not-waiting", detail)


def _head(actor: Actor, judging: Judging) -> Key:
    return keys.head(actor.centre_id, judging.enrolment_id, judging.page_id, judging.number)


def _fits_head(feedback: str) -> bool:
    return len(feedback.encode()) <= INLINE_FEEDBACK_LIMIT
