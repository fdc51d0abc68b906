"""Exports: portfolios taken out as one archive, what is asked for, and how far it is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from chalicelib.domain.enrolments import Enrolment, EnrolmentState
from chalicelib.domain.errors import Flaw, Invalid
from chalicelib.domain.times import date_at, stamp

FORMAT = 1  # of export.json
ENROLMENTS_LIMIT = 1_000  # of one export
NAMED_LIMIT = 100  # enrolments named one by one
AT_ONCE = 10  # exports of one person in work: all centres share the workers
SEARCHED_LIMIT = 20_000  # enrolments that are looked through for those that are asked for
PURPOSE_LIMIT = 500  # characters
KEPT = timedelta(days=14)  # that an archive can be downloaded
LEASE = timedelta(minutes=16)  # that a worker has it to itself: longer than a function lives
ABANDONED = timedelta(days=2)  # after which nobody tries any more
DOWNLOAD_SLOT = 300  # seconds within which the same person's downloads are one


class ExportState(StrEnum):
    """How far an export is."""

    GATHERING = "gathering"
    ASSEMBLING = "assembling"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"


IN_WORK = frozenset({ExportState.GATHERING, ExportState.ASSEMBLING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is taken out: enrolments by their ids, or all that fit what is named of the rest.

    `since` and `until` are days at the centre: an enrolment fits that was open on any of them.
    """

    enrolment_ids: tuple[str, ...] = ()
    candidate_id: str = ""
    assessor_id: str = ""
    module_id: str = ""
    state: EnrolmentState | None = None
    since: date | None = None
    until: date | None = None

    @property
    def narrowed(self) -> bool:
        """Whether anything but enrolments by id is named."""
        named = (self.candidate_id, self.assessor_id, self.module_id, self.state)
        return any((*named, self.since, self.until))

    def fits(self, enrolment: Enrolment, time_zone: str) -> bool:
        """Whether an enrolment is among what is asked for."""
        begun = date_at(enrolment.created_at, time_zone)
        ended = enrolment.ended_at and date_at(enrolment.ended_at, time_zone)
        return (
            self.candidate_id in {"", enrolment.candidate_id}
            and (not self.assessor_id or self.assessor_id in enrolment.assessors)
            and self.module_id in {"", enrolment.module_id}
            and self.state in {None, enrolment.state}
            and (self.until is None or begun <= self.until)
            and (self.since is None or ended is None or ended >= self.since)
        )

    def document(self) -> dict[str, Any]:
        """Return what was named as JSON values, without the rest."""
        said = {
            "enrolment_ids": list(self.enrolment_ids),
            "candidate_id": self.candidate_id,
            "assessor_id": self.assessor_id,
            "module_id": self.module_id,
            "state": str(self.state or ""),
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
        }
        return {name: value for name, value in said.items() if value}


def read_selection(said: Mapping[str, Any]) -> Selection:
    """Read what `document` returned."""
    return Selection(
        enrolment_ids=tuple(said.get("enrolment_ids", ())),
        candidate_id=said.get("candidate_id", ""),
        assessor_id=said.get("assessor_id", ""),
        module_id=said.get("module_id", ""),
        state=EnrolmentState(said["state"]) if "state" in said else None,
        since=date.fromisoformat(said["since"]) if "since" in said else None,
        until=date.fromisoformat(said["until"]) if "until" in said else None,
    )


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there will be no archive: a code, what to do, and the enrolment that it came from."""

    code: str
    detail: str
    enrolment_id: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How much has been gathered; `placed` are the bytes of the archive that stand already."""

    enrolments: int = 0
    pages: int = 0
    files: int = 0
    bytes: int = 0
    placed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """An archive that somebody has asked for. `enrolments` and `pages` are what it will have.

    `size` is known once everything is gathered; `lease` says until when a worker has it.
    """

    id: str
    centre_id: str
    created_at: datetime
    created_by: str
    selection: Selection
    enrolments: int
    pages: int
    purpose: str = ""
    state: ExportState = ExportState.GATHERING
    progress: Progress = field(default_factory=Progress)
    size: int = 0
    assembling_at: datetime | None = None
    ready_at: datetime | None = None
    failure: Failure | None = None
    lease: str = ""

    @property
    def expires_at(self) -> datetime | None:
        """Until when the archive can be downloaded; None while there is none."""
        return self.ready_at + KEPT if self.ready_at else None

    def state_at(self, now: datetime) -> ExportState:
        """Tell how far it is at a moment."""
        gone = self.expires_at is not None and now >= self.expires_at
        return ExportState.EXPIRED if gone else self.state

    def seconds_left(self, now: datetime) -> int | None:
        """Estimate, by the pace so far, how long it will still take; None while nobody can tell.

        Gathering sets the pace, and assembling is taken to need a tenth of that.
        """
        if self.state is ExportState.GATHERING and self.progress.enrolments:
            pace = (now - self.created_at).total_seconds() / self.progress.enrolments
            left = pace * (self.enrolments - self.progress.enrolments)
            return round(left + 0.1 * pace * self.enrolments)
        if self.state is ExportState.ASSEMBLING and self.assembling_at and self.progress.placed:
            pace = (now - self.assembling_at).total_seconds() / self.progress.placed
            return round(pace * (self.size - self.progress.placed))
        return None


def check_selection(selection: Selection, purpose: str) -> None:
    """Raise Invalid for what cannot be asked for."""
    if flaws := list(_flaws(selection, purpose)):
        raise Invalid("invalid-export", "Nothing is exported; mend what is listed.", flaws)


def check_found(found: int) -> None:
    """Raise Invalid where nothing, or too much, is what was asked for."""
    if not found:
        detail = "No enrolment that you may export fits; ask for others."
        raise Invalid("nothing-to-export", detail)
    if found > ENROLMENTS_LIMIT:
        detail = (
            f"{found} enrolments fit, and an export takes {ENROLMENTS_LIMIT}: ask for fewer, by "
            "module, assessor or period."
        )
        raise Invalid("export-too-large", detail)


def _flaws(selection: Selection, purpose: str) -> Iterator[Flaw]:
    if not (selection.enrolment_ids or selection.narrowed):
        detail = "Name enrolments, or a candidate, an assessor, a module, a state or a period."
        yield Flaw("/enrolment_ids", "nothing-selected", detail)
    if selection.enrolment_ids and selection.narrowed:
        detail = "Name enrolments, or what they have in common, and not both."
        yield Flaw("/enrolment_ids", "one-too-many", detail)
    if selection.since and selection.until and selection.since > selection.until:
        yield Flaw("/until", "impossible-date", "The period ends before it begins.")
    if len(purpose) > PURPOSE_LIMIT:
        yield Flaw("/purpose", "too-long", f"At most {PURPOSE_LIMIT} characters.")


def cover(
    export: Export,
    centre: Mapping[str, str],
    requested_by: Mapping[str, str],
    enrolments: list[dict[str, Any]],
) -> dict[str, Any]:
    """Return what an archive says of itself, as JSON values: `export.json`."""
    return {
        "format": FORMAT,
        "export_id": export.id,
        "centre_id": export.centre_id,
        "created_at": stamp(export.created_at),
        "centre": dict(centre),
        "requested_by": dict(requested_by),
        "purpose": export.purpose,
        "selection": export.selection.document(),
        "enrolments": enrolments,
    }
