"""Second looks at a judgement: verifying it, countersigning it, and setting it aside."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from chalicelib.domain.errors import Flaw, Forbidden, Invalid
from chalicelib.domain.judgements import FEEDBACK_LIMIT, Judgement
from chalicelib.domain.times import occurrence_flaws

NOTE_LIMIT = 2_000  # characters; a list brings a hundred of them
REASON_LIMIT = FEEDBACK_LIMIT


class Outcome(StrEnum):
    """What an internal verifier found of a judgement."""

    UPHELD = "upheld"
    ACTION_REQUIRED = "action-required"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What an internal verifier says of a judgement, and when they found it, if not today."""

    outcome: Outcome
    note: str = ""
    occurred_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """A finding on record, with the authorisation that it rested on frozen into it.

    `occurred_on` is the date by RFC 3339, or empty where it was the day of recording.
    """

    id: str
    centre_id: str
    enrolment_id: str
    page_id: str
    attempt: int
    content_hash: str
    candidate_id: str
    judged_by: str
    outcome: Outcome
    note: str
    occurred_on: str
    verified_by: str
    verified_at: datetime
    authorisation_id: str
    qualification: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What an attempt's head keeps of the latest verification of its judgement."""

    id: str
    by: str
    at: datetime
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Countersignature:
    """A qualified assessor stands for the judgement of one who is not qualified yet."""

    by: str
    at: datetime
    occurred_on: str = ""


@dataclass(frozen=True, slots=True)
class SettingAside:
    """An internal verifier took a judgement out of standing, for a reason kept beside the head."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a judgement was set aside, and when that was decided, if not on the day of recording."""

    text: str
    occurred_on: str = ""


def check_finding(finding: Finding, today: date) -> None:
    """Raise Invalid unless an objection says what to do. `today` is the centre's."""
    _refuse(
        [
            *_text_flaws("/note", finding.note, NOTE_LIMIT, finding.outcome),
            *occurrence_flaws(finding.occurred_on, today),
        ]
    )


def check_reason(reason: str, occurred_on: date | None, today: date) -> None:
    """Raise Invalid unless setting aside has a reason. `today` is the centre's."""
    flaws = _text_flaws("/reason", reason, REASON_LIMIT, Outcome.ACTION_REQUIRED)
    _refuse([*flaws, *occurrence_flaws(occurred_on, today)])


def check_occurrence(occurred_on: date | None, today: date) -> None:
    """Raise Invalid for a second look on a day that cannot be. `today` is the centre's."""
    _refuse(list(occurrence_flaws(occurred_on, today)))


def require_second_look(person_id: str, candidate_id: str, judgement: Judgement) -> None:
    """Raise Forbidden where somebody would verify their own work or judgement."""
    if person_id in {candidate_id, judgement.judged_by, judgement.countersigner_id}:
        detail = "Nobody verifies work or a judgement of their own; somebody else has to."
        raise Forbidden("own-work", detail)


def _text_flaws(pointer: str, text: str, limit: int, outcome: Outcome) -> Iterator[Flaw]:
    if outcome is Outcome.ACTION_REQUIRED and not text.strip():
        yield Flaw(pointer, "required", "Say what is wrong, and what has to be done about it.")
    if len(text) > limit:
        yield Flaw(pointer, "too-long", f"At most {limit} characters.")


def _refuse(flaws: list[Flaw]) -> None:
    if flaws:
        raise Invalid("invalid-verification", "Nothing was recorded; mend what is listed.", flaws)
