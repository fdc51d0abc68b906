"""A candidate who answers everything: for the demo, and for tests."""

from itertools import cycle, islice
from typing import Any

from chalicelib.domain.modules import ChoiceItem, Item, Page, Question, Statement

PROSE = (
    "I listen first, ask what matters to the person, and agree the next step with them before I "
    "act. I write down what we agreed on the same day and tell my supervisor where there is a risk."
)
WORDS = 35  # a short but real answer, where the question asks for no more


def complete_answers(page: Page, initials: str) -> dict[str, dict[str, Any]]:
    """Answer every item of a page, choices by their key where there is one, as the API takes it."""
    return {item.id: _answer(item, initials) for item in page.items}


def _answer(item: Item, initials: str) -> dict[str, Any]:
    match item:
        case Statement():
            return {"understood": True, "initials": initials}
        case ChoiceItem():
            first = [option.id for option in item.options][: item.choose]
            return {"chosen": sorted(item.key) or first}
        case Question():
            return {"text": _prose(item.min_words or 0, item.max_words)}
        case _:
            message = f"item {item.id} asks for evidence, which this candidate cannot give"
            raise ValueError(message)


def _prose(at_least: int, at_most: int | None) -> str:
    count = max(at_least, min(WORDS, at_most or WORDS))
    return " ".join(islice(cycle(PROSE.split()), count))
