"""Enrolling candidates, and reading how far they are."""

from collections.abc import Container
from dataclasses import dataclass, replace
from datetime import date

from chalicelib.domain.access import READERS_OF_ALL, Actor, require_reader, require_role
from chalicelib.domain.attempts import Attempt
from chalicelib.domain.enrolments import (
    Enrolment,
    EnrolmentState,
    PageProgress,
    progress,
    require_open,
)
from chalicelib.domain.errors import Conflict, Flaw, Invalid, NotFound, Stale
from chalicelib.domain.judgements import require_somebody_else
from chalicelib.domain.links import LIFETIME
from chalicelib.domain.modules import Module
from chalicelib.domain.people import Member, Role
from chalicelib.domain.times import stamp
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Change, Delete, Key, Put, Update, absent, create, equals
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases import modules, people
from chalicelib.usecases.requests import Request, answered, remember


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEnrolment:
    """Who is to work through which module version, and who judges."""

    candidate_id: str
    assessor_id: str
    module_id: str
    module_version: int
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What of an enrolment never changes, so that a warm function may keep it for ever."""

    candidate_id: str
    module_id: str
    module_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which enrolments are listed: of a candidate, of an assessor, or all that the centre has.

    `state` leaves out, of a page of the list, what stands elsewhere.
    """

    candidate_id: str = ""
    assessor_id: str = ""
    state: EnrolmentState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedEnrolment:
    """An enrolment with the names that people know what it is about by."""

    enrolment: Enrolment
    candidate_name: str
    assessor_name: str
    module_title: str


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
    _check(runtime, actor.centre_id, new)
    enrolment = Enrolment(
        id=runtime.new_id(),
        centre_id=actor.centre_id,
        candidate_id=new.candidate_id,
        assessor_id=new.assessor_id,
        module_id=new.module_id,
        module_version=new.module_version,
        state=EnrolmentState.ACTIVE,
        created_at=runtime.now(),
        created_by=actor.id,
        due_on=new.due_on.isoformat() if new.due_on else "",
    )
    try:
        _write(runtime, enrolment, request)
    except ConditionFailedError:
        if made := answered(runtime, request):
            return _as_made(load(runtime, actor.centre_id, made["enrolment_id"]), new)
        detail = "The candidate has an open enrolment in this module; go on with that one."
        raise Conflict("enrolment-open", detail) from None
    return enrolment


def reassign(
    runtime: Runtime, actor: Actor, enrolment_id: str, assessor_id: str, if_match: Container[str]
) -> Enrolment:
    """Give an enrolment, and every attempt that waits in it, to another assessor.

    Links to the waiting attempts die, and fresh ones are mailed. Raises Stale where a page was
    signed, or the enrolment changed, since it was read.
    """
    require_role(actor, Role.ADMINISTRATOR)
    enrolment = require_reader(actor, find(runtime, actor.centre_id, enrolment_id))
    require_open(enrolment)
    if assessor_id == enrolment.assessor_id:
        return enrolment  # a repeat, whatever happened to its first answer
    if etag(enrolment) not in if_match:
        raise _stale(enrolment)
    named = NewEnrolment(
        candidate_id=enrolment.candidate_id,
        assessor_id=assessor_id,
        module_id=enrolment.module_id,
        module_version=enrolment.module_version,
    )
    if flaws := _assessor_flaws(runtime, actor.centre_id, named):
        raise Invalid("invalid-enrolment", "Nothing was changed; mend what is listed.", flaws)
    waiting = [each for each in attempts(runtime, enrolment) if each.waiting]
    try:
        runtime.table.write(*_reassigning(runtime, enrolment, assessor_id, waiting))
    except ConditionFailedError:
        raise _stale(load(runtime, actor.centre_id, enrolment_id)) from None
    return load(runtime, actor.centre_id, enrolment_id)


def etag(enrolment: Enrolment) -> str:
    """Give the strong validator of what a change of an enrolment must not miss."""
    return f'"{enrolment.revision}-{enrolment.signs}-{enrolment.state}"'


def get_progress(
    runtime: Runtime, actor: Actor, enrolment_id: str
) -> tuple[Enrolment, tuple[PageProgress, ...]]:
    """Return an enrolment with what every page waits for, read from the attempts themselves."""
    enrolment = require_reader(actor, find(runtime, actor.centre_id, enrolment_id))
    module = pinned_module(runtime, enrolment.centre_id, enrolment)
    return enrolment, progress(module, enrolment, attempts(runtime, enrolment))


def list_all(
    runtime: Runtime, actor: Actor, sought: Sought, limit: int, after: str
) -> tuple[list[ListedEnrolment], str]:
    """Return a page of the enrolments that are sought, newest first, and where it ended.

    Who does not read all of the centre's gets their own: as a candidate, or else as an assessor.
    Costs three calls, and one more for each further hundred of the people and modules in it.
    Raises Forbidden where somebody else's are sought, and Invalid where two people's are.
    """
    if sought.candidate_id and sought.assessor_id:
        flaw = Flaw("?assessor_id", "one-too-many", "Name a candidate or an assessor, not both.")
        raise Invalid("invalid-query", "The list is of one person or of all.", [flaw])
    centre_id, sought = actor.centre_id, _allowed(actor, sought)
    if sought.candidate_id:
        pk, prefix = keys.candidate_enrolment(sought.candidate_id, centre_id, "")
    elif sought.assessor_id:
        pk, prefix = keys.assessor_enrolment(sought.assessor_id, centre_id, "")
    else:
        pk, prefix = keys.centre_enrolment(centre_id, "")
    listed = runtime.table.page(pk, prefix, limit, after, newest_first=True)
    ids = [item["sk"].removeprefix(prefix) for item in listed.items]
    metas = runtime.table.get_many(*(keys.enrolment(centre_id, each) for each in ids))
    found = [items.to_enrolment(item) for item in metas if item]
    shown = [each for each in found if sought.state in {None, each.state}]
    return _named(runtime, centre_id, shown), listed.end


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


def _allowed(actor: Actor, sought: Sought) -> Sought:
    """Narrow what is sought to what the actor may see of the centre's enrolments."""
    if actor.has(*READERS_OF_ALL):
        return sought
    require_role(actor, Role.CANDIDATE, Role.ASSESSOR)
    if sought.candidate_id or (actor.has(Role.CANDIDATE) and not sought.assessor_id):
        require_role(actor, Role.CANDIDATE)
        sought = replace(sought, candidate_id=sought.candidate_id or actor.id)
    else:
        require_role(actor, Role.ASSESSOR)
        sought = replace(sought, assessor_id=sought.assessor_id or actor.id)
    if actor.id not in {sought.candidate_id, sought.assessor_id}:
        require_role(actor, *sorted(READERS_OF_ALL))
    return sought


def _named(runtime: Runtime, centre_id: str, enrolments: list[Enrolment]) -> list[ListedEnrolment]:
    members = {
        person_id: keys.membership(person_id, centre_id)
        for each in enrolments
        for person_id in (each.candidate_id, each.assessor_id)
    }
    versions = {
        pinned: keys.centre_module(centre_id, *pinned)
        for pinned in ((each.module_id, each.module_version) for each in enrolments)
    }
    wanted = (*members.values(), *versions.values())
    known = dict(zip(wanted, runtime.table.get_many(*wanted), strict=True))

    def text(key: Key, attribute: str) -> str:
        item = known[key]
        return item[attribute] if item else ""

    return [
        ListedEnrolment(
            enrolment=each,
            candidate_name=text(members[each.candidate_id], "name"),
            assessor_name=text(members[each.assessor_id], "name"),
            module_title=text(versions[each.module_id, each.module_version], "title"),
        )
        for each in enrolments
    ]


def _check(runtime: Runtime, centre_id: str, new: NewEnrolment) -> None:
    flaws = _assessor_flaws(runtime, centre_id, new)
    candidate = people.load_member(runtime, centre_id, new.candidate_id)
    if not _is(runtime, candidate, Role.CANDIDATE):
        flaws.append(Flaw("/candidate_id", "not-a-candidate", "Name a candidate of this centre."))
    try:
        modules.load(runtime, centre_id, new.module_id, new.module_version)
    except NotFound:
        detail = "Publish this version of the module first."
        flaws.append(Flaw("/module_version", "not-published", detail))
    if flaws:
        raise Invalid("invalid-enrolment", "Nobody was enrolled; mend what is listed.", flaws)


def _assessor_flaws(runtime: Runtime, centre_id: str, new: NewEnrolment) -> list[Flaw]:
    require_somebody_else(new.assessor_id, new.candidate_id)
    assessor = people.load_member(runtime, centre_id, new.assessor_id)
    if assessor is None or not _is(runtime, assessor, Role.ASSESSOR):
        return [Flaw("/assessor_id", "not-an-assessor", "Name an assessor of this centre.")]
    authorisation = assessor.authorisation(Role.ASSESSOR)
    if not (authorisation and authorisation.covers(new.module_id, runtime.now())):
        detail = "The assessor holds no authorisation for this module today; give them one first."
        return [Flaw("/assessor_id", "not-authorised", detail)]
    return []


def _reassigning(
    runtime: Runtime, enrolment: Enrolment, assessor_id: str, waiting: list[Attempt]
) -> list[Change]:
    centre_id, enrolment_id = enrolment.centre_id, enrolment.id
    expiry = stamp(runtime.now() + LIFETIME)
    return [
        Update(
            keys.enrolment(centre_id, enrolment_id),
            (equals("revision", enrolment.revision), equals("signs", enrolment.signs)),
            set={"assessor_id": assessor_id},
            add={"revision": 1},
        ),
        Delete(keys.assessor_enrolment(enrolment.assessor_id, centre_id, enrolment_id)),
        Put(
            keys.assessor_enrolment(assessor_id, centre_id, enrolment_id),
            {"enrolment_id": enrolment_id},
        ),
        *(
            Update(
                keys.head(centre_id, enrolment_id, attempt.page_id, attempt.number),
                (absent("judged_at"),),
                set={"assessor_id": assessor_id, "link_expires_at": expiry},
                remove=("mailed_at",),
                add={"generation": 1},
            )
            for attempt in waiting
        ),
    ]


def _stale(enrolment: Enrolment) -> Stale:
    detail = "The enrolment was changed, or a page signed, in between. Read it, then send again."
    return Stale("stale-enrolment", detail, (), current={"etag": etag(enrolment)})


def _as_made(enrolment: Enrolment, new: NewEnrolment) -> Enrolment:
    """Return an enrolment as it was when it was made: a repeat gets the answer of the first."""
    return replace(
        enrolment,
        assessor_id=new.assessor_id,
        state=EnrolmentState.ACTIVE,
        revision=0,
        signs=0,
        issue=0,
        completed_at=None,
    )


def _is(runtime: Runtime, member: Member | None, role: Role) -> bool:
    if member is None:
        return False
    return member.membership.valid_at(runtime.now()) and role in member.membership.roles


def _write(runtime: Runtime, enrolment: Enrolment, request: Request) -> None:
    centre_id, candidate_id = enrolment.centre_id, enrolment.candidate_id
    named = {"enrolment_id": enrolment.id}
    runtime.table.write(
        create(
            keys.enrolment(centre_id, enrolment.id),
            items.from_enrolment(enrolment) | keys.open_index(centre_id, enrolment.id),
        ),
        create(keys.open_enrolment(candidate_id, centre_id, enrolment.module_id), named),
        create(keys.centre_enrolment(centre_id, enrolment.id), {"candidate_id": candidate_id}),
        create(keys.candidate_enrolment(candidate_id, centre_id, enrolment.id), named),
        create(keys.assessor_enrolment(enrolment.assessor_id, centre_id, enrolment.id), named),
        remember(request, named, enrolment.created_at),
    )
