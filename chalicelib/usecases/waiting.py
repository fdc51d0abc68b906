"""What waits on somebody at a centre: pages to answer, to judge, to countersign."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.access import Actor
from chalicelib.domain.attempts import Attempt
from chalicelib.domain.enrolments import Enrolment, PageState, latest, page_state
from chalicelib.domain.people import Role
from chalicelib.domain.times import parse, stamp
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Delete, Put
from chalicelib.storage.keys import parse_countersigning
from chalicelib.usecases import enrolments
from chalicelib.usecases.enrolment_lists import ListedEnrolment, named

FAN_OUT = 50  # enrolments looked into, as a candidate and as an assessor, and countersignatures


@dataclass(frozen=True, slots=True)
class Study:
    """An open enrolment of a candidate, with how many of its pages stand where."""

    listed: ListedEnrolment
    pages: Counter[PageState]


@dataclass(frozen=True, slots=True)
class Waiting:
    """An attempt that waits, for its judgement or its countersignature, since when."""

    enrolment_id: str
    page_id: str
    number: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """What waits on somebody at one centre, oldest first; `complete` unless it was cut short."""

    studies: list[Study]
    judgements: list[tuple[ListedEnrolment, Waiting]]
    countersignatures: list[Waiting]
    complete: bool


def waits(runtime: Runtime, actor: Actor) -> Waits:
    """Read what waits on an actor: at most 50 enrolments of theirs are looked into in each role.

    Costs, for a candidate or an assessor, three calls and one for each enrolment, and one more for
    what an assessor is to countersign.
    """
    studied, all_studied = _open(runtime, actor, Role.CANDIDATE, "OPEN")
    judged, all_judged = _open(runtime, actor, Role.ASSESSOR, "QUEUE")
    countersigned, all_countersigned = _countersignatures(runtime, actor)
    waiting = [
        (
            listed,
            Waiting(listed.enrolment.id, attempt.page_id, attempt.number, attempt.signed_at),
        )
        for listed in judged
        for attempt in _current(runtime, listed.enrolment)
        if attempt.waiting and attempt.assessor_id == actor.id
    ]
    return Waits(
        studies=[Study(each, _count(runtime, each)) for each in studied],
        judgements=sorted(waiting, key=lambda each: each[1].since),
        countersignatures=countersigned,
        complete=all_studied and all_judged and all_countersigned,
    )


def note_countersigning(
    runtime: Runtime, centre_id: str, enrolment_id: str, attempt: Attempt
) -> None:
    """Put a judgement before its countersigner, or take it away. Can be done again at will."""
    if attempt.judgement is None or not attempt.judgement.countersigner_id:
        return
    countersigner_id = attempt.judgement.countersigner_id
    of = (enrolment_id, attempt.page_id, attempt.number)
    key = keys.countersigning(countersigner_id, centre_id, *of)
    if page_state(attempt) is PageState.COMPETENT and attempt.countersigner_awaited:
        runtime.table.write(Put(key, {"since": stamp(attempt.judgement.judged_at)}))
    else:
        runtime.table.write(Delete(key))


def countersigns(runtime: Runtime, actor: Actor, enrolment_id: str) -> bool:
    """Whether a judgement of an enrolment waits for the actor to stand for it."""
    if not actor.has(Role.ASSESSOR):
        return False
    prefix = f"COUNTERSIGN#{actor.centre_id}#{enrolment_id}#"
    return any(runtime.table.query(f"PERSON#{actor.id}", prefix))


def _open(
    runtime: Runtime, actor: Actor, role: Role, prefix: str
) -> tuple[list[ListedEnrolment], bool]:
    """Read the open enrolments in which somebody has a role, and whether those are all."""
    if not actor.has(role):
        return [], True
    found = runtime.table.page(f"PERSON#{actor.id}", f"{prefix}#{actor.centre_id}#", FAN_OUT)
    ids = [item["enrolment_id"] for item in found.items]
    metas = runtime.table.get_many(*(keys.enrolment(actor.centre_id, each) for each in ids))
    open_ones = [items.to_enrolment(meta) for meta in metas if meta]
    return named(runtime, actor.centre_id, open_ones), not found.end


def _countersignatures(runtime: Runtime, actor: Actor) -> tuple[list[Waiting], bool]:
    if not actor.has(Role.ASSESSOR):
        return [], True
    prefix = f"COUNTERSIGN#{actor.centre_id}#"
    found = runtime.table.page(f"PERSON#{actor.id}", prefix, FAN_OUT)
    waiting = [
        Waiting(*parse_countersigning(item["sk"]), parse(item["since"])) for item in found.items
    ]
    return sorted(waiting, key=lambda each: each.since), not found.end


def _current(runtime: Runtime, enrolment: Enrolment) -> list[Attempt]:
    return list(latest(enrolments.attempts(runtime, enrolment)).values())


def _count(runtime: Runtime, listed: ListedEnrolment) -> Counter[PageState]:
    counted = Counter(page_state(each) for each in _current(runtime, listed.enrolment))
    counted[PageState.OPEN] += listed.pages - counted.total()
    return counted
