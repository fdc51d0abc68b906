"""The rules for judging one attempt of one page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from chalicelib.domain.errors import Flaw, Forbidden, Invalid
from chalicelib.domain.modules import INITIALS_LIMIT
from chalicelib.domain.people import Authorisation

FEEDBACK_LIMIT = 20_000  # characters
HEAD_ROOM = 130  # bytes of UTF-8 that the attempt's head has for the texts of a judgement


class Method(StrEnum):
    """How a judgement reached us."""

    LINK = "link"
    TOKEN = "token"  # noqa: S105 (the name of a method, not a secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What an assessor says of an attempt."""

    competent: bool
    initials: str
    feedback: str = ""
    occurred_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A decision made, with the authorisation that it rested on frozen into it.

    `request` and `fingerprint` tell a repeat of the same request from another one. `feedback` and
    `address` are None where they are so long that they lie in an item of their own. `occurred_on`
    is the day of judging, where it was recorded later.
    """

    competent: bool
    initials: str
    feedback: str | None
    judged_by: str
    judged_at: datetime
    method: Method
    address: str | None
    authorisation_id: str
    qualification: str
    countersigner_id: str
    request: str
    fingerprint: str
    occurred_on: date | None = None


@dataclass(frozen=True, slots=True)
class Countersignature:
    """A qualified assessor stands for the judgement of one who is not qualified yet."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SettingAside:
    """An internal verifier took a judgement out of standing."""

    by: str
    at: datetime
    reason: str


def check_decision(decision: Decision) -> None:
    """Raise Invalid unless initials are given, and feedback where the page is returned."""
    if flaws := list(_flaws(decision)):
        raise Invalid("invalid-judgement", "Nothing was judged; mend what is listed.", flaws)


def fitting(*texts: str) -> tuple[str | None, ...]:
    """Keep the texts that the attempt's head has room for, the first ones first; else None."""
    room, kept = HEAD_ROOM, list[str | None]()
    for text in texts:
        size = len(text.encode())
        kept.append(text if size <= room else None)
        room -= size if size <= room else 0
    return tuple(kept)


def require_authority(
    authorisation: Authorisation | None, module_id: str, now: datetime
) -> Authorisation:
    """Return the authorisation if it lets its holder judge this module now."""
    if authorisation is None or not authorisation.covers(module_id, now):
        detail = "You hold no authorisation for this module today; ask the centre's administrator."
        raise Forbidden("not-authorised", detail)
    return authorisation


def require_somebody_else(assessor_id: str, candidate_id: str) -> None:
    """Raise Forbidden where somebody would judge their own work."""
    if assessor_id == candidate_id:
        raise Forbidden("own-work", "Nobody judges their own work; another assessor has to.")


def _flaws(decision: Decision) -> Iterator[Flaw]:
    if not decision.initials.strip() or len(decision.initials) > INITIALS_LIMIT:
        detail = f"Put your initials, 1 to {INITIALS_LIMIT} characters."
        yield Flaw("/initials", "initials-required", detail)
    if not decision.competent and not decision.feedback.strip():
        detail = "Say what is still missing; a page is not returned without feedback."
        yield Flaw("/feedback", "feedback-required", detail)
    if len(decision.feedback) > FEEDBACK_LIMIT:
        yield Flaw("/feedback", "too-long", f"At most {FEEDBACK_LIMIT} characters.")
