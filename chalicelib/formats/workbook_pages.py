"""Elements and pages while they are put together; ids and page titles come from position."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from chalicelib.domain.modules import ChoiceItem, Element, Group, Item, Page, Question, Statement
from chalicelib.formats.workbook_ledger import Ledger
from chalicelib.formats.workbook_lines import Part

RANGE = "range"  # in the ids of range items
_SIGNED_ONCE = {"trainee": 1, "assessor": 1}


@dataclass(slots=True)
class _Group:
    title: str
    instructions: str
    items: list[Item] = field(default_factory=list)


@dataclass(slots=True)
class _Page:
    """A page until it ends; `signed` counts whose sign-off rows were found."""

    line: int
    instructions: list[str] = field(default_factory=list)
    ungrouped: list[Item] = field(default_factory=list)
    groups: list[_Group] = field(default_factory=list)
    signed: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Element:
    id: str
    title: str
    knowledge: bool
    line: int
    pages: list[_Page] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


class Pages:
    """Puts items on pages and pages into elements; an element exists once it holds an item."""

    def __init__(self, module_title: str, ledger: Ledger) -> None:
        self._module_title = module_title
        self._ledger = ledger
        self._elements: list[_Element] = []
        self._heading: Part | None = None  # of an element that has no item yet
        self._element: _Element | None = None
        self._page: _Page | None = None
        self.in_knowledge = False

    @property
    def signed(self) -> bool:
        """Whether the sign-off of the current page has begun."""
        return self._page is not None and bool(self._page.signed)

    def begin_element(self, heading: Part, *, knowledge: bool) -> None:
        """Begin an element; the one before ends."""
        self._end_element()
        self._heading, self.in_knowledge = heading, knowledge

    def sign_off(self, line: int, roles: tuple[str, ...]) -> None:
        """Note the sign-off rows of a line; the page ends when something else follows them."""
        if self._page is None:
            detail = "A sign-off with nothing above it to sign; check that no page is missing."
            self._ledger.remark(line, "empty-page", detail)
        else:
            self._page.signed.update(roles)

    def end_page(self) -> None:
        """End the current page, if any."""
        page, self._page = self._page, None
        if page is None:
            return
        if not page.signed:
            detail = "The page that begins here has no sign-off; check where it ends."
            self._ledger.remark(page.line, "no-sign-off", detail)
        elif page.signed != _SIGNED_ONCE:
            detail = "The page that begins here is not signed off once by trainee and assessor."
            self._ledger.remark(page.line, "sign-off-rows", detail)

    def next_id(self, line: int, kind: str) -> str:
        """Name the next item of a kind: `e1-s1`, `e1-c1`, `e1-range-1`, `kn-q1`."""
        element = self._current_element(line)
        if kind == "s" and element.counts["c"] and self._page is None:
            detail = "Statements after choice items: check that no heading is missing above."
            self._ledger.remark(line, "missing-heading", detail)
        element.counts[kind] += 1
        mark = f"{RANGE}-" if kind == RANGE else kind
        return f"{element.id}-{mark}{element.counts[kind]}"

    def instruct(self, line: int, text: str) -> None:
        """Give the current page an instruction, once."""
        instructions = self._current_page(line).instructions
        if text and text not in instructions:
            instructions.append(text)

    def place(self, line: int, item: Item) -> None:
        """Put an item on the page; once a group has begun, whatever follows belongs to it."""
        page = self._current_page(line)
        (page.groups[-1].items if page.groups else page.ungrouped).append(item)

    def open_group(self, line: int, title: str, instructions: str) -> None:
        """Let the items that follow be a group, unless they are already."""
        groups = self._current_page(line).groups
        if not groups or groups[-1].title != title:
            groups.append(_Group(title, instructions))

    def finish(self) -> tuple[Element, ...]:
        """End what is open and return the elements."""
        self._end_element()
        numbers = iter(range(1, 1 + sum(len(element.pages) for element in self._elements)))
        return tuple(self._finished(element, numbers) for element in self._elements)

    def _end_element(self) -> None:
        self.end_page()
        if self._heading is not None:
            self._ledger.leave(self._heading.lines, "a heading with no item beneath it")
        self._heading = self._element = None

    def _current_element(self, line: int) -> _Element:
        if self._element is None:
            count = 1 + sum(each.knowledge == self.in_knowledge for each in self._elements)
            prefix = "kn" if self.in_knowledge else "e"
            element_id = "kn" if self.in_knowledge and count == 1 else f"{prefix}{count}"
            title = self._element_title(line, f"Element {count}")
            self._element = _Element(element_id, title, self.in_knowledge, line)
            self._elements.append(self._element)
        return self._element

    def _current_page(self, line: int) -> _Page:
        element = self._current_element(line)
        if self._page is None:
            self._page = _Page(line)
            element.pages.append(self._page)
        return self._page

    def _element_title(self, line: int, otherwise: str) -> str:
        heading, self._heading = self._heading, None
        if heading is None:
            detail = f"No heading was found for the element that begins here: “{otherwise}”."
            self._ledger.remark(line, "no-heading", detail)
            return otherwise
        printed = self._ledger.quote(heading.lines)
        return self._ledger.recased(heading.number, self._without_module_title(heading, printed))

    def _without_module_title(self, heading: Part, printed: str) -> str:
        """Split a heading that fuses the module's title and the element's."""
        title = self._module_title
        first, rest = printed[: len(title)], printed[len(title) :].strip(" :-")
        if rest and first.casefold() == title.casefold() and not printed[len(title)].isalnum():
            detail = f"The heading begins with the module's title; the element is “{rest}”."
            self._ledger.remark(heading.number, "fused-heading", detail)
            return rest
        return printed

    def _finished(self, draft: _Element, numbers: Iterator[int]) -> Element:
        pages = tuple(
            _finished_page(page, f"{draft.id}-p{position}", next(numbers))
            for position, page in enumerate(draft.pages, start=1)
        )
        element = Element(draft.id, draft.title, draft.knowledge, pages=pages)
        return _paired(element, draft.line, self._ledger)


def _finished_page(draft: _Page, page_id: str, number: int) -> Page:
    return Page(
        id=page_id,
        title=f"Page {number}: {_contents(draft)}",
        instructions="\n\n".join(draft.instructions),
        ungrouped=tuple(draft.ungrouped),
        groups=tuple(
            Group(group.title, group.instructions, tuple(group.items)) for group in draft.groups
        ),
    )


def _contents(page: _Page) -> str:
    """Say what is on a page; the paper gives its pages no titles."""
    kinds = ((Statement, "statements"), (ChoiceItem, "choices"), (Question, "questions"))
    names = [name for kind, name in kinds if any(isinstance(item, kind) for item in page.ungrouped)]
    return " and ".join([*names, RANGE] if page.groups else names)


def _paired(element: Element, line: int, ledger: Ledger) -> Element:
    """Let one-answer item n test statement n, if there are as many of the ones as of the others."""
    items = [item for page in element.pages for item in page.items]
    statements = [item.id for item in items if isinstance(item, Statement)]
    singles = [item.id for item in items if _is_single(item)]
    if not statements or not singles:
        return element
    if len(statements) != len(singles):
        detail = (
            f"{len(singles)} one-answer items and {len(statements)} statements make no pairs; "
            "write by hand which item tests which statement."
        )
        ledger.remark(line, "no-pairs", detail)
        return element
    tests = dict(zip(singles, statements, strict=True))
    return replace(element, pages=tuple(_page_testing(page, tests) for page in element.pages))


def _is_single(item: Item) -> bool:
    return isinstance(item, ChoiceItem) and item.choose == 1 and f"-{RANGE}-" not in item.id


def _page_testing(page: Page, tests: dict[str, str]) -> Page:
    groups = tuple(replace(group, items=_testing(group.items, tests)) for group in page.groups)
    return replace(page, ungrouped=_testing(page.ungrouped, tests), groups=groups)


def _testing(items: tuple[Item, ...], tests: dict[str, str]) -> tuple[Item, ...]:
    return tuple(
        replace(item, tests=(tests[item.id],))
        if isinstance(item, ChoiceItem) and item.id in tests
        else item
        for item in items
    )
