"""The items of a signed page as its readers see them, whoever they are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chalicelib.api.exhibits import Exhibit
from chalicelib.domain.answers import Answer, words
from chalicelib.domain.marking import Mark
from chalicelib.domain.modules import ChoiceItem, Item, Module, Page, Question, Statement


@dataclass(frozen=True, slots=True)
class Row:
    """One item as it is shown: what was asked, answered, right, and advised."""

    number: int
    item: Item
    kind: str
    answer: Answer
    mark: Mark | None
    heading: str
    instructions: str
    exhibit: Exhibit | None

    @property
    def words(self) -> int:
        """How many words the candidate wrote."""
        return words(self.answer.text or "")

    @property
    def settled(self) -> bool:
        """Whether the machine sees nothing here that an assessor has to look into."""
        return bool(self.answer.understood or (self.mark and self.mark.right))


def rows_of(
    page: Page,
    answers: Mapping[str, Answer],
    marks: Iterable[Mark],
    shown: Mapping[str, Exhibit],
) -> list[Row]:
    """Put beside each item of a page what was answered, marked and exhibited."""
    marked = {mark.item_id: mark for mark in marks}
    headings = {group.items[0].id: group for group in page.groups if group.items}
    return [
        Row(
            number=number,
            item=item,
            kind=_kind(item),
            answer=answers.get(item.id, Answer()),
            mark=marked.get(item.id),
            heading=headings[item.id].title if item.id in headings else "",
            instructions=headings[item.id].instructions if item.id in headings else "",
            exhibit=shown.get(item.id),
        )
        for number, item in enumerate(page.items, start=1)
    ]


def score_of(rows: list[Row]) -> str:
    """Sum up the page: what was right, understood and written."""
    marked = [row for row in rows if row.mark and row.mark.right is not None]
    statements = [row for row in rows if row.kind == "statement"]
    written = sum(bool(row.words) for row in rows)
    parts = []
    if marked:
        parts.append(f"{sum(row.settled for row in marked)} of {len(marked)} right")
    if statements:
        understood = sum(row.settled for row in statements)
        parts.append(f"{understood} of {len(statements)} understood")
    if written:
        parts.append("1 written answer" if written == 1 else f"{written} written answers")
    if exhibited := sum(row.exhibit is not None for row in rows):
        parts.append("1 item of evidence" if exhibited == 1 else f"{exhibited} items of evidence")
    return ", ".join(parts) or "Nothing here is marked by the machine"


def guidance_of(module: Module, wanted: Page) -> str:
    """Return the guidance of the page's element, which holds for all its pages, and its own."""
    element = next(each for each in module.elements if wanted in each.pages)
    return "\n\n".join(text for text in (element.guidance, wanted.guidance) if text)


def _kind(item: Item) -> str:
    match item:
        case Statement():
            return "statement"
        case ChoiceItem():
            return "choice"
        case Question():
            return "question"
        case _:
            return "evidence"
