"""Drafts take what is not complete; a signature does not."""

import json

import pytest
from hypothesis import given

from chalicelib.domain.answers import (
    Answer,
    Answers,
    documents,
    draft_flaws,
    from_documents,
    signing_flaws,
)
from chalicelib.domain.modules import (
    ANSWER_LIMIT,
    INITIALS_LIMIT,
    ChoiceItem,
    EvidenceRequest,
    Group,
    Option,
    Page,
    Question,
    Statement,
)
from tests.domain import values

OPTIONS = tuple(Option(letter, letter, right=letter in "ab") for letter in "abcd")
PAGE = Page(
    "p1",
    "Page",
    ungrouped=(
        Statement(id="s", text="It is understood."),
        ChoiceItem(id="c", text="Choose two", options=OPTIONS, choose=2),
    ),
    groups=(Group("", "", (Question(id="q", text="Why?", min_words=3, max_words=5),)),),
)
EVIDENCE = Page("p2", "Page", ungrouped=(EvidenceRequest(id="e", text="Show it."),))
COMPLETE = {
    "s": Answer(understood=False, initials="ZN"),
    "c": Answer(chosen=("a", "d")),
    "q": Answer(text="one two three"),
}


def drafted(answers: Answers, page: Page = PAGE) -> list[tuple[str, str]]:
    return [(flaw.pointer, flaw.code) for flaw in draft_flaws(page, answers)]


def signed(answers: Answers, page: Page = PAGE) -> list[tuple[str, str]]:
    """Sign a page that is complete but for these answers."""
    return [(flaw.pointer, flaw.code) for flaw in signing_flaws(page, {**COMPLETE, **answers})]


def test_a_complete_page_can_be_signed() -> None:
    assert drafted(COMPLETE) == signed({}) == []


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"s": Answer()},
        {"s": Answer(understood=True)},
        {"s": Answer(initials="")},
        {"c": Answer(chosen=())},
        {"c": Answer(chosen=("a", "b", "c", "d"))},
        {"q": Answer(text="")},
        {"q": Answer(text="far more words than will be taken at the end")},
    ],
)
def test_a_draft_takes_what_is_not_complete(answers: dict[str, Answer]) -> None:
    assert drafted(answers) == []


@pytest.mark.parametrize(
    ("item_id", "answer", "pointer", "code"),
    [
        ("s", Answer(understood=True), "/answers/s/initials", "unanswered"),
        ("s", Answer(understood=True, initials=" \u2003"), "/answers/s/initials", "unanswered"),
        ("s", Answer(initials="ZN"), "/answers/s/understood", "unanswered"),
        ("c", Answer(), "/answers/c/chosen", "unanswered"),
        ("c", Answer(chosen=()), "/answers/c/chosen", "unanswered"),
        ("c", Answer(chosen=("a",)), "/answers/c/chosen", "wrong-count"),
        ("c", Answer(chosen=("a", "b", "c")), "/answers/c/chosen", "wrong-count"),
        ("q", Answer(), "/answers/q/text", "unanswered"),
        ("q", Answer(text=" \n\t"), "/answers/q/text", "unanswered"),
        ("q", Answer(text="one two"), "/answers/q/text", "too-few-words"),
        ("q", Answer(text="1 2 3 4 5 6"), "/answers/q/text", "too-many-words"),
    ],
)
def test_a_signature_does_not(item_id: str, answer: Answer, pointer: str, code: str) -> None:
    assert signed({item_id: answer}) == [(pointer, code)]


@pytest.mark.parametrize("text", ["1 2 3", "1 2 3 4 5", "  1\n2\u00a03\t"])
def test_the_bounds_of_a_word_range_belong_to_it(text: str) -> None:
    assert signed({"q": Answer(text=text)}) == []


def test_a_question_without_bounds_takes_any_answer_but_none() -> None:
    page = Page("p", "Page", ungrouped=(Question(id="q", text="Why?"),))
    assert signing_flaws(page, {"q": Answer(text="x")}) == ()
    assert [flaw.code for flaw in signing_flaws(page, {})] == ["unanswered"]


def test_all_that_a_page_lacks_is_listed() -> None:
    pointers = [flaw.pointer for flaw in signing_flaws(PAGE, {})]
    assert pointers == [
        "/answers/s/understood",
        "/answers/s/initials",
        "/answers/c/chosen",
        "/answers/q/text",
    ]


@pytest.mark.parametrize(
    ("item_id", "answer", "names"),
    [
        ("s", Answer(chosen=("a",), text="x"), ["chosen", "text"]),
        ("c", Answer(understood=True, text="x"), ["understood", "text"]),
        ("q", Answer(initials="ZN"), ["initials"]),
    ],
)
def test_an_item_takes_its_own_kind_of_answer(
    item_id: str, answer: Answer, names: list[str]
) -> None:
    expected = [(f"/answers/{item_id}/{name}", "wrong-kind") for name in names]
    assert drafted({item_id: answer}) == expected


def test_evidence_is_neither_drafted_nor_signed_yet() -> None:
    assert drafted({"e": Answer(text="x")}, EVIDENCE) == [("/answers/e/text", "wrong-kind")]
    assert signed({}, EVIDENCE) == [("/answers/e", "evidence-not-collected")]


@pytest.mark.parametrize(
    ("answer", "codes"),
    [
        ({"c": Answer(chosen=("a", "e"))}, ["unknown-option"]),
        ({"c": Answer(chosen=("a", "a"))}, ["chosen-twice"]),
        ({"c": Answer(chosen=("e", "e"))}, ["unknown-option", "chosen-twice"]),
        ({"s": Answer(initials="Z" * INITIALS_LIMIT)}, []),
        ({"s": Answer(initials="Z" * (INITIALS_LIMIT + 1))}, ["too-long"]),
        ({"q": Answer(text="x" * ANSWER_LIMIT)}, []),
        ({"q": Answer(text="x" * (ANSWER_LIMIT + 1))}, ["too-long"]),
    ],
)
def test_what_no_draft_can_hold(answer: dict[str, Answer], codes: list[str]) -> None:
    assert [code for _, code in drafted(answer)] == codes


def test_unknown_items_are_pointed_to_by_an_escaped_pointer() -> None:
    flaws = draft_flaws(PAGE, {"a/b~c": Answer(), "~1": Answer()})
    assert [flaw.pointer for flaw in flaws] == ["/answers/a~1b~0c", "/answers/~01"]
    assert {flaw.code for flaw in flaws} == {"unknown-item"}


@given(values.answers)
def test_answers_survive_as_json(answers: dict[str, Answer]) -> None:
    assert from_documents(json.loads(json.dumps(documents(answers)))) == answers
    assert list(documents(answers)) == sorted(answers)
