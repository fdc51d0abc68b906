"""Making many people known at once, from a list: what is there already is left as it is."""

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from chalicelib.domain.access import Actor
from chalicelib.domain.centres import Centre
from chalicelib.domain.details import Details, applied, changed_fields
from chalicelib.domain.errors import Conflict, Invalid, Unavailable
from chalicelib.formats.people_csv import read_people
from chalicelib.formats.sheets import CellFlaw, Row
from chalicelib.runtime import Runtime
from chalicelib.storage import keys
from chalicelib.storage.changes import Item, Key
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases import memberships
from chalicelib.usecases.centres import load_centre
from chalicelib.usecases.requests import Request, answered, remember

FLAWS_LISTED = 200


class Effect(StrEnum):
    """What becomes of a line."""

    CREATED = "created"
    UNCHANGED = "unchanged"
    DIFFERENT = "different"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class LineEffect:
    """What became of a line, or would, and the id of the person or the enrolment that it is of.

    `fields` are those in which what is there differs from the line. Nothing of it is changed: an
    old file must not undo what was mended since.
    """

    line: int
    outcome: Effect
    id: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did, or would do. With flaws nothing is done at all."""

    encoding: str
    applied: bool
    lines: tuple[LineEffect, ...]
    flaws: tuple[CellFlaw, ...]
    more_flaws: int = 0

    def count(self, outcome: Effect) -> int:
        """Count the lines with this outcome."""
        return sum(each.outcome is outcome for each in self.lines)


class Import(Protocol):
    """What imports a list, of whatever."""

    def __call__(
        self,
        runtime: Runtime,
        centre_id: str,
        actor: Actor | None,
        raw: bytes,
        *,
        limit: int,
        apply: bool,
    ) -> Report:
        """Do what the list says; without `apply`, tell what would be done."""


def import_people(
    runtime: Runtime,
    centre_id: str,
    actor: Actor | None,
    raw: bytes,
    *,
    limit: int,
    apply: bool,
) -> Report:
    """Make known whom a list names and nobody knows yet; without `apply`, tell what would be.

    Each line is a transaction of its own, and the same list again goes on where one ended: whoever
    has the line's identity, address or learner number is known. Without an actor it is the
    operator's. Raises NotFound, and Forbidden for an actor whose own membership was changed.
    """
    centre = load_centre(runtime, centre_id)
    file = read_people(raw, limit)
    known = _known(runtime, centre, file.rows)
    lines: list[LineEffect] = []
    flaws = list(file.flaws)
    claimed: dict[Key, int] = {}
    for row in file.rows:
        found, wrong = _planned(runtime, centre, row, known, claimed)
        flaws += wrong
        if found:
            lines.append(found)
    if apply and not flaws:
        pairs = zip(file.rows, lines, strict=True)
        lines = [_done(runtime, centre, row, line, actor) for row, line in pairs]
    return drawn_up(file.encoding, lines, flaws, apply=apply)


def drawn_up(
    encoding: str, lines: Iterable[LineEffect], flaws: Iterable[CellFlaw], *, apply: bool
) -> Report:
    """Draw up what an import did, or would do."""
    ordered = sorted(flaws, key=lambda flaw: flaw.line)
    return Report(
        encoding=encoding,
        applied=apply and not ordered,
        lines=tuple(lines),
        flaws=tuple(ordered[:FLAWS_LISTED]),
        more_flaws=max(0, len(ordered) - FLAWS_LISTED),
    )


def reported(runtime: Runtime, request: Request) -> str:
    """Return the report, as it was written, that the same request got before; or nothing."""
    made = answered(runtime, request)
    return str(made["report"]) if made else ""


def keep_report(runtime: Runtime, request: Request, report: str) -> None:
    """Keep a report for when the same request comes again. Until then, doing it again is safe."""
    with contextlib.suppress(ConditionFailedError):
        runtime.table.write(remember(request, {"report": report}, runtime.now()))


def found_items(runtime: Runtime, wanted: Iterable[Key]) -> Mapping[Key, Item]:
    """Read what there is of these keys, in one call for each hundred."""
    each = tuple(dict.fromkeys(wanted))
    found = zip(each, runtime.table.get_many(*each), strict=True)
    return {key: item for key, item in found if item}


def _natural_keys(centre: Centre, details: Details) -> dict[str, Key]:
    """Give what somebody is recognised by, by column."""
    found: dict[str, Key] = {}
    for identity in details.identities or ():
        found["subject"] = keys.identity(identity.issuer, identity.subject, centre.id)
    if details.address:
        found["address"] = keys.address(centre.id, details.address)
    if details.learner_number:
        found["learner_number"] = keys.learner(centre.id, details.learner_number)
    return found


def _known(runtime: Runtime, centre: Centre, rows: tuple[Row[Details], ...]) -> dict[Key, str]:
    """Look up who has what the rows recognise people by."""
    wanted = [key for row in rows for key in _natural_keys(centre, row.entry).values()]
    return {key: item["person_id"] for key, item in found_items(runtime, wanted).items()}


def _planned(
    runtime: Runtime,
    centre: Centre,
    row: Row[Details],
    known: dict[Key, str],
    claimed: dict[Key, int],
) -> tuple[LineEffect | None, list[CellFlaw]]:
    """Tell what would become of a line, or what is wrong with it."""
    natural = _natural_keys(centre, row.entry)
    if not natural:
        detail = "Give an identity, an address or a learner_number to know the person again by."
        return None, [CellFlaw(row.line, "", "no-identity", detail)]
    for column, key in natural.items():
        if key in claimed:
            detail = f"Line {claimed[key]} has it already; each person is in the file once."
            return None, [CellFlaw(row.line, column, "given-twice", detail)]
        claimed[key] = row.line
    people = {known[key] for key in natural.values() if key in known}
    if len(people) > 1:
        detail = "Identity, address and learner_number of this line belong to different people."
        return None, [CellFlaw(row.line, "", "different-people", detail)]
    try:
        if people:
            return _compared(runtime, centre, row, people.pop()), []
        memberships.drafted(runtime, centre, row.entry)
    except Invalid as error:
        return None, [
            CellFlaw(row.line, flaw.pointer.rpartition("/")[2], flaw.code, flaw.detail)
            for flaw in error.flaws
        ]
    return LineEffect(row.line, Effect.CREATED), []


def _compared(runtime: Runtime, centre: Centre, row: Row[Details], person_id: str) -> LineEffect:
    member = memberships.read(runtime, centre.id, person_id)
    details = row.entry
    linked = set(details.identities or ()) <= set(member.membership.identities)
    if linked:
        details = replace(details, identities=None)
    fields = changed_fields(member, applied(details, member, centre.time_zone, runtime.now()))
    outcome = Effect.DIFFERENT if fields else Effect.UNCHANGED
    return LineEffect(row.line, outcome, person_id, fields)


def _done(
    runtime: Runtime, centre: Centre, row: Row[Details], planned: LineEffect, actor: Actor | None
) -> LineEffect:
    """Make the person of a line known, if nobody knows them."""
    if planned.outcome is not Effect.CREATED:
        return planned
    try:
        member = memberships.drafted(runtime, centre, row.entry)
        memberships.write_new(runtime, member, actor)
    except (Conflict, Unavailable):
        # Somebody was quicker, or the table is busy: the same list again finds out.
        return replace(planned, outcome=Effect.FAILED)
    return replace(planned, id=member.membership.person_id)
