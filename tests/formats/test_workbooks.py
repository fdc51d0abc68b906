"""Paper workbooks become modules: nothing is lost in silence, nothing is invented."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.domain.modules import ChoiceItem, Definition, Statement
from chalicelib.formats.modules import read_module, write_module
from chalicelib.formats.remarks import UnreadableDocumentError
from chalicelib.formats.workbooks import TEXT_LIMIT, ImportedWorkbook, read_workbook
from tests.formats.workbook_text import cover, workbook

LINES = workbook().split("\n")


@pytest.fixture(scope="module")
def imported() -> ImportedWorkbook:
    return read_workbook(workbook())


def codes(text: str) -> list[str]:
    return [remark.code for remark in read_workbook(text).remarks]


def refusal(text: str) -> str:
    with pytest.raises(UnreadableDocumentError) as caught:
        read_workbook(text)
    (remark,) = caught.value.remarks
    assert remark.error
    return remark.code


def line_of(beginning: str) -> int:
    return next(number for number, line in enumerate(LINES, 1) if line.startswith(beginning))


def accounted_once(text: str, workbook: ImportedWorkbook) -> None:
    """Every line that says something is either quoted or left out, and none is both."""
    clean = text.replace("\r\n", "\n").replace("\r", "\n")
    clean = re.sub("[\ufeff\u200b\u2060]", "", clean)
    left = [each.line for each in workbook.left_out]
    said = {number for number, line in enumerate(clean.split("\n"), 1) if line.strip()}
    assert len(left) == len(set(left))
    assert not workbook.used & set(left)
    assert workbook.used | set(left) == said


# What is found


def test_counts(imported: ImportedWorkbook) -> None:
    assert imported.module.counts() == {
        "elements": 3,
        "pages": 8,
        "statements": 5,
        "choices": 7,
        "options": 25,
        "questions": 5,
        "evidence_requests": 0,
    }


def test_front_matter(imported: ImportedWorkbook) -> None:
    module = imported.module
    assert module.id == "clean-cook-and-serve-food-with-care"
    assert (module.version, module.language) == (1, "en-GB")
    assert module.title == "Clean, cook and serve food with care"
    assert module.programme == "Kitchen skills programme"
    assert module.number == "7"
    assert module.rights == "© A. Writer 2011"
    assert module.certificate_title == "Clean, Cook and Serve Module"
    assert module.definitions == (
        Definition("Patience", "with the oven"),
        Definition("Attention", "to detail"),
    )
    assert module.foreword == (
        "This module was written for the canteen.\n\n"
        "It was revised after the CRB check was renamed."
    )


def test_elements_and_pages_have_ids_and_titles_by_position(imported: ImportedWorkbook) -> None:
    elements = imported.module.elements
    assert [(element.id, element.title, element.knowledge) for element in elements] == [
        ("e1", "Clean the kitchen", False),
        ("e2", "Cook and serve", False),
        ("kn", "Knowledge and understanding questions", True),
    ]
    assert [(page.id, page.title) for page in imported.module.pages] == [
        ("e1-p1", "Page 1: statements"),
        ("e1-p2", "Page 2: statements"),
        ("e1-p3", "Page 3: choices"),
        ("e1-p4", "Page 4: choices and range"),
        ("e2-p1", "Page 5: statements"),
        ("e2-p2", "Page 6: choices and range"),
        ("kn-p1", "Page 7: questions"),
        ("kn-p2", "Page 8: questions"),
    ]


def test_items_of_each_page(imported: ImportedWorkbook) -> None:
    assert [[item.id for item in page.items] for page in imported.module.pages] == [
        ["e1-s1", "e1-s2"],
        ["e1-s3"],
        ["e1-c1", "e1-c2"],
        ["e1-c3", "e1-range-1"],
        ["e2-s1", "e2-s2"],
        ["e2-c1", "e2-c2", "e2-range-1"],
        ["kn-q1", "kn-q2", "kn-q3"],
        ["kn-q4", "kn-q5"],
    ]


def test_one_answer_items_test_statements_in_order_and_range_items_test_none(
    imported: ImportedWorkbook,
) -> None:
    choices = [item for item in imported.module.items if isinstance(item, ChoiceItem)]
    assert [item.tests for item in choices] == [
        ("e1-s1",),
        ("e1-s2",),
        ("e1-s3",),
        (),
        ("e2-s1",),
        ("e2-s2",),
        (),
    ]


def test_options_are_told_apart_however_they_are_marked(imported: ImportedWorkbook) -> None:
    page = imported.module.page("e1-p4")
    assert page is not None
    (item,) = page.ungrouped
    assert isinstance(item, ChoiceItem)
    assert [(option.id, option.text) for option in item.options] == [
        ("a", "Nobody needs to know who cleaned"),
        ("b", "3 of us signed for one another"),
        ("c", "I signed for what I had cleaned"),
    ]


def test_no_key_is_invented(imported: ImportedWorkbook) -> None:
    choices = [item for item in imported.module.items if isinstance(item, ChoiceItem)]
    assert {option.right for item in choices for option in item.options} == {None}
    assert [item.choose for item in choices] == [1, 1, 1, 2, 1, 1, 3]
    assert choices[0].text == "Choose one of three"
    assert choices[-1].text == "Choose three of six"


def test_instructions_go_to_the_pages_and_the_groups_that_they_are_for(
    imported: ImportedWorkbook,
) -> None:
    first, continued = imported.module.pages[2:4]
    assert first.instructions == (
        "A cook should know the following\n\nOne of the three answers below is right"
    )
    assert continued.instructions == first.instructions
    (group,) = continued.groups
    assert (group.title, group.instructions) == ("Range: surfaces", "Two out of four are right")
    assert imported.module.pages[5].groups[0].title == "Range"
    assert imported.module.pages[0].instructions == ""


def test_questions_keep_their_words(imported: ImportedWorkbook) -> None:
    questions = [item.text for item in imported.module.elements[2].pages[0].items]
    assert questions[1] == "Knives are sharp. How do you pass one to a colleague?"
    assert questions[2] == "Say what you would do about a broken glass in the sink:"


# What is reported


def test_no_line_is_lost(imported: ImportedWorkbook) -> None:
    accounted_once(workbook(), imported)


def test_reasons_for_leaving_lines_out(imported: ImportedWorkbook) -> None:
    reasons = {left.text: left.reason for left in imported.left_out}
    assert reasons["25"] == reasons["27"] == "a printed page number"
    assert reasons["....."] == "room for a written answer"
    assert reasons["Candidate Name ....."] == "a field to fill in"
    assert reasons["Trainee Signed ..... Date ....."] == "the sign-off at the end of a page"
    assert reasons["Telephone 01234 567890 Mobile 07700 900000"] == "an address"
    assert reasons["*recognises*"] == "the wording of the paper certificate"
    assert reasons["## **A Motto for the Kitchen**"] == "a heading that no part of a module has"
    assert "not understood" not in reasons.values()


def test_remarks_name_what_a_person_should_check(imported: ImportedWorkbook) -> None:
    assert not any(remark.error for remark in imported.remarks)
    assert [(remark.line, remark.code) for remark in imported.remarks] == [
        (line_of("CLEAN, COOK"), "capitals"),
        (line_of("*KITCHEN"), "capitals"),
        (line_of("It was revised"), "dated-law"),
        (line_of("# ***CLEAN"), "fused-heading"),
        (line_of("# ***CLEAN"), "capitals"),
        (line_of("The record"), "dated-law"),
        (line_of("The record"), "dated-law"),
        (line_of("# COOK"), "capitals"),
        (line_of("Where a guest"), "dated-law"),
        (line_of("# KNOWLEDGE"), "capitals"),
        (line_of("Knives"), "several-sentences"),
        (line_of("Say what"), "question-joined"),
        (line_of("Why are"), "several-sentences"),
        (line_of("Which tasks"), "dated-law"),
        (line_of("Which tasks"), "dated-law"),
    ]


@pytest.mark.parametrize(
    ("printed", "instead", "code"),
    [
        ("- Steel is left wet\n", "", "option-count"),
        ("- 2 I read the list aloud\n", "- 3.  I read the list aloud\n", "numbering"),
        ("- 3.  Nobody needs", "- Nobody needs", "unnumbered-item"),
        ("*Two out of four are right*", "", "no-instruction"),
        ("# COOK AND SERVE\n", "", "missing-heading"),
        ("Food is cooked through and served hot.", "", "no-statement"),
        ("Food is cooked through and served hot.", "", "no-pairs"),
        ("# *2 Definitions", "# *3 Definitions", "definitions-count"),
        ("- Bread is covered\n", "- Bread is covered\n- Bread is covered\n", "repeated-line"),
        ("Food is cooked", "Read this first.\n\nFood is cooked", "stray-paragraph"),
        ("What makes a kitchen", "Why?\n\nWhat makes a kitchen", "no-answer-lines"),
        ("# ***CLEAN, COOK AND SERVE FOOD WITH CARE CLEAN THE KITCHEN***", "", "no-heading"),
        ("Trainee Signed ..... Date .....\n", "", "sign-off-rows"),
    ],
)
def test_what_looks_wrong_is_remarked(printed: str, instead: str, code: str) -> None:
    assert printed in workbook()
    text = workbook().replace(printed, instead, 1)
    assert code in codes(text)
    accounted_once(text, read_workbook(text))


def test_a_page_without_sign_off_ends_at_the_next_heading() -> None:
    rows = (
        "Trainee Signed .....\tDate .....\nAssessor Initial .....\tCompetent Y[ ] N[ ] ..... Date"
    )
    text = workbook().replace(rows, "", 1)
    assert "no-sign-off" in codes(text)
    assert len(read_workbook(text).module.pages) == 8


def test_an_item_with_too_few_options_is_left_out_with_its_lines() -> None:
    text = workbook().replace("- I used the probe\n- I asked a guest\n", "")
    workbook_read = read_workbook(text)
    assert {"unusable-item", "no-pairs"} <= {remark.code for remark in workbook_read.remarks}
    assert "- 1  I looked at the clock" in {left.text for left in workbook_read.left_out}
    assert workbook_read.module.counts()["choices"] == 6


def test_an_item_with_more_options_than_letters_is_left_out() -> None:
    text = workbook().replace("- I used the probe\n", "- I used the probe\n" * 25)
    assert "unusable-item" in codes(text)
    assert read_workbook(text).module.counts()["choices"] == 6


@pytest.mark.parametrize(
    ("printed", "instead"),
    [
        ("\n", "\r\n"),
        ("# COOK AND SERVE", "\ufeff# COOK AND SERVE"),
        ("# COOK AND SERVE", "\f# COOK AND SERVE"),
        ("Food is cooked through", "Food\N{NO-BREAK SPACE}is  cooked\tthrough"),
        ("Food is cooked through", "1.  Food is cooked through"),
        ("Trainee Signed ..... Date .....", "Trainee Signed .....\n\nDate ....."),
        ("2.  One cloth", "2) One cloth"),
        ("- I used the probe", "* I used the probe"),
        ("- I used the probe", "-\tI used\n  \nthe probe".replace("\n  \n", " ")),
        (" I meant to wipe the table", " I meant to\nwipe the table"),
        ("## ***RANGE***", "# RANGE"),
        ("answers below is right*\n\n", "answers below is right*\n"),
        ("\n25\n", "\nPage 25 of 30\n"),
    ],
)
def test_how_it_is_printed_makes_no_difference(
    printed: str, instead: str, imported: ImportedWorkbook
) -> None:
    assert printed in workbook()
    assert read_workbook(workbook().replace(printed, instead)).module == imported.module


def test_bullets_in_a_statement_are_part_of_it() -> None:
    text = workbook().replace("Food is cooked", "Remember:\n- hot\n- fresh\n\nFood is cooked")
    text = text.replace("through and served hot.", "through,\n- always\n- and all of it.")
    statement = read_workbook(text).module.elements[1].pages[0].items[0]
    assert isinstance(statement, Statement)
    assert statement.text == "Food is cooked through, always and all of it."


# What is refused


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "no-sign-offs"),
        (" \n\n\t\n", "no-sign-offs"),
        ("%PDF-1.4\n%\x00\x01\x02", "no-text"),
        ("\ud800", "no-text"),
        (cover(), "no-sign-offs"),
        ("1. A standard\n\n2. has criteria\n\nKnowledge\n\n3. and knowledge", "no-sign-offs"),
        (re.sub(r"(?m)^(Trainee Signed|Assessor Initial).*$", "", workbook()), "no-sign-offs"),
        (cover() + "\nTrainee Signed ..... Date .....", "no-items"),
        ("*Be kind*\n\n" * 100_000, "too-long"),
        (
            "# Knowledge\n\nWhy:\n\n.....\n\nTrainee Signed .....\nAssessor Initial .....",
            "no-title",
        ),
    ],
)
def test_what_is_no_workbook_is_refused(text: str, code: str) -> None:
    assert refusal(text) == code


# Whatever comes


def attempted(text: str) -> ImportedWorkbook | UnreadableDocumentError:
    try:
        return read_workbook(text)
    except UnreadableDocumentError as error:
        return error


def survives(text: str) -> None:
    result = attempted(text)
    assert all(remark.detail for remark in result.remarks)
    if isinstance(result, UnreadableDocumentError):
        assert any(remark.error for remark in result.remarks)
        return
    accounted_once(text, result)
    assert "not-understood" not in {remark.code for remark in result.remarks}
    ids = [item.id for item in result.module.items]
    assert len(ids) == len(set(ids))
    assert all(page.items for page in result.module.pages)
    assert read_module(write_module(result.module)).module == result.module


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["drop", "double", "swap", "blank"]),
            st.integers(0, len(LINES) - 2),
        ),
        max_size=12,
    )
)
def test_lines_may_be_lost_doubled_or_moved(changes: list[tuple[str, int]]) -> None:
    lines = list(LINES)
    for change, at in sorted(changes, key=lambda each: -each[1]):
        match change:
            case "drop":
                del lines[at % len(lines)]
            case "double":
                lines.insert(at, lines[at])
            case "swap" if at + 1 < len(lines):
                lines[at : at + 2] = reversed(lines[at : at + 2])
            case _:
                lines.insert(at, "")
    survives("\n".join(lines))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(LINES) | st.text(max_size=30), max_size=40))
@example(["Title", "\N{LATIN SMALL LETTER LONG S}ix of the seven are right", "Assessor Initial"])
@example(["Title", "\u0661 of the \u0662 are right", "- \u0661.  a", "- b", "Assessor Initial"])
def test_any_lines_will_do(lines: list[str]) -> None:
    survives("\n".join(lines))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, len(workbook())), st.integers(0, 200), st.text(max_size=20))
def test_characters_may_be_damaged(start: int, length: int, instead: str) -> None:
    text = workbook()
    survives(text[:start] + instead + text[start + length :])


@pytest.mark.parametrize(
    "repeated",
    ["a", "-", "*", ".", "# ", "1. ", "\n", " \n", "- 1.  a\n", "module -", "one of two ", "a_*"],
)
def test_long_texts_take_no_longer_than_they_are(repeated: str) -> None:
    """What is not linear never ends here."""
    count = TEXT_LIMIT // 8 // len(repeated)
    much = repeated * count
    end = "\n\nWhy:\n\n.....\n\nAssessor Initial ....."
    survives(f"Title\n\n{much}\n\n# Knowledge\n\n{much}\n\nOne of two is right\n\n{much}{end}")
