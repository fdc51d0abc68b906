"""Enrolling many candidates at once, from a list: what is there already is left as it is."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from chalicelib.domain.access import Actor
from chalicelib.domain.centres import Centre
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.errors import Forbidden, Invalid, Unavailable
from chalicelib.formats.enrolments_csv import Enrolling, read_enrolments
from chalicelib.formats.sheets import CellFlaw, Row
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Key
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases import enrolments
from chalicelib.usecases.centres import load_centre
from chalicelib.usecases.enrolments import NewEnrolment
from chalicelib.usecases.imports import Effect, LineEffect, Report, drawn_up, found_items
from chalicelib.usecases.memberships import OPERATOR

PERSON_ID = re.compile(r"[A-Za-z0-9-]{1,100}")
COLUMN_OF = {"candidate_id": "candidate", "assessor_id": "assessor"}


@dataclass(frozen=True, slots=True)
class _Plan:
    """What would become of a line, with the enrolment to be written if any; or its flaws."""

    line: LineEffect | None = None
    new: Enrolment | None = None
    flaws: tuple[CellFlaw, ...] = ()


def import_enrolments(
    runtime: Runtime,
    centre_id: str,
    actor: Actor | None,
    raw: bytes,
    *,
    limit: int,
    apply: bool,
) -> Report:
    """Enrol whom a list names and who is not enrolled yet; without `apply`, tell what would be.

    Each line is a transaction of its own, and the same list again goes on where one ended: whoever
    has been enrolled in that version of the module, or is in another, is known. Costs, beside what
    each new enrolment does, three calls and one more for each further hundred things looked up,
    and at most two for each candidate who has no open enrolment in the module. Raises NotFound.
    """
    centre = load_centre(runtime, centre_id)
    file = read_enrolments(raw, limit)
    people = _people(runtime, centre, file.rows)
    flaws = list(file.flaws)
    named = list[tuple[Row[Enrolling], NewEnrolment]]()
    for row in file.rows:
        wrong, new = _named(row, people)
        flaws += wrong
        if new:
            named.append((row, new))
    by = actor.id if actor else OPERATOR
    plans = list(_plans(runtime, centre, by, named))
    flaws += [flaw for plan in plans for flaw in plan.flaws]
    lines = [plan.line for plan in plans if plan.line]
    if apply and not flaws:
        lines = [_done(runtime, line, plan) for line, plan in zip(lines, plans, strict=True)]
    return drawn_up(file.encoding, lines, flaws, apply=apply)


def _ways(centre: Centre, text: str) -> list[Key]:
    """Give the keys by which a text may lead to somebody at the centre."""
    ways = [keys.address(centre.id, text), keys.learner(centre.id, text)]
    if PERSON_ID.fullmatch(text):
        ways.append(keys.membership(text, centre.id))
    return ways


def _people(
    runtime: Runtime, centre: Centre, rows: tuple[Row[Enrolling], ...]
) -> Mapping[str, frozenset[str]]:
    """Look up the ids of the people whom each cell may mean."""
    cells = {cell for row in rows for cell in (row.entry.candidate, row.entry.assessor)}
    ways = {cell: _ways(centre, cell) for cell in sorted(cells)}
    found = found_items(runtime, (key for keys_of in ways.values() for key in keys_of))
    return {
        cell: frozenset(found[key]["person_id"] for key in keys_of if key in found)
        for cell, keys_of in ways.items()
    }


def _named(
    row: Row[Enrolling], people: Mapping[str, frozenset[str]]
) -> tuple[list[CellFlaw], NewEnrolment | None]:
    """Tell whom a line names, or that they cannot be told."""
    entry, flaws = row.entry, []
    for column, cell in (("candidate", entry.candidate), ("assessor", entry.assessor)):
        if not people[cell]:
            detail = "Nobody at this centre has this id, address or learner number."
            flaws.append(CellFlaw(row.line, column, "unknown-person", detail))
        elif len(people[cell]) > 1:
            detail = "This leads to several people; write the id of the one who is meant."
            flaws.append(CellFlaw(row.line, column, "different-people", detail))
    if flaws:
        return flaws, None
    (candidate_id,), (assessor_id,) = people[entry.candidate], people[entry.assessor]
    return [], NewEnrolment(
        candidate_id=candidate_id,
        assessor_id=assessor_id,
        module_id=entry.module_id,
        module_version=entry.module_version,
        due_on=entry.due_on,
        occurred_on=entry.occurred_on,
    )


def _plans(
    runtime: Runtime, centre: Centre, by: str, named: list[tuple[Row[Enrolling], NewEnrolment]]
) -> Iterator[_Plan]:
    places = [keys.open_enrolment(new.candidate_id, centre.id, new.module_id) for _, new in named]
    held = {
        key: keys.enrolment(centre.id, item["enrolment_id"])
        for key, item in found_items(runtime, places).items()
    }
    open_ones = found_items(runtime, held.values())
    claimed: dict[Key, int] = {}
    for place, (row, new) in zip(places, named, strict=True):
        if place in claimed:
            detail = f"Line {claimed[place]} enrols them in this module; each is in the file once."
            yield _Plan(flaws=(CellFlaw(row.line, "candidate", "given-twice", detail),))
            continue
        claimed[place] = row.line
        if place in held and held[place] in open_ones:
            there = items.to_enrolment(open_ones[held[place]])
            yield _Plan(_compared(row.line, new, there))
        else:
            yield _closed_or_new(runtime, centre, by, row.line, new)


def _closed_or_new(
    runtime: Runtime, centre: Centre, by: str, line: int, new: NewEnrolment
) -> _Plan:
    """Plan a new enrolment, unless one in this very version has been closed since."""
    pk, prefix = keys.candidate_enrolment(new.candidate_id, centre.id, "")
    studied = [item["sk"].removeprefix(prefix) for item in runtime.table.query(pk, prefix)]
    metas = found_items(runtime, (keys.enrolment(centre.id, each) for each in studied))
    for there in map(items.to_enrolment, metas.values()):
        if (there.module_id, there.module_version) == (new.module_id, new.module_version):
            return _Plan(LineEffect(line, Effect.DIFFERENT, there.id, ("state",)))
    try:
        drafted = enrolments.drafted(runtime, centre.id, by, new)
    except Forbidden as error:
        return _Plan(flaws=(CellFlaw(line, "assessor", error.code, error.detail),))
    except Invalid as error:
        return _Plan(
            flaws=tuple(
                CellFlaw(line, _column(flaw.pointer), flaw.code, flaw.detail)
                for flaw in error.flaws
            )
        )
    return _Plan(LineEffect(line, Effect.CREATED), drafted)


def _column(pointer: str) -> str:
    name = pointer.removeprefix("/")
    return COLUMN_OF.get(name, name)


def _compared(line: int, new: NewEnrolment, there: Enrolment) -> LineEffect:
    """Tell in what an open enrolment differs from a line; what the line leaves empty does not."""
    wanted = {
        "assessor": new.assessor_id,
        "module_version": new.module_version,
        "due_on": new.due_on.isoformat() if new.due_on else there.due_on,
        "occurred_on": new.occurred_on or there.occurred_on,
    }
    actual = {
        "assessor": there.assessor_id,
        "module_version": there.module_version,
        "due_on": there.due_on,
        "occurred_on": there.occurred_on,
    }
    fields = tuple(name for name, value in wanted.items() if value != actual[name])
    outcome = Effect.DIFFERENT if fields else Effect.UNCHANGED
    return LineEffect(line, outcome, there.id, fields)


def _done(runtime: Runtime, line: LineEffect, plan: _Plan) -> LineEffect:
    """Enrol whom a line names, if nobody has."""
    if plan.new is None:
        return line
    try:
        enrolments.write_new(runtime, plan.new)
    except (ConditionFailedError, Unavailable):
        # Somebody was quicker, or the table is busy: the same list again finds out.
        return replace(line, outcome=Effect.FAILED)
    return replace(line, id=plan.new.id)
