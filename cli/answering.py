"""A candidate who answers everything: for the demo, and for tests."""

from collections.abc import Sequence
from itertools import cycle, islice
from typing import Any

from chalicelib.domain import forms
from chalicelib.domain.forms import Field, FieldKind, Form, Record, Value
from chalicelib.domain.modules import ChoiceItem, EvidenceRequest, Item, Page, Question, Statement

PROSE = (
    "I listen first, ask what matters to the person, and agree the next step with them before I "
    "act. I write down what we agreed on the same day and tell my supervisor where there is a risk."
)
WORDS = 35  # a short but real answer, where the question asks for no more
REASON = "We were both tired by then, and agreed to go through the rest when we meet again."
DAY = "2026-02-27"  # on which everything happened that a form asks for


def complete_answers(
    page: Page, initials: str, attachments: Sequence[str] = ()
) -> dict[str, dict[str, Any]]:
    """Answer every item of a page, choices by their key where there is one, as the API takes it.

    The attachments go to each item that asks for files, as many as it takes. What somebody else has
    to provide is left out.
    """
    return {
        item.id: _answer(item, initials, attachments)
        for item in page.items
        if not (isinstance(item, EvidenceRequest) and item.by != "candidate")
    }


def complete_evidence(item: EvidenceRequest, attachments: Sequence[str] = ()) -> dict[str, Any]:
    """Provide what a request for evidence asks for, as its author sends it."""
    files = {"attachments": list(attachments[: item.most_files])} if item.least_files else {}
    return files | (_filled_in(item.blank) if item.blank else {})


def _answer(item: Item, initials: str, attachments: Sequence[str]) -> dict[str, Any]:
    match item:
        case Statement():
            return {"understood": True, "initials": initials}
        case ChoiceItem():
            first = [option.id for option in item.options][: item.choose]
            return {"chosen": sorted(item.key) or first}
        case Question():
            return {"text": _prose(item.min_words or 0, item.max_words)}
        case EvidenceRequest():
            return complete_evidence(item, attachments)


def _filled_in(form: Form) -> dict[str, Any]:
    """Fill in every field; where the record departs from a rule by chance, say so."""
    values = {field.id: _value(field) for field in form.fields}
    departed = forms.departures(form, Record(values))
    kept: dict[str, Any] = {
        name: list(value) if isinstance(value, tuple) else value for name, value in values.items()
    }
    return {"values": kept, "reasons": {rule.id: REASON for rule in departed}}


def _value(field: Field) -> Value:
    number = min(30, 30 if field.most is None else field.most)
    values: dict[FieldKind, Value] = {
        FieldKind.LINE: _prose(0, 6),
        FieldKind.TEXT: _prose(field.least or 0, field.most),
        FieldKind.DATE: DAY,
        FieldKind.NUMBER: max(field.least or 0, number),
        FieldKind.YES_NO: True,
        FieldKind.CHOICE: next((option.id for option in field.options), ""),
        FieldKind.CHOICES: tuple(each.id for each in field.options[: max(field.least or 1, 1)]),
    }
    return values[field.kind]


def _prose(at_least: int, at_most: int | None) -> str:
    count = max(at_least, min(WORDS, at_most or WORDS))
    return " ".join(islice(cycle(PROSE.split()), count))
