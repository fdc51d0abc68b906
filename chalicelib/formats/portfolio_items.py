"""The items of a page with what was answered, in the words in which people read them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.domain import forms
from chalicelib.domain.answers import Answer, from_documents
from chalicelib.domain.forms import Field, FieldKind, Form, FormOption, Relation, Rule, Test
from chalicelib.domain.times import local, parse
from chalicelib.formats.exhibits import facts_of, lines_of

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFile:
    """A file of the portfolio. `address` leads to it, and is empty where it is withheld.

    `replaced_by` is the id of the file that is shown in its place, or empty, and `instead` the
    number of that; `redacts` the number of the one that it replaces.
    """

    id: str
    number: int
    name: str
    facts: str
    caption: str
    alt_text: str
    address: str
    thumbnail: str
    sha256: str
    replaced_by: str
    instead: int | None
    redacts: int | None


@dataclass(frozen=True, slots=True)
class Departure:
    """A rule of the form that the record departs from, and why."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownItem:
    """An item and its answer; what does not belong to its kind is empty.

    `heading` and `instructions` are those of the group that begins with it; `author` is who
    provides it, where that is not the candidate.
    """

    id: str
    number: int
    kind: str
    text: str
    criteria: str
    heading: str
    instructions: str
    initials: str
    answer: str
    options: tuple[tuple[str, bool], ...]
    author: str
    lines: tuple[tuple[str, str], ...]
    files: tuple[ShownFile, ...]
    departures: tuple[Departure, ...]


def files_of(attachments: Sequence[Document]) -> dict[str, ShownFile]:
    """Show all files of a portfolio, by id."""
    numbers = {each["id"]: each["number"] for each in attachments}
    there = {each["id"]: each["number"] for each in attachments if not each["withheld"]}
    return {
        each["id"]: ShownFile(
            id=each["id"],
            number=each["number"],
            name=each["name"],
            facts=facts_of(each["media_type"], each["size"], each["sha256"]),
            caption=each["caption"],
            alt_text=each["alt_text"],
            address="" if each["withheld"] else each["file"],
            thumbnail="" if each["withheld"] else each["thumbnail"],
            sha256=each["sha256"],
            replaced_by=each["replaced_by"],
            instead=there.get(each["replaced_by"]),
            redacts=numbers.get(each["redacts"]),
        )
        for each in attachments
    }


def items_of(
    page: Document, attempt: Document, files: Mapping[str, ShownFile], time_zone: str
) -> Iterator[ShownItem]:
    """Show every item of a page with what an attempt says to it."""
    answers = from_documents(attempt["document"]["answers"])
    parts = {each["item_id"]: each["document"] for each in attempt["contributions"]}
    groups = {group["items"][0]: group for group in page["groups"] if group["items"]}
    for number, item in enumerate(page["items"], start=1):
        part = parts.get(item["id"])
        answer = _answer_of(part) if part else answers.get(item["id"], Answer())
        group = groups.get(item["id"], {"title": "", "instructions": ""})
        form = form_of(item["form"]) if item.get("form") else None
        departed = forms.departures(form, answer.record) if form else ()
        yield ShownItem(
            id=item["id"],
            number=number,
            kind=item["kind"],
            text=item["text"],
            criteria=", ".join(item["criteria"]),
            heading=group["title"],
            instructions=group["instructions"],
            initials=answer.initials or "",
            answer=_words(item["kind"], answer),
            options=_options(item, answer),
            author=_author(part, time_zone) if part else "",
            lines=tuple(lines_of(form, answer.record)),
            files=tuple(_seen(answer.attachments or (), files)),
            departures=tuple(
                Departure(rule.text, answer.record.reasons.get(rule.id, "")) for rule in departed
            ),
        )


def form_of(view: Document) -> Form:
    """Read a form as a module's view has it (`domain/views.py`)."""
    return Form(
        id=view["id"],
        title=view["title"],
        fields=tuple(
            Field(
                id=each["id"],
                label=each["label"],
                kind=FieldKind(each["kind"]),
                required=each["required"],
                options=tuple(FormOption(**option) for option in each["options"]),
            )
            for each in view["fields"]
        ),
        rules=tuple(
            Rule(each["id"], each["text"], _tests(each["when"]), _tests(each["needs"]))
            for each in view["rules"]
        ),
    )


def _tests(views: Iterable[Document]) -> tuple[Test, ...]:
    return tuple(
        Test(each["field"], Relation(each["relation"]), tuple(each["operands"])) for each in views
    )


def _answer_of(part: Document) -> Answer:
    ids = [each["id"] for each in part["attachments"]]
    given = {"attachments": ids, "values": part["values"], "reasons": part["reasons"]}
    return from_documents({"": given})[""]


def _words(kind: str, answer: Answer) -> str:
    if kind == "statement" and answer.understood is not None:
        return "Understood" if answer.understood else "Not understood"
    return answer.text or ""


def _options(item: Document, answer: Answer) -> tuple[tuple[str, bool], ...]:
    chosen = answer.chosen or ()
    return tuple((each["text"], each["id"] in chosen) for each in item.get("options", ()))


def _seen(ids: Iterable[str], files: Mapping[str, ShownFile]) -> Iterator[ShownFile]:
    """Give the files that an answer names, and after each what is shown in its place."""
    for each in ids:
        yield files[each]
        if copy := files.get(files[each].replaced_by):
            yield copy


def _author(part: Document, time_zone: str) -> str:
    author = part["author"]
    about = (author["name"], author.get("status"), author.get("relationship"))
    signed_at = local(parse(part["signed_at"]), time_zone)
    return f"{', '.join(filter(None, about))}; signed as {part['signature']}, {signed_at}"
