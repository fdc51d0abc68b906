"""A module as people see it: candidates without key and guidance, assessors with both."""

from typing import Any

from chalicelib.domain.digests import canonical, digest
from chalicelib.domain.forms import Field, Form, Rule, Test
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


def form_view(form: Form) -> dict[str, Any]:
    """Return a form as JSON values: all that is needed to fill it in and to see departures."""
    return {
        "id": form.id,
        "title": form.title,
        "instructions": form.instructions,
        "fields": [_field_view(field) for field in form.fields],
        "rules": [_rule_view(rule) for rule in form.rules],
    }


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
            form = form_view(item.blank) if item.blank else None
            files = {"least_files": item.least_files, "most_files": item.most_files}
            view |= {"kind": "evidence", "form": form, "by": item.by, **files, "vacsr": item.vacsr}
    return view | _key_view(item) if with_key else view


def _field_view(field: Field) -> dict[str, Any]:
    return {
        "id": field.id,
        "label": field.label,
        "kind": field.kind,
        "hint": field.hint,
        "required": field.required,
        "least": field.least,
        "most": field.most,
        "max_characters": field.max_characters,
        "options": [{"id": option.id, "text": option.text} for option in field.options],
    }


def _rule_view(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "text": rule.text,
        "when": [_test_view(test) for test in rule.when],
        "needs": [_test_view(test) for test in rule.needs],
    }


def _test_view(test: Test) -> dict[str, Any]:
    return {"field": test.field, "relation": test.relation, "operands": list(test.operands)}


def _key_view(item: Item) -> dict[str, Any]:
    view: dict[str, Any] = {"guidance": item.guidance, "accepted": item.accepted}
    if isinstance(item, ChoiceItem):
        view |= {"key": sorted(item.key), "excluded": item.excluded, "tests": list(item.tests)}
    return view
