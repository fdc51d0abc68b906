"""Drafts take what is not complete; a signature does not."""

import json

import pytest
from hypothesis import given

from chalicelib.domain import forms
from chalicelib.domain.answers import (
    Answer,
    Answers,
    departures,
    documents,
    draft_flaws,
    from_documents,
    signing_flaws,
)
from chalicelib.domain.forms import Field, FieldKind, Form, Relation, Rule
from chalicelib.domain.modules import (
    ANSWER_LIMIT,
    FILES_LIMIT,
    INITIALS_LIMIT,
    PAGE_FILES_LIMIT,
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
RULE = Rule("alone", "At least two see it.", (), (forms.Test("seen", Relation.AT_LEAST, ("2",)),))
SEEN = Form(
    id="seen",
    title="Seen",
    fields=(Field(id="seen", label="By", kind=FieldKind.NUMBER),),
    rules=(RULE,),
)
EVIDENCE = Page(
    "p2",
    "Page",
    ungrouped=(
        EvidenceRequest(id="files", text="Show it.", least_files=2, most_files=2),
        EvidenceRequest(id="filled", text="Write it down.", form="seen", blank=SEEN),
        EvidenceRequest(id="seen", text="Have it seen.", form="seen", blank=SEEN, by="witness"),
    ),
)
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


@pytest.mark.parametrize(
    ("answer", "flaws"),
    [
        (Answer(), []),
        (Answer(attachments=()), []),
        (Answer(attachments=("1", "2")), []),
        (Answer(text="x"), [("/answers/files/text", "wrong-kind")]),
        (Answer(values={}), [("/answers/files/values", "wrong-kind")]),
        (Answer(attachments=("1", "1")), [("/answers/files/attachments", "attached-twice")]),
        (Answer(attachments=("1", "2", "3")), [("/answers/files/attachments", "too-many-files")]),
    ],
)
def test_what_a_draft_of_evidence_holds(answer: Answer, flaws: list[tuple[str, str]]) -> None:
    assert drafted({"files": answer}, EVIDENCE) == flaws


def test_a_draft_of_a_form_is_held_to_the_form() -> None:
    answer = Answer(values={"seen": "one", "x": True}, reasons={"alone": "Why."}, attachments=())
    assert drafted({"filled": answer}, EVIDENCE) == [
        ("/answers/filled/values/x", "unknown-field"),
        ("/answers/filled/values/seen", "wrong-kind"),
    ]


def test_a_page_takes_so_many_files_in_all() -> None:
    requests = tuple(EvidenceRequest(id=f"e{number}", text="Show it.") for number in range(3))
    page = Page("p3", "Page", ungrouped=requests)
    ids = [str(number) for number in range(PAGE_FILES_LIMIT + 1)]
    parts = (ids[:FILES_LIMIT], ids[FILES_LIMIT : 2 * FILES_LIMIT], ids[2 * FILES_LIMIT :])
    full = {f"e{number}": Answer(attachments=tuple(part)) for number, part in enumerate(parts)}
    assert drafted(full, page) == [("/answers", "too-many-files")]
    again = {**full, "e2": Answer(attachments=tuple(ids[2 * FILES_LIMIT - 1 : -1]))}
    assert drafted(again, page) == [], "a file that is named twice counts once"


def test_what_somebody_else_provides_is_not_the_candidates_to_answer() -> None:
    assert drafted({"seen": Answer()}, EVIDENCE) == [("/answers/seen", "not-yours")]


def test_evidence_is_signed_with_its_files_its_form_and_what_others_signed() -> None:
    nothing = [
        ("/answers/files/attachments", "unanswered"),
        ("/answers/filled/values/seen", "unanswered"),
        ("/answers/seen", "contribution-missing"),
    ]
    assert signed({}, EVIDENCE) == nothing
    few = {"files": Answer(attachments=("1",)), "filled": Answer(values={"seen": 2})}
    assert signed(few, EVIDENCE) == [
        ("/answers/files/attachments", "too-few-files"),
        ("/answers/seen", "contribution-missing"),
    ]
    whole = few | {"files": Answer(attachments=("1", "2"))}
    assert signing_flaws(EVIDENCE, whole, {"seen"}) == ()


def test_departures_of_the_candidates_own_records_are_counted() -> None:
    assert departures(EVIDENCE, {"filled": Answer(values={"seen": 2})}) == 0
    assert departures(EVIDENCE, {"filled": Answer(values={"seen": 1})}) == 1
    assert departures(EVIDENCE, {}) == 1, "what is not filled in passes no test"


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
