"""Second looks at a judgement: verifying it, countersigning it, and setting it aside."""

from dataclasses import dataclass
from datetime import date

from chalicelib.domain.access import (
    READERS_OF_ALL,
    Actor,
    countersigns,
    require_overseer,
    require_reader,
    require_role,
)
from chalicelib.domain.attempts import Attempt
from chalicelib.domain.certificates import UNDER_REVIEW, CertificateState
from chalicelib.domain.enrolments import Enrolment, EnrolmentState
from chalicelib.domain.errors import Conflict, Flaw, Forbidden, Invalid, Unavailable, not_found
from chalicelib.domain.judgements import Judgement, require_authority, require_somebody_else
from chalicelib.domain.people import Authorisation, Role
from chalicelib.domain.times import date_at, stamp
from chalicelib.domain.verifications import (
    Countersignature,
    Finding,
    Outcome,
    Reason,
    SettingAside,
    Verification,
    Verified,
    check_finding,
    check_occurrence,
    check_reason,
    require_second_look,
)
from chalicelib.domain.visits import Look
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Change, Check, Key, Put, Update, absent, create, equals
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases import centres, enrolments, looks, people
from chalicelib.usecases.requests import Request, answered, remember

TRIES = 5  # of setting aside, while the enrolment or the candidate's other ones keep changing


@dataclass(frozen=True, slots=True)
class Looked:
    """Which judgement a second look is at; without a content hash, as it stands."""

    enrolment_id: str
    page_id: str
    number: int
    content_hash: str = ""

    def head(self, centre_id: str) -> Key:
        """Key of the head that holds the judgement."""
        return keys.head(centre_id, self.enrolment_id, self.page_id, self.number)


@dataclass(frozen=True, slots=True)
class SetAside:
    """A judgement set aside, and why."""

    setting_aside: SettingAside
    reason: Reason


def verify(
    runtime: Runtime, actor: Actor, looked: Looked, finding: Finding, request: Request
) -> Verification:
    """Put on record what an internal verifier found of a judgement.

    The latest finding counts: what was objected to is upheld by a later look. Raises Forbidden for
    work or a judgement of one's own, and without an authorisation for the module; Conflict where
    there is no judgement in force, or somebody else has looked at it in between.
    """
    require_role(actor, Role.INTERNAL_VERIFIER)
    if made := answered(runtime, request):
        return _load(runtime, actor.centre_id, made["verification_id"])
    check_finding(finding, today(runtime, actor))
    attempt, judgement = _judged(runtime, actor, looked)
    require_second_look(actor.id, attempt.candidate_id, judgement)
    authorisation = authority(runtime, actor, looked, Role.INTERNAL_VERIFIER)
    verification = Verification(
        id=runtime.new_id(),
        centre_id=actor.centre_id,
        enrolment_id=looked.enrolment_id,
        page_id=looked.page_id,
        attempt=looked.number,
        content_hash=looked.content_hash or attempt.content_hash,
        candidate_id=attempt.candidate_id,
        judged_by=judgement.judged_by,
        outcome=finding.outcome,
        note=finding.note.strip(),
        occurred_on=_written(finding.occurred_on),
        verified_by=actor.id,
        verified_at=runtime.now(),
        authorisation_id=authorisation.id,
        qualification=authorisation.qualification,
    )
    try:
        runtime.table.write(
            *_verifying(looked, attempt, judgement, verification),
            in_force(actor, authorisation),
            remember(request, {"verification_id": verification.id}, verification.verified_at),
        )
    except ConditionFailedError as failure:
        if made := answered(runtime, request):
            return _load(runtime, actor.centre_id, made["verification_id"])
        require_in_force(runtime, actor, authorisation, failure)
        raise _changed() from None
    return verification


def list_all(
    runtime: Runtime, actor: Actor, enrolment_id: str, limit: int, after: str
) -> tuple[list[Verification], str]:
    """Return a page of the centre's verifications, or of an enrolment's, newest first.

    Also returns where it ended. A list leaves out what was found of the reader's own work. Raises
    Invalid where an external verifier names no enrolment, and NotFound for one that no visit shows.
    """
    require_role(actor, *sorted(READERS_OF_ALL), Role.EXTERNAL_VERIFIER)
    centre_id = actor.centre_id
    if not actor.has(*READERS_OF_ALL):
        _require_visited(runtime, actor, enrolment_id)
    pk, prefix = (
        keys.enrolment_verification(centre_id, enrolment_id, "")
        if enrolment_id
        else keys.verification(centre_id, "")
    )
    listed = runtime.table.page(pk, prefix, limit, after, newest_first=True)
    found = listed.items
    if enrolment_id and found:
        ids = (item["sk"].removeprefix(prefix) for item in listed.items)
        named = (keys.verification(centre_id, each) for each in ids)
        found = tuple(item for item in runtime.table.get_many(*named) if item)
    verifications = map(items.to_verification, found)
    return [each for each in verifications if each.candidate_id != actor.id], listed.end


def of_page(
    runtime: Runtime, centre_id: str, enrolment_id: str, page_id: str
) -> tuple[Verification, ...]:
    """Return what was found of a page, oldest first. The caller checks who may see it."""
    pk, prefix = keys.enrolment_verification(centre_id, enrolment_id, "")
    ids = (item["sk"].removeprefix(prefix) for item in runtime.table.query(pk, prefix))
    found = runtime.table.get_many(*(keys.verification(centre_id, each) for each in ids))
    verifications = (items.to_verification(item) for item in found if item)
    return tuple(each for each in verifications if each.page_id == page_id)


def countersign(
    runtime: Runtime, actor: Actor, looked: Looked, occurred_on: date | None, request: Request
) -> Countersignature:
    """Stand for the judgement of an assessor who is not qualified yet, so that it counts.

    Raises Forbidden for anybody but the countersigner whom the judgement names, and Conflict where
    it has been countersigned or set aside.
    """
    require_role(actor, Role.ASSESSOR)
    if answered(runtime, request):
        return _countersignature(_judged(runtime, actor, looked)[0])
    attempt, judgement = _for_countersigner(runtime, actor, looked)
    check_occurrence(occurred_on, today(runtime, actor))
    if judgement.countersigner_id != actor.id:
        detail = "Only the countersigner whom the assessor's authorisation names does this."
        raise Forbidden("not-the-countersigner", detail)
    require_somebody_else(actor.id, attempt.candidate_id)
    authorisation = authority(runtime, actor, looked, Role.ASSESSOR)
    if authorisation.countersigner_id:
        detail = "Your own judgements are countersigned still; a qualified assessor has to do this."
        raise Forbidden("not-qualified", detail)
    countersignature = Countersignature(actor.id, runtime.now(), _written(occurred_on))
    changes = (
        Update(
            looked.head(actor.centre_id),
            (absent("countersigned_at"), absent("set_aside_at")),
            set=items.from_countersignature(countersignature),
        ),
        in_force(actor, authorisation),
        remember(request, {"number": looked.number}, runtime.now()),
    )
    try:
        runtime.table.write(*changes)
    except ConditionFailedError as failure:
        if answered(runtime, request):
            return _countersignature(_judged(runtime, actor, looked)[0])
        require_in_force(runtime, actor, authorisation, failure)
        raise _changed() from None
    return countersignature


def set_aside(
    runtime: Runtime,
    actor: Actor,
    looked: Looked,
    reason: str,
    occurred_on: date | None,
    request: Request,
) -> SetAside:
    """Take a judgement out of standing, so that the page is the candidate's again.

    Where a certificate rests on it, that is suspended, and the enrolment goes on, in the same
    write. Raises Forbidden for work or a judgement of one's own, and without an authorisation for
    the module; Conflict where it is not there to be set aside, or the page was signed again since.
    """
    require_role(actor, Role.INTERNAL_VERIFIER)
    for _ in range(TRIES):
        attempt, judgement = _judged(runtime, actor, looked)
        check_reason(reason, occurred_on, today(runtime, actor))
        if answered(runtime, request):
            return _set_aside(runtime, actor, looked)
        require_second_look(actor.id, attempt.candidate_id, judgement)
        authorisation = authority(runtime, actor, looked, Role.INTERNAL_VERIFIER)
        if attempt.set_aside:
            raise _changed()
        enrolment = enrolments.load(runtime, actor.centre_id, looked.enrolment_id)
        _require_latest(runtime, enrolment, looked)
        made = SetAside(
            SettingAside(actor.id, runtime.now()), Reason(reason.strip(), _written(occurred_on))
        )
        changes = [
            *_setting_aside(enrolment, looked, made),
            *(_reopening(runtime, enrolment, made) if enrolment.sealed else ()),
            in_force(actor, authorisation),
            remember(request, {"number": looked.number}, runtime.now()),
        ]
        try:
            runtime.table.write(*changes)
        except ConditionFailedError as failure:
            require_in_force(runtime, actor, authorisation, failure)
            continue  # read it all again, to do what is due now or to say what stands in the way
        return made
    raise Unavailable("busy", "The enrolment keeps changing; send the same request again.")


def _require_visited(runtime: Runtime, actor: Actor, enrolment_id: str) -> None:
    """Let an external verifier read on, of one enrolment; the look is put on record."""
    if not enrolment_id:
        flaw = Flaw("?enrolment_id", "required", "Name an enrolment that a visit shows you.")
        raise Invalid("invalid-query", "Say whose verifications are to be listed.", [flaw])
    require_overseer(actor, enrolments.find(runtime, actor.centre_id, enrolment_id))
    looks.note(runtime, actor, enrolment_id, Look())


def _verifying(
    looked: Looked, attempt: Attempt, judgement: Judgement, verification: Verification
) -> list[Change]:
    centre_id = verification.centre_id
    verified = Verified(
        verification.id, verification.verified_by, verification.verified_at, verification.outcome
    )
    seen = attempt.verified
    changes: list[Change] = [
        Update(
            looked.head(centre_id),
            (
                equals("judged_at", stamp(judgement.judged_at)),
                absent("set_aside_at"),
                equals("content_hash", verification.content_hash),
                equals("verification_id", seen.id) if seen else absent("verification_id"),
            ),
            set=items.from_verified(verified),
        ),
        Put(keys.verification(centre_id, verification.id), items.from_verification(verification)),
        Put(keys.enrolment_verification(centre_id, looked.enrolment_id, verification.id), {}),
    ]
    if verification.outcome is Outcome.ACTION_REQUIRED:
        # Whoever is about to finalise the enrolment has to see the objection.
        changes.append(Update(keys.enrolment(centre_id, looked.enrolment_id), add={"revision": 1}))
    return changes


def _setting_aside(enrolment: Enrolment, looked: Looked, made: SetAside) -> list[Change]:
    centre_id = enrolment.centre_id
    of = (centre_id, looked.enrolment_id, looked.page_id, looked.number)
    back = enrolment.state is EnrolmentState.AWAITING_VERIFICATION or enrolment.sealed
    active = {
        "state": str(EnrolmentState.ACTIVE),
        "state_changed_at": stamp(made.setting_aside.at),
    }
    # The state and issue as read decide whether there is a certificate to suspend with it.
    issue = equals("issue", enrolment.issue) if enrolment.issue else absent("issue")
    return [
        Update(
            keys.head(*of),
            (absent("set_aside_at"),),
            set=items.from_setting_aside(made.setting_aside),
        ),
        Put(keys.aside(*of), items.from_reason(made.reason)),
        Update(
            keys.enrolment(centre_id, enrolment.id),
            (equals("state", str(enrolment.state)), issue),
            set=(active if back else {})
            | (keys.open_index(centre_id, enrolment.id) if enrolment.sealed else {}),
            remove=("completed_at",) if enrolment.sealed else (),
            add={"revision": 1},
        ),
    ]


def _reopening(runtime: Runtime, enrolment: Enrolment, made: SetAside) -> list[Change]:
    """Suspend the certificate, and have the enrolment found among the open ones again.

    Where the candidate works on another enrolment in the module meanwhile, such as a renewal, that
    keeps its place as the open one.
    """
    centre_id = enrolment.centre_id
    suspended = {
        "state": str(CertificateState.SUSPENDED),
        "reason": UNDER_REVIEW,
        "suspended_at": stamp(made.setting_aside.at),
    }
    place = keys.open_enrolment(enrolment.candidate_id, centre_id, enrolment.module_id)
    held = runtime.table.get(place)
    return [
        Update(keys.certificate(centre_id, enrolment.id, enrolment.issue), set=suspended),
        Check(place, (equals("enrolment_id", held["enrolment_id"]),))
        if held
        else create(place, {"enrolment_id": enrolment.id}),
        *(enrolments.queue(enrolment, each) for each in sorted(enrolment.assessors)),
    ]


def _judged(runtime: Runtime, actor: Actor, looked: Looked) -> tuple[Attempt, Judgement]:
    item = runtime.table.get(looked.head(actor.centre_id))
    if item is None:
        raise not_found()
    attempt = items.to_attempt(item)
    if attempt.judgement is None:
        raise Conflict("attempt-not-judged", "This attempt has not been judged yet; wait for it.")
    return attempt, attempt.judgement


def _require_latest(runtime: Runtime, enrolment: Enrolment, looked: Looked) -> None:
    """Raise Conflict for a judgement that nothing rests on any more: the page was signed again."""
    *_, latest = enrolments.attempts(runtime, enrolment, looked.page_id)
    if latest.number != looked.number:
        detail = f"The page rests on attempt {latest.number}; look at its judgement instead."
        raise Conflict("attempt-not-latest", detail)


def _for_countersigner(runtime: Runtime, actor: Actor, looked: Looked) -> tuple[Attempt, Judgement]:
    """Return the judgement to its countersigner and to readers; for others it is not there."""
    item = runtime.table.get(looked.head(actor.centre_id))
    if not (item and countersigns(actor, items.to_attempt(item))):
        require_reader(actor, enrolments.find(runtime, actor.centre_id, looked.enrolment_id))
    return _judged(runtime, actor, looked)


def authority(runtime: Runtime, actor: Actor, looked: Looked, role: Role) -> Authorisation:
    """Return what lets the actor do this in a role, for the module that they look at."""
    facts = enrolments.facts(runtime, actor.centre_id, looked.enrolment_id)
    if facts is None:
        raise not_found()
    return require_authority(actor.authorisation(role), facts.module_id, runtime.now())


def in_force(actor: Actor, authorisation: Authorisation) -> Check:
    """Build what fails a write unless the authorisation that it rests on is in force."""
    key = keys.authorisation(actor.id, actor.centre_id, authorisation.role)
    return Check(key, (equals("id", authorisation.id),))


def require_in_force(
    runtime: Runtime, actor: Actor, authorisation: Authorisation, failure: ConditionFailedError
) -> None:
    """Raise Forbidden where the authorisation was what failed a write."""
    if in_force(actor, authorisation).key in failure.current:
        people.forget_member(runtime, actor.centre_id, actor.id)
        detail = "Your authorisation has changed just now; send the same request again."
        raise Forbidden("authorisation-changed", detail) from None


def _load(runtime: Runtime, centre_id: str, verification_id: str) -> Verification:
    item = runtime.table.get(keys.verification(centre_id, verification_id))
    if item is None:
        raise not_found()
    return items.to_verification(item)


def _countersignature(attempt: Attempt) -> Countersignature:
    if attempt.countersignature is None:
        raise _changed()
    return attempt.countersignature


def _set_aside(runtime: Runtime, actor: Actor, looked: Looked) -> SetAside:
    of = (actor.centre_id, looked.enrolment_id, looked.page_id, looked.number)
    head, reason = runtime.table.get_many(keys.head(*of), keys.aside(*of))
    found = items.to_attempt(head).set_aside if head else None
    if found is None or reason is None:
        raise _changed()
    return SetAside(found, items.to_reason(reason))


def today(runtime: Runtime, actor: Actor) -> date:
    """Return the day at the actor's centre."""
    return date_at(runtime.now(), centres.load_centre(runtime, actor.centre_id).time_zone)


def _written(occurred_on: date | None) -> str:
    return occurred_on.isoformat() if occurred_on else ""


def _changed() -> Conflict:
    detail = "The judgement was verified, countersigned or set aside in between; read it again."
    return Conflict("judgement-changed", detail)
