"""Lists of enrolments as spreadsheets save them: bytes in, enrolments and flaws by line out.

docs/people.md describes the columns.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from chalicelib.formats.sheets import BadCellError, Columns, Sheet, read_day, read_sheet

COLUMNS = ("candidate", "assessor", "module_id", "module_version", "due_on", "occurred_on")
REQUIRED = COLUMNS[:4]
MODULE_ID = re.compile(r"[A-Za-z0-9-]{1,100}")
VERSION = re.compile(r"[1-9][0-9]{0,5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolling:
    """Who is to be enrolled in what, and who judges.

    People are named by their id, address or learner number at the centre.
    """

    candidate: str
    assessor: str
    module_id: str
    module_version: int
    due_on: date | None
    occurred_on: date | None


def read_enrolments(raw: bytes, limit: int) -> Sheet[Enrolling]:
    """Read a list of enrolments, at most so many."""
    return read_sheet(raw, Columns(COLUMNS, REQUIRED, _enrolling), limit)


def _enrolling(given: Mapping[str, str]) -> Enrolling:
    for column in REQUIRED:
        if not given[column]:
            raise BadCellError(column, "missing", "Write it in every line.")
    if not MODULE_ID.fullmatch(given["module_id"]):
        raise BadCellError("module_id", "not-published", "Write the id of a published module.")
    version = given["module_version"]
    if not VERSION.fullmatch(version):
        detail = "Write the number of a published version, such as 1."
        raise BadCellError("module_version", "not-published", detail)
    return Enrolling(
        candidate=given["candidate"],
        assessor=given["assessor"],
        module_id=given["module_id"],
        module_version=int(version),
        due_on=read_day("due_on", given["due_on"]),
        occurred_on=read_day("occurred_on", given["occurred_on"]),
    )
