"""Answer keys as CSV: `element,item,correct_options,note`, one row a choice item.

The element and the item are counted from 1 as printed (`range-1` is the first range item of the
element), the right options are counted from 1 and separated by `;`. A note says `exclude: reason`
where no printed option is right, `accept: reason` where the key stands in spite of a remark.
"""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from chalicelib.domain.modules import ChoiceItem, Item, Module
from chalicelib.domain.text import clean
from chalicelib.formats.remarks import Remark, UnreadableDocumentError

HEADER = ["element", "item", "correct_options", "note"]

_NUMBER = re.compile("[1-9][0-9]{0,3}")
_ITEM = re.compile("(?:range-)?[1-9][0-9]{0,3}")
_NOTE = re.compile(r"(exclude|accept):\s*(\S.*)", re.DOTALL)


class _RowError(Exception):
    """What is wrong with one row, as a code and a remedy."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class _Key:
    """What a row says of its item: the places of the right options, counted from 0."""

    right: frozenset[int]
    excluded: str = ""
    accepted: str = ""


def apply_key(module: Module, csv_text: str) -> Module:
    """Mark the choice items of an imported module as the key says.

    Raises UnreadableDocumentError with a remark for each fault of the key. The ids of the items
    are those that the importer of workbooks gives.
    """
    rows = _rows(csv_text)
    choices = {item.id: item for item in module.items if isinstance(item, ChoiceItem)}
    keys: dict[str, _Key] = {}
    faults = []
    for line, row in rows:
        try:
            item = _item(row, choices, keys)
            # A faulty row still says which item it is for: that item does not lack a row.
            keys[item.id] = _Key(frozenset())
            keys[item.id] = _key(row, item)
        except _RowError as error:
            faults.append(Remark(line, error.code, error.detail))
    for item_id in choices.keys() - keys.keys():
        detail = f"Item {item_id} has no row; add one for it."
        faults.append(Remark(0, "item-without-row", detail))
    if faults:
        raise UnreadableDocumentError(
            tuple(sorted(faults, key=lambda fault: (fault.line, fault.detail)))
        )
    return _mapped(module, lambda item: _marked(item, keys))


def _rows(csv_text: str) -> list[tuple[int, list[str]]]:
    """Read the rows beneath the header, each with its line; empty rows fall away."""
    try:
        reader = csv.reader(io.StringIO(clean(csv_text.removeprefix("\ufeff"))), strict=True)
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except (csv.Error, ValueError) as error:
        remark = Remark(0, "no-csv", f"This is no CSV text: it {error}.")
        raise UnreadableDocumentError((remark,)) from error
    rows = [(line, row) for line, row in rows if any(row)]
    if not rows or rows[0][1] != HEADER:
        line = rows[0][0] if rows else 1
        detail = f"The first row must be `{','.join(HEADER)}`."
        raise UnreadableDocumentError((Remark(line, "wrong-header", detail),))
    return rows[1:]


def _item(row: list[str], choices: dict[str, ChoiceItem], seen: dict[str, _Key]) -> ChoiceItem:
    if len(row) != len(HEADER):
        detail = f"A row has {len(HEADER)} cells, this one {len(row)}; quote cells with commas."
        raise _RowError("wrong-row", detail)
    element, name = row[:2]
    if not _NUMBER.fullmatch(element) or not _ITEM.fullmatch(name):
        detail = "Give the element as a number and the item as a number or `range-` and a number."
        raise _RowError("unknown-item", detail)
    item_id = f"e{element}-{name}" if name.startswith("range-") else f"e{element}-c{name}"
    if item_id not in choices:
        detail = f"Element {element} has no choice item {name}; count as they are printed."
        raise _RowError("unknown-item", detail)
    if item_id in seen:
        detail = f"Item {name} of element {element} has a row already; keep one of them."
        raise _RowError("duplicate-row", detail)
    return choices[item_id]


def _key(row: list[str], item: ChoiceItem) -> _Key:
    options, note = row[2:]
    match = _NOTE.fullmatch(note)
    if note and match is None:
        detail = "A note is `exclude: reason`, `accept: reason` or empty."
        raise _RowError("wrong-note", detail)
    if match and match[1] == "exclude":
        if options:
            detail = "An excluded item has no right options; leave them or the note out."
            raise _RowError("excluded-with-options", detail)
        return _Key(frozenset(), excluded=_one_line(match[2]))
    return _Key(_places(options, item), accepted=_one_line(match[2]) if match else "")


def _places(options: str, item: ChoiceItem) -> frozenset[int]:
    numbers = [number.strip() for number in options.split(";")] if options else []
    if any(not _NUMBER.fullmatch(number) for number in numbers):
        detail = "Write the right options as numbers from 1 with `;` between them."
        raise _RowError("wrong-options", detail)
    places = frozenset(int(number) - 1 for number in numbers)
    if any(place >= len(item.options) for place in places):
        detail = f"The item has options 1 to {len(item.options)}; count as they are printed."
        raise _RowError("option-out-of-range", detail)
    if len(places) != len(numbers) or len(places) != item.choose:
        detail = f"{item.choose} different option(s) are to be chosen; name just as many."
        raise _RowError("wrong-count", detail)
    return places


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _marked(item: Item, keys: dict[str, _Key]) -> Item:
    if not isinstance(item, ChoiceItem):
        return item
    key = keys[item.id]
    options = tuple(
        replace(option, right=place in key.right) for place, option in enumerate(item.options)
    )
    return replace(item, options=options, excluded=key.excluded, accepted=key.accepted)


def _mapped(module: Module, change: Callable[[Item], Item]) -> Module:
    """Rebuild the module with every item changed."""

    def items(before: tuple[Item, ...]) -> tuple[Item, ...]:
        return tuple(change(item) for item in before)

    elements = tuple(
        replace(
            element,
            pages=tuple(
                replace(
                    page,
                    ungrouped=items(page.ungrouped),
                    groups=tuple(replace(group, items=items(group.items)) for group in page.groups),
                )
                for page in element.pages
            ),
        )
        for element in module.elements
    )
    return replace(module, elements=elements)
