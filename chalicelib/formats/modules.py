"""Module files: the one door to reading, writing and mending them.

The grammar is described for authors in docs/authoring.md. Bytes and clocks stay outside: text goes
in, values come out, and the other way round.
"""

from collections.abc import Iterable

from chalicelib.domain.digests import canonical
from chalicelib.domain.modules import EvidenceRequest, Module, publication_flaws
from chalicelib.domain.views import form_view
from chalicelib.formats.module_blocks import clean_lines
from chalicelib.formats.module_faults import Code, Faults
from chalicelib.formats.module_marks import insert_id
from chalicelib.formats.module_reader import ReadModule, read_module
from chalicelib.formats.module_writer import write_module
from chalicelib.formats.remarks import Remark, UnreadableDocumentError
from chalicelib.formats.shipped_forms import shipped_form

__all__ = [
    "IDS_NOT_WRITTEN",
    "SHIPPED_FORM",
    "TOO_MANY_FORMS",
    "Code",
    "ReadModule",
    "UnreadableDocumentError",
    "publication_remarks",
    "read_module",
    "write_ids",
    "write_module",
]

IDS_NOT_WRITTEN = "ids-not-written"
SHIPPED_FORM = "shipped-form"
TOO_MANY_FORMS = "too-many-forms"
FORMS_LIMIT = 1_000_000  # characters of JSON: a module is read as one, each request with its form


def publication_remarks(read: ReadModule) -> tuple[Remark, ...]:
    """Say what stands between this file and publication, line by line; empty when nothing does."""
    remarks = [
        Remark(read.lines.get(flaw.pointer.rpartition("/")[2], 0), flaw.code, flaw.detail)
        for flaw in publication_flaws(read.module)
    ]
    for form in read.module.forms:
        if shipped_form(form.id):
            # Only here: a published file is still read when a form of that name ships later.
            detail = f"There is a form {form.id} already, which ships; give this one another id."
            remarks.append(Remark(read.lines[form.id], SHIPPED_FORM, detail))
    size = _forms_size(read.module)
    if size > FORMS_LIMIT:
        detail = (
            f"The forms come to {size} characters, counted at each request; at most {FORMS_LIMIT}. "
            "Ask for fewer, or make it two modules."
        )
        remarks.append(Remark(0, TOO_MANY_FORMS, detail))
    if read.module.version > 1 and read.derived_ids:
        # Answers to earlier versions are kept by id; one that moves would change what they meant.
        detail = (
            f"{len(read.derived_ids)} ids are not written in the file, which a version above 1 "
            "needs; `testamur module check --write-ids` writes them."
        )
        remarks.append(Remark(read.derived_ids[0][0], IDS_NOT_WRITTEN, detail))
    return tuple(sorted(remarks, key=lambda remark: remark.line))


def _forms_size(module: Module) -> int:
    blanks = [
        item.blank for item in module.items if isinstance(item, EvidenceRequest) and item.blank
    ]
    distinct = {blank.id: blank for blank in blanks}
    sizes = {name: len(canonical(form_view(blank))) for name, blank in distinct.items()}
    return sum(sizes[blank.id] for blank in blanks)


def write_ids(source: str, derived_ids: Iterable[tuple[int, str]]) -> str:
    """Write derived ids into the source they come from, and change nothing else but line ends."""
    lines = dict(clean_lines(source, Faults()))
    for number, identifier in derived_ids:
        lines[number] = insert_id(lines[number], identifier)
    return "\n".join(lines.values())
