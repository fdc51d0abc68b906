"""Judging an attempt, by token or by link: one atomic write, whichever door it came through."""

from dataclasses import dataclass

from chalicelib.domain.access import Actor, may_judge, require_role
from chalicelib.domain.attempts import Attempt
from chalicelib.domain.errors import Conflict, Forbidden, Invalid, NotFound, not_found
from chalicelib.domain.judgements import (
    Decision,
    Judgement,
    Method,
    appraisal_flaws,
    check_decision,
    fitting,
    require_authority,
    require_somebody_else,
)
from chalicelib.domain.modules import Page
from chalicelib.domain.people import Membership, Role
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Change, Check, Item, Key, Put, Update, absent, equals
from chalicelib.storage.packing import pack
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases import enrolments, people
from chalicelib.usecases.requests import Request, require_same


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """Which attempt is judged, as the assessor saw it, and by which door.

    `generation` is that of the link used, with a mailed code where `coded`; None by token.
    """

    enrolment_id: str
    page_id: str
    number: int
    content_hash: str
    generation: int | None = None
    coded: bool = False

    @property
    def method(self) -> Method:
        """How the judgement reaches us."""
        if self.generation is None:
            return Method.TOKEN
        return Method.LINK_WITH_CODE if self.coded else Method.LINK


def judge(
    runtime: Runtime, actor: Actor, judging: Judging, decision: Decision, request: Request
) -> Judgement:
    """Judge an attempt once.

    1. Refuse a decision that is not complete, and an assessor who may not judge this.
    2. Write the judgement into the attempt's head, on condition that the attempt is unjudged, has
       the content judged, and is assigned to this assessor, that departures from rules have been
       reviewed where it is competent, and that the authorisation it rests on is in force: one
       transaction, and the only round trip.
    3. Where that is refused, answer a repeat of the same request with what it did before; say to
       anybody else what stands in the way.
    """
    check_decision(decision)
    require_role(actor, Role.ASSESSOR)
    people.check_occurred_on(runtime, actor.centre_id, decision.occurred_on)
    facts = enrolments.facts(runtime, actor.centre_id, judging.enrolment_id)
    if facts is None:
        raise not_found()
    require_somebody_else(actor.id, facts.candidate_id)
    head = _head(actor, judging)
    try:
        authorisation = require_authority(
            actor.authorisation(Role.ASSESSOR), facts.module_id, runtime.now()
        )
    except Forbidden:
        # For the assigned assessor alone to know; and what they did while authorised still stands.
        if earlier := _earlier(actor, runtime.table.get(head), request):
            return earlier
        raise
    page = pinned_page(runtime, actor.centre_id, judging.enrolment_id, judging.page_id)
    if flaws := tuple(appraisal_flaws(page, decision)):
        if earlier := _earlier(actor, runtime.table.get(head), request):  # as above
            return earlier
        raise Invalid("invalid-judgement", "Nothing was judged; mend what is listed.", flaws)
    qualification = authorisation.qualification
    used = actor.membership.address if judging.generation is not None else ""
    _, _, address, feedback = fitting(decision.initials, qualification, used, decision.feedback)
    judgement = Judgement(
        competent=decision.competent,
        initials=decision.initials,
        feedback=feedback,
        judged_by=actor.id,
        judged_at=runtime.now(),
        method=judging.method,
        address=address,
        authorisation_id=authorisation.id,
        qualification=qualification,
        countersigner_id=authorisation.countersigner_id,
        request=request.id,
        fingerprint=request.fingerprint,
        occurred_on=decision.occurred_on,
    )
    whole = {
        "feedback": pack(decision.feedback.encode()),
        "address": used,
        "evidence": items.from_appraisals(decision.evidence),
    }
    beside = None in (feedback, address) or bool(decision.evidence)
    try:
        runtime.table.write(*_changes(actor, judging, judgement, whole if beside else None))
    except ConditionFailedError as failure:
        if head in failure.current:
            return _repeated(actor, judging, decision, failure.current[head], request)
        people.forget_member(runtime, actor.centre_id, actor.id)
        detail = "Your authorisation has changed just now; send the judgement again."
        raise Forbidden("authorisation-changed", detail) from None
    return judgement


def pinned_page(runtime: Runtime, centre_id: str, enrolment_id: str, page_id: str) -> Page:
    """Return a page as its enrolment has it; a warm function knows it. Raises NotFound."""
    facts = enrolments.facts(runtime, centre_id, enrolment_id)
    page = enrolments.pinned_module(runtime, centre_id, facts).page(page_id) if facts else None
    if page is None:
        raise not_found()
    return page


def awaited_assessor(
    runtime: Runtime, centre_id: str, enrolment_id: str, attempt: Attempt
) -> Membership | None:
    """Return the assessor of an attempt if they may judge it now, and have a verified address."""
    try:
        actor = people.act(runtime, attempt.assessor_id, centre_id)
    except NotFound:
        return None
    facts = enrolments.facts(runtime, centre_id, enrolment_id)
    if facts is None or not may_judge(actor, facts.module_id, runtime.now()):
        return None
    verified = actor.membership.address and actor.membership.address_verified_at
    return actor.membership if verified else None


def _changes(
    actor: Actor, judging: Judging, judgement: Judgement, beside: Item | None
) -> list[Change]:
    conditions = [
        absent("judged_at"),
        absent("withdrawn_at"),
        equals("content_hash", judging.content_hash),
        equals("assessor_id", actor.id),
    ]
    if judging.generation is not None:
        conditions.append(equals("generation", judging.generation))
    if judgement.competent:
        conditions.append(absent("review_awaited"))
    changes: list[Change] = [
        Update(
            _head(actor, judging),
            tuple(conditions),
            set=items.from_judgement(judgement),
            remove=("code_asked_at", "code_mailed_at") if judging.coded else (),
        ),
        Check(
            keys.authorisation(actor.id, actor.centre_id, Role.ASSESSOR),
            (equals("id", judgement.authorisation_id),),
        ),
    ]
    if beside:
        key = keys.feedback(actor.centre_id, judging.enrolment_id, judging.page_id, judging.number)
        changes.append(Put(key, beside))
    return changes


def _earlier(actor: Actor, head: Item | None, request: Request) -> Judgement | None:
    """Return the judgement that this very request made, if it did. Raises NotFound for others."""
    attempt = items.to_attempt(head) if head else None
    if attempt is None or attempt.assessor_id != actor.id:
        raise not_found()
    if attempt.judgement is None or attempt.judgement.request != request.id:
        return None
    require_same(request, attempt.judgement.fingerprint)
    return attempt.judgement


def _repeated(
    actor: Actor, judging: Judging, decision: Decision, head: Item | None, request: Request
) -> Judgement:
    """Return the judgement that this very request made, or say why there will be none."""
    if earlier := _earlier(actor, head, request):
        return earlier
    if head and items.to_attempt(head).waiting:
        seen = (judging.content_hash, judging.generation or int(head["generation"]))
        current = (head["content_hash"], int(head["generation"])) == seen
        if current and decision.competent and items.to_attempt(head).review_awaited:
            detail = (
                "The evidence departs from rules of its form: an internal verifier has to review "
                "that before the page can be competent."
            )
            raise Conflict("departure-not-reviewed", detail)
        detail = "This is not the attempt as it stands now; read it again, then judge it."
        raise Conflict("attempt-changed", detail)
    detail = "This attempt has been judged or withdrawn already; read the page to see how."
    raise Conflict("attempt-not-waiting", detail)


def _head(actor: Actor, judging: Judging) -> Key:
    return keys.head(actor.centre_id, judging.enrolment_id, judging.page_id, judging.number)
