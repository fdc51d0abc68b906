"""Lists: many people made known, or enrolled, at once."""

import json
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from pydantic import Field

from chalicelib.api.enrolments import ENROLMENTS
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
from chalicelib.domain.access import Actor
from chalicelib.usecases import imports
from chalicelib.usecases.enrolment_imports import import_enrolments as enrol_listed
from chalicelib.usecases.imports import Effect, LineEffect, Report

ROWS_LIMIT = 200  # what is surely done before the gateway gives up

LineNumber = Annotated[
    int, Field(description="Counted from one; the first line names the columns.")
]


class ImportIn(RequestModel):
    """A file as CSV. The description of the operation, or the documentation, has the columns."""

    csv: Annotated[str, Field(max_length=BODY_LIMIT)] = Field(
        description=f"The file's text: a line of columns, then at most {ROWS_LIMIT} others."
    )
    dry_run: bool = Field(default=True, description="Only tell what would be done.")


class LineOut(AnswerModel):
    """What became of a line, or would."""

    line: LineNumber
    outcome: Effect
    person_id: TextOrNull
    fields: list[str] = Field(description="In which somebody known differs; nothing is changed.")


class EnrolmentLineOut(AnswerModel):
    """What became of a line, or would."""

    line: LineNumber
    outcome: Effect
    enrolment_id: TextOrNull
    fields: list[str] = Field(
        description="In which the enrolment that is there differs; nothing is changed. `state`: it "
        "has been closed, and it takes `createEnrolment` to begin again."
    )


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


class EnrolmentImportReport(ImportReport):
    """What an import did, or would do. With errors nothing is done at all."""

    lines: list[EnrolmentLineOut]  # type: ignore[assignment]  # what else a report says is the same


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
    doing = partial(imports.import_people, call.runtime, actor.centre_id, actor)
    return imported(call, actor, doing, ImportReport, "person_id")


@Operation(
    "importEnrolments",
    "POST",
    ENROLMENTS + "/imports",
    summary="Enrol many candidates from a list; a dry run unless it is said otherwise.",
    rule=ADMINISTRATORS,
    body=ImportIn,
    answer=EnrolmentImportReport,
    idempotent=True,
)
def import_enrolments(call: Call) -> Answer:
    """Report on every line. The same list again changes nothing, and goes on where one ended."""
    actor = call.actor()
    doing = partial(enrol_listed, call.runtime, actor.centre_id, actor)
    return imported(call, actor, doing, EnrolmentImportReport, "enrolment_id")


def imported(
    call: Call,
    actor: Actor,
    doing: Callable[..., Report],
    model: type[ImportReport],
    name: str,
) -> Answer:
    """Import the list of the body, and answer with the report, whose lines name what they are of.

    `doing` gets the file, how many lines are taken, and whether to do what they say.
    """
    body = call.body(ImportIn)
    request = call.request(actor, body)
    if kept := imports.reported(call.runtime, request):
        return answer(model.model_validate(json.loads(kept)))
    report = doing(body.csv.encode(), limit=ROWS_LIMIT, apply=not body.dry_run)
    out = model.model_validate(_written(report, name))
    imports.keep_report(call.runtime, request, out.model_dump_json())
    return answer(out)


def _written(report: Report, name: str) -> dict[str, Any]:
    return {
        "applied": report.applied,
        **{str(each): report.count(each) for each in Effect},
        "lines": [_line(each, name) for each in report.lines],
        "errors": [
            {"line": each.line, "column": each.column, "code": each.code, "detail": each.detail}
            for each in report.flaws
        ],
        "more_errors": report.more_flaws,
    }


def _line(line: LineEffect, name: str) -> dict[str, Any]:
    return {"line": line.line, "outcome": line.outcome, name: line.id, "fields": list(line.fields)}
