"""A candidate's answers: what a draft may hold, and what a page needs before it can be signed."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain import evidence
from chalicelib.domain.attachments import Attachment
from chalicelib.domain.errors import Flaw, escaped
from chalicelib.domain.forms import Record, Values
from chalicelib.domain.modules import (
    ANSWER_LIMIT,
    INITIALS_LIMIT,
    PAGE_FILES_LIMIT,
    ChoiceItem,
    EvidenceRequest,
    Item,
    Page,
    Question,
    Statement,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one item; the fields that do not belong to the item's kind are None."""

    understood: bool | None = None
    initials: str | None = None
    chosen: tuple[str, ...] | None = None
    text: str | None = None
    attachments: tuple[str, ...] | None = None
    values: Values | None = None
    reasons: Mapping[str, str] | None = None

    @property
    def record(self) -> Record:
        """The form of a request for evidence, as far as it has been filled in."""
        return Record(self.values or {}, self.reasons or {})

    def document(self) -> dict[str, Any]:
        """Return the answer as plain JSON values, without what it does not have."""
        values = {
            "understood": self.understood,
            "initials": self.initials,
            "chosen": None if self.chosen is None else list(self.chosen),
            "text": self.text,
            "attachments": None if self.attachments is None else list(self.attachments),
            "values": None if self.values is None else _plain(self.values),
            "reasons": None if self.reasons is None else dict(self.reasons),
        }
        return {name: value for name, value in values.items() if value is not None}


Answers = Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class Draft:
    """A page's answers before signing. Saving and signing count its version.

    `lock` is the number of the latest attempt that was signed of it.
    """

    version: int = 0
    lock: int = 0
    answers: Answers = field(default_factory=dict)


def fields_of(item: Item) -> tuple[str, ...]:
    """Name the fields of an answer to an item."""
    match item:
        case Statement():
            return ("understood", "initials")
        case ChoiceItem():
            return ("chosen",)
        case Question():
            return ("text",)
        case EvidenceRequest():
            form = ("values", "reasons") if item.blank else ()
            return ("attachments", *form)


def documents(answers: Answers) -> dict[str, Any]:
    """Return answers as plain JSON values, in the order of the items' ids."""
    return {item_id: answers[item_id].document() for item_id in sorted(answers)}


def from_documents(stored: Mapping[str, Mapping[str, Any]]) -> dict[str, Answer]:
    """Read what `documents` returned."""
    return {
        item_id: Answer(
            understood=fields.get("understood"),
            initials=fields.get("initials"),
            chosen=tuple(fields["chosen"]) if "chosen" in fields else None,
            text=fields.get("text"),
            attachments=tuple(fields["attachments"]) if "attachments" in fields else None,
            values=_values(fields["values"]) if "values" in fields else None,
            reasons=fields.get("reasons"),
        )
        for item_id, fields in stored.items()
    }


def _plain(values: Values) -> dict[str, Any]:
    return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}


def _values(stored: Mapping[str, Any]) -> Values:
    return {name: tuple(v) if isinstance(v, list) else v for name, v in stored.items()}


def named(answers: Answers) -> frozenset[str]:
    """Return the ids of all attachments that answers name."""
    return frozenset(each for answer in answers.values() for each in answer.attachments or ())


def draft_flaws(page: Page, answers: Answers) -> tuple[Flaw, ...]:
    """Say what cannot even be kept as a draft of this page: unknown items, kinds and options."""
    items = {item.id: item for item in page.items}
    flaws: list[Flaw] = []
    for item_id, answer in answers.items():
        pointer = f"/answers/{escaped(item_id)}"
        if item_id not in items:
            flaws.append(Flaw(pointer, "unknown-item", "This page has no such item; leave it out."))
        else:
            flaws.extend(_draft_flaws(items[item_id], answer, pointer))
    if len(named(answers)) > PAGE_FILES_LIMIT:
        detail = f"A page takes at most {PAGE_FILES_LIMIT} files in all."
        flaws.append(Flaw("/answers", "too-many-files", detail))
    return tuple(flaws)


def signing_flaws(
    page: Page, answers: Answers, contributed: Container[str] = ()
) -> tuple[Flaw, ...]:
    """Say what the page still lacks before it can be signed.

    `contributed` are the ids of the items that their assessor or witness has signed.
    """
    return tuple(
        flaw
        for item in page.items
        for flaw in _signing_flaws(item, answers.get(item.id, Answer()), contributed)
    )


def unknown_flaws(
    answers: Answers, asked: Container[str], found: Mapping[str, Attachment], candidate_id: str
) -> tuple[Flaw, ...]:
    """Say which of the attachments asked for are none of the candidate's."""
    return tuple(
        evidence.unknown(f"/answers/{item_id}/attachments/{index}")
        for item_id, answer in answers.items()
        for index, each in enumerate(answer.attachments or ())
        if each in asked and (each not in found or found[each].candidate_id != candidate_id)
    )


def departures(page: Page, answers: Answers) -> int:
    """Count the rules of forms that the candidate's records depart from."""
    return sum(
        len(evidence.departures(item, answers.get(item.id, Answer()).record))
        for item in page.items
        if isinstance(item, EvidenceRequest) and item.by == evidence.CANDIDATE
    )


def words(text: str) -> int:
    """Count words: what white space separates."""
    return len(text.split())


def _draft_flaws(item: Item, answer: Answer, pointer: str) -> Iterator[Flaw]:
    if isinstance(item, EvidenceRequest) and item.by != evidence.CANDIDATE:
        yield Flaw(pointer, "not-yours", f"The {item.by} provides this; leave it out.")
        return
    for name in answer.document():
        if name not in fields_of(item):
            detail = f"This item is answered with {' and '.join(fields_of(item))}."
            yield Flaw(f"{pointer}/{name}", "wrong-kind", detail)
    if len(answer.initials or "") > INITIALS_LIMIT:
        yield Flaw(f"{pointer}/initials", "too-long", f"At most {INITIALS_LIMIT} characters.")
    if len(answer.text or "") > ANSWER_LIMIT:
        yield Flaw(f"{pointer}/text", "too-long", f"At most {ANSWER_LIMIT} characters.")
    if isinstance(item, ChoiceItem) and answer.chosen is not None:
        known = {option.id for option in item.options}
        if not known.issuperset(answer.chosen):
            detail = f"Choose among {', '.join(sorted(known))}."
            yield Flaw(f"{pointer}/chosen", "unknown-option", detail)
        if len(set(answer.chosen)) != len(answer.chosen):
            yield Flaw(f"{pointer}/chosen", "chosen-twice", "Name each option once.")
    if isinstance(item, EvidenceRequest):
        yield from evidence.draft_flaws(item, answer.attachments or (), answer.record, pointer)


def _signing_flaws(item: Item, answer: Answer, contributed: Container[str]) -> Iterator[Flaw]:
    pointer = f"/answers/{item.id}"
    match item:
        case Statement():
            if answer.understood is None:
                yield Flaw(f"{pointer}/understood", "unanswered", "Answer yes or no.")
            if not (answer.initials or "").strip():
                yield Flaw(f"{pointer}/initials", "unanswered", "Put your initials beside it.")
        case ChoiceItem():
            count = len(answer.chosen or ())
            if count != item.choose:
                detail = f"Choose {item.choose} of {len(item.options)}; {count} chosen so far."
                yield Flaw(f"{pointer}/chosen", "wrong-count" if count else "unanswered", detail)
        case Question():
            yield from _text_flaws(item, (answer.text or "").strip(), f"{pointer}/text")
        case EvidenceRequest() if item.by != evidence.CANDIDATE:
            if item.id not in contributed:
                detail = f"The {item.by} has to sign this first; then sign the page."
                yield Flaw(pointer, "contribution-missing", detail)
        case EvidenceRequest():
            given = answer.attachments or ()
            yield from evidence.signing_flaws(item, given, answer.record, pointer)


def _text_flaws(item: Question, text: str, pointer: str) -> Iterator[Flaw]:
    count = words(text)
    if not text:
        yield Flaw(pointer, "unanswered", "Write an answer.")
    elif item.min_words is not None and count < item.min_words:
        detail = f"Write at least {item.min_words} words; {count} so far."
        yield Flaw(pointer, "too-few-words", detail)
    elif item.max_words is not None and count > item.max_words:
        detail = f"Write at most {item.max_words} words; {count} so far."
        yield Flaw(pointer, "too-many-words", detail)
