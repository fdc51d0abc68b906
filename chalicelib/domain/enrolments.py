"""One candidate working through one module version: the enrolment, and the state of its pages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from chalicelib.domain.attempts import Attempt
from chalicelib.domain.errors import Conflict, Flaw, Invalid
from chalicelib.domain.modules import Module


class EnrolmentState(StrEnum):
    """Where an enrolment stands."""

    ACTIVE = "active"
    ON_BREAK = "on-break"
    WITHDRAWN = "withdrawn"
    TRANSFERRED = "transferred"
    AWAITING_VERIFICATION = "awaiting-verification"
    COMPLETE = "complete"


OPEN_STATES = frozenset(
    {EnrolmentState.ACTIVE, EnrolmentState.ON_BREAK, EnrolmentState.AWAITING_VERIFICATION}
)
SEALABLE = frozenset({EnrolmentState.ACTIVE, EnrolmentState.AWAITING_VERIFICATION})
# What an administrator may do; the finaliser alone lets an enrolment wait or be complete.
MOVES: Mapping[EnrolmentState, frozenset[EnrolmentState]] = {
    EnrolmentState.ACTIVE: frozenset(
        {EnrolmentState.ON_BREAK, EnrolmentState.WITHDRAWN, EnrolmentState.TRANSFERRED}
    ),
    EnrolmentState.ON_BREAK: frozenset(
        {EnrolmentState.ACTIVE, EnrolmentState.WITHDRAWN, EnrolmentState.TRANSFERRED}
    ),
    EnrolmentState.AWAITING_VERIFICATION: frozenset(
        {EnrolmentState.WITHDRAWN, EnrolmentState.TRANSFERRED}
    ),
    EnrolmentState.WITHDRAWN: frozenset({EnrolmentState.ACTIVE}),
    EnrolmentState.TRANSFERRED: frozenset(),
    EnrolmentState.COMPLETE: frozenset(),
}
REASONED = frozenset({EnrolmentState.WITHDRAWN, EnrolmentState.TRANSFERRED})
REASON_LIMIT = 500  # characters
ASSESSORS_LIMIT = 20  # of an enrolment, so that all of them can change in one write


class PageState(StrEnum):
    """Where a page stands: only an open or a returned page can be changed."""

    OPEN = "open"
    SIGNED = "signed"
    RETURNED = "not-yet-competent"
    COMPETENT = "competent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """One candidate, one pinned module version, one primary assessor.

    `page_assessors` names, by page, who judges it instead of the primary assessor; `renews` the
    earlier enrolment that this one renews. `revision` counts what may take a page's competence
    away or move its judging, `signs` the pages signed: whoever decides on the whole enrolment
    names the values that they read.
    """

    id: str
    centre_id: str
    candidate_id: str
    assessor_id: str
    module_id: str
    module_version: int
    state: EnrolmentState
    created_at: datetime
    created_by: str
    due_on: str = ""
    occurred_on: date | None = None
    page_assessors: Mapping[str, str] = field(default_factory=dict)
    renews: str = ""
    revision: int = 0
    signs: int = 0
    issue: int = 0
    completed_at: datetime | None = None
    state_changed_at: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether it holds the one open place of its candidate in the module."""
        return self.state in OPEN_STATES

    @property
    def ended_at(self) -> datetime | None:
        """When it was completed, withdrawn or transferred; None while it is open."""
        return None if self.open else self.completed_at or self.state_changed_at

    @property
    def assessors(self) -> frozenset[str]:
        """The ids of all who judge something of it."""
        return frozenset({self.assessor_id, *self.page_assessors.values()})

    def assessor_of(self, page_id: str) -> str:
        """Return the id of who judges a page."""
        return self.page_assessors.get(page_id, self.assessor_id)

    @property
    def sealed(self) -> bool:
        """Whether a certificate has been issued, so that nothing below it changes any more."""
        return self.state is EnrolmentState.COMPLETE


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentChange:
    """Who changed an enrolment, when, why, and what: the fields before and after, as JSON values.

    `occurred_on` is the day it happened, where that is not the day of recording.
    """

    changed_at: datetime
    changed_by: str
    reason: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    occurred_on: date | None = None


@dataclass(frozen=True, slots=True)
class PageProgress:
    """What a page waits for, on whom, since when."""

    page_id: str
    state: PageState
    attempts: int
    since: datetime
    waits_on: str


def require_open(enrolment: Enrolment) -> None:
    """Raise Conflict where the candidate has nothing more to write; during a break they may."""
    if not enrolment.open:
        raise _closed(enrolment)


def require_active(enrolment: Enrolment) -> None:
    """Raise Conflict where no page can be signed."""
    if enrolment.state is not EnrolmentState.ACTIVE:
        raise _closed(enrolment)


def require_unsealed(enrolment: Enrolment) -> None:
    """Raise Conflict where the enrolment never changes any more."""
    if enrolment.sealed:
        raise _closed(enrolment)


def require_move(enrolment: Enrolment, state: EnrolmentState, reason: str) -> None:
    """Raise Conflict, saying which moves are legal, or Invalid where a move lacks its reason."""
    legal = sorted(MOVES[enrolment.state])
    if state not in legal:
        moves = " or ".join(legal) or "none, for ever"
        detail = f"An enrolment that is {enrolment.state} becomes {moves}."
        current = {"state": enrolment.state, "moves": legal}
        raise Conflict("enrolment-state", detail, (), current=current)
    if state in REASONED and not reason:
        flaw = Flaw("/reason", "required", f"Say why it is {state}.")
        raise Invalid("invalid-enrolment", "Nothing was changed; mend what is listed.", [flaw])


def _closed(enrolment: Enrolment) -> Conflict:
    match enrolment.state:
        case EnrolmentState.ON_BREAK:
            detail = "This enrolment is on a break; pages can be signed when it goes on."
            return Conflict("enrolment-on-break", detail)
        case EnrolmentState.WITHDRAWN:
            detail = "This enrolment has been withdrawn; the centre can make it active again."
            return Conflict("enrolment-withdrawn", detail)
        case EnrolmentState.TRANSFERRED:
            detail = "This enrolment has been transferred; go on where it went."
            return Conflict("enrolment-transferred", detail)
        case EnrolmentState.AWAITING_VERIFICATION:
            detail = "This enrolment waits for its verification; nothing is left to sign."
            return Conflict("enrolment-awaiting-verification", detail)
        case _:
            detail = "This enrolment is complete and sealed; nothing in it can change."
            return Conflict("enrolment-complete", detail)


def page_state(attempt: Attempt | None) -> PageState:
    """Tell the state of a page from its latest attempt."""
    if attempt is None or attempt.withdrawn_at or attempt.set_aside:
        return PageState.OPEN
    if attempt.judgement is None:
        return PageState.SIGNED
    return PageState.COMPETENT if attempt.judgement.competent else PageState.RETURNED


def latest(attempts: Iterable[Attempt]) -> Mapping[str, Attempt]:
    """Pick the latest attempt of each page."""
    found: dict[str, Attempt] = {}
    for attempt in attempts:
        known = found.get(attempt.page_id)
        if known is None or known.number < attempt.number:
            found[attempt.page_id] = attempt
    return found


def progress(
    module: Module, enrolment: Enrolment, attempts: Iterable[Attempt]
) -> tuple[PageProgress, ...]:
    """Tell, for every page in printed order, what it waits for."""
    current = latest(attempts)
    return tuple(_progress(page.id, enrolment, current.get(page.id)) for page in module.pages)


def _progress(page_id: str, enrolment: Enrolment, attempt: Attempt | None) -> PageProgress:
    state = page_state(attempt)
    if attempt is None:
        return PageProgress(page_id, state, 0, enrolment.created_at, enrolment.candidate_id)
    waits_on = {
        PageState.OPEN: enrolment.candidate_id,
        PageState.RETURNED: enrolment.candidate_id,
        PageState.SIGNED: attempt.assessor_id,
        PageState.COMPETENT: attempt.countersigner_awaited,
    }[state]
    return PageProgress(page_id, state, attempt.number, attempt.changed_at, waits_on)
