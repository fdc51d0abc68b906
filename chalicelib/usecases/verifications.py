"""Second looks at a judgement: countersigning it, and setting it aside."""

from chalicelib.domain.access import Actor, require_role
from chalicelib.domain.attempts import Attempt
from chalicelib.domain.certificates import CertificateState
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.errors import Conflict, Flaw, Forbidden, Invalid, not_found
from chalicelib.domain.judgements import Countersignature, Judgement, SettingAside
from chalicelib.domain.people import Role
from chalicelib.domain.times import stamp
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Change, Key, Update, absent, equals
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases import enrolments

REASON_LIMIT = 200  # characters; it stands in the attempt's head


def countersign(
    runtime: Runtime, actor: Actor, enrolment_id: str, page_id: str, number: int
) -> Attempt:
    """Stand for the judgement of an assessor who is not qualified yet, so that it counts.

    Raises Forbidden for anybody but the countersigner whom the judgement names, and Conflict where
    it has been countersigned or set aside.
    """
    require_role(actor, Role.ASSESSOR)
    key = keys.head(actor.centre_id, enrolment_id, page_id, number)
    judgement = _judgement(runtime, key)
    if judgement.countersigner_id != actor.id:
        detail = "Only the countersigner whom the assessor's authorisation names does this."
        raise Forbidden("not-the-countersigner", detail)
    countersignature = Countersignature(actor.id, runtime.now())
    change = Update(
        key,
        (absent("countersigned_at"), absent("set_aside_at")),
        set=items.from_countersignature(countersignature),
    )
    try:
        return items.to_attempt(runtime.table.write(change))
    except ConditionFailedError:
        raise _counted() from None


def set_aside(
    runtime: Runtime, actor: Actor, enrolment_id: str, page_id: str, number: int, reason: str
) -> None:
    """Take a judgement out of standing; if a certificate rests on it, suspend that as well.

    Raises Forbidden for one's own judgement, and Conflict where it is not there to be set aside.
    """
    require_role(actor, Role.INTERNAL_VERIFIER)
    if not 1 <= len(reason.strip()) <= REASON_LIMIT:
        detail = f"Give a reason of 1 to {REASON_LIMIT} characters."
        flaw = Flaw("/reason", "required", detail)
        raise Invalid("invalid-judgement", "Nothing was set aside; mend what is listed.", [flaw])
    key = keys.head(actor.centre_id, enrolment_id, page_id, number)
    if _judgement(runtime, key).judged_by == actor.id:
        raise Forbidden("own-work", "Nobody verifies their own judgement; somebody else has to.")
    enrolment = enrolments.load(runtime, actor.centre_id, enrolment_id)
    setting_aside = SettingAside(actor.id, runtime.now(), reason.strip())
    try:
        runtime.table.write(*_setting_aside(enrolment, key, setting_aside))
    except ConditionFailedError:
        raise _counted() from None


def _setting_aside(enrolment: Enrolment, key: Key, setting_aside: SettingAside) -> list[Change]:
    centre_id, enrolment_id = enrolment.centre_id, enrolment.id
    changes: list[Change] = [
        Update(
            key,
            (absent("set_aside_at"),),
            set=items.from_setting_aside(setting_aside),
        ),
        # The state as read decides whether there is a certificate to suspend with it.
        Update(
            keys.enrolment(centre_id, enrolment_id),
            (equals("state", str(enrolment.state)),),
            add={"revision": 1},
        ),
    ]
    if enrolment.sealed:
        suspended = {
            "state": str(CertificateState.SUSPENDED),
            "reason": setting_aside.reason,
            "suspended_at": stamp(setting_aside.at),
        }
        certificate = keys.certificate(centre_id, enrolment_id, enrolment.issue)
        changes.append(Update(certificate, set=suspended))
    return changes


def _judgement(runtime: Runtime, key: Key) -> Judgement:
    item = runtime.table.get(key)
    if item is None:
        raise not_found()
    judgement = items.to_attempt(item).judgement
    if judgement is None:
        raise Conflict("attempt-not-judged", "This attempt has not been judged yet; wait for it.")
    return judgement


def _counted() -> Conflict:
    detail = "The judgement was countersigned, set aside or sealed in between; read it again."
    return Conflict("judgement-changed", detail)
