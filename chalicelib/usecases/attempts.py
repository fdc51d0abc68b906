"""Signing a page, and reading what was signed."""

from collections.abc import Container
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.domain.access import (
    Actor,
    countersigns,
    reads_findings,
    require_candidate,
    require_viewer,
)
from chalicelib.domain.answers import signing_flaws
from chalicelib.domain.attempts import (
    Attempt,
    Signature,
    Signing,
    check_signature,
    require_another,
    signed_document,
)
from chalicelib.domain.departures import DepartureReview
from chalicelib.domain.digests import canonical, digest
from chalicelib.domain.enrolments import EnrolmentState, require_active
from chalicelib.domain.errors import Conflict, Invalid, not_found
from chalicelib.domain.judgements import Appraisals
from chalicelib.domain.links import LIFETIME
from chalicelib.domain.times import stamp
from chalicelib.domain.verifications import Reason, Verification
from chalicelib.domain.views import page_digest
from chalicelib.domain.visits import Look
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Put, Update, absent, create, equals, exists
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases import binding, enrolments, looks, pages, people
from chalicelib.usecases.binding import Bound
from chalicelib.usecases.pages import PageInWork
from chalicelib.usecases.requests import Request, require_same

TRIES = 3  # of signing, when something that was read has changed before the write


@dataclass(frozen=True, slots=True)
class SignedAttempt:
    """An attempt with the document that was signed, and all that was said of it since.

    `evidence` is what its judgement says of that, by item. `departure_review` and `verification`,
    the latest one, are for those who may read what was found.
    """

    attempt: Attempt
    document: dict[str, Any]
    feedback: str
    evidence: Appraisals = field(default_factory=dict)
    reason: Reason | None = None
    departure_review: DepartureReview | None = None
    verification: Verification | None = None


def sign(
    runtime: Runtime,
    actor: Actor,
    enrolment_id: str,
    page_id: str,
    signature: Signature,
    if_match: Container[str],
    request: Request,
) -> Attempt:
    """Sign the draft that was shown: it becomes the next attempt and never changes.

    The files that it names, and what others have signed for it, are bound with it. Raises Invalid
    where the page is incomplete or the declaration is not accepted, Conflict where
    it is signed already, and Stale where the draft is no longer the one shown. The draft survives.
    """
    for _ in range(TRIES):
        in_work = pages.load(runtime, actor, enrolment_id, page_id)
        require_candidate(actor, in_work.enrolment)
        if earlier := _signed_before(runtime, in_work, request):
            return earlier
        require_active(in_work.enrolment)
        pages.require_unlocked(in_work)
        pages.require_current(in_work, if_match)
        require_another(in_work.draft.lock)
        check_signature(signature.declaration, signature.name)
        people.check_occurred_on(runtime, actor.centre_id, signature.occurred_on)
        bound = binding.gather(runtime, in_work)
        flaws = [
            *signing_flaws(in_work.page, in_work.draft.answers, bound.contributed),
            *binding.flaws(in_work, bound),
        ]
        if flaws:
            detail = "The page is not complete yet; the draft is kept."
            raise Invalid("page-incomplete", detail, flaws)
        try:
            return _write(runtime, in_work, bound, signature, request)
        except ConditionFailedError:
            # Read anew: either the same answer is due, or a refusal that says what has changed.
            continue
    raise pages.stale(in_work)


def withdraw(
    runtime: Runtime, actor: Actor, enrolment_id: str, page_id: str, number: int
) -> Attempt:
    """Take an attempt back while nobody has judged it; it stays in the history as withdrawn.

    Withdrawing it again changes nothing. Raises Conflict where it has been judged.
    """
    require_candidate(actor, enrolments.find(runtime, actor.centre_id, enrolment_id))
    key = keys.head(actor.centre_id, enrolment_id, page_id, number)
    change = Update(
        key,
        (exists("content_hash"), absent("judged_at"), absent("withdrawn_at")),
        set={"withdrawn_at": stamp(runtime.now())},
    )
    try:
        return items.to_attempt(runtime.table.write(change))
    except ConditionFailedError as failure:
        item = failure.current[key]
        if item is None:
            raise not_found() from None
        if "withdrawn_at" in item:
            return items.to_attempt(item)
        detail = "This attempt has been judged already; read the page to see how."
        raise Conflict("attempt-not-waiting", detail) from None


def get_attempt(
    runtime: Runtime, actor: Actor, enrolment_id: str, page_id: str, number: int
) -> SignedAttempt:
    """Return an attempt with what was signed, to anybody who may see the enrolment.

    Whoever has to countersign its judgement may read it as well.
    """
    found = read(runtime, actor.centre_id, enrolment_id, page_id, number)
    attempt = found.attempt if found else None
    if not (attempt and countersigns(actor, attempt)):
        require_viewer(actor, enrolments.find(runtime, actor.centre_id, enrolment_id))
    if found is None or attempt is None:
        raise not_found()
    look = Look(page_id=page_id, number=number, on=attempt.content_hash)
    looks.note(runtime, actor, enrolment_id, look)
    reads = reads_findings(actor, enrolment_id, attempt)
    if not (reads or actor.id == attempt.assessor_id):
        found = replace(found, departure_review=None)
    if attempt.verified is None or not reads:
        return found
    item = runtime.table.get(keys.verification(actor.centre_id, attempt.verified.id))
    return replace(found, verification=items.to_verification(item) if item else None)


def list_attempts(
    runtime: Runtime, actor: Actor, enrolment_id: str, page_id: str, limit: int, after: str
) -> tuple[list[Attempt], str]:
    """Return the heads of a page's attempts, oldest first, and where this page of them ended."""
    enrolment = require_viewer(actor, enrolments.find(runtime, actor.centre_id, enrolment_id))
    module = enrolments.pinned_module(runtime, actor.centre_id, enrolment)
    if module.page(page_id) is None:
        raise not_found()
    looks.note(runtime, actor, enrolment_id, Look(page_id=page_id))
    pk = keys.enrolment(actor.centre_id, enrolment_id).pk
    found = runtime.table.page(pk, f"HEAD#{page_id}#", limit, after)
    return list(map(items.to_attempt, found.items)), found.end


def read(
    runtime: Runtime, centre_id: str, enrolment_id: str, page_id: str, number: int
) -> SignedAttempt | None:
    """Return an attempt with all that belongs to it, or None. The caller checks who may see it."""
    of = (centre_id, enrolment_id, page_id, number)
    head, body, feedback, aside, reviewed = runtime.table.get_many(
        keys.head(*of), keys.body(*of), keys.feedback(*of), keys.aside(*of), keys.departures(*of)
    )
    if head is None or body is None:
        return None
    attempt = items.to_attempt(head)
    inline = attempt.judgement.feedback if attempt.judgement else ""
    text = inline or items.unpack_feedback(feedback)
    document = items.unpack_document(body["document"])
    return SignedAttempt(
        attempt,
        document,
        text,
        items.to_appraisals(feedback),
        items.to_reason(aside) if aside else None,
        items.to_departure_review(reviewed) if reviewed else None,
    )


def _signed_before(runtime: Runtime, in_work: PageInWork, request: Request) -> Attempt | None:
    if not in_work.draft.lock:
        return None
    for attempt in enrolments.attempts(runtime, in_work.enrolment, in_work.page.id):
        if attempt.request == request.id:
            require_same(request, attempt.fingerprint)
            return attempt
    return None


def _write(
    runtime: Runtime, in_work: PageInWork, bound: Bound, signature: Signature, request: Request
) -> Attempt:
    enrolment, draft = in_work.enrolment, in_work.draft
    now = runtime.now()
    signing = Signing(
        salt=runtime.new_secret(),
        centre_id=enrolment.centre_id,
        candidate_id=enrolment.candidate_id,
        enrolment_id=enrolment.id,
        page_id=in_work.page.id,
        attempt=draft.lock + 1,
        module_id=enrolment.module_id,
        module_version=enrolment.module_version,
        page_digest=page_digest(in_work.page),
        declaration=signature.declaration,
        signature=signature.name,
        signed_at=now,
        occurred_on=signature.occurred_on,
        attachments=[file.document() for file in bound.in_order],
        contributions=[part.document() for part in bound.parts],
    )
    document = canonical(signed_document(signing, draft.answers))
    attempt = Attempt(
        page_id=in_work.page.id,
        number=signing.attempt,
        content_hash=digest(document),
        signed_at=now,
        candidate_id=enrolment.candidate_id,
        assessor_id=enrolment.assessor_of(in_work.page.id),
        generation=1,
        link_expires_at=now + LIFETIME,
        request=request.id,
        fingerprint=request.fingerprint,
        occurred_on=signature.occurred_on,
        departures=bound.departures,
    )
    of = (enrolment.centre_id, enrolment.id, attempt.page_id)
    runtime.table.write(
        Update(
            keys.draft(*of),
            (pages.unchanged(draft),),
            set={"version": draft.version + 1, "lock": attempt.number},
        ),
        create(keys.head(*of, attempt.number), items.from_attempt(attempt)),
        # The head guards both: an attempt, once there, is never written again.
        Put(keys.body(*of, attempt.number), {"document": items.pack_signed(document)}),
        Update(
            keys.enrolment(enrolment.centre_id, enrolment.id),
            (
                equals("state", str(EnrolmentState.ACTIVE)),
                equals("revision", enrolment.revision),
            ),
            add={"signs": 1},
        ),
        *binding.changes(in_work, bound),
    )
    return attempt
