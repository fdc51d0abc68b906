"""One candidate working through one module version: the enrolment, and the state of its pages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.attempts import Attempt
from chalicelib.domain.errors import Conflict
from chalicelib.domain.modules import Module


class EnrolmentState(StrEnum):
    """Where an enrolment stands."""

    ACTIVE = "active"
    ON_BREAK = "on-break"
    WITHDRAWN = "withdrawn"
    TRANSFERRED = "transferred"
    AWAITING_VERIFICATION = "awaiting-verification"
    COMPLETE = "complete"


# Where every page may be judged competent, so that the enrolment can be finalised.
GOING_ON = frozenset({EnrolmentState.ACTIVE, EnrolmentState.AWAITING_VERIFICATION})


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
    page_assessors: Mapping[str, str] = field(default_factory=dict)
    renews: str = ""
    revision: int = 0
    signs: int = 0
    issue: int = 0
    completed_at: datetime | None = None

    @property
    def sealed(self) -> bool:
        """Whether a certificate has been issued, so that nothing below it changes any more."""
        return self.state is EnrolmentState.COMPLETE


@dataclass(frozen=True, slots=True)
class PageProgress:
    """What a page waits for, on whom, since when."""

    page_id: str
    state: PageState
    attempts: int
    since: datetime
    waits_on: str


def require_open(enrolment: Enrolment) -> None:
    """Raise Conflict where the enrolment takes no more work."""
    if enrolment.sealed:
        detail = "This enrolment is complete and sealed; nothing in it can change."
        raise Conflict("enrolment-complete", detail)


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
