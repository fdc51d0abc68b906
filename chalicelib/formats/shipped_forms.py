"""The forms that every module can ask for. They are written in the grammar of module files."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from chalicelib.domain.forms import Form
from chalicelib.formats.module_blocks import UNHEADED, Cursor, Kind, clean_lines, read_blocks
from chalicelib.formats.module_faults import Faults
from chalicelib.formats.module_forms import read_form
from chalicelib.formats.module_ids import Ids
from chalicelib.formats.remarks import UnreadableDocumentError

# What is in the file never changes, and nothing is taken out: published modules refer to it.
_FILE = Path(__file__).with_name("forms.md")


def shipped_form(name: str) -> Form | None:
    """Find a form by its name."""
    return shipped_forms().get(name)


@cache
def shipped_forms() -> Mapping[str, Form]:
    """Read the forms that ship, by name."""
    faults = Faults()
    blocks = read_blocks(clean_lines(_FILE.read_text(encoding="utf-8"), faults), faults)
    cursor, ids, forms = Cursor(blocks), Ids(set(), faults), []
    while heading := cursor.next(Kind.FORM):
        forms.append(read_form(heading, cursor.take(*UNHEADED), ids, faults))
    if faults.errors:
        raise UnreadableDocumentError(faults.errors)
    return {form.id: form for form in forms}
