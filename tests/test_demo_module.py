"""The module that ships with the project has the workbook's structure and can be published."""

from collections import Counter
from pathlib import Path

import pytest

from chalicelib.domain.law import dated_law
from chalicelib.domain.modules import (
    ChoiceItem,
    Element,
    EvidenceRequest,
    Module,
    Page,
    Question,
    Statement,
    publication_flaws,
)
from chalicelib.formats.modules import ReadModule, publication_remarks, read_module

PATH = Path(__file__).parents[1] / "modules" / "working-relationships.md"
SIZE_LIMIT = 100 * 1024  # bytes


@pytest.fixture(scope="module")
def source() -> str:
    return PATH.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def read(source: str) -> ReadModule:
    return read_module(source)


@pytest.fixture(scope="module")
def module(read: ReadModule) -> Module:
    return read.module


def kinds(page: Page) -> tuple[int, int, int]:
    """Count a page's statements, choice items and knowledge questions."""
    return (
        sum(isinstance(item, Statement) for item in page.items),
        sum(isinstance(item, ChoiceItem) for item in page.items),
        sum(isinstance(item, Question) for item in page.items),
    )


def choices(element: Element) -> list[ChoiceItem]:
    """List an element's choice items, in printed order."""
    return [item for page in element.pages for item in page.items if isinstance(item, ChoiceItem)]


def statements(element: Element) -> list[Statement]:
    """List an element's statements, in printed order."""
    return [item for page in element.pages for item in page.items if isinstance(item, Statement)]


def test_reads_without_a_remark_and_with_every_id_written(read: ReadModule) -> None:
    assert read.warnings == ()
    assert read.derived_ids == ()
    assert publication_remarks(read) == ()


def test_holds_what_the_workbook_holds(module: Module) -> None:
    counts = module.counts()
    expected = {
        "elements": 4,
        "pages": 18,
        "statements": 26,
        "choices": 29,
        "options": 120,
        "questions": 32,
    }
    assert {name: counts[name] for name in expected} == expected
    assert [element.id for element in module.elements] == [
        "establish",
        "sustain",
        "disengage",
        "knowledge",
    ]
    assert [element.knowledge for element in module.elements] == [False, False, False, True]


@pytest.mark.parametrize(
    ("element_id", "expected"),
    [
        ("establish", [(5, 0, 0), (4, 0, 0), (0, 5, 0), (0, 5, 0)]),
        ("sustain", [(8, 0, 0), (0, 6, 0), (0, 3, 0)]),
        ("disengage", [(7, 0, 0), (2, 0, 0), (0, 6, 0), (0, 4, 0)]),
        ("knowledge", [(0, 0, 4), *[(0, 0, 5)] * 5, (0, 0, 3)]),
    ],
)
def test_each_page_holds_what_its_twin_holds(
    module: Module, element_id: str, expected: list[tuple[int, int, int]]
) -> None:
    element = next(element for element in module.elements if element.id == element_id)
    assert [kinds(page) for page in element.pages] == expected


def test_item_n_tests_statement_n_of_its_element(module: Module) -> None:
    pairs = 0
    for element in module.elements[:3]:
        single = [item for item in choices(element) if item.choose == 1]
        assert [item.tests for item in single] == [(s.id,) for s in statements(element)]
        pairs += len(single)
    assert pairs == 26


def test_each_element_ends_with_its_range_item(module: Module) -> None:
    shapes = []
    for element in module.elements[:3]:
        (group,) = element.pages[-1].groups
        (item,) = group.items
        assert isinstance(item, ChoiceItem)
        assert f"Choose {item.choose} of {len(item.options)} " in item.text
        shapes.append((group.title, item.choose, len(item.options), item.tests))
    assert shapes == [("Range", 2, 4, ()), ("Range", 3, 6, ()), ("Range", 3, 6, ())]


def test_six_pages_end_with_a_group_that_asks_for_evidence(module: Module) -> None:
    asked = {}
    for page in module.pages:
        if items := [item for item in page.items if isinstance(item, EvidenceRequest)]:
            group = page.groups[-1]
            assert (group.title, group.items) == ("Evidence", tuple(items))
            assert all(item.guidance for item in items)
            asked[page.id] = [(item.form, item.by) for item in items]
    assert asked == {
        "establish-2": [
            ("", "candidate"),
            ("observation", "assessor"),
            ("meeting-record", "candidate"),
        ],
        "sustain-1": [("witness-testimony", "witness")],
        "disengage-1": [("decision-record", "candidate")],
        "disengage-2": [("policy-acknowledgement", "candidate")],
        "knowledge-3": [("reading-log", "candidate")],
        "knowledge-7": [("work-product", "candidate")],
    }


def test_assessors_are_asked_about_one_piece_of_own_work(module: Module) -> None:
    requests = [item for item in module.items if isinstance(item, EvidenceRequest)]
    assert [item.form for item in requests if item.vacsr] == ["work-product"]


def test_every_key_is_marked_and_nothing_stands_in_the_way(module: Module) -> None:
    assert publication_flaws(module) == ()
    for element in module.elements:
        for item in choices(element):
            assert not item.excluded
            assert len(item.key) == item.choose


def test_right_answers_are_not_given_away_by_place_or_length(module: Module) -> None:
    single = [item for e in module.elements for item in choices(e) if item.choose == 1]
    places = Counter(option.id for item in single for option in item.options if option.right)
    assert set(places) == set("abcd")
    assert max(places.values()) - min(places.values()) <= 1
    longest = sum(
        next(option for option in item.options if option.right)
        == max(item.options, key=lambda option: len(option.text))
        for item in single
    )
    assert longest <= len(single) // 3


def test_every_question_has_guidance_and_a_word_range(module: Module) -> None:
    questions = [item for item in module.items if isinstance(item, Question)]
    for question in questions:
        assert question.guidance
        assert question.min_words
        assert question.max_words
        assert question.min_words < question.max_words
    guided = sum(bool(item.guidance) for element in module.elements for item in choices(element))
    assert guided > 29 // 2


def test_every_criterion_of_the_standard_is_covered_and_no_other(module: Module) -> None:
    expected = {f"P{n}" for n in range(1, 24)} | {f"K{n}" for n in range(1, 22)}
    assert {criterion for item in module.items for criterion in item.criteria} == expected
    assert all(item.criteria for item in module.items)


def test_words_that_make_up_care_come_first(module: Module) -> None:
    assert "".join(definition.term[0] for definition in module.definitions) == "CARE"
    assert module.foreword


def test_every_page_tells_the_candidate_what_to_do(module: Module) -> None:
    assert all(page.title and page.instructions for page in module.pages)


def test_names_no_law_that_has_been_superseded(source: str) -> None:
    assert dated_law(source) == ()


def test_file_stays_easy_to_publish_and_to_read(source: str) -> None:
    assert len(source.encode()) < SIZE_LIMIT
    assert max(len(line) for line in source.splitlines()) <= 100
