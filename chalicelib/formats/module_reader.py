"""Read a module file: from text to a module, or to everything that is wrong with the text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.domain.forms import Form
from chalicelib.domain.modules import (
    Definition,
    Element,
    Group,
    Item,
    Module,
    Page,
    Statement,
    VerificationPolicy,
)
from chalicelib.formats.module_attributes import check_attributes
from chalicelib.formats.module_blocks import (
    UNHEADED,
    Block,
    Cursor,
    Kind,
    clean_lines,
    read_blocks,
)
from chalicelib.formats.module_faults import Code, Faults, excerpt
from chalicelib.formats.module_forms import read_form
from chalicelib.formats.module_front import Front, read_front
from chalicelib.formats.module_ids import Ids
from chalicelib.formats.module_items import LETTERS, ItemParts, read_item
from chalicelib.formats.module_marks import EVIDENCE_NAMES, ITEM_NAMES, Names
from chalicelib.formats.module_texts import read_item_text, read_text, read_title, written_id
from chalicelib.formats.remarks import Remark, UnreadableDocumentError
from chalicelib.formats.shipped_forms import shipped_form

_ELEMENTS = (Kind.ELEMENT, Kind.KNOWLEDGE)
_TITLED = (*_ELEMENTS, Kind.PAGE, Kind.FORM)
_ITEMS = tuple(LETTERS)
_BELONGS: Mapping[Kind, str] = {
    Kind.DEFINITIONS: "`# Definitions` stands before the first element",
    Kind.FOREWORD: "`# Foreword` stands before the first element",
    Kind.FORM: "A form stands before the first element",
    Kind.PAGE: "A page belongs to an element; write `# Element: ...` above it",
    Kind.GROUP: "A group belongs to a page; write `## Page: ...` above it",
    Kind.DEFINITION: "A definition belongs under `# Definitions`, a field under its form",
    Kind.OPTION: "An option belongs right under its `?` stem or the option before it",
    Kind.RULE: "A rule belongs to a form; write `!!` for a request for evidence",
    Kind.GUIDANCE: "Guidance belongs to the item, page or element right above it, after its text",
}


@dataclass(frozen=True, slots=True)
class ReadModule:
    """A module as read, with what only its file knows.

    `derived_ids` are the ids that are not written in the file, each with the line at whose end it
    belongs; they change when items move. `lines` says where each form, element, page and item
    begins.
    """

    module: Module
    warnings: tuple[Remark, ...]
    derived_ids: tuple[tuple[int, str], ...]
    lines: Mapping[str, int]


def read_module(source: str) -> ReadModule:
    """Read a module file, or raise UnreadableDocumentError with every error that is in it."""
    faults = Faults()
    front, body = read_front(clean_lines(source, faults), faults)
    blocks = read_blocks(body, faults)
    written = {written_id(b, _names(b.kind)) for b in blocks if b.kind in (*_TITLED, *_ITEMS)}
    ids = Ids(written, faults)
    read = _Reader(blocks, front, ids, faults).read()
    if faults.errors:
        raise UnreadableDocumentError(faults.errors)
    return ReadModule(read, faults.warnings, tuple(ids.derived), ids.lines)


def _names(kind: Kind) -> Names:
    """Return the names that attributes of headings and items of a kind can have."""
    return EVIDENCE_NAMES if kind is Kind.EVIDENCE else ITEM_NAMES


class _Reader:
    """Goes through the blocks once; each method reads one thing and leaves what it cannot place."""

    def __init__(self, blocks: Sequence[Block], front: Front, ids: Ids, faults: Faults) -> None:
        self._cursor = Cursor(blocks)
        self._front = front
        self._ids = ids
        self._faults = faults
        self._forms: dict[str, Form] = {}
        self._tests: list[tuple[int, tuple[str, ...]]] = []

    def read(self) -> Module:
        """Read the whole file."""
        definitions: tuple[Definition, ...] = ()
        foreword = ""
        elements: list[Element] = []
        seen: set[Kind] = set()
        while block := self._cursor.next():
            opening = block.kind in (Kind.DEFINITIONS, Kind.FOREWORD)
            if opening and block.kind in seen:
                detail = "This section stands above already; make one of the two."
                self._faults.error(block.line, Code.SECTION_TWICE, detail)
            if block.kind in _ELEMENTS:
                elements.append(self._element(block))
            elif block.kind is Kind.DEFINITIONS and not elements:
                definitions = self._definitions()
            elif block.kind is Kind.FOREWORD and not elements:
                foreword = self._paragraphs()
            elif block.kind is Kind.FORM and not elements:
                form = self._form(block)
                self._forms.setdefault(form.id, form)
            else:
                self._misplaced(block)
            seen.add(block.kind)
        module = self._module(definitions, foreword, tuple(elements))
        self._check_tests(module)
        return module

    def _module(
        self, definitions: tuple[Definition, ...], foreword: str, elements: tuple[Element, ...]
    ) -> Module:
        values = self._front.values
        return Module(
            id=values["id"],
            title=values["title"],
            version=int(values["version"]),
            number=values["number"],
            certificate_title=values["certificate-title"],
            programme=values["programme"],
            language=values["language"],
            rights=values["rights"],
            standards=self._front.standards,
            verification=VerificationPolicy(values["verification"]),
            definitions=definitions,
            foreword=foreword,
            forms=tuple(self._forms.values()),
            elements=elements,
        )

    def _definitions(self) -> tuple[Definition, ...]:
        definitions = []
        for block in self._cursor.take(Kind.DEFINITION):
            if not block.label:
                self._faults.error(block.line, Code.EMPTY_TEXT, "The term is missing; write it.")
            definitions.append(Definition(block.label, read_text(block, self._faults)))
        return tuple(definitions)

    def _form(self, block: Block) -> Form:
        return read_form(block, self._cursor.take(*UNHEADED), self._ids, self._faults)

    def _element(self, block: Block) -> Element:
        title, identifier = self._titled(block)
        instructions, guidance, pages = self._paragraphs(), self._guidance(), []
        while page := self._cursor.next(Kind.PAGE):
            pages.append(self._page(page))
        knowledge = block.kind is Kind.KNOWLEDGE
        return Element(identifier, title, knowledge, instructions, guidance, tuple(pages))

    def _page(self, block: Block) -> Page:
        title, identifier = self._titled(block)
        instructions, guidance = self._paragraphs(), self._guidance()
        ungrouped, groups = self._items(), []
        while group := self._cursor.next(Kind.GROUP):
            groups.append(self._group(group))
        return Page(identifier, title, instructions, guidance, ungrouped, tuple(groups))

    def _group(self, block: Block) -> Group:
        title, attributes = read_title(block, self._faults)
        check_attributes(block, attributes.values, frozenset(), self._faults)
        return Group(title, self._paragraphs(), self._items())

    def _items(self) -> tuple[Item, ...]:
        """Read items up to the next heading; whatever else stands between them is out of place."""
        items = []
        while block := self._cursor.next(
            *_ITEMS, Kind.PLAIN, Kind.OPTION, Kind.DEFINITION, Kind.RULE, Kind.GUIDANCE
        ):
            if block.kind in LETTERS:
                items.append(self._item(block))
            else:
                self._misplaced(block)
        return tuple(items)

    def _item(self, block: Block) -> Item:
        text = read_item_text(block, _names(block.kind), self._front.fits, self._faults)
        identifier = self._name(block, text.attributes.values.get("id"))
        options = self._cursor.take(Kind.OPTION) if block.kind is Kind.CHOICE else []
        name = text.attributes.values.get("form", "")
        blank = self._forms.get(name) or (shipped_form(name) if name else None)
        parts = ItemParts(identifier, block, text, options, self._guidance(), blank)
        if "tests" in text.attributes.values:
            tests = tuple(text.attributes.values["tests"].split())
            self._tests.append((block.last[0], tests))
        return read_item(parts, self._faults)

    def _titled(self, block: Block) -> tuple[str, str]:
        title, attributes = read_title(block, self._faults)
        check_attributes(block, attributes.values, frozenset({"id"}), self._faults)
        return title, self._name(block, attributes.values.get("id"))

    def _name(self, block: Block, written: str | None) -> str:
        """Return an id, which says where its block stands unless it is written."""
        if block.kind in _ELEMENTS:
            return self._ids.name(block, written, "e")
        stem = f"{self._ids.latest('e')}-{LETTERS.get(block.kind, 'p')}"
        return self._ids.name(block, written, stem)

    def _paragraphs(self) -> str:
        return "\n\n".join(
            read_text(block, self._faults) for block in self._cursor.take(Kind.PLAIN)
        )

    def _guidance(self) -> str:
        return "\n\n".join(
            read_text(block, self._faults) for block in self._cursor.take(Kind.GUIDANCE)
        )

    def _misplaced(self, block: Block) -> None:
        if block.kind is Kind.PLAIN:
            detail = (
                "A line without a mark stands where only items can. Begin it with a mark, indent "
                "it by two spaces to go on with the line above, or move it: instructions come "
                "before guidance and items."
            )
            self._faults.error(block.line, Code.UNMARKED_LINE, detail)
            return
        belongs = _BELONGS.get(block.kind, "An item belongs to a page; write `## Page: ...` above")
        self._faults.error(block.line, Code.MISPLACED, f"{belongs}.")
        # What hangs on a misplaced heading is read and dropped: it has no fault of its own.
        match block.kind:
            case Kind.DEFINITIONS:
                self._definitions()
            case Kind.FOREWORD:
                self._paragraphs()
            case Kind.FORM:
                self._form(block)
            case Kind.PAGE:
                self._page(block)
            case Kind.GROUP:
                self._group(block)
            case kind if kind in LETTERS:
                self._item(block)

    def _check_tests(self, module: Module) -> None:
        statements = {item.id for item in module.items if isinstance(item, Statement)}
        for line, tests in self._tests:
            for identifier in tests:
                if identifier not in statements:
                    detail = f"{excerpt(identifier)!r} is no statement of this module; mend the id."
                    self._faults.error(line, Code.UNKNOWN_STATEMENT, detail)
