"""Records that depart from a rule of their form, and the review without which none counts."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.attempts import Attempt
from chalicelib.domain.errors import Conflict, Flaw, Forbidden, Invalid
from chalicelib.domain.verifications import NOTE_LIMIT


@dataclass(frozen=True, slots=True)
class DepartureReview:
    """An internal verifier has looked at the departures of an attempt, and says what they found."""

    by: str
    at: datetime
    note: str


def check_note(note: str) -> None:
    """Raise Invalid unless a review says what was found."""
    if not note.strip() or len(note) > NOTE_LIMIT:
        detail = f"Say what you found of the departures, in 1 to {NOTE_LIMIT} characters."
        flaws = [Flaw("/note", "too-long" if note.strip() else "required", detail)]
        raise Invalid("invalid-verification", "Nothing was recorded; mend what is listed.", flaws)


def require_reviewable(attempt: Attempt, reviewer_id: str, authors: Container[str]) -> None:
    """Raise Forbidden for one's own work or judgement, and Conflict where nothing is to review.

    `authors` have signed parts that the attempt rests on.
    """
    if reviewer_id in {attempt.candidate_id, attempt.assessor_id} or reviewer_id in authors:
        detail = "Nobody reviews work that is theirs to do or to judge; somebody else has to."
        raise Forbidden("own-work", detail)
    if attempt.departures_reviewed_at:
        detail = "The departures of this attempt have been reviewed already; read the attempt."
        raise Conflict("departures-reviewed", detail)
    if not attempt.departures:
        detail = "This attempt departs from no rule; there is nothing to review."
        raise Conflict("no-departures", detail)
    if not attempt.waiting:
        detail = "This attempt has been judged or withdrawn already; read the page to see how."
        raise Conflict("attempt-not-waiting", detail)
