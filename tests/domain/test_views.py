"""Candidates see no key and no guidance, nor anything from which they could be told."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hypothesis import given, settings

from chalicelib.domain.modules import ChoiceItem, Element, Item, Module, Page
from chalicelib.domain.views import module_digest, module_view, page_digest, page_view
from tests.formats.module_strategies import modules

PLANTED = "PLANTED-SECRET"
SECRETS = {"key", "excluded", "tests", "guidance", "accepted", "right"}


def planted(module: Module) -> Module:
    """Change all that is for assessors: another key, and other words of guidance."""
    return replace(module, elements=tuple(map(_element, module.elements)))


def _element(element: Element) -> Element:
    return replace(element, guidance=PLANTED, pages=tuple(map(_page, element.pages)))


def _page(page: Page) -> Page:
    groups = tuple(replace(group, items=tuple(map(_item, group.items))) for group in page.groups)
    ungrouped = tuple(map(_item, page.ungrouped))
    return replace(page, guidance=PLANTED, ungrouped=ungrouped, groups=groups)


def _item(item: Item) -> Item:
    item = replace(item, guidance=PLANTED, accepted=PLANTED)
    if isinstance(item, ChoiceItem):
        options = tuple(replace(option, right=not option.right) for option in item.options)
        return replace(item, options=options, excluded=PLANTED, tests=(PLANTED,))
    return item


def names(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        yield from document
        document = list(document.values())
    if isinstance(document, list):
        for each in document:
            yield from names(each)


@given(modules())
@settings(max_examples=40, deadline=None)
def test_candidates_see_neither_key_nor_guidance(module: Module) -> None:
    view = module_view(planted(module), with_key=False)

    assert PLANTED not in json.dumps(view)
    assert SECRETS.isdisjoint(names(view))
    assert view == module_view(module, with_key=False)


@given(modules())
@settings(max_examples=40, deadline=None)
def test_digests_are_the_same_whatever_the_key(module: Module) -> None:
    assert module_digest(planted(module)) == module_digest(module)
    for page, other in zip(module.pages, planted(module).pages, strict=True):
        assert page_digest(other) == page_digest(page)


@given(modules())
@settings(max_examples=40, deadline=None)
def test_assessors_see_all_of_it_and_all_that_candidates_see(module: Module) -> None:
    for page in planted(module).pages:
        view = page_view(page, with_key=True)
        assert view["guidance"] == PLANTED
        for item, shown in zip(page.items, view["items"], strict=True):
            assert shown["guidance"] == shown["accepted"] == PLANTED
            if isinstance(item, ChoiceItem):
                assert shown["key"] == sorted(item.key)
        seen = page_view(page, with_key=False)
        assert [item["id"] for item in seen["items"]] == [item.id for item in page.items]
        assert seen.items() <= (view | {"items": seen["items"]}).items()


@given(modules())
@settings(max_examples=40, deadline=None)
def test_a_digest_covers_the_words_that_candidates_see(module: Module) -> None:
    for page in module.pages:
        assert page_digest(replace(page, title=f"{page.title}.")) != page_digest(page)
    assert module_digest(replace(module, title=f"{module.title}.")) != module_digest(module)
