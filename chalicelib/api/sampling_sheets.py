"""Sampling sheets: a sample as a file for spreadsheets, and back as verifications."""

from functools import partial
from urllib.parse import urlencode

from pydantic import Field

from chalicelib.api.caseload import CSV
from chalicelib.api.http import Answer, AnswerModel, Call, Operation
from chalicelib.api.imports import ImportIn, ImportReport, LineNumber, imported
from chalicelib.api.lists import ListQuery, next_cursor
from chalicelib.api.sampling import PLAN, READERS, VERIFIERS
from chalicelib.api.texts import TextOrNull
from chalicelib.formats.sampling_csv import write_sampling_sheet
from chalicelib.usecases import sampling_sheets
from chalicelib.usecases.imports import Effect

SHEET = PLAN + "/sheet"


class SheetLineOut(AnswerModel):
    """What became of a line, or would."""

    line: LineNumber
    outcome: Effect
    verification_id: TextOrNull
    fields: list[str] = Field(
        description="In which what was found already differs; nothing is changed."
    )


class SheetImportReport(ImportReport):
    """What an import did, or would do. With errors nothing is done at all."""

    lines: list[SheetLineOut]  # type: ignore[assignment]  # what else a report says is the same


@Operation(
    "getSamplingSheet",
    "GET",
    SHEET,
    summary="The sample as CSV, with empty columns for what is found.",
    rule=READERS,
    query=ListQuery,
    media=(CSV,),
    headers=("Content-Disposition", "Link"),
)
def get_sampling_sheet(call: Call) -> Answer:
    """Answer with a page of the sample, each a file with a line of columns.

    It is in UTF-8 with a byte order mark, as spreadsheets want it; cells that a spreadsheet would
    execute begin with an apostrophe. Follow `Link` for the next page. Filled in, it goes back by
    `importSamplingSheet`.
    """
    actor = call.actor()
    query = call.query(ListQuery)
    plan_id = call["plan_id"]
    # Cursors have no slash; nor has an id a number sign.
    after = query.after.replace("#", "/")
    found, end = sampling_sheets.list_units(call.runtime, actor, plan_id, query.limit, after)
    headers = {
        "Content-Type": f"{CSV}; charset=utf-8; header=present",
        "Content-Disposition": 'attachment; filename="sample.csv"',
    }
    if cursor := next_cursor(end.replace("/", "#")):
        asked = {"limit": query.limit, "cursor": cursor}
        where = call.address(SHEET.format(centre_id=actor.centre_id, plan_id=plan_id))
        headers["Link"] = f'<{where}?{urlencode(asked)}>; rel="next"'
    return Answer(200, write_sampling_sheet(found), headers)


@Operation(
    "importSamplingSheet",
    "POST",
    SHEET,
    summary="Record what a filled sheet says was found; a dry run unless it is said otherwise.",
    rule=VERIFIERS,
    body=ImportIn,
    answer=SheetImportReport,
    idempotent=True,
)
def import_sampling_sheet(call: Call) -> Answer:
    """Report on every line that was filled in. The same sheet again records nothing twice.

    `csv` is the sheet as `getSamplingSheet` gave it. Its `outcome` is `accept`, or
    `action-required` with a `note`; `occurred_on` is a date, or empty for today. Lines without an
    outcome are left out; `unit` and `content_hash` stay as they came.
    """
    actor = call.actor()
    doing = partial(sampling_sheets.import_sheet, call.runtime, actor, call["plan_id"])
    return imported(call, actor, doing, SheetImportReport, "verification_id")
