"""Enrolling candidates, and reading how far they are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from chalicelib.domain.access import Actor, require_role, require_viewer
from chalicelib.domain.attempts import Attempt
from chalicelib.domain.enrolments import (
    ASSESSORS_LIMIT,
    Enrolment,
    EnrolmentChange,
    EnrolmentState,
    PageProgress,
    progress,
)
from chalicelib.domain.errors import Conflict, Flaw, Invalid, NotFound
from chalicelib.domain.judgements import require_somebody_else
from chalicelib.domain.modules import Module
from chalicelib.domain.people import Member, Role
from chalicelib.domain.visits import Look
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Change, Delete, Put, create
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases import looks, modules, people
from chalicelib.usecases.requests import Request, answered, remember

CHANGES_SHOWN = 100  # the latest ones


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEnrolment:
    """Who is to work through which module version, and who judges.

    `page_assessors` names by page who judges it instead; `renews` an earlier enrolment, closed, of
    the same candidate and module; `occurred_on` the day, where it is recorded later.
    """

    candidate_id: str
    assessor_id: str
    module_id: str
    module_version: int
    page_assessors: Mapping[str, str] = field(default_factory=dict)
    due_on: date | None = None
    renews: str = ""
    occurred_on: date | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What of an enrolment never changes, so that a warm function may keep it for ever."""

    candidate_id: str
    module_id: str
    module_version: int


def create_enrolment(
    runtime: Runtime, actor: Actor, new: NewEnrolment, request: Request
) -> Enrolment:
    """Enrol a candidate in a module version.

    Raises Invalid where somebody named cannot take that part, and Conflict where the candidate has
    an open enrolment in the module already.
    """
    require_role(actor, Role.ADMINISTRATOR)
    if made := answered(runtime, request):
        return _as_made(load(runtime, actor.centre_id, made["enrolment_id"]), new)
    enrolment = drafted(runtime, actor.centre_id, actor.id, new)
    try:
        write_new(runtime, enrolment, request)
    except ConditionFailedError as failure:
        if made := answered(runtime, request):
            return _as_made(load(runtime, actor.centre_id, made["enrolment_id"]), new)
        require_place(enrolment, failure)
        raise
    return enrolment


def drafted(runtime: Runtime, centre_id: str, by: str, new: NewEnrolment) -> Enrolment:
    """Return the enrolment that somebody is to have.

    Raises Invalid where somebody named cannot take that part, and Forbidden where they would judge
    their own work.
    """
    people.check_occurred_on(runtime, centre_id, new.occurred_on)
    enrolment = Enrolment(
        id=runtime.new_id(),
        centre_id=centre_id,
        candidate_id=new.candidate_id,
        assessor_id=new.assessor_id,
        module_id=new.module_id,
        module_version=new.module_version,
        state=EnrolmentState.ACTIVE,
        created_at=runtime.now(),
        created_by=by,
        due_on=_day(new.due_on),
        occurred_on=new.occurred_on,
        page_assessors=new.page_assessors,
        renews=new.renews,
    )
    _check(runtime, enrolment)
    return enrolment


def write_new(runtime: Runtime, enrolment: Enrolment, request: Request | None = None) -> None:
    """Write a new enrolment. Raises ConditionFailedError where its place is taken."""
    made = {"enrolment_id": enrolment.id}
    centre_id, candidate_id = enrolment.centre_id, enrolment.candidate_id
    runtime.table.write(
        create(
            keys.enrolment(centre_id, enrolment.id),
            items.from_enrolment(enrolment) | keys.open_index(centre_id, enrolment.id),
        ),
        create(keys.centre_enrolment(centre_id, enrolment.id), {}),
        create(keys.candidate_enrolment(candidate_id, centre_id, enrolment.id), {}),
        *(
            create(keys.assessor_enrolment(assessor_id, centre_id, enrolment.id), {})
            for assessor_id in sorted(enrolment.assessors)
        ),
        *entering(enrolment),
        *([remember(request, made, enrolment.created_at)] if request else ()),
    )


def etag(enrolment: Enrolment) -> str:
    """Give the strong validator of what a change of an enrolment must not miss."""
    return f'"{enrolment.revision}-{enrolment.signs}-{enrolment.state}"'


def get_progress(
    runtime: Runtime, actor: Actor, enrolment_id: str
) -> tuple[Enrolment, tuple[PageProgress, ...]]:
    """Return an enrolment with what every page waits for, read from the attempts themselves."""
    enrolment = require_viewer(actor, find(runtime, actor.centre_id, enrolment_id))
    looks.note(runtime, actor, enrolment_id, Look())
    module = pinned_module(runtime, enrolment.centre_id, enrolment)
    return enrolment, progress(module, enrolment, attempts(runtime, enrolment))


def history(runtime: Runtime, enrolment: Enrolment) -> tuple[EnrolmentChange, ...]:
    """Return what was changed of an enrolment, the latest first."""
    if not enrolment.revision:
        return ()
    pk = keys.enrolment(enrolment.centre_id, enrolment.id).pk
    found = runtime.table.page(pk, "CHANGE#", CHANGES_SHOWN, newest_first=True)
    return tuple(map(items.to_change, found.items))


def unable(runtime: Runtime, enrolment: Enrolment, pages: Iterable[PageProgress]) -> frozenset[str]:
    """Tell who of those that pages wait on cannot do their part now.

    Their membership has ended, or a role or an authorisation been taken away.
    """
    awaited = {page.waits_on for page in pages if page.waits_on}
    return frozenset(each for each in awaited if not _able(runtime, enrolment, each))


def find(runtime: Runtime, centre_id: str, enrolment_id: str) -> Enrolment | None:
    """Return an enrolment of this centre, or None."""
    item = runtime.table.get(keys.enrolment(centre_id, enrolment_id))
    return items.to_enrolment(item) if item else None


def load(runtime: Runtime, centre_id: str, enrolment_id: str) -> Enrolment:
    """Return an enrolment that is known to exist."""
    found = find(runtime, centre_id, enrolment_id)
    if found is None:
        message = f"enrolment {enrolment_id} was there and is not"
        raise LookupError(message)
    return found


def facts(runtime: Runtime, centre_id: str, enrolment_id: str) -> Facts | None:
    """Return what never changes of an enrolment, from the function's cache or the table."""

    def read() -> Facts | None:
        found = find(runtime, centre_id, enrolment_id)
        if found is None:
            return None
        return Facts(found.candidate_id, found.module_id, found.module_version)

    return runtime.cache.get(("facts", centre_id, enrolment_id), read)


def pinned_module(runtime: Runtime, centre_id: str, enrolled: Enrolment | Facts) -> Module:
    """Return the module version that an enrolment is pinned to."""
    return modules.load(runtime, centre_id, enrolled.module_id, enrolled.module_version)


def attempts(runtime: Runtime, enrolment: Enrolment, page_id: str = "") -> tuple[Attempt, ...]:
    """Return the heads of all attempts of an enrolment, or of one of its pages, oldest first."""
    key = keys.enrolment(enrolment.centre_id, enrolment.id)
    prefix = f"HEAD#{page_id}#" if page_id else "HEAD#"
    return tuple(map(items.to_attempt, runtime.table.query(key.pk, prefix)))


def leaving(runtime: Runtime, enrolment: Enrolment) -> list[Change]:
    """Build what takes an enrolment off the lists of open work.

    The candidate's place in the module may be another's: one reopened beside a renewal has none.
    """
    centre_id = enrolment.centre_id
    place = keys.open_enrolment(enrolment.candidate_id, centre_id, enrolment.module_id)
    held = runtime.table.get(place)
    return [
        *([Delete(place)] if held and held["enrolment_id"] == enrolment.id else []),
        *(
            Delete(keys.queued_enrolment(assessor_id, centre_id, enrolment.id))
            for assessor_id in sorted(enrolment.assessors)
        ),
    ]


def entering(enrolment: Enrolment) -> list[Change]:
    """Build what puts an enrolment on the lists of open work, unless another holds its place."""
    centre_id = enrolment.centre_id
    place = keys.open_enrolment(enrolment.candidate_id, centre_id, enrolment.module_id)
    return [
        create(place, {"enrolment_id": enrolment.id}),
        *(queue(enrolment, assessor_id) for assessor_id in sorted(enrolment.assessors)),
    ]


def queue(enrolment: Enrolment, assessor_id: str) -> Put:
    """Build what puts an open enrolment before one of its assessors."""
    key = keys.queued_enrolment(assessor_id, enrolment.centre_id, enrolment.id)
    return Put(key, {"enrolment_id": enrolment.id})


def require_place(enrolment: Enrolment, failure: ConditionFailedError) -> None:
    """Raise Conflict, naming the enrolment that holds the place that this one wants."""
    key = keys.open_enrolment(enrolment.candidate_id, enrolment.centre_id, enrolment.module_id)
    if holder := failure.current.get(key):
        detail = "The candidate has an open enrolment in this module; go on with that one."
        current = {"enrolment_id": holder["enrolment_id"]}
        raise Conflict("enrolment-open", detail, (), current=current)


def assessor_flaws(runtime: Runtime, module: Module, enrolment: Enrolment) -> list[Flaw]:
    """Say which of the assessors named cannot judge what they are named for.

    Raises Forbidden where somebody would judge their own work.
    """
    named = {f"/page_assessors/{page}": who for page, who in enrolment.page_assessors.items()}
    named["/assessor_id"] = enrolment.assessor_id
    flaws = [
        flaw
        for pointer, assessor_id in sorted(named.items())
        for flaw in _assessor_flaws(runtime, enrolment, pointer, assessor_id)
    ]
    flaws += [
        Flaw(f"/page_assessors/{page_id}", "unknown-page", "The module has no such page.")
        for page_id in enrolment.page_assessors
        if module.page(page_id) is None
    ]
    if len(enrolment.assessors) > ASSESSORS_LIMIT:
        detail = f"An enrolment has at most {ASSESSORS_LIMIT} assessors in all."
        flaws.append(Flaw("/page_assessors", "too-many", detail))
    return flaws


def _check(runtime: Runtime, enrolment: Enrolment) -> None:
    flaws = []
    candidate = people.load_member(runtime, enrolment.centre_id, enrolment.candidate_id)
    if not _is(runtime, candidate, Role.CANDIDATE):
        flaws.append(Flaw("/candidate_id", "not-a-candidate", "Name a candidate of this centre."))
    try:
        module = pinned_module(runtime, enrolment.centre_id, enrolment)
    except NotFound:
        detail = "Publish this version of the module first."
        flaws.append(Flaw("/module_version", "not-published", detail))
        module = Module(id=enrolment.module_id, title="")
    flaws += assessor_flaws(runtime, module, enrolment)
    if enrolment.renews and not _renewable(runtime, enrolment):
        detail = "Name an enrolment of the same candidate and module that is closed; or none."
        flaws.append(Flaw("/renews", "not-renewable", detail))
    if flaws:
        raise Invalid("invalid-enrolment", "Nobody was enrolled; mend what is listed.", flaws)


def _assessor_flaws(
    runtime: Runtime, enrolment: Enrolment, pointer: str, assessor_id: str
) -> list[Flaw]:
    require_somebody_else(assessor_id, enrolment.candidate_id)
    assessor = people.load_member(runtime, enrolment.centre_id, assessor_id)
    if assessor is None or not _is(runtime, assessor, Role.ASSESSOR):
        return [Flaw(pointer, "not-an-assessor", "Name an assessor of this centre.")]
    authorisation = assessor.authorisation(Role.ASSESSOR)
    if not (authorisation and authorisation.covers(enrolment.module_id, runtime.now())):
        detail = "The assessor holds no authorisation for this module today; give them one first."
        return [Flaw(pointer, "not-authorised", detail)]
    if authorisation.countersigner_id == enrolment.candidate_id:
        detail = "The candidate would have to countersign their own work; name another assessor."
        return [Flaw(pointer, "countersigner-is-candidate", detail)]
    return []


def _renewable(runtime: Runtime, enrolment: Enrolment) -> bool:
    earlier = find(runtime, enrolment.centre_id, enrolment.renews)
    if earlier is None or earlier.open:
        return False
    same = (earlier.candidate_id, earlier.module_id)
    return same == (enrolment.candidate_id, enrolment.module_id)


def _as_made(enrolment: Enrolment, new: NewEnrolment) -> Enrolment:
    """Return an enrolment as it was when it was made: a repeat gets the answer of the first."""
    return replace(
        enrolment,
        assessor_id=new.assessor_id,
        page_assessors=new.page_assessors,
        due_on=_day(new.due_on),
        state=EnrolmentState.ACTIVE,
        revision=0,
        signs=0,
        issue=0,
        completed_at=None,
        state_changed_at=None,
    )


def _day(value: date | None) -> str:
    return value.isoformat() if value else ""


def _able(runtime: Runtime, enrolment: Enrolment, person_id: str) -> bool:
    member = people.load_member(runtime, enrolment.centre_id, person_id)
    if person_id == enrolment.candidate_id:
        return _is(runtime, member, Role.CANDIDATE)
    held = member.authorisation(Role.ASSESSOR) if member else None
    authorised = held is not None and held.covers(enrolment.module_id, runtime.now())
    return authorised and _is(runtime, member, Role.ASSESSOR)


def _is(runtime: Runtime, member: Member | None, role: Role) -> bool:
    if member is None:
        return False
    return member.membership.valid_at(runtime.now()) and role in member.membership.roles
