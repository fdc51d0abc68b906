"""Changing an enrolment: who judges, when it is due, and whether it goes on."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from chalicelib.domain.access import Actor, require_reader, require_role
from chalicelib.domain.attempts import Attempt
from chalicelib.domain.enrolments import (
    REASON_LIMIT,
    Enrolment,
    EnrolmentChange,
    EnrolmentState,
    require_move,
    require_unsealed,
)
from chalicelib.domain.errors import Conflict, Flaw, Forbidden, Invalid, Stale
from chalicelib.domain.links import LIFETIME
from chalicelib.domain.people import Role
from chalicelib.domain.times import stamp
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Change, Condition, Delete, Put, Update, absent, equals
from chalicelib.storage.table import BATCH, ConditionFailedError
from chalicelib.usecases import enrolments, people

CHANGEABLE = ("assessor_id", "page_assessors", "due_on", "state")


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What an enrolment is to become; None leaves a field as it is, an empty `due_on` empties it.

    `reason` and `occurred_on` are kept with what was changed.
    """

    assessor_id: str | None = None
    page_assessors: Mapping[str, str] | None = None
    due_on: str | None = None
    state: EnrolmentState | None = None
    reason: str = ""
    occurred_on: date | None = None


def change_enrolment(
    runtime: Runtime, actor: Actor, enrolment_id: str, changes: Changes, if_match: Container[str]
) -> Enrolment:
    """Change an enrolment; what is as asked already stays, so that a repeat changes nothing.

    1. Refuse what cannot be: a state that does not follow, people who may not judge.
    2. Write enrolment, history, lists of open work and every waiting attempt whose assessor changes
       in one transaction, on condition that neither a page was signed nor anything changed since.
       Links to the attempts that move die, and fresh ones are mailed.

    Raises Stale where the enrolment was changed, or a page signed, since it was read.
    """
    require_role(actor, Role.ADMINISTRATOR)
    now = require_reader(actor, enrolments.find(runtime, actor.centre_id, enrolment_id))
    new = _changed(now, changes)
    if new == now:
        return now
    require_unsealed(now)
    if enrolments.etag(now) not in if_match:
        raise _stale(now)
    _check(runtime, now, new, changes)
    recorded = _record(runtime, actor, now, new, changes)
    writes = [
        *_enrolment(now, new, recorded),
        *_lists(runtime, now, new),
        *_attempts(runtime, now, new),
    ]
    if len(writes) > BATCH:
        detail = f"This writes {len(writes)} items at once; change fewer assessors at a time."
        raise Conflict("change-too-large", detail)
    try:
        runtime.table.write(*writes)
    except ConditionFailedError as failure:
        current = enrolments.load(runtime, actor.centre_id, enrolment_id)
        if _changed(current, changes) == current:
            return current
        if current.state is now.state:
            enrolments.require_place(now, failure)
        raise _stale(current) from None
    return enrolments.load(runtime, actor.centre_id, enrolment_id)


def _changed(enrolment: Enrolment, changes: Changes) -> Enrolment:
    asked = {name: getattr(changes, name) for name in CHANGEABLE}
    return replace(enrolment, **{name: value for name, value in asked.items() if value is not None})


def _check(runtime: Runtime, now: Enrolment, new: Enrolment, changes: Changes) -> None:
    if new.state is not now.state:
        require_move(now, new.state, changes.reason)
    people.check_occurred_on(runtime, now.centre_id, changes.occurred_on)
    flaws = []
    if len(changes.reason) > REASON_LIMIT:
        flaws.append(Flaw("/reason", "too-long", f"At most {REASON_LIMIT} characters."))
    if (now.assessor_id, now.page_assessors) != (new.assessor_id, new.page_assessors):
        module = enrolments.pinned_module(runtime, now.centre_id, now)
        flaws += enrolments.assessor_flaws(runtime, module, new)
    if flaws:
        raise Invalid("invalid-enrolment", "Nothing was changed; mend what is listed.", flaws)


def _record(
    runtime: Runtime, actor: Actor, now: Enrolment, new: Enrolment, changes: Changes
) -> EnrolmentChange:
    was, becomes = _fields(now), _fields(new)
    changed = [name for name in CHANGEABLE if was[name] != becomes[name]]
    return EnrolmentChange(
        changed_at=runtime.now(),
        changed_by=actor.id,
        reason=changes.reason,
        before={name: was[name] for name in changed},
        after={name: becomes[name] for name in changed},
        occurred_on=changes.occurred_on,
    )


def _fields(enrolment: Enrolment) -> dict[str, Any]:
    return {
        "assessor_id": enrolment.assessor_id,
        "page_assessors": dict(enrolment.page_assessors),
        "due_on": enrolment.due_on,
        "state": str(enrolment.state),
    }


def _enrolment(now: Enrolment, new: Enrolment, recorded: EnrolmentChange) -> list[Change]:
    swept = keys.open_index(now.centre_id, now.id)
    written = dict(recorded.after)
    if new.state is not now.state:
        written["state_changed_at"] = stamp(recorded.changed_at)
    if new.open and not now.open:
        written |= swept
    return [
        Update(
            keys.enrolment(now.centre_id, now.id),
            (
                equals("revision", now.revision),
                equals("signs", now.signs),
                equals("state", str(now.state)),
            ),
            set=written,
            remove=tuple(swept) if now.open and not new.open else (),
            add={"revision": 1},
        ),
        # The revision guards it: what was changed, once there, is never written again.
        Put(keys.change(now.centre_id, now.id, now.revision + 1), items.from_change(recorded)),
    ]


def _lists(runtime: Runtime, now: Enrolment, new: Enrolment) -> list[Change]:
    """Build what moves the enrolment between the lists of open work, and of its assessors."""
    of = (now.centre_id, now.id)
    gone, come = sorted(now.assessors - new.assessors), sorted(new.assessors - now.assessors)
    changes: list[Change] = [Delete(keys.assessor_enrolment(each, *of)) for each in gone]
    changes += [Put(keys.assessor_enrolment(each, *of), {}) for each in come]
    if now.open and new.open:
        changes += [Delete(keys.queued_enrolment(each, *of)) for each in gone]
        changes += [enrolments.queue(new, each) for each in come]
    elif now.open:
        changes += enrolments.leaving(runtime, now)
    elif new.open:
        changes += enrolments.entering(new)
    return changes


def _attempts(runtime: Runtime, now: Enrolment, new: Enrolment) -> list[Change]:
    """Build what moves the attempts that wait to their new assessors."""
    if (now.assessor_id, now.page_assessors) == (new.assessor_id, new.page_assessors):
        return []
    expiry = stamp(runtime.now() + LIFETIME)
    moving = [each for each in enrolments.attempts(runtime, now) if _moves(each, new)]
    _require_reviewed_by_others(runtime, new, moving)
    return [
        Update(
            keys.head(now.centre_id, now.id, attempt.page_id, attempt.number),
            (absent("judged_at"), _reviewed(attempt)),
            set={"assessor_id": new.assessor_of(attempt.page_id), "link_expires_at": expiry},
            remove=("mailed_at",),
            add={"generation": 1},
        )
        for attempt in moving
    ]


def _require_reviewed_by_others(
    runtime: Runtime, new: Enrolment, moving: Sequence[Attempt]
) -> None:
    """Raise Forbidden where somebody would judge what they let pass themselves before."""
    reviewed = [each for each in moving if each.departures_reviewed_at]
    of = (new.centre_id, new.id)
    found = runtime.table.get_many(
        *(keys.departures(*of, each.page_id, each.number) for each in reviewed)
    )
    for attempt, item in zip(reviewed, found, strict=True):
        if item and items.to_departure_review(item).by == new.assessor_of(attempt.page_id):
            detail = (
                f"They have reviewed where {attempt.page_id} departs from rules; somebody else "
                "has to judge it."
            )
            raise Forbidden("own-work", detail)


def _reviewed(attempt: Attempt) -> Condition:
    """Require that nobody has reviewed an attempt since it was read."""
    at = attempt.departures_reviewed_at
    return equals("departures_reviewed_at", stamp(at)) if at else absent("departures_reviewed_at")


def _moves(attempt: Attempt, new: Enrolment) -> bool:
    return attempt.waiting and attempt.assessor_id != new.assessor_of(attempt.page_id)


def _stale(enrolment: Enrolment) -> Stale:
    detail = "The enrolment was changed, or a page signed, in between. Read it, then send again."
    current = {"etag": enrolments.etag(enrolment)}
    return Stale("stale-enrolment", detail, (), current=current)
