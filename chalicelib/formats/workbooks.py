"""The importer of paper workbooks: the text of a scanned one becomes a module with unmarked keys.

The paper holds no answer key, and none is invented; `apply_key` marks one that a person wrote.
Every line of the text is either quoted in the module or left out with a reason.
"""

import re
import unicodedata
from dataclasses import dataclass

from chalicelib.domain.modules import Module
from chalicelib.domain.text import clean
from chalicelib.formats.answer_keys import apply_key
from chalicelib.formats.remarks import Remark, UnreadableDocumentError
from chalicelib.formats.workbook_body import Body, is_knowledge_heading, is_section_heading
from chalicelib.formats.workbook_choices import rule
from chalicelib.formats.workbook_front import Front, is_certificate, is_front_heading
from chalicelib.formats.workbook_ledger import Ledger, LeftOut
from chalicelib.formats.workbook_lines import Kind, Line, Part, gathered, read_lines

__all__ = ["TEXT_LIMIT", "ImportedWorkbook", "LeftOut", "apply_key", "read_workbook"]

TEXT_LIMIT = 1_000_000  # characters; thirty printed pages have thirty thousand
ID_LIMIT = 60  # characters of a module id


@dataclass(frozen=True, slots=True)
class ImportedWorkbook:
    """A module and where it came from: the lines quoted in it, those left out, and the remarks."""

    module: Module
    left_out: tuple[LeftOut, ...]
    remarks: tuple[Remark, ...]
    used: frozenset[int]


def read_workbook(text: str) -> ImportedWorkbook:
    """Read the text of a paper workbook.

    Raises UnreadableDocumentError where the text is not that of a workbook. Whatever a person
    should check is a remark.
    """
    lines = read_lines(_characters(text))
    parts = list(gathered(lines))
    if not any(part.kind is Kind.SIGN_OFF for part in parts):
        raise _refusal(
            "no-sign-offs",
            "This is no workbook: no page ends with rows for the trainee's signature and the "
            "assessor's initials. A standard or another document has an importer of its own.",
        )
    ledger = Ledger()
    module = _module(parts, ledger)
    _remark_repeated(lines, ledger)
    _account(lines, ledger)
    return ImportedWorkbook(
        module,
        tuple(sorted(ledger.left_out, key=lambda left: left.line)),
        tuple(sorted(ledger.remarks, key=lambda remark: remark.line)),
        frozenset(ledger.used),
    )


def _module(parts: list[Part], ledger: Ledger) -> Module:
    start = _body_start(parts)
    front = Front(ledger)
    front.read(parts[:start])
    title = front.title or front.certificate_title
    if not title:
        raise _refusal("no-title", "No title was found before the first page; print it there.")
    elements = Body(title, ledger).read(parts[start:])
    if not elements:
        raise _refusal(
            "no-items",
            "No statement, choice item or question was found: statements have check boxes beneath "
            "them, options have bullets, and questions have dotted lines.",
        )
    return Module(
        id=_slug(title),
        title=title,
        number=front.number,
        certificate_title=front.certificate_title,
        programme=front.programme,
        rights=front.rights,
        definitions=tuple(front.definitions),
        foreword="\n\n".join(front.foreword),
        elements=elements,
    )


def _characters(text: str) -> str:
    """Clean the text of what scanners leave in it; refuse what is no text."""
    if len(text) > TEXT_LIMIT:
        detail = f"This has {len(text)} characters; a workbook may have {TEXT_LIMIT}."
        raise _refusal("too-long", detail)
    try:
        # Page breaks come as form feeds; byte order marks and zero-width spaces can't be seen.
        return clean(re.sub("[\f\v]", " ", re.sub("[\ufeff\u200b\u2060]", "", text)))
    except ValueError as error:
        detail = f"This is no text: it {error}."
        raise _refusal("no-text", detail) from error


def _body_start(parts: list[Part]) -> int:
    """Find the heading of the first element: the last one before the first item."""
    first = next((index for index, part in enumerate(parts) if _shows_items(part)), None)
    if first is None:
        return len(parts)
    # Where that heading is lost, the body begins with what certainly belongs to the first item.
    start = max(first - 1, 0) if parts[first].kind is Kind.CHECKBOXES else first
    for index in range(first, -1, -1):
        part = parts[index]
        if is_certificate(part) or is_front_heading(part):
            break
        if part.kind is Kind.HEADING:
            start = index
            if not is_section_heading(part):
                break
    return start


def _shows_items(part: Part) -> bool:
    return (
        part.kind is Kind.CHECKBOXES
        or is_knowledge_heading(part)
        or (part.kind is Kind.TEXT and rule(part.text) is not None)
    )


def _remark_repeated(lines: tuple[Line, ...], ledger: Ledger) -> None:
    """Warn of a line that seems to have been scanned twice: only a person can tell."""
    before = ""
    for line in lines:
        if line.kind in {Kind.TEXT, Kind.OPTION, Kind.HEADING} and line.text == before:
            detail = "This line says the same as the one before; check that it is meant."
            ledger.remark(line.number, "repeated-line", detail)
        if line.kind is not Kind.BLANK:
            before = line.text


def _account(lines: tuple[Line, ...], ledger: Ledger) -> None:
    """Leave no line unaccounted for, whatever else may have gone wrong."""
    accounted = ledger.used | {left.line for left in ledger.left_out}
    for line in lines:
        if line.kind is not Kind.BLANK and line.number not in accounted:
            ledger.leave([line], "not understood")
            detail = "This line was not understood; add what it says by hand."
            ledger.remark(line.number, "not-understood", detail)


def _slug(title: str) -> str:
    """Make a module id of the whole words of a title that fit into one."""
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub("[^a-z0-9]+", "-", ascii_title).strip("-")
    if len(slug) > ID_LIMIT:
        words, _, last = slug[: ID_LIMIT + 1].rpartition("-")
        slug = words or last[:ID_LIMIT]
    return slug or "workbook"


def _refusal(code: str, detail: str) -> UnreadableDocumentError:
    return UnreadableDocumentError((Remark(0, code, detail),))
