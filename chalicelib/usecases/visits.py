"""Visits of external verifiers: granting them, ending them, mailing the links to them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from chalicelib.domain.access import Actor, require_role
from chalicelib.domain.centres import Centre
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.errors import Invalid, NotFound, not_found
from chalicelib.domain.links import PATIENCE
from chalicelib.domain.people import Membership, Role
from chalicelib.domain.times import end_of, last_day, printed, stamp
from chalicelib.domain.visits import (
    LONGEST,
    Visit,
    link_of,
    require_another_link,
    require_going_on,
    visit_flaws,
    welcome,
)
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Key, Update, absent, create, equals
from chalicelib.storage.table import ConditionFailedError
from chalicelib.storage.visits import from_visit, to_visit
from chalicelib.usecases import centres, people
from chalicelib.usecases.requests import Request, answered, remember

VISITS_PATH = "/v1/visits/"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVisit:
    """Who is to read which enrolments, until which day at the centre, and what for."""

    person_id: str
    enrolment_ids: tuple[str, ...]
    until: date
    purpose: str


def create_visit(runtime: Runtime, actor: Actor, new: NewVisit, request: Request) -> Visit:
    """Let an external verifier read some enrolments; the link is mailed to them.

    Raises Invalid with all that is wrong with it, and Forbidden where the administrator has just
    been removed.
    """
    require_role(actor, Role.ADMINISTRATOR)
    if made := answered(runtime, request):
        return read(runtime, actor.centre_id, new.person_id, made["visit_id"])
    visit = _drafted(runtime, actor, new)
    due = keys.open_index(visit.centre_id, visit.id)
    try:
        runtime.table.write(
            create(_key(visit), from_visit(visit) | due),
            create(keys.centre_visit(visit.centre_id, visit.id), {"person_id": visit.person_id}),
            remember(request, {"visit_id": visit.id}, visit.created_at),
            people.still(actor),
        )
    except ConditionFailedError as failure:
        people.require_still(runtime, actor, failure)
        if made := answered(runtime, request):
            return read(runtime, actor.centre_id, new.person_id, made["visit_id"])
        raise
    return visit


def list_visits(
    runtime: Runtime, actor: Actor, limit: int, after: str
) -> tuple[tuple[Visit, ...], str]:
    """Return a page of the visits to the centre, or of one's own, newest first, and where it ended.

    One's own are all that an external verifier gets who is no administrator.
    """
    require_role(actor, Role.ADMINISTRATOR, Role.EXTERNAL_VERIFIER)
    centre_id = actor.centre_id
    if not actor.has(Role.ADMINISTRATOR):
        pk, prefix = keys.visit(actor.id, centre_id, "")
        own = runtime.table.page(pk, prefix, limit, after, newest_first=True)
        return tuple(map(to_visit, own.items)), own.end
    pk, prefix = keys.centre_visit(centre_id, "")
    listed = runtime.table.page(pk, prefix, limit, after, newest_first=True)
    named = (
        keys.visit(item["person_id"], centre_id, item["sk"].removeprefix(prefix))
        for item in listed.items
    )
    found = runtime.table.get_many(*named)
    return tuple(to_visit(item) for item in found if item), listed.end


def get_visit(runtime: Runtime, actor: Actor, visit_id: str) -> Visit:
    """Return a visit, to administrators and to whom it is granted."""
    require_role(actor, Role.ADMINISTRATOR, Role.EXTERNAL_VERIFIER)
    person_id = actor.id
    if actor.has(Role.ADMINISTRATOR):
        listed = runtime.table.get(keys.centre_visit(actor.centre_id, visit_id))
        person_id = listed["person_id"] if listed else ""
    return read(runtime, actor.centre_id, person_id, visit_id)


def end_visit(runtime: Runtime, actor: Actor, visit_id: str) -> Visit:
    """End a visit: from now on it shows nothing. Ending it again changes nothing."""
    require_role(actor, Role.ADMINISTRATOR)
    visit = get_visit(runtime, actor, visit_id)
    if not visit.live_at(runtime.now()):
        return visit
    change = Update(
        _key(visit),
        (absent("ended_at"),),
        set={"ended_at": stamp(runtime.now()), "ended_by": actor.id},
        remove=("open_shard", "open_key"),
    )
    try:
        runtime.table.write(change, people.still(actor))
    except ConditionFailedError as failure:
        people.require_still(runtime, actor, failure)
    return get_visit(runtime, actor, visit_id)


def send_link(runtime: Runtime, actor: Actor, visit_id: str, request: Request) -> Visit:
    """Have a fresh link mailed; the one before opens nothing from now on.

    Raises Conflict where the visit is over.
    """
    require_role(actor, Role.ADMINISTRATOR)
    visit = get_visit(runtime, actor, visit_id)
    if answered(runtime, request) is not None:
        return visit
    now = runtime.now()
    require_going_on(visit, now)
    require_another_link(visit)
    change = Update(
        _key(visit),
        (absent("ended_at"),),
        set=keys.open_index(visit.centre_id, visit.id),
        add={"generation": 1},
    )
    try:
        runtime.table.write(change, remember(request, {}, now), people.still(actor))
    except ConditionFailedError as failure:
        people.require_still(runtime, actor, failure)
        if answered(runtime, request) is None:
            require_going_on(get_visit(runtime, actor, visit_id), now)
            raise
    return get_visit(runtime, actor, visit_id)


def mail_link(runtime: Runtime, centre_id: str, person_id: str, visit_id: str) -> bool:
    """Mail the link of a visit that has not been mailed. Can be done again at will.

    Returns whether a mail went out. A crash between mail and mark sends the mail once more, with
    the same link. Who has no verified address, or has just been mailed, is mailed by the sweeper.
    """
    try:
        visit = read(runtime, centre_id, person_id, visit_id)
    except NotFound:
        return False
    now = runtime.now()
    if visit.mailed == visit.generation or visit.ended_at:
        return False
    if not visit.live_at(now):
        _leave_index(runtime, visit)
        return False
    visitor = people.read_member(runtime, centre_id, person_id)
    too_soon = visit.mailed_at is not None and now - visit.mailed_at < PATIENCE
    if visitor is None or not welcome(visitor, now) or too_soon:
        return False
    centre = centres.load_centre(runtime, centre_id)
    subject, text = _letter(runtime, centre, visit, visitor.membership)
    runtime.mail.send(visitor.membership.address, subject, text, centre.mail_sender)
    _leave_index(runtime, visit, mailed=visit.generation, mailed_at=stamp(now))
    return True


def read(runtime: Runtime, centre_id: str, person_id: str, visit_id: str) -> Visit:
    """Return a visit. Raises NotFound; the caller checks who may know of it."""
    item = runtime.table.get(keys.visit(person_id, centre_id, visit_id))
    if item is None:
        raise not_found()
    return to_visit(item)


def _drafted(runtime: Runtime, actor: Actor, new: NewVisit) -> Visit:
    centre = centres.load_centre(runtime, actor.centre_id)
    ids = tuple(dict.fromkeys(new.enrolment_ids))
    found = _enrolments(runtime, centre.id, ids)
    now = runtime.now()
    visit = Visit(
        id=runtime.new_id(),
        centre_id=centre.id,
        person_id=new.person_id,
        enrolment_ids=ids,
        modules=frozenset((each.module_id, each.module_version) for each in found),
        purpose=new.purpose,
        created_at=now,
        created_by=actor.id,
        ends_at=end_of(min(new.until, (now + 2 * LONGEST).date()), centre.time_zone),
    )
    visitor = people.read_member(runtime, centre.id, new.person_id)
    if flaws := list(visit_flaws(visit, new.until, visitor, found, centre.time_zone)):
        raise Invalid("invalid-visit", "Nothing was granted; mend what is listed.", flaws)
    return visit


def _enrolments(runtime: Runtime, centre_id: str, ids: Iterable[str]) -> list[Enrolment]:
    found = runtime.table.get_many(*(keys.enrolment(centre_id, each) for each in ids))
    return [items.to_enrolment(item) for item in found if item]


def _key(visit: Visit) -> Key:
    return keys.visit(visit.person_id, visit.centre_id, visit.id)


def _leave_index(runtime: Runtime, visit: Visit, **mailed: int | str) -> None:
    """Take a visit off the sweeper's index, unless another link has been asked for since."""
    change = Update(
        _key(visit),
        (equals("generation", visit.generation),),
        set=mailed,
        remove=("open_shard", "open_key"),
    )
    try:
        runtime.table.write(change)
    except ConditionFailedError:
        return


def _letter(runtime: Runtime, centre: Centre, visit: Visit, visitor: Membership) -> tuple[str, str]:
    link = link_of(visit, visitor.address)
    where = f"{runtime.settings.public_url}{VISITS_PATH}{runtime.signer.visit_token(link)}"
    last = printed(last_day(visit.ends_at, centre.time_zone))
    text = (
        f"Dear {visitor.name},\n\n"
        f"{centre.name} lets you read portfolios of its candidates. It says what for: "
        f"{visit.purpose}\n\n"
        f"{where}\n\n"
        f"The link is yours alone and works until the end of {last}. Please do not pass it on. "
        "What is looked at by it is put on record.\n\n"
        f"{centre.name}\n"
    )
    return f"{centre.name}: portfolios for you to verify", text
