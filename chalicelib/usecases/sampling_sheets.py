"""The sheet of a sample, filled in elsewhere, and what it puts on record."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from chalicelib.domain.access import Actor, require_role
from chalicelib.domain.attempts import Attempt
from chalicelib.domain.digests import digest
from chalicelib.domain.errors import Conflict, Forbidden, Invalid, Unavailable
from chalicelib.domain.people import Role
from chalicelib.domain.sampling import Plan, Sample, look_of, parse_unit
from chalicelib.domain.verifications import Verification, check_finding, require_second_look
from chalicelib.formats.sampling_csv import Filled, Listed, read_sampling_sheet
from chalicelib.formats.sheets import CellFlaw, Row
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.usecases import enrolments, verifications
from chalicelib.usecases.imports import Effect, LineEffect, Report, drawn_up, found_items
from chalicelib.usecases.requests import Request
from chalicelib.usecases.sampling import attempts_of, enrolments_of, get_sample
from chalicelib.usecases.verifications import Looked


@dataclass(frozen=True, slots=True)
class _Planned:
    """What would become of a line; or its flaws."""

    line: LineEffect | None = None
    flaws: tuple[CellFlaw, ...] = ()


def list_units(
    runtime: Runtime, actor: Actor, plan_id: str, limit: int, after: str
) -> tuple[list[Listed], str]:
    """Return a page of a sample as the sheet has it, sorted by unit, and where it ended.

    Costs a call for each hundred attempts, enrolments and people, beside reading the plan.
    """
    sample = get_sample(runtime, actor, plan_id)
    later = [unit for unit in sample.units if unit > after]
    shown = later[:limit]
    listed = list(_listed(runtime, sample.plan, shown))
    return listed, shown[-1] if len(later) > limit else ""


def import_sheet(
    runtime: Runtime, actor: Actor, plan_id: str, raw: bytes, *, limit: int, apply: bool
) -> Report:
    """Record what a sheet says was found; without `apply`, tell what would be.

    All lines are checked first. Each is then a verification of its own, by whoever imports; what
    somebody has found of a unit since the plan was made is left as it is. Raises NotFound, and
    Forbidden for whoever is no internal verifier.
    """
    require_role(actor, Role.INTERNAL_VERIFIER)
    sample = get_sample(runtime, actor, plan_id)
    file = read_sampling_sheet(raw, limit)
    planned = list(_planned(runtime, actor, sample, file.rows))
    flaws = [*file.flaws, *(flaw for each in planned for flaw in each.flaws)]
    lines = [each.line for each in planned if each.line]
    if apply and not flaws:
        lines = [
            _done(runtime, actor, sample.plan, row.entry, line)
            for row, line in zip(file.rows, lines, strict=True)
        ]
    return drawn_up(file.encoding, lines, flaws, apply=apply)


def _listed(runtime: Runtime, plan: Plan, units: list[str]) -> Iterator[Listed]:
    attempts = attempts_of(runtime, plan.centre_id, units)
    enrolled = enrolments_of(runtime, plan.centre_id, attempts)
    judges = {each.judgement.judged_by for each in attempts.values() if each.judgement}
    people = judges | {each.candidate_id for each in attempts.values()}
    members = {each: keys.membership(each, plan.centre_id) for each in sorted(people)}
    found = found_items(runtime, members.values())
    names = {each: found[key]["name"] for each, key in members.items() if key in found}
    for unit, attempt in attempts.items():
        judgement = attempt.judgement
        if judgement is None or unit not in enrolled:
            continue
        module = enrolments.pinned_module(runtime, plan.centre_id, enrolled[unit])
        page = module.page(attempt.page_id)
        yield Listed(
            unit=unit,
            candidate=names.get(attempt.candidate_id, ""),
            module=module.title,
            page=page.title if page else "",
            attempt=attempt.number,
            content_hash=attempt.content_hash,
            assessor=names.get(judgement.judged_by, ""),
            method=judgement.method,
            competent=judgement.competent,
        )


def _planned(
    runtime: Runtime, actor: Actor, sample: Sample, rows: tuple[Row[Filled], ...]
) -> Iterator[_Planned]:
    """Tell what would become of each line, or what is wrong with it."""
    there = frozenset(sample.units)
    known = (row.entry.unit for row in rows if row.entry.unit in there)
    attempts = attempts_of(runtime, actor.centre_id, known)
    records = _records(runtime, sample.plan, attempts)
    claimed: dict[str, int] = {}
    for row in rows:
        unit = row.entry.unit
        if unit not in attempts:
            detail = "The sample has no such unit; take it from the sheet of this plan, unchanged."
            yield _flawed(row, "unit", "not-in-sample", detail)
        elif unit in claimed:
            detail = f"Line {claimed[unit]} has it already; each unit is in the file once."
            yield _flawed(row, "unit", "given-twice", detail)
        elif row.entry.content_hash != attempts[unit].content_hash:
            detail = "The attempt is not the one that was looked at; take the sheet again."
            yield _flawed(row, "content_hash", "attempt-changed", detail)
        elif attempts[unit].candidate_id == actor.id:
            # Not even by comparison does anybody learn what was found of their own work.
            detail = "Nobody verifies their own work; leave the line empty."
            yield _flawed(row, "unit", "own-work", detail)
        elif unit in records:
            yield _Planned(_compared(row, records[unit]))
        else:
            yield _checked(runtime, actor, row, attempts[unit])
        claimed.setdefault(unit, row.line)


def _records(
    runtime: Runtime, plan: Plan, attempts: Mapping[str, Attempt]
) -> Mapping[str, Verification]:
    """Read what was found of units since the plan was made."""
    looks = {unit: look_of(plan, attempt).verified for unit, attempt in attempts.items()}
    named = {
        unit: keys.verification(plan.centre_id, verified.id)
        for unit, verified in looks.items()
        if verified
    }
    found = found_items(runtime, named.values())
    return {unit: items.to_verification(found[key]) for unit, key in named.items()}


def _compared(row: Row[Filled], record: Verification) -> LineEffect:
    """Tell in what a finding on record differs from a line."""
    finding = row.entry.finding
    wanted = {
        "outcome": finding.outcome,
        "note": finding.note,
        "occurred_on": finding.occurred_on.isoformat() if finding.occurred_on else "",
    }
    actual = {
        "outcome": record.outcome,
        "note": record.note,
        "occurred_on": record.occurred_on,
    }
    fields = tuple(name for name, value in wanted.items() if value != actual[name])
    outcome = Effect.DIFFERENT if fields else Effect.UNCHANGED
    return LineEffect(row.line, outcome, record.id, fields)


def _checked(runtime: Runtime, actor: Actor, row: Row[Filled], attempt: Attempt) -> _Planned:
    """Check what recording a line would check."""
    if attempt.judgement is None or attempt.set_aside:
        detail = "The judgement has been set aside since; leave the line empty."
        return _flawed(row, "unit", "judgement-changed", detail)
    looked = _looked(row.entry)
    try:
        require_second_look(actor.id, attempt.candidate_id, attempt.judgement)
        verifications.authority(runtime, actor, looked, Role.INTERNAL_VERIFIER)
        check_finding(row.entry.finding, verifications.today(runtime, actor))
    except Forbidden as error:
        return _flawed(row, "unit", error.code, error.detail)
    except Invalid as error:
        return _Planned(
            flaws=tuple(
                CellFlaw(row.line, flaw.pointer.removeprefix("/"), flaw.code, flaw.detail)
                for flaw in error.flaws
            )
        )
    return _Planned(LineEffect(row.line, Effect.CREATED))


def _done(
    runtime: Runtime, actor: Actor, plan: Plan, filled: Filled, line: LineEffect
) -> LineEffect:
    """Record what a line says, unless it is on record."""
    if line.outcome is not Effect.CREATED:
        return line
    finding = filled.finding
    # The line itself is the key: of two who import one sheet at once, it records only once.
    said = f"{plan.id}\n{filled.unit}\n{finding.outcome}\n{finding.occurred_on}\n{finding.note}"
    request = Request(actor.id, f"sheet {plan.id}", digest(said.encode()), filled.unit)
    try:
        made = verifications.verify(runtime, actor, _looked(filled), finding, request)
    except (Conflict, Forbidden, Unavailable):
        # Somebody was quicker, or the table is busy: the same sheet again finds out.
        return replace(line, outcome=Effect.FAILED)
    return replace(line, id=made.id)


def _looked(filled: Filled) -> Looked:
    parsed = parse_unit(filled.unit)
    if parsed is None:
        message = f"{filled.unit} was in the sample, and is no unit"
        raise LookupError(message)
    return Looked(*parsed, filled.content_hash)


def _flawed(row: Row[Filled], column: str, code: str, detail: str) -> _Planned:
    return _Planned(flaws=(CellFlaw(row.line, column, code, detail),))
