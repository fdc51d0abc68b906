"""Lists of enrolments: the centre's, or one's own."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from chalicelib.domain.access import READERS_OF_ALL, Actor, require_role
from chalicelib.domain.enrolments import Enrolment, EnrolmentState, PageState, latest, page_state
from chalicelib.domain.errors import Flaw, Invalid
from chalicelib.domain.people import Role
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Item, Key
from chalicelib.usecases.enrolments import attempts


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
    """An enrolment with the names that people know it by, and how many pages its module has."""

    enrolment: Enrolment
    candidate_name: str
    learner_number: str
    assessor_name: str
    module_title: str
    pages: int


def list_all(
    runtime: Runtime, actor: Actor, sought: Sought, limit: int, after: str
) -> tuple[list[ListedEnrolment], str]:
    """Return a page of the enrolments that are sought, newest first, and where it ended.

    Who does not read all of the centre's gets their own: as a candidate, or else as an assessor,
    or else what visits show them.
    Costs three calls, and one more for each further hundred of the people and modules in it.
    Raises Forbidden where somebody else's are sought, and Invalid where two people's are.
    """
    if sought.candidate_id and sought.assessor_id:
        flaw = Flaw("?assessor_id", "one-too-many", "Name a candidate or an assessor, not both.")
        raise Invalid("invalid-query", "The list is of one person or of all.", [flaw])
    if not actor.has(*READERS_OF_ALL, Role.CANDIDATE, Role.ASSESSOR):
        return list_granted(runtime, actor, sought, limit, after)
    centre_id, sought = actor.centre_id, _allowed(actor, sought)
    if sought.candidate_id:
        pk, prefix = keys.candidate_enrolment(sought.candidate_id, centre_id, "")
    elif sought.assessor_id:
        pk, prefix = keys.assessor_enrolment(sought.assessor_id, centre_id, "")
    else:
        pk, prefix = keys.centre_enrolment(centre_id, "")
    listed = runtime.table.page(pk, prefix, limit, after, newest_first=True)
    ids = [item["sk"].removeprefix(prefix) for item in listed.items]
    shown = [each for each in _read(runtime, centre_id, ids) if sought.state in {None, each.state}]
    return named(runtime, centre_id, shown), listed.end


def list_granted(
    runtime: Runtime, actor: Actor, sought: Sought, limit: int, after: str
) -> tuple[list[ListedEnrolment], str]:
    """Return a page of the enrolments that visits show somebody, newest first, and where it ended.

    What is sought of another candidate, assessor or state is left out of a page.
    """
    require_role(actor, Role.EXTERNAL_VERIFIER)
    ids = [each for each in sorted(actor.granted, reverse=True) if not after or each < after]
    found = _read(runtime, actor.centre_id, ids[:limit])
    shown = [
        each
        for each in found
        if sought.candidate_id in {"", each.candidate_id}
        and (not sought.assessor_id or sought.assessor_id in each.assessors)
        and sought.state in {None, each.state}
    ]
    return named(runtime, actor.centre_id, shown), ids[limit - 1] if len(ids) > limit else ""


def list_caseload(
    runtime: Runtime, actor: Actor, sought: Sought, limit: int, after: str
) -> tuple[list[tuple[ListedEnrolment, Mapping[PageState, int]]], str]:
    """Return a page of what assessors have to do with, and where it ended: the centre's, or one's.

    With each enrolment comes how many of its pages stand where. Costs what the list does, and one
    call for each enrolment. Raises Forbidden where somebody else's are sought.
    """
    require_role(actor, Role.ASSESSOR, *sorted(READERS_OF_ALL))
    if not actor.has(*READERS_OF_ALL):
        sought = replace(sought, assessor_id=sought.assessor_id or actor.id)
    found, end = list_all(runtime, actor, sought, limit, after)
    return counted(runtime, found), end


def counted(
    runtime: Runtime, found: Iterable[ListedEnrolment]
) -> list[tuple[ListedEnrolment, Mapping[PageState, int]]]:
    """Count where the pages of enrolments stand, in one call for each."""
    return [(each, _counted(runtime, each)) for each in found]


def _read(runtime: Runtime, centre_id: str, ids: list[str]) -> list[Enrolment]:
    metas = runtime.table.get_many(*(keys.enrolment(centre_id, each) for each in ids))
    return [items.to_enrolment(item) for item in metas if item]


def _counted(runtime: Runtime, listed: ListedEnrolment) -> Mapping[PageState, int]:
    begun = latest(attempts(runtime, listed.enrolment))
    counts = Counter(map(page_state, begun.values()))
    counts[PageState.OPEN] += listed.pages - len(begun)
    return counts


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


def named(runtime: Runtime, centre_id: str, enrolments: list[Enrolment]) -> list[ListedEnrolment]:
    """Read the names that belong to enrolments, as they are now, in one call for each hundred."""
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

    def read(key: Key) -> Item:
        return known[key] or {}

    return [
        ListedEnrolment(
            enrolment=each,
            candidate_name=read(members[each.candidate_id]).get("name", ""),
            learner_number=read(members[each.candidate_id]).get("learner_number", ""),
            assessor_name=read(members[each.assessor_id]).get("name", ""),
            module_title=read(versions[each.module_id, each.module_version])["title"],
            pages=int(read(versions[each.module_id, each.module_version])["pages"]),
        )
        for each in enrolments
    ]
