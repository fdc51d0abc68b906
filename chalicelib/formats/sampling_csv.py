"""The sheet of a sample: judgements out, what an internal verifier found of them in.

docs/sampling.md describes the columns.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chalicelib.domain.verifications import Finding, Outcome
from chalicelib.formats.sheets import (
    BadCellError,
    Columns,
    Row,
    Sheet,
    read_day,
    read_sheet,
    write_sheet,
)

SHOWN = ("candidate", "module", "page", "attempt", "assessor", "method", "competent")
EMPTY = ("outcome", "note", "occurred_on")
COLUMNS = (
    *("unit", "candidate", "module", "page", "attempt", "content_hash"),
    *("assessor", "method", "competent", *EMPTY),
)
OUTCOMES = {"accept": Outcome.UPHELD, "action-required": Outcome.ACTION_REQUIRED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A judgement as the sheet shows it, with the names that people know by."""

    unit: str
    candidate: str
    module: str
    page: str
    attempt: int
    content_hash: str
    assessor: str
    method: str
    competent: bool


@dataclass(frozen=True, slots=True)
class Filled:
    """What somebody has filled in for a judgement, of which the sheet told the content."""

    unit: str
    content_hash: str
    finding: Finding


def write_sampling_sheet(listed: Iterable[Listed]) -> str:
    """Write a sheet that is to be filled in."""
    return write_sheet([COLUMNS, *map(_cells, listed)])


def read_sampling_sheet(raw: bytes, limit: int) -> Sheet[Filled]:
    """Read a sheet of at most so many lines; those that were left empty are left out."""
    columns = Columns(COLUMNS, ("unit", "content_hash", "outcome"), _filled, SHOWN)
    sheet = read_sheet(raw, columns, limit)
    rows = tuple(Row(row.line, row.entry) for row in sheet.rows if row.entry)
    return Sheet(sheet.encoding, rows, sheet.flaws)


def _cells(listed: Listed) -> list[str]:
    return [
        listed.unit,
        listed.candidate,
        listed.module,
        listed.page,
        str(listed.attempt),
        listed.content_hash,
        listed.assessor,
        listed.method,
        "Y" if listed.competent else "N",
        *("" for _ in EMPTY),
    ]


def _filled(given: Mapping[str, str]) -> Filled | None:
    if not any(given[column] for column in EMPTY):
        return None
    outcome = OUTCOMES.get(given["outcome"].lower())
    if outcome is None:
        detail = f"Write {' or '.join(OUTCOMES)}; leave the line empty if nobody has looked."
        raise BadCellError("outcome", "unknown-outcome", detail)
    finding = Finding(
        outcome=outcome,
        note=given["note"],
        occurred_on=read_day("occurred_on", given["occurred_on"]),
    )
    return Filled(given["unit"], given["content_hash"].lower(), finding)
