"""Modules for hypothesis to build: every valid shape, in the most hostile words there are."""

from collections.abc import Iterator
from itertools import count
from string import ascii_lowercase

from hypothesis import strategies as st

from chalicelib.domain.forms import Form
from chalicelib.domain.modules import (
    FILES_LIMIT,
    ChoiceItem,
    Definition,
    Element,
    EvidenceRequest,
    Group,
    Item,
    Module,
    Option,
    Page,
    Question,
    StandardReference,
    Statement,
    VerificationPolicy,
)
from chalicelib.formats.shipped_forms import shipped_form
from tests.formats.form_strategies import AUTHORS, forms
from tests.formats.word_strategies import line, maybe, maybe_line, prose

STANDARDS = (StandardReference("", "SFJGB4"), StandardReference("CC", "A/1:2 of 3"))
_criteria = st.lists(st.sampled_from(["P1", "K17", "P2.1", "CC:2.1", "CC:a"]), max_size=3).map(
    tuple
)


@st.composite
def _choices(draw: st.DrawFn, identifier: str, statements: tuple[str, ...]) -> ChoiceItem:
    size = draw(st.integers(2, 6))
    choose = draw(st.integers(1, size))
    excluded = draw(maybe_line)
    right: list[bool | None] = [index < choose for index in range(size)]
    unmarked: list[bool | None] = [None] * size
    if excluded:
        right = draw(st.lists(st.booleans(), min_size=size, max_size=size).map(list))
    marks = draw(st.one_of(st.permutations(right), st.just(unmarked)))
    options = [
        Option(letter, draw(prose), mark)
        for letter, mark in zip(ascii_lowercase, marks, strict=False)
    ]
    tests = (
        st.lists(st.sampled_from(statements), max_size=2, unique=True)
        if statements
        else st.just([])
    )
    return ChoiceItem(
        id=identifier,
        text=draw(prose),
        criteria=draw(_criteria),
        guidance=draw(maybe),
        accepted=draw(maybe_line),
        options=tuple(options),
        choose=choose,
        tests=tuple(draw(tests)),
        excluded=excluded,
    )


@st.composite
def _items(
    draw: st.DrawFn, ids: Iterator[str], statements: tuple[str, ...], own: tuple[Form, ...]
) -> Item:
    identifier, kind = (
        next(ids),
        draw(st.sampled_from(["statement", "choice", "question", "evidence"])),
    )
    if kind == "choice":
        return draw(_choices(identifier, statements))
    text, criteria, guidance, accepted = draw(st.tuples(prose, _criteria, maybe, maybe_line))
    if kind == "statement":
        return Statement(
            id=identifier, text=text, criteria=criteria, guidance=guidance, accepted=accepted
        )
    if kind == "question":
        low, high = sorted(draw(st.tuples(st.integers(1, 10_000), st.integers(1, 10_000))))
        bounded = draw(st.tuples(st.booleans(), st.booleans()))
        return Question(
            id=identifier,
            text=text,
            criteria=criteria,
            guidance=guidance,
            accepted=accepted,
            min_words=low if bounded[0] else None,
            max_words=high if bounded[1] else None,
        )
    blank = draw(st.sampled_from([None, *own, *filter(None, [shipped_form("observation")])]))
    by = draw(st.sampled_from(AUTHORS if blank else AUTHORS[:2]))
    least = draw(st.integers(0, 3))
    most = draw(st.integers(least if blank else max(least, 1), FILES_LIMIT))
    return EvidenceRequest(
        id=identifier,
        text=text,
        criteria=criteria,
        guidance=guidance,
        accepted=accepted,
        form=blank.id if blank else "",
        by=by,
        blank=blank,
        least_files=0 if by == "witness" else least,
        most_files=0 if by == "witness" else most,
        vacsr=draw(st.booleans()),
    )


@st.composite
def _pages(draw: st.DrawFn, ids: Iterator[str], statement: str, own: tuple[Form, ...]) -> Page:
    identifier = next(ids)
    items = st.lists(_items(ids, (statement,), own), max_size=2).map(tuple)
    groups = st.builds(Group, title=line, instructions=maybe, items=items)
    return Page(
        identifier,
        draw(line),
        draw(maybe),
        draw(maybe),
        (Statement(id=statement, text=draw(prose)), *draw(items)),
        tuple(draw(st.lists(groups, max_size=1))),
    )


@st.composite
def modules(draw: st.DrawFn) -> Module:
    """Draw a module that is valid in every respect, if not ready for publication."""
    stem = draw(st.from_regex(r"[a-z0-9][a-z0-9-]{0,50}", fullmatch=True))
    ids = (f"{stem}{number}" for number in count())
    own = tuple(draw(forms(next(ids))) for _ in range(draw(st.integers(0, 1))))
    elements = [
        Element(
            next(ids),
            draw(line),
            draw(st.booleans()),
            draw(maybe),
            draw(maybe),
            tuple(draw(_pages(ids, next(ids), own)) for _ in range(draw(st.integers(0, 2)))),
        )
        for _ in range(draw(st.integers(0, 2)))
    ]
    return Module(
        id=stem,
        title=draw(line),
        version=draw(st.integers(1, 999_999)),
        number=draw(maybe_line),
        certificate_title=draw(maybe_line),
        programme=draw(maybe_line),
        language=draw(st.sampled_from(["en-GB", "cy", "zh-Hant-TW"])),
        rights=draw(maybe_line),
        verification=draw(st.sampled_from(VerificationPolicy)),
        standards=STANDARDS,
        definitions=tuple(draw(st.lists(st.builds(Definition, line, prose), max_size=2))),
        foreword=draw(maybe),
        forms=own,
        elements=tuple(elements),
    )
