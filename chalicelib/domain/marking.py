"""What the machine can tell an assessor about choice items. It informs; people decide."""

from dataclasses import dataclass

from chalicelib.domain.answers import Answer, Answers
from chalicelib.domain.modules import ChoiceItem, Page


@dataclass(frozen=True, slots=True)
class Mark:
    """Whether the choice was right (None: not marked), and which statements it contradicts."""

    item_id: str
    right: bool | None
    contradicts: tuple[str, ...] = ()


def mark(page: Page, answers: Answers, elsewhere: Answers) -> tuple[Mark, ...]:
    """Mark the choice items of a page.

    `elsewhere` holds the answers of the module's other pages: "I understand" beside a wrong answer
    to the item that tests that statement is a contradiction worth showing.
    """
    known = {**elsewhere, **answers}
    return tuple(
        _mark(item, answers.get(item.id, Answer()), known)
        for item in page.items
        if isinstance(item, ChoiceItem)
    )


def _mark(item: ChoiceItem, answer: Answer, known: Answers) -> Mark:
    if item.excluded:
        return Mark(item.id, None)
    if frozenset(answer.chosen or ()) == item.key:
        return Mark(item.id, right=True)
    contradicted = tuple(
        statement_id
        for statement_id in item.tests
        if (known.get(statement_id) or Answer()).understood
    )
    return Mark(item.id, right=False, contradicts=contradicted)
