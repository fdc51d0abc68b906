"""Exports: portfolios taken out as one archive that anybody can verify."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from chalicelib.api.http import Answer, AnswerModel, Call, Operation, RequestModel, answer
from chalicelib.api.lists import ListQuery, Next, next_cursor
from chalicelib.api.rules import OVERSEERS
from chalicelib.api.texts import Identifier, Text, TextOrNull
from chalicelib.domain.enrolments import EnrolmentState
from chalicelib.domain.exports import (
    ENROLMENTS_LIMIT,
    NAMED_LIMIT,
    PURPOSE_LIMIT,
    Export,
    ExportState,
    Failure,
    Selection,
)
from chalicelib.runtime import Runtime
from chalicelib.usecases import exports
from chalicelib.usecases.exports import Download

EXPORTS = "/v1/centres/{centre_id}/exports"
EXPORT = EXPORTS + "/{export_id}"


class ExportIn(RequestModel):
    """Whose portfolios are taken out: enrolments by their ids, or all that have this in common."""

    enrolment_ids: Annotated[list[Identifier], Field(max_length=NAMED_LIMIT)] = Field(
        default_factory=list,
        description="Of these enrolments; then nothing else is named but `purpose`.",
    )
    candidate_id: Identifier | None = Field(default=None, description="Of this candidate.")
    assessor_id: Identifier | None = Field(default=None, description="Assessed by this assessor.")
    module_id: Identifier | None = Field(default=None, description="In any version of it.")
    state: Annotated[EnrolmentState, Field(strict=False)] | None = Field(
        default=None, description="That are in this state when the export is started."
    )
    since: Annotated[date, Field(strict=False)] | None = Field(
        default=None, description="That were open on this day at the centre, or later."
    )
    until: Annotated[date, Field(strict=False)] | None = Field(
        default=None, description="That were open on this day at the centre, or before."
    )
    purpose: Annotated[Text, Field(max_length=PURPOSE_LIMIT)] = Field(
        default="", description="What it is for. It stands in the archive."
    )


class ExportProgressOut(AnswerModel):
    """How much has been gathered, of how much. Files and bytes are counted as they are found."""

    enrolments_done: int
    enrolments: int
    pages_done: int
    pages: int
    files_done: int
    bytes_done: int = Field(description="Gathered; while it is assembled, standing in the archive.")
    seconds_left: int | None = Field(
        description="An estimate by the pace so far; null while nobody can tell."
    )


class ExportErrorOut(AnswerModel):
    """Why there is no archive. `code` never changes, and new ones may come."""

    code: str = Field(
        description="`evidence-missing`, `evidence-changed`: have an operator look at the storage. "
        "`enrolment-missing`, `export-overtaken`: something was erased or withheld meanwhile; "
        "start another one. `export-too-large`: start several. `export-abandoned` (it took two "
        "days), `trail-changed`: tell an operator."
    )
    detail: str
    enrolment_id: TextOrNull = Field(description="Where it comes from one enrolment; else null.")


class ExportOut(AnswerModel):
    """An export: what was asked for, and how far it is. Nothing of it can be had before `ready`."""

    id: str
    state: ExportState = Field(
        description="`gathering`: enrolment by enrolment is read and written down. `assembling`: "
        "the archive is put together. `ready`: `url` has it. `failed`: `error` says why, and "
        "nothing is there. `expired`: it was deleted; start another one."
    )
    created_at: datetime
    created_by: str
    purpose: TextOrNull
    enrolments: int = Field(description=f"How many portfolios; at most {ENROLMENTS_LIMIT}.")
    progress: ExportProgressOut
    size: int | None = Field(description="Bytes of the archive; null until all is gathered.")
    error: ExportErrorOut | None
    expires_at: datetime | None = Field(
        description="When the archive is deleted; null before it is ready."
    )


class ExportWithLinkOut(ExportOut):
    """An export with a fresh link to its archive."""

    url: TextOrNull = Field(
        description="Downloads the archive, once it is ready; else null. Each answer with a link "
        "counts as a download of whoever asked, and is in the audit trail of every enrolment."
    )
    url_expires_at: datetime | None = Field(
        description="Until when a download can begin; then ask for a fresh link."
    )


class ExportList(AnswerModel):
    """A page of exports, newest first."""

    items: list[ExportOut]
    next: Next


def _shown(runtime: Runtime, export: Export) -> ExportOut:
    now = runtime.now()
    done = export.progress
    assembling = export.state is not ExportState.GATHERING
    return ExportOut(
        id=export.id,
        state=export.state_at(now),
        created_at=export.created_at,
        created_by=export.created_by,
        purpose=export.purpose,
        enrolments=export.enrolments,
        progress=ExportProgressOut(
            enrolments_done=done.enrolments,
            enrolments=export.enrolments,
            pages_done=done.pages,
            pages=export.pages,
            files_done=done.files,
            bytes_done=done.placed if assembling else done.bytes,
            seconds_left=export.seconds_left(now),
        ),
        size=export.size or None,
        error=_error(export.failure) if export.failure else None,
        expires_at=export.expires_at,
    )


def _error(failure: Failure) -> ExportErrorOut:
    return ExportErrorOut(
        code=failure.code, detail=failure.detail, enrolment_id=failure.enrolment_id or None
    )


def _linked(runtime: Runtime, export: Export, download: Download | None) -> ExportWithLinkOut:
    return ExportWithLinkOut(
        **_shown(runtime, export).model_dump(),
        url=download.url if download else None,
        url_expires_at=download.expires_at if download else None,
    )


@Operation(
    "startExport",
    "POST",
    EXPORTS,
    summary="Have portfolios put together as one archive, for an external verifier.",
    rule=OVERSEERS,
    body=ExportIn,
    answer=ExportOut,
    status=202,
    headers=("Location",),
    idempotent=True,
    problems=("invalid-export", "nothing-to-export", "export-too-large", "own-work"),
)
def start_export(call: Call) -> Answer:
    """Begin the export. It goes on by itself: ask `getExport` how far it is.

    The archive opens offline in a browser and can be verified without this service, nor any
    account. Answer keys and guidance are not in it. External verifiers export what visits show
    them; they see the exports that they have asked for, while visits show all that is in them.
    """
    actor = call.actor()
    body = call.body(ExportIn)
    selection = Selection(
        enrolment_ids=tuple(body.enrolment_ids),
        candidate_id=body.candidate_id or "",
        assessor_id=body.assessor_id or "",
        module_id=body.module_id or "",
        state=body.state,
        since=body.since,
        until=body.until,
    )
    request = call.request(actor, body)
    started = exports.start(call.runtime, actor, selection, body.purpose, request)
    where = call.address(EXPORT.format(centre_id=started.centre_id, export_id=started.id))
    return answer(_shown(call.runtime, started), 202, location=where)


@Operation(
    "getExport",
    "GET",
    EXPORT,
    summary="How far an export is; once it is ready, a fresh link to its archive.",
    rule=OVERSEERS,
    answer=ExportWithLinkOut,
)
def get_export(call: Call) -> Answer:
    """Answer with the export. Links last for five minutes; asking again gives another one.

    Ask every few seconds while it is `gathering` or `assembling`, then stop: from `ready` on, every
    answer has a link, and counts as a download.
    """
    export, download = exports.get(call.runtime, call.actor(), call["export_id"])
    return answer(_linked(call.runtime, export, download))


@Operation(
    "listExports",
    "GET",
    EXPORTS,
    summary="The exports of a centre, newest first.",
    rule=OVERSEERS,
    query=ListQuery,
    answer=ExportList,
)
def list_exports(call: Call) -> Answer:
    """Answer with a page of the list. It has no links: `getExport` gives them out."""
    query = call.query(ListQuery)
    found, end = exports.list_exports(call.runtime, call.actor(), query.limit, query.after)
    items = [_shown(call.runtime, each) for each in found]
    return answer(ExportList(items=items, next=next_cursor(end)))
