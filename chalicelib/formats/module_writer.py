"""Write a module as a module file that reads back as the same module."""

import re
from collections.abc import Iterable, Iterator, Mapping

from chalicelib.domain.forms import Field, Form
from chalicelib.domain.modules import (
    ChoiceItem,
    Definition,
    Element,
    EvidenceRequest,
    Item,
    Module,
    Page,
    Question,
    Statement,
    VerificationPolicy,
)
from chalicelib.formats.module_conditions import write_condition
from chalicelib.formats.module_front import FORMAT
from chalicelib.formats.module_items import default_author, default_files
from chalicelib.formats.module_marks import choose_phrases, escape, escape_choose, write_reason

_MARKS: Mapping[bool | None, str] = {True: "x", False: " ", None: "?"}


def write_module(module: Module) -> str:
    """Write a module with every id; one line a paragraph.

    `read_module` gives the same module back, if its text is clean (`domain.text`) and in paragraphs
    that neither begin nor end with a space; line breaks within a paragraph become spaces.
    """
    parts = [_front(module)]
    if module.definitions:
        parts.append(["# Definitions"])
        parts.append([line for entry in module.definitions for line in _definition(entry)])
    if module.foreword:
        parts.append(["# Foreword"])
        parts.extend(_plain(module.foreword))
    for form in module.forms:
        parts.extend(_form(form))
    for element in module.elements:
        parts.extend(_element(element))
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _front(module: Module) -> list[str]:
    standards = (f"{s.prefix}={s.urn}" if s.prefix else s.urn for s in module.standards)
    values = {
        "format": FORMAT,
        "id": module.id,
        "number": module.number,
        "title": module.title,
        "certificate-title": module.certificate_title,
        "programme": module.programme,
        "version": str(module.version),
        "language": module.language,
        "rights": module.rights,
        "standards": ", ".join(standards),
        "verification": ""
        if module.verification is VerificationPolicy.NONE
        else module.verification,
    }
    return ["---", *(f"{key}: {_one_line(value)}" for key, value in values.items() if value), "---"]


def _definition(definition: Definition) -> list[str]:
    return _indented(_term(definition.term), _paragraphs(definition.text))


def _term(term: str) -> str:
    escaped = re.sub(r"[\\*]", r"\\\g<0>", _one_line(term))
    return f"- **{escaped}**:"


def _form(form: Form) -> Iterator[list[str]]:
    by = f" by: {form.by}" if form.by != default_author(None) else ""
    yield [f"# Form: {escape(_one_line(form.title))} {{#{form.id}{by}}}"]
    yield from _plain(form.instructions)
    for field in form.fields:
        lines = _indented(_term(field.label), _ending(field.hint, [_field_trailer(field)]))
        for option in field.options:
            lines += _indented("- [ ]", _paragraphs(option.text))
        yield lines
    for rule in form.rules:
        when = f"when: {write_condition(rule.when)}, " if rule.when else ""
        trailer = f"{{#{rule.id} {when}needs: {write_condition(rule.needs)}}}"
        yield _indented("!", _ending(rule.text, [trailer]))


def _field_trailer(field: Field) -> str:
    values = {
        "type": field.kind,
        "optional": None if field.required else "yes",
        "least": field.least,
        "most": field.most,
    }
    given = ", ".join(f"{name}: {value}" for name, value in values.items() if value is not None)
    return f"{{#{field.id} {given}}}"


def _element(element: Element) -> Iterator[list[str]]:
    kind = "Knowledge" if element.knowledge else "Element"
    yield [f"# {kind}: {escape(_one_line(element.title))} {{#{element.id}}}"]
    yield from _plain(element.instructions)
    yield from _guidance(element.guidance)
    for page in element.pages:
        yield from _page(page)


def _page(page: Page) -> Iterator[list[str]]:
    yield [f"## Page: {escape(_one_line(page.title))} {{#{page.id}}}"]
    yield from _plain(page.instructions)
    yield from _guidance(page.guidance)
    yield from map(_item, page.ungrouped)
    for group in page.groups:
        yield [f"### Group: {escape(_one_line(group.title))}"]
        yield from _plain(group.instructions)
        yield from map(_item, group.items)


def _item(item: Item) -> list[str]:
    match item:
        case Statement():
            lines = _repeated(">", _text(item.text, item))
        case ChoiceItem():
            lines = _indented("?", _text(_stem(item), item))
            for option in item.options:
                lines += _indented(f"- [{_MARKS[option.right]}]", _paragraphs(option.text))
        case Question():
            lines = _indented("??", _text(item.text, item))
        case EvidenceRequest():
            lines = _indented("!!", _text(item.text, item))
    return lines + [line for block in _guidance(item.guidance) for line in block]


def _stem(item: ChoiceItem) -> str:
    return escape_choose(item.text, item.choose, len(item.options))


def _text(text: str, item: Item) -> list[str]:
    """Return the paragraphs of an item, with its trailers after the last."""
    return _ending(text, _trailers(item))


def _ending(text: str, trailers: Iterable[str]) -> list[str]:
    *before, last = _paragraphs(text) or [""]
    return [*before, " ".join(filter(None, (last, *trailers)))]


def _trailers(item: Item) -> Iterator[str]:
    if item.criteria:
        yield f"[{', '.join(item.criteria)}]"
    if isinstance(item, Question) and (item.min_words, item.max_words) != (None, None):
        low, high = ("" if bound is None else bound for bound in (item.min_words, item.max_words))
        yield f"({low}-{high} words)"
    attributes = ", ".join(_attributes(item))
    yield f"{{#{item.id} {attributes}}}" if attributes else f"{{#{item.id}}}"


def _attributes(item: Item) -> Iterator[str]:
    match item:
        case ChoiceItem():
            if item.tests:
                yield f"tests: {' '.join(item.tests)}"
            if item.choose != len(item.key) and not choose_phrases(_stem(item)):
                yield f"choose: {item.choose}"
            if item.excluded:
                yield f"excluded: {write_reason(_one_line(item.excluded))}"
        case EvidenceRequest():
            yield from _evidence_attributes(item)
    if item.accepted:
        yield f"accepted: {write_reason(_one_line(item.accepted))}"


def _evidence_attributes(item: EvidenceRequest) -> Iterator[str]:
    if item.form:
        yield f"form: {item.form}"
    if item.by != default_author(item.blank):
        yield f"by: {item.by}"
    if (item.least_files, item.most_files) != default_files(item.blank, item.by):
        yield f"files: {_files(item)}"
    if item.vacsr:
        yield "vacsr: yes"


def _files(item: EvidenceRequest) -> str:
    if item.least_files == item.most_files:
        return str(item.least_files)
    return f"{item.least_files}-{item.most_files}"


def _plain(text: str) -> list[list[str]]:
    return [[paragraph] for paragraph in _paragraphs(text)]


def _guidance(text: str) -> list[list[str]]:
    return [_repeated(":", _paragraphs(text))] if text else []


def _repeated(mark: str, paragraphs: list[str]) -> list[str]:
    """Put the mark before every paragraph, and alone between two."""
    return f"\n{mark}\n".join(f"{mark} {paragraph}" for paragraph in paragraphs).split("\n")


def _indented(mark: str, paragraphs: list[str]) -> list[str]:
    """Put the mark before the first paragraph, and indent the others below it."""
    return (f"{mark} " + "\n  >\n  ".join(paragraphs)).split("\n")


def _paragraphs(text: str) -> list[str]:
    return [escape(_one_line(part)) for part in text.split("\n\n") if part.strip(" \t\n")]


def _one_line(text: str) -> str:
    return text.replace("\n", " ").strip(" \t")
