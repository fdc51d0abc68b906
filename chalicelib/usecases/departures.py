"""Reviewing the departures of an attempt, before it can be judged competent."""

from chalicelib.domain.access import Actor, require_role
from chalicelib.domain.attempts import Attempt
from chalicelib.domain.departures import DepartureReview, check_note, require_reviewable
from chalicelib.domain.errors import Conflict, not_found
from chalicelib.domain.people import Role
from chalicelib.domain.times import stamp
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Put, Update, absent, equals, exists
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases import contributions
from chalicelib.usecases.requests import Request, answered, remember
from chalicelib.usecases.verifications import Looked, authority, in_force, require_in_force


def review(
    runtime: Runtime, actor: Actor, looked: Looked, note: str, request: Request
) -> DepartureReview:
    """Put on record that an internal verifier has looked at the departures of an attempt.

    Raises Forbidden for one's own work or judgement, and without an authorisation for the module;
    Conflict where nothing is to review, or no longer.
    """
    require_role(actor, Role.INTERNAL_VERIFIER)
    if answered(runtime, request):
        return _reviewed(runtime, actor, looked)
    attempt = _attempt(runtime, actor, looked)
    check_note(note)
    of = (actor.centre_id, looked.enrolment_id, looked.page_id, looked.number)
    # No part is signed while the attempt waits: those that stand are those that it rests on.
    authors = contributions.authors(runtime, *of[:3])
    require_reviewable(attempt, actor.id, authors)
    authorisation = authority(runtime, actor, looked, Role.INTERNAL_VERIFIER)
    made = DepartureReview(actor.id, runtime.now(), note.strip())
    try:
        runtime.table.write(
            Update(
                keys.head(*of),
                (
                    exists("review_awaited"),
                    absent("judged_at"),
                    absent("withdrawn_at"),
                    equals("assessor_id", attempt.assessor_id),
                ),
                set={"departures_reviewed_at": stamp(made.at)},
                remove=("review_awaited",),
            ),
            Put(keys.departures(*of), items.from_departure_review(made)),
            in_force(actor, authorisation),
            remember(request, {"number": looked.number}, made.at),
        )
    except ConditionFailedError as failure:
        if answered(runtime, request):
            return _reviewed(runtime, actor, looked)
        require_in_force(runtime, actor, authorisation, failure)
        require_reviewable(_attempt(runtime, actor, looked), actor.id, authors)
        detail = "The attempt has changed in between; read it again, then review it."
        raise Conflict("attempt-changed", detail) from None
    return made


def _attempt(runtime: Runtime, actor: Actor, looked: Looked) -> Attempt:
    item = runtime.table.get(looked.head(actor.centre_id))
    if item is None:
        raise not_found()
    return items.to_attempt(item)


def _reviewed(runtime: Runtime, actor: Actor, looked: Looked) -> DepartureReview:
    of = (actor.centre_id, looked.enrolment_id, looked.page_id, looked.number)
    item = runtime.table.get(keys.departures(*of))
    if item is None:
        raise not_found()
    return items.to_departure_review(item)
