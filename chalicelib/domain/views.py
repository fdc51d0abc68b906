"""A module as people see it: candidates without key and guidance, assessors with both."""

from typing import Any

from chalicelib.domain.digests import canonical, digest
from chalicelib.domain.modules import (
    ANSWER_LIMIT,
    INITIALS_LIMIT,
    ChoiceItem,
    Element,
    EvidenceRequest,
    Item,
    Module,
    Page,
    Question,
    Statement,
)


def module_view(module: Module, *, with_key: bool) -> dict[str, Any]:
    """Return the module as JSON values; the rules of every item travel in it."""
    return {
        "id": module.id,
        "version": module.version,
        "number": module.number,
        "title": module.title,
        "certificate_title": module.certificate_title or module.title,
        "programme": module.programme,
        "language": module.language,
        "rights": module.rights,
        "standards": [{"prefix": s.prefix, "urn": s.urn} for s in module.standards],
        "verification": module.verification,
        "definitions": [{"term": d.term, "text": d.text} for d in module.definitions],
        "foreword": module.foreword,
        "elements": [_element_view(element, with_key=with_key) for element in module.elements],
        "counts": module.counts(),
    }


def page_view(page: Page, *, with_key: bool) -> dict[str, Any]:
    """Return a page as JSON values: all items in printed order, and which of them form groups."""
    view: dict[str, Any] = {
        "id": page.id,
        "title": page.title,
        "instructions": page.instructions,
        "items": [_item_view(item, with_key=with_key) for item in page.items],
        "groups": [
            {
                "title": group.title,
                "instructions": group.instructions,
                "items": [item.id for item in group.items],
            }
            for group in page.groups
        ],
    }
    return view | {"guidance": page.guidance} if with_key else view


def page_digest(page: Page) -> str:
    """Digest a page as candidates see it: covering a key would give the key away."""
    return digest(canonical(page_view(page, with_key=False)))


def module_digest(module: Module) -> str:
    """Digest a module as candidates see it."""
    return digest(canonical(module_view(module, with_key=False)))


def _element_view(element: Element, *, with_key: bool) -> dict[str, Any]:
    view: dict[str, Any] = {
        "id": element.id,
        "title": element.title,
        "knowledge": element.knowledge,
        "instructions": element.instructions,
        "pages": [page_view(page, with_key=with_key) for page in element.pages],
    }
    return view | {"guidance": element.guidance} if with_key else view


def _item_view(item: Item, *, with_key: bool) -> dict[str, Any]:
    view: dict[str, Any] = {"id": item.id, "text": item.text, "criteria": list(item.criteria)}
    match item:
        case Statement():
            view |= {"kind": "statement", "max_initials": INITIALS_LIMIT}
        case ChoiceItem():
            options = [{"id": option.id, "text": option.text} for option in item.options]
            view |= {"kind": "choice", "choose": item.choose, "options": options}
        case Question():
            words = {"min_words": item.min_words, "max_words": item.max_words}
            view |= {"kind": "question", **words, "max_characters": ANSWER_LIMIT}
        case EvidenceRequest():
            view |= {"kind": "evidence", "form": item.form, "by": item.by}
    return view | _key_view(item) if with_key else view


def _key_view(item: Item) -> dict[str, Any]:
    view: dict[str, Any] = {"guidance": item.guidance, "accepted": item.accepted}
    if isinstance(item, ChoiceItem):
        view |= {"key": sorted(item.key), "excluded": item.excluded, "tests": list(item.tests)}
    return view
