"""The caseload of an assessor, or of the whole centre, as a file for spreadsheets."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode

from pydantic import Field

from chalicelib.api.http import Answer, Call, Operation
from chalicelib.api.lists import ListQuery, next_cursor
from chalicelib.api.rules import members
from chalicelib.api.texts import Identifier
from chalicelib.domain.enrolments import EnrolmentState, PageState
from chalicelib.domain.people import Role
from chalicelib.domain.times import stamp
from chalicelib.formats.sheets import write_sheet
from chalicelib.usecases import enrolment_lists
from chalicelib.usecases.enrolment_lists import ListedEnrolment, Sought

CASELOAD = "/v1/centres/{centre_id}/caseload"
CSV = "text/csv"
COLUMNS = (
    "enrolment_id",
    "candidate_id",
    "candidate_name",
    "learner_number",
    "assessor_id",
    "assessor_name",
    "module_id",
    "module_version",
    "module_title",
    "state",
    "created_at",
    "due_on",
    "completed_at",
    "pages",
    "pages_open",
    "pages_signed",
    "pages_not_yet_competent",
    "pages_competent",
)
STATES = (PageState.OPEN, PageState.SIGNED, PageState.RETURNED, PageState.COMPETENT)


class CaseloadQuery(ListQuery):
    """Whose caseload, in which state. A page may hold fewer in that state than `limit`."""

    assessor_id: Annotated[
        Identifier | None, Field(description="What this assessor judges alone.")
    ] = None
    state: Annotated[
        EnrolmentState | None,
        Field(description="Leaves out of each page what stands elsewhere."),
    ] = None


@Operation(
    "exportCaseload",
    "GET",
    CASELOAD,
    summary="Enrolments with their progress as CSV: the centre's, or an assessor's own.",
    rule=members(Role.ADMINISTRATOR, Role.INTERNAL_VERIFIER, own=(Role.ASSESSOR,)),
    query=CaseloadQuery,
    media=(CSV,),
    headers=("Content-Disposition", "Link"),
)
def export_caseload(call: Call) -> Answer:
    """Answer with a page of the list, newest first, each a file with a line of columns.

    It is in UTF-8 with a byte order mark, as spreadsheets want it; cells that a spreadsheet would
    execute begin with an apostrophe. Follow `Link` for the next page.
    """
    actor = call.actor()
    query = call.query(CaseloadQuery)
    sought = Sought(assessor_id=query.assessor_id or "", state=query.state)
    found, end = enrolment_lists.list_caseload(
        call.runtime, actor, sought, query.limit, query.after
    )
    headers = {
        "Content-Type": f"{CSV}; charset=utf-8; header=present",
        "Content-Disposition": 'attachment; filename="caseload.csv"',
    }
    if cursor := next_cursor(end):
        asked = query.model_dump(mode="json", exclude_none=True) | {"cursor": cursor}
        where = call.address(CASELOAD.format(centre_id=actor.centre_id))
        headers["Link"] = f'<{where}?{urlencode(asked)}>; rel="next"'
    return Answer(200, write_sheet([COLUMNS, *(_line(*each) for each in found)]), headers)


def _line(listed: ListedEnrolment, pages: Mapping[PageState, int]) -> list[str]:
    enrolment = listed.enrolment
    return [
        enrolment.id,
        enrolment.candidate_id,
        listed.candidate_name,
        listed.learner_number,
        enrolment.assessor_id,
        listed.assessor_name,
        enrolment.module_id,
        str(enrolment.module_version),
        listed.module_title,
        enrolment.state,
        stamp(enrolment.created_at),
        enrolment.due_on,
        stamp(enrolment.completed_at) if enrolment.completed_at else "",
        str(listed.pages),
        *(str(pages.get(state, 0)) for state in STATES),
    ]
