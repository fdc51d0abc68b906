"""Write a module as a module file that reads back as the same module."""

import re
from collections.abc import Iterator, Mapping

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
from chalicelib.formats.module_front import FORMAT
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
    term = re.sub(r"[\\*]", r"\\\g<0>", _one_line(definition.term))
    return _indented(f"- **{term}**:", _paragraphs(definition.text))


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
    *before, last = _paragraphs(text) or [""]
    return [*before, " ".join((last, *_trailers(item)))]


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
            if item.form:
                yield f"form: {item.form}"
            if item.by != "candidate":
                yield f"by: {item.by}"
    if item.accepted:
        yield f"accepted: {write_reason(_one_line(item.accepted))}"


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
