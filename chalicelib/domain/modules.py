"""The workbook as values: module, element, page, group, item; and what makes a module publishable.

Text of more than one paragraph is one string with an empty line between paragraphs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from chalicelib.domain.errors import Flaw
from chalicelib.domain.forms import Form

ANSWER_LIMIT = 20_000  # characters in one free-text answer
INITIALS_LIMIT = 10  # characters
PAGES_LIMIT = 90  # in a module: all that wait for judgement move to another assessor in one write
ITEMS_LIMIT = 200  # in a page
FILES_LIMIT = 20  # of one item
PAGE_FILES_LIMIT = 50  # of a page: each is bound in the one write that signs it
CONTRIBUTIONS_LIMIT = 40  # of a page: each is checked in that write as well
VERSION_LIMIT = 999_999


class VerificationPolicy(StrEnum):
    """How much of an enrolment an internal verifier has to uphold before it is finalised."""

    NONE = "none"
    SAMPLE = "sample"
    EVERY_PAGE = "every-page"


@dataclass(frozen=True, slots=True)
class Definition:
    """A term that the module explains before it begins."""

    term: str
    text: str


@dataclass(frozen=True, slots=True)
class StandardReference:
    """A standard that items are mapped to; `prefix` is what its criteria begin with, or empty."""

    prefix: str
    urn: str


@dataclass(frozen=True, slots=True)
class Option:
    """One printed option. `right` is None while nobody has marked the key."""

    id: str
    text: str
    right: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemBase:
    """What every item has: guidance for assessors alone; `accepted`, why a remark stands."""

    id: str
    text: str
    criteria: tuple[str, ...] = ()
    guidance: str = ""
    accepted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement(ItemBase):
    """Understood Y/N, with the candidate's initials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceItem(ItemBase):
    """Choose `choose` of the options. `excluded` says why no printed option is right, if so."""

    options: tuple[Option, ...]
    choose: int
    tests: tuple[str, ...] = ()
    excluded: str = ""

    @property
    def key(self) -> frozenset[str]:
        """The ids of the right options; empty where the item is excluded or not marked yet."""
        return frozenset(option.id for option in self.options if option.right)

    @property
    def marked(self) -> bool:
        """Whether an assessor can be shown right and wrong, or need not be."""
        return bool(self.excluded) or all(option.right is not None for option in self.options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(ItemBase):
    """A knowledge question, answered in free text; word counts are None where there is no bound."""

    min_words: int | None = None
    max_words: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRequest(ItemBase):
    """Asks for evidence by its author: candidate, assessor or witness.

    `blank` is the form of that name, as the module declares it or as it ships; without a form the
    evidence is files alone. `least_files` and `most_files` bound how many; `vacsr` asks the
    assessor whether it is valid, authentic, current, sufficient and reliable.
    """

    form: str = ""
    by: str = "candidate"
    blank: Form | None = None
    least_files: int = 0
    most_files: int = FILES_LIMIT
    vacsr: bool = False

    @property
    def may_be_empty(self) -> bool:
        """Whether it can be signed without anything being given."""
        filled_in = self.blank is not None and any(each.required for each in self.blank.fields)
        return not (self.least_files or filled_in)


Item = Statement | ChoiceItem | Question | EvidenceRequest


@dataclass(frozen=True, slots=True)
class Group:
    """Items of a page under a heading and an instruction of their own."""

    title: str
    instructions: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """What a candidate signs and an assessor judges: its own items first, then its groups."""

    id: str
    title: str
    instructions: str = ""
    guidance: str = ""
    ungrouped: tuple[Item, ...] = ()
    groups: tuple[Group, ...] = ()

    @property
    def items(self) -> tuple[Item, ...]:
        """Every item of the page, in printed order."""
        return self.ungrouped + tuple(item for group in self.groups for item in group.items)


@dataclass(frozen=True, slots=True)
class Element:
    """A part of the module. `knowledge` marks the section of knowledge questions."""

    id: str
    title: str
    knowledge: bool = False
    instructions: str = ""
    guidance: str = ""
    pages: tuple[Page, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One version of a workbook; published, it never changes."""

    id: str
    title: str
    version: int = 1
    number: str = ""
    certificate_title: str = ""
    programme: str = ""
    language: str = "en-GB"
    rights: str = ""
    standards: tuple[StandardReference, ...] = ()
    definitions: tuple[Definition, ...] = ()
    foreword: str = ""
    forms: tuple[Form, ...] = ()
    elements: tuple[Element, ...] = ()
    verification: VerificationPolicy = VerificationPolicy.NONE

    @property
    def pages(self) -> tuple[Page, ...]:
        """Every page, in printed order."""
        return tuple(page for element in self.elements for page in element.pages)

    @property
    def items(self) -> Iterator[Item]:
        """Every item, in printed order."""
        return (item for page in self.pages for item in page.items)

    def page(self, page_id: str) -> Page | None:
        """Find a page by its id."""
        return next((page for page in self.pages if page.id == page_id), None)

    def counts(self) -> dict[str, int]:
        """Count what the workbook holds: pages, options, and items by kind."""
        items = tuple(self.items)
        choices = [item for item in items if isinstance(item, ChoiceItem)]
        return {
            "elements": len(self.elements),
            "pages": len(self.pages),
            "statements": sum(isinstance(item, Statement) for item in items),
            "choices": len(choices),
            "options": sum(len(item.options) for item in choices),
            "questions": sum(isinstance(item, Question) for item in items),
            "evidence_requests": sum(isinstance(item, EvidenceRequest) for item in items),
        }


def without_key(module: Module, reason: str) -> Module:
    """Return the module as somebody gets it who may not see its key, nor its guidance."""
    elements = tuple(
        replace(
            element,
            guidance="",
            pages=tuple(_page_without_key(page, reason) for page in element.pages),
        )
        for element in module.elements
    )
    return replace(module, elements=elements)


def _page_without_key(page: Page, reason: str) -> Page:
    groups = tuple(
        replace(group, items=tuple(_item_without_key(item, reason) for item in group.items))
        for group in page.groups
    )
    ungrouped = tuple(_item_without_key(item, reason) for item in page.ungrouped)
    return replace(page, guidance="", ungrouped=ungrouped, groups=groups)


def _item_without_key(item: Item, reason: str) -> Item:
    item = replace(item, guidance="", accepted="")
    if isinstance(item, ChoiceItem):
        options = tuple(replace(option, right=None) for option in item.options)
        return replace(item, options=options, tests=(), excluded=reason)
    return item


def publication_flaws(module: Module) -> tuple[Flaw, ...]:
    """Say what stands between this module and publication; empty when nothing does.

    The pointer of a flaw is `/items/{id}`, `/pages/{id}` or `/elements`.
    """
    return tuple(_flaws(module))


def _flaws(module: Module) -> Iterator[Flaw]:
    if not module.pages:
        yield Flaw("/elements", "no-pages", "A module needs a page; add `## Page: ...`.")
    if len(module.pages) > PAGES_LIMIT:
        detail = f"A module has at most {PAGES_LIMIT} pages; make it two modules."
        yield Flaw("/elements", "too-many-pages", detail)
    for page in module.pages:
        yield from _page_flaws(page)
    for item in module.items:
        yield from _item_flaws(item)


def _page_flaws(page: Page) -> Iterator[Flaw]:
    if not page.items:
        yield Flaw(f"/pages/{page.id}", "empty-page", "A page needs an item; add one.")
    if len(page.items) > ITEMS_LIMIT:
        detail = f"A page has at most {ITEMS_LIMIT} items; make it two pages."
        yield Flaw(f"/pages/{page.id}", "too-many-items", detail)
    requests = [item for item in page.items if isinstance(item, EvidenceRequest)]
    files = sum(item.least_files for item in requests)
    if files > PAGE_FILES_LIMIT:
        detail = f"The page asks for {files} files, but takes {PAGE_FILES_LIMIT}; make it two."
        yield Flaw(f"/pages/{page.id}", "too-many-files", detail)
    if sum(item.by != "candidate" for item in requests) > CONTRIBUTIONS_LIMIT:
        detail = f"Others contribute to at most {CONTRIBUTIONS_LIMIT} items; make it two pages."
        yield Flaw(f"/pages/{page.id}", "too-many-contributions", detail)


def _item_flaws(item: Item) -> Iterator[Flaw]:
    pointer = f"/items/{item.id}"
    if isinstance(item, ChoiceItem):
        if not item.marked:
            detail = "Mark the right options with `[x]`, or exclude the item with its reason."
            yield Flaw(pointer, "key-not-marked", detail)
        elif not item.excluded and len(item.key) != item.choose:
            detail = f"{len(item.key)} options are marked right, but {item.choose} are chosen."
            yield Flaw(pointer, "key-count", detail)
    if isinstance(item, EvidenceRequest) and item.vacsr and item.may_be_empty:
        detail = "It can stay empty, and nobody appraises nothing: ask for a file, or a field."
        yield Flaw(pointer, "nothing-to-appraise", detail)
