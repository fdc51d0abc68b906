"""Sampling plans: made by internal verifiers, drawn from once, filled by choice as well."""

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from chalicelib.domain.access import READERS_OF_ALL, Actor, require_role
from chalicelib.domain.attempts import Attempt
from chalicelib.domain.digests import canonical
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.errors import Conflict, Flaw, Invalid, Unavailable, not_found
from chalicelib.domain.people import Role
from chalicelib.domain.sampling import (
    CHOICES_LIMIT,
    UNITS_LIMIT,
    Choice,
    Dimension,
    Look,
    Plan,
    Rate,
    Risk,
    Sample,
    Scope,
    Stage,
    Unit,
    check_plan,
    document,
    draw,
    judged_of,
    look_of,
    parse_unit,
    statement,
    too_large,
)
from chalicelib.domain.seals import DRAW
from chalicelib.domain.times import stamp
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.storage import sampling as stored
from chalicelib.storage.changes import Put, Update, absent, create, equals
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases import enrolments
from chalicelib.usecases.centres import load_centre
from chalicelib.usecases.requests import Request, answered, remember

DOCUMENTS_LIMIT = 100
PREFIX = "SAMPLING#"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one draw is sure to do before the gateway gives up.

    It reads the enrolments of the centre, a hundred in a call; of those that the plan may reach,
    in a call each, the judgements; and keeps those that fit.
    """

    centre: int = 20_000
    enrolments: int = 1_500
    units: int = UNITS_LIMIT


LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlan:
    """What somebody plans to look at; domain/sampling.py says what each means."""

    title: str
    stage: Stage
    scope: Scope
    by: tuple[Dimension, ...]
    risks: Mapping[str, Risk]
    rates: Mapping[Risk, Rate]


def create_plan(runtime: Runtime, actor: Actor, new: NewPlan, request: Request) -> Plan:
    """Make a plan, and commit to the seed that it will be drawn by. A repeat gets the same one."""
    require_role(actor, Role.INTERNAL_VERIFIER)
    if made := answered(runtime, request):
        return _as_made(_load(runtime, actor.centre_id, made["plan_id"]))
    unsealed = Plan(
        id=runtime.new_id(),
        centre_id=actor.centre_id,
        title=new.title,
        stage=new.stage,
        scope=new.scope,
        by=new.by,
        risks=new.risks,
        rates=new.rates,
        created_at=runtime.now(),
        created_by=actor.id,
        seed=runtime.new_secret(),
        statement="",
    )
    check_plan(unsealed)
    plan = replace(unsealed, statement=runtime.sealer.seal(DRAW, statement(unsealed)))
    try:
        runtime.table.write(
            create(keys.sampling_plan(plan.centre_id, plan.id), stored.from_plan(plan)),
            remember(request, {"plan_id": plan.id}, plan.created_at),
        )
    except ConditionFailedError:
        made = answered(runtime, request)
        if made is None:
            raise
        return _as_made(_load(runtime, actor.centre_id, made["plan_id"]))
    return plan


def list_plans(
    runtime: Runtime, actor: Actor, limit: int, after: str
) -> tuple[tuple[Plan, ...], str]:
    """Return a page of the centre's plans, newest first, and where it ended."""
    require_role(actor, *sorted(READERS_OF_ALL))
    pk = keys.centre(actor.centre_id).pk
    page = runtime.table.page(pk, PREFIX, limit, after, newest_first=True)
    return tuple(map(stored.to_plan, page.items)), page.end


def get_sample(runtime: Runtime, actor: Actor, plan_id: str) -> Sample:
    """Return a plan, with what it was drawn from and what was chosen."""
    require_role(actor, *sorted(READERS_OF_ALL))
    return load_sample(runtime, _load(runtime, actor.centre_id, plan_id))


def get_draw(runtime: Runtime, actor: Actor, plan_id: str) -> Sample:
    """Return what was drawn. Raises NotFound before."""
    sample = get_sample(runtime, actor, plan_id)
    if sample.plan.drawn_at is None:
        raise not_found()
    return sample


def draw_sample(runtime: Runtime, actor: Actor, plan_id: str, limits: Limits = LIMITS) -> Sample:
    """Draw the sample of a plan, and tell its seed; once drawn, it is drawn.

    All that counts is written in one transaction: of two who draw at once, the second gets what the
    first has drawn. Raises Conflict where no judgement fits the plan, and Invalid where more do
    than one request can take.
    """
    require_role(actor, Role.INTERNAL_VERIFIER)
    plan = _load(runtime, actor.centre_id, plan_id)
    if plan.drawn_at is None:
        frame = draw(plan, _frame(runtime, plan, limits))
        if not frame:
            detail = "No judgement fits the plan yet; draw later. Nothing of it was told."
            raise Conflict("nothing-to-draw", detail)
        drawn = {"drawn_at": stamp(runtime.now()), "drawn_by": actor.id}
        key = keys.sampling_plan(plan.centre_id, plan.id)
        with contextlib.suppress(ConditionFailedError):  # somebody was quicker
            runtime.table.write(
                Put(keys.frame(plan.centre_id, plan.id), stored.from_frame(frame)),
                Update(key, (absent("drawn_at"),), set=drawn),
            )
    return get_draw(runtime, actor, plan_id)


def choose(
    runtime: Runtime,
    actor: Actor,
    plan_id: str,
    units: Sequence[str],
    reason: str,
    request: Request,
) -> tuple[Choice, ...]:
    """Add judgements to a sample by choice, beside what is drawn.

    Raises Invalid for what the plan is not about, or is in the sample already, and Conflict where
    as many have been chosen as may be.
    """
    require_role(actor, Role.INTERNAL_VERIFIER)
    if answered(runtime, request) is None:
        _choose(runtime, actor, plan_id, units, reason, request)
    choices = get_sample(runtime, actor, plan_id).choices
    return tuple(each for each in choices if each.unit.id in units)


def looks(runtime: Runtime, sample: Sample, reader_id: str = "") -> Mapping[str, Look]:
    """Return what has become of the units of a sample; a call for each hundred of them.

    What was found of the reader's own work as a candidate is left out.
    """
    found = attempts_of(runtime, sample.plan.centre_id, sample.units)
    return {
        unit: look_of(sample.plan, attempt)
        for unit, attempt in found.items()
        if attempt.candidate_id != reader_id
    }


def attempts_of(runtime: Runtime, centre_id: str, units: Iterable[str]) -> Mapping[str, Attempt]:
    """Read the heads of what units name, as far as they are there."""
    named = {unit: parsed for unit in units if (parsed := parse_unit(unit))}
    heads = runtime.table.get_many(*(keys.head(centre_id, *parsed) for parsed in named.values()))
    return {unit: items.to_attempt(head) for unit, head in zip(named, heads, strict=True) if head}


def enrolments_of(
    runtime: Runtime, centre_id: str, units: Iterable[str]
) -> Mapping[str, Enrolment]:
    """Read the enrolments of units, by the unit, as far as they are there."""
    ids = {unit: unit.partition("/")[0] for unit in units}
    found = _enrolments(runtime, centre_id, dict.fromkeys(ids.values()))
    return {unit: found[each] for unit, each in ids.items() if each in found}


def documents(runtime: Runtime, centre_id: str, enrolment_ids: Collection[str]) -> dict[str, bytes]:
    """Return by id, as canonical JSON, the newest plans of which a unit is in these enrolments.

    Their frames are whole: what is left out of one could not be drawn from again. What was chosen
    and found of other enrolments is left out.
    """
    wanted = frozenset(enrolment_ids)
    found: dict[str, bytes] = {}
    for plan in _newest(runtime, centre_id):
        sample = load_sample(runtime, plan)
        if sample.concerns(wanted):
            chosen = tuple(each for each in sample.choices if _is_of(each.unit.id, wanted))
            seen = {
                unit: look for unit, look in looks(runtime, sample).items() if _is_of(unit, wanted)
            }
            found[plan.id] = canonical(document(replace(sample, choices=chosen), seen))
        if len(found) == DOCUMENTS_LIMIT:
            break
    return found


def _is_of(unit: str, enrolment_ids: Collection[str]) -> bool:
    return unit.partition("/")[0] in enrolment_ids


def load_sample(runtime: Runtime, plan: Plan) -> Sample:
    """Read what a plan has come to."""
    key = keys.frame(plan.centre_id, plan.id)
    # A plan that was read before it was drawn has no frame, whatever stands there by now.
    frame = stored.to_frame(runtime.table.get(key)) if plan.drawn_at else ()
    choices = runtime.table.query(key.pk, "CHOICE#") if plan.choices else ()
    return Sample(plan, frame, tuple(map(stored.to_choice, choices)))


def _frame(runtime: Runtime, plan: Plan, limits: Limits) -> Iterator[Unit]:
    """Yield every judgement in force at the centre that fits a plan."""
    zone = load_centre(runtime, plan.centre_id).time_zone
    pk, prefix = keys.centre_enrolment(plan.centre_id, "")
    ids = [item["sk"].removeprefix(prefix) for item in runtime.table.query(pk, prefix)]
    if len(ids) > limits.centre:
        raise too_large(limits.centre, "enrolments of a centre")
    known = _enrolments(runtime, plan.centre_id, ids)
    reached = [each for each in known.values() if plan.scope.reaches(each, zone)]
    if len(reached) > limits.enrolments:
        raise too_large(limits.enrolments, "enrolments that may hold what it is about")
    count = 0
    for enrolment in reached:
        for attempt in enrolments.attempts(runtime, enrolment):
            judged = judged_of(enrolment.id, enrolment.module_id, attempt)
            if judged and plan.scope.covers(judged, zone):
                count += 1
                if count > limits.units:
                    raise too_large(limits.units, "judgements")
                yield plan.unit(judged)


def _choose(
    runtime: Runtime,
    actor: Actor,
    plan_id: str,
    units: Sequence[str],
    reason: str,
    request: Request,
) -> None:
    sample = get_sample(runtime, actor, plan_id)
    plan, now = sample.plan, runtime.now()
    chosen = _chosen(runtime, sample, units, reason)
    if plan.choices + len(chosen) > CHOICES_LIMIT:
        detail = f"At most {CHOICES_LIMIT} judgements are chosen for a plan; make another plan."
        raise Conflict("too-many-choices", detail)
    known = equals("choices", plan.choices) if plan.choices else absent("choices")
    choices = [Choice(unit, reason.strip(), actor.id, now) for unit in chosen]
    try:
        runtime.table.write(
            *(
                Put(keys.choice(plan.centre_id, plan.id, each.unit.id), stored.from_choice(each))
                for each in choices
            ),
            Update(
                keys.sampling_plan(plan.centre_id, plan.id),
                (known,),
                set={"choices": plan.choices + len(choices)},
            ),
            remember(request, {}, now),
        )
    except ConditionFailedError:
        if answered(runtime, request) is None:
            detail = "Somebody else chose in this moment; send the same request again."
            raise Unavailable("busy", detail) from None


def _chosen(runtime: Runtime, sample: Sample, units: Sequence[str], reason: str) -> list[Unit]:
    """Place judgements in their strata, or say which of them cannot be chosen."""
    plan = sample.plan
    zone = load_centre(runtime, plan.centre_id).time_zone
    attempts = attempts_of(runtime, plan.centre_id, units)
    known = enrolments_of(runtime, plan.centre_id, attempts)
    there = frozenset(sample.units)
    chosen, flaws = list[Unit](), list[Flaw]()
    if not reason.strip():
        flaws.append(Flaw("/reason", "required", "Say why these are looked at."))
    for place, unit in enumerate(units):
        refuse = partial(Flaw, f"/units/{place}")
        judged = (
            judged_of(known[unit].id, known[unit].module_id, attempts[unit])
            if unit in known
            else None
        )
        if unit in there:
            flaws.append(refuse("in-sample", "It is in the sample already; leave it out."))
        elif unit in units[:place]:
            flaws.append(refuse("given-twice", "Name each judgement once."))
        elif judged is None or not plan.scope.covers(judged, zone):
            detail = "Name a judgement in force that the plan is about."
            flaws.append(refuse("not-in-plan", detail))
        else:
            chosen.append(plan.unit(judged))
    if flaws:
        raise Invalid("invalid-sampling", "Nothing was chosen; mend what is listed.", flaws)
    return chosen


def _enrolments(
    runtime: Runtime, centre_id: str, enrolment_ids: Iterable[str]
) -> dict[str, Enrolment]:
    metas = runtime.table.get_many(*(keys.enrolment(centre_id, each) for each in enrolment_ids))
    found = (items.to_enrolment(item) for item in metas if item)
    return {each.id: each for each in found}


def _newest(runtime: Runtime, centre_id: str) -> Iterator[Plan]:
    pk, after, more = keys.centre(centre_id).pk, "", True
    while more:
        page = runtime.table.page(pk, PREFIX, DOCUMENTS_LIMIT, after, newest_first=True)
        yield from map(stored.to_plan, page.items)
        after, more = page.end, bool(page.end)


def _load(runtime: Runtime, centre_id: str, plan_id: str) -> Plan:
    item = runtime.table.get(keys.sampling_plan(centre_id, plan_id))
    if item is None:
        raise not_found()
    return stored.to_plan(item)


def _as_made(plan: Plan) -> Plan:
    """Return a plan as it was when it was made: a repeat gets the answer of the first."""
    return replace(plan, drawn_at=None, drawn_by="", choices=0)
