"""Lists of people, to be made known at once."""

import json
from typing import Annotated

from pydantic import Field

from chalicelib.api.http import (
    BODY_LIMIT,
    Answer,
    AnswerModel,
    Call,
    Operation,
    RequestModel,
    answer,
)
from chalicelib.api.people import PEOPLE
from chalicelib.api.rules import ADMINISTRATORS
from chalicelib.api.texts import TextOrNull
from chalicelib.usecases import imports
from chalicelib.usecases.imports import Effect, Report

ROWS_LIMIT = 200  # what is surely done before the gateway gives up


class ImportIn(RequestModel):
    """A list of people as CSV; the administrators' page of the documentation has the columns."""

    csv: Annotated[str, Field(max_length=BODY_LIMIT)] = Field(
        description=f"The file's text: a line of columns, then at most {ROWS_LIMIT} people."
    )
    dry_run: bool = Field(default=True, description="Only tell what would be done.")


class LineOut(AnswerModel):
    """What became of a line, or would."""

    line: int = Field(description="Counted from one; the first line names the columns.")
    outcome: Effect
    person_id: TextOrNull
    fields: list[str] = Field(description="In which somebody known differs; nothing is changed.")


class LineError(AnswerModel):
    """One thing wrong with the file."""

    line: int
    column: TextOrNull
    code: str
    detail: str


class ImportReport(AnswerModel):
    """What an import did, or would do. With errors nothing is done at all."""

    applied: bool
    created: int
    unchanged: int
    different: int
    failed: int = Field(description="Send the same list again for these.")
    lines: list[LineOut]
    errors: list[LineError] = Field(description="The first 200.")
    more_errors: int


@Operation(
    "importPeople",
    "POST",
    PEOPLE + "/imports",
    summary="Make many people known from a list; a dry run unless it is said otherwise.",
    rule=ADMINISTRATORS,
    body=ImportIn,
    answer=ImportReport,
    idempotent=True,
)
def import_people(call: Call) -> Answer:
    """Report on every line. The same list again changes nothing, and goes on where one ended."""
    actor = call.actor()
    body = call.body(ImportIn)
    request = call.request(actor, body)
    if kept := imports.reported(call.runtime, request):
        return answer(ImportReport.model_validate(json.loads(kept)))
    report = imports.import_people(
        call.runtime,
        actor.centre_id,
        actor,
        body.csv.encode(),
        limit=ROWS_LIMIT,
        apply=not body.dry_run,
    )
    out = _report(report)
    imports.keep_report(call.runtime, request, out.model_dump_json())
    return answer(out)


def _report(report: Report) -> ImportReport:
    return ImportReport(
        applied=report.applied,
        created=report.count(Effect.CREATED),
        unchanged=report.count(Effect.UNCHANGED),
        different=report.count(Effect.DIFFERENT),
        failed=report.count(Effect.FAILED),
        lines=[
            LineOut(
                line=each.line,
                outcome=each.outcome,
                person_id=each.person_id,
                fields=list(each.fields),
            )
            for each in report.lines
        ],
        errors=[
            LineError(line=each.line, column=each.column, code=each.code, detail=each.detail)
            for each in report.flaws
        ],
        more_errors=report.more_flaws,
    )
