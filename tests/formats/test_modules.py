"""The module format: what each mark means, what is refused and where, and that nothing is lost."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.forms import Form, Relation
from chalicelib.domain.modules import (
    PAGE_FILES_LIMIT,
    PAGES_LIMIT,
    ChoiceItem,
    Definition,
    Element,
    EvidenceRequest,
    Group,
    Module,
    Option,
    Page,
    Question,
    StandardReference,
    Statement,
    VerificationPolicy,
)
from chalicelib.formats.modules import (
    IDS_NOT_WRITTEN,
    SHIPPED_FORM,
    TOO_MANY_FORMS,
    Code,
    ReadModule,
    UnreadableDocumentError,
    publication_remarks,
    read_module,
    write_ids,
    write_module,
)
from chalicelib.formats.remarks import Remark
from chalicelib.formats.shipped_forms import shipped_form
from tests.formats.module_strategies import modules
from tests.formats.test_forms import REFUSED as REFUSED_FORMS

ROOT = Path(__file__).parents[2]
FRONT = "---\nformat: 1\nid: m\ntitle: T\nstandards: SFJGB4, CC=Care\n---\n"
HEAD = FRONT + "# Element: E {#e}\n## Page: P {#p}\n"
FIRST = HEAD.count("\n") + 1  # the line that comes after HEAD

EXAMPLE = """\
---
format: 1
id: safe-moving
number: 3
title: Moving people: safely
certificate-title: Moving and handling
programme: First steps
version: 2
language: cy
rights: Free to use
standards: NOS=SFJGB4, CC=Care
verification: every-page
---
# Definitions

- **Concern**: taking trouble
  over somebody
- **Respect**: seeing the person

# Foreword

One paragraph
on two lines.

Another.

# Element: Plan the move {#plan}

About planning.

: For assessors.

## Page: Before the move {#plan-1}

Read each line.

: Ask for an example.

> Nothing is moved before
> the plan has been read.
>
> Nothing. [P1, K7] {#plan-s1}
: Guidance for
: the assessor.
:
: More of it.

### Group: Range

Mind the numbers.

? Choose one of three [CC:2.1] {#plan-c1 tests: plan-s1}
- [x] I read the plan and asked
  what had changed.
- [ ] I looked at it last month.
- [ ] I did not.

? Which of these
  reduce friction?
  >
  Think. {#plan-c2 choose: 2, accepted: names an old Act, on purpose}
- [?] a sheet
- [?] a board
- [?] hope

? None is right. {choose: 1 excluded: misprinted, see the paper #plan-c3}
- [ ] a
- [ ] b

!! A move, observed by the assessor {#plan-v1 form: observation, by: assessor}

# Knowledge: Knowledge {#kn}
## Page: Questions {#kn-1}
?? Why ask? [K6] (30-300 words) {#kn-q1}
?? Why not? (-50 words) {#kn-q2}
"""


def read(source: str) -> Module:
    return read_module(source).module


def errors(source: str) -> list[tuple[int, str]]:
    with pytest.raises(UnreadableDocumentError) as refusal:
        read_module(source)
    assert all(remark.error and remark.detail for remark in refusal.value.remarks)
    return [(remark.line, str(remark.code)) for remark in refusal.value.remarks]


def only_page(body: str) -> Page:
    return read(HEAD + body).elements[0].pages[0]


def texts(body: str) -> list[str]:
    return [item.text for item in only_page(body).items]


def test_everything_in_the_format_is_read() -> None:
    assert read(EXAMPLE) == Module(
        id="safe-moving",
        title="Moving people: safely",
        version=2,
        number="3",
        certificate_title="Moving and handling",
        programme="First steps",
        language="cy",
        rights="Free to use",
        standards=(StandardReference("NOS", "SFJGB4"), StandardReference("CC", "Care")),
        verification=VerificationPolicy.EVERY_PAGE,
        definitions=(
            Definition("Concern", "taking trouble over somebody"),
            Definition("Respect", "seeing the person"),
        ),
        foreword="One paragraph on two lines.\n\nAnother.",
        elements=(
            Element(
                "plan",
                "Plan the move",
                knowledge=False,
                instructions="About planning.",
                guidance="For assessors.",
                pages=(
                    Page(
                        "plan-1",
                        "Before the move",
                        "Read each line.",
                        "Ask for an example.",
                        (
                            Statement(
                                id="plan-s1",
                                text="Nothing is moved before the plan has been read.\n\nNothing.",
                                criteria=("P1", "K7"),
                                guidance="Guidance for the assessor.\n\nMore of it.",
                            ),
                        ),
                        (Group("Range", "Mind the numbers.", RANGE),),
                    ),
                ),
            ),
            Element(
                "kn",
                "Knowledge",
                knowledge=True,
                pages=(Page("kn-1", "Questions", ungrouped=KNOWLEDGE),),
            ),
        ),
    )


RANGE = (
    ChoiceItem(
        id="plan-c1",
        text="Choose one of three",
        criteria=("CC:2.1",),
        options=(
            Option("a", "I read the plan and asked what had changed.", right=True),
            Option("b", "I looked at it last month.", right=False),
            Option("c", "I did not.", right=False),
        ),
        choose=1,
        tests=("plan-s1",),
    ),
    ChoiceItem(
        id="plan-c2",
        text="Which of these reduce friction?\n\nThink.",
        accepted="names an old Act, on purpose",
        options=(
            Option("a", "a sheet", None),
            Option("b", "a board", None),
            Option("c", "hope", None),
        ),
        choose=2,
    ),
    ChoiceItem(
        id="plan-c3",
        text="None is right.",
        options=(Option("a", "a", right=False), Option("b", "b", right=False)),
        choose=1,
        excluded="misprinted, see the paper",
    ),
    EvidenceRequest(
        id="plan-v1",
        text="A move, observed by the assessor",
        form="observation",
        by="assessor",
        blank=shipped_form("observation"),
    ),
)
KNOWLEDGE = (
    Question(id="kn-q1", text="Why ask?", criteria=("K6",), min_words=30, max_words=300),
    Question(id="kn-q2", text="Why not?", max_words=50),
)


def test_the_lines_of_elements_pages_and_items_are_known() -> None:
    lines = read_module(EXAMPLE).lines
    source = EXAMPLE.split("\n")
    assert source[lines["plan"] - 1].startswith("# Element:")
    assert source[lines["plan-1"] - 1].startswith("## Page:")
    assert source[lines["plan-s1"] - 1] == "> Nothing is moved before"
    assert source[lines["kn-q2"] - 1].startswith("?? Why not?")


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_windows_files_read_the_same(end: str) -> None:
    assert read("\ufeff" + EXAMPLE.replace("\n", end)) == read(EXAMPLE)


def test_decomposed_letters_are_composed() -> None:
    assert texts("> cafe\u0301") == ["caf\u00e9"]


# Escapes


@pytest.mark.parametrize("mark", ["?", "??", "!!", "-", ">", ":", "#", "\\"])
def test_a_backslash_makes_a_leading_mark_text(mark: str) -> None:
    page = only_page(f"\\{mark} instruction\n\n> statement\n> \\{mark} goes on")
    assert page.instructions == f"{mark} instruction"
    assert [item.text for item in page.items] == [f"statement {mark} goes on"]


@pytest.mark.parametrize("tail", ["[P1]", "(30-300 words)", "{#x}"])
def test_a_backslash_before_either_bracket_makes_a_trailer_text(tail: str) -> None:
    closing = f"{tail[:-1]}\\{tail[-1]}"
    assert texts(f"?? a \\{tail}\n\n?? b {closing}\n\n?? c \\{tail} [P2]") == [
        f"a {tail}",
        f"b {tail}",
        f"c {tail}",
    ]


def test_parentheses_without_a_number_need_no_escape() -> None:
    assert texts("?? Why (in your own words)\n\n?? Who (a name)") == [
        "Why (in your own words)",
        "Who (a name)",
    ]


def test_an_escaped_choose_phrase_is_only_quoted() -> None:
    page = only_page("? What does \\Choose 2 of 6 mean?\n- [x] a\n- [ ] b")
    assert page.items[0].text == "What does Choose 2 of 6 mean?"
    assert isinstance(page.items[0], ChoiceItem)
    assert page.items[0].choose == 1


def test_text_is_plain() -> None:
    text = "*stars* _lines_ <b>tags</b> &amp; [link](http://example.org/#x) `code` 1. x"
    assert texts(f"> {text}") == [text]


# Ids


def test_ids_that_are_not_written_are_derived_from_position() -> None:
    body = (
        "# Element: A\n## Page: B\n> s\n\n> s\n? c\n- [x] a\n- [ ] b\n?? q\n!! v {by: assessor}\n"
    )
    found = read_module(FRONT + body)
    start = FRONT.count("\n")
    assert found.derived_ids == (
        (start + 1, "e1"),
        (start + 2, "e1-p1"),
        (start + 3, "e1-s1"),
        (start + 5, "e1-s2"),
        (start + 6, "e1-c1"),
        (start + 9, "e1-q1"),
        (start + 10, "e1-v1"),
    )
    assert read_module(EXAMPLE).derived_ids == ()


def test_a_derived_id_gives_way_to_a_written_one() -> None:
    assert [item.id for item in only_page("> a\n\n> b {#e1-s1}\n\n> c").items] == [
        "e1-s2",
        "e1-s1",
        "e1-s4",
    ]


def test_derived_ids_can_be_written_into_the_file() -> None:
    source = HEAD + "> two\n> lines [P1]\n: guidance\n\n? c {tests: e1-s1}\n- [x] a\n- [ ] b\n"
    found = read_module(source)
    written = write_ids(source, found.derived_ids)
    assert written == source.replace("[P1]", "[P1] {#e1-s1}").replace("{tests", "{#e1-c1 tests")
    assert read_module(written).module == found.module
    assert read_module(written).derived_ids == ()


def test_a_second_version_needs_its_ids_written() -> None:
    body = HEAD.replace("title:", "version: 2\ntitle:") + "> a\n"
    (remark,) = publication_remarks(read_module(body))
    assert (remark.line, remark.code) == (FIRST + 1, IDS_NOT_WRITTEN)
    assert publication_remarks(read_module(HEAD + "> a\n")) == ()
    assert publication_remarks(read_module(body.replace("> a", "> a {#a}"))) == ()


def test_flaws_are_told_with_their_lines() -> None:
    body = "? c\n- [?] a\n- [?] b\n: choose\n!! v\n## Page: empty {#empty}\n"
    found = read_module(HEAD + body.replace("? c", "? c {choose: 1}"))
    assert [(remark.line, remark.code) for remark in publication_remarks(found)] == [
        (FIRST, "key-not-marked"),
        (FIRST + 5, "empty-page"),
    ]
    assert [(r.line, r.code) for r in publication_remarks(read_module(FRONT))] == [(0, "no-pages")]


def test_a_page_asks_for_no_more_files_than_it_takes() -> None:
    asked = "!! v {files: 20}\n" * 2
    exact = read_module(
        f"{HEAD}{asked}!! v {{files: {PAGE_FILES_LIMIT - 40}-}}\n!! v {{files: 0-}}"
    )
    assert publication_remarks(exact) == ()
    beyond = read_module(f"{HEAD}{asked}!! v {{files: {PAGE_FILES_LIMIT - 40}-}}\n!! v")
    assert [(r.line, r.code) for r in publication_remarks(beyond)] == [
        (FIRST - 1, "too-many-files")
    ]


def test_a_module_has_at_most_ninety_pages() -> None:
    pages = "".join(f"## Page: {n}\n\n> Understood.\n\n" for n in range(PAGES_LIMIT + 1))
    read = read_module(f"{FRONT}\n# Element: All\n\n{pages}")

    assert [remark.code for remark in publication_remarks(read)] == ["too-many-pages"]


# What is refused: the code, the line (counted from the first after HEAD), and the text there.

OPTIONS = "- [x] a\n- [ ] b\n"
REFUSED = [
    (Code.CHARACTER, 0, "> a\x07b"),
    (Code.CHARACTER, 0, "> \udcff"),
    (Code.UNKNOWN_HEADING, 0, "# Chapter: x"),
    (Code.UNKNOWN_HEADING, 0, "#hashtag"),
    (Code.UNKNOWN_HEADING, 0, "## Page without a colon"),
    (Code.UNKNOWN_MARK, 0, ">no space"),
    (Code.UNKNOWN_MARK, 0, "!alone"),
    (Code.MISPLACED, 0, "! a rule, but no form"),
    (Code.UNKNOWN_MARK, 0, "??? three"),
    (Code.UNKNOWN_MARK, 0, "- plain list"),
    (Code.UNKNOWN_MARK, 0, "---"),
    (Code.UNKNOWN_MARK, 2, "? c\n- [x] a\n- [y] b\n- [ ] c"),
    (Code.INDENTED_MARK, 3, "? c\n- [x] a\n- [ ] b\n  - [ ] c"),
    (Code.UNMARKED_LINE, 1, "> a\nb"),
    (Code.UNMARKED_LINE, 2, "> a\n\nb"),
    (Code.UNMARKED_LINE, 3, f"? c\n{OPTIONS}d"),
    (Code.UNMARKED_LINE, 1, ": guidance\nthat goes on"),
    (Code.UNMARKED_LINE, 2, ": guidance\n\ninstruction"),
    (Code.MISPLACED, 0, "# Foreword\nx"),
    (Code.MISPLACED, 0, "# Definitions\n- **T**: x"),
    (Code.MISPLACED, 2, "# Element: F\n\n### Group: G\n> a"),
    (Code.MISPLACED, 1, "# Element: F\n> a"),
    (Code.MISPLACED, 0, "- [x] a"),
    (Code.MISPLACED, 1, "> a\n- [x] a"),
    (Code.MISPLACED, 0, "- **Term**: a"),
    (Code.MISPLACED, 1, "### Group: G\n: guidance"),
    (Code.EMPTY_TEXT, 0, ">"),
    (Code.EMPTY_TEXT, 0, "> [P1] {#x}"),
    (Code.EMPTY_TEXT, 1, "> a\n:"),
    (Code.EMPTY_TEXT, 1, "? c {choose: 1}\n- [ ]\n- [x] b"),
    (Code.EMPTY_TEXT, 0, "## Page: {#x}"),
    (Code.EMPTY_TEXT, 0, "### Group:"),
    (Code.INVALID_ID, 0, "> a {#A}"),
    (Code.INVALID_ID, 0, "> a {#}"),
    (Code.INVALID_ID, 0, "> a {#-a}"),
    (Code.INVALID_ID, 0, "> a {#" + "a" * 61 + "}"),
    (Code.INVALID_ID, 0, "> a {#a b}"),
    (Code.DUPLICATE_ID, 0, "> a {#p}"),
    (Code.DUPLICATE_ID, 2, "> a {#s}\n\n> b {#s}"),
    (Code.UNKNOWN_ATTRIBUTE, 0, "> a {x}"),
    (Code.UNKNOWN_ATTRIBUTE, 0, "> a {id: x}"),
    (Code.UNKNOWN_ATTRIBUTE, 0, "> a }"),
    (Code.UNKNOWN_ATTRIBUTE, 1, "> a {accepted: on\n> two lines}"),
    (Code.ATTRIBUTE_TWICE, 0, "> a {#a #b}"),
    (Code.ATTRIBUTE_TWICE, 0, f"? a {{choose: 1, choose: 1}}\n{OPTIONS}"),
    (Code.ATTRIBUTE_VALUE, 0, f"? a {{choose: one}}\n{OPTIONS}"),
    (Code.ATTRIBUTE_VALUE, 0, f"? a {{choose: 1, colour: red}}\n{OPTIONS}"),
    (Code.ATTRIBUTE_VALUE, 0, f"? a {{tests:}}\n{OPTIONS}"),
    (Code.ATTRIBUTE_VALUE, 0, f"? a {{excluded: }}\n{OPTIONS}"),
    (Code.ATTRIBUTE_VALUE, 0, "> a {accepted:}"),
    (Code.ATTRIBUTE_VALUE, 0, "!! a {by: nobody}"),
    (Code.ATTRIBUTE_VALUE, 0, "!! a {form: Two Words}"),
    (Code.ATTRIBUTE_MISPLACED, 0, "> a {excluded: only a choice item can be}"),
    (Code.ATTRIBUTE_MISPLACED, 0, "?? a {choose: 1}"),
    (Code.ATTRIBUTE_MISPLACED, 0, "## Page: Q {tests: s}"),
    (Code.ATTRIBUTE_MISPLACED, 0, "### Group: G {#g}"),
    (Code.ATTRIBUTE_MISPLACED, 0, "> a {#a}\n> b {#b}"),
    (Code.ATTRIBUTE_MISPLACED, 2, "? a\n- [x] a\n- [ ] b {#b}"),
    (Code.ATTRIBUTE_MISPLACED, 0, "instructions {#x}"),
    (Code.TRAILER_ORDER, 0, "> a {#a} [P1]"),
    (Code.TRAILER_ORDER, 0, "?? a (30-300 words) [P1]"),
    (Code.TRAILER_ORDER, 0, "?? a [P1] [P2]"),
    (Code.WORD_RANGE, 0, "?? a (300-30 words)"),
    (Code.WORD_RANGE, 0, "?? a (0-30 words)"),
    (Code.WORD_RANGE, 0, "?? a (30-10001 words)"),
    (Code.WORD_RANGE, 0, "?? a (300 words)"),
    (Code.WORD_RANGE, 0, "?? a (- words)"),
    (Code.WORD_RANGE, 0, "> a (30-300 words)"),
    (Code.UNKNOWN_STATEMENT, 0, f"? a {{tests: nowhere}}\n{OPTIONS}"),
    (Code.UNKNOWN_STATEMENT, 0, f"? a {{#c tests: c}}\n{OPTIONS}"),
    (Code.OPTION_COUNT, 0, "? a"),
    (Code.OPTION_COUNT, 0, "? a\n- [x] a"),
    (Code.OPTION_COUNT, 0, "? a\n" + "- [x] a\n" * 27),
    (Code.KEY_HALF_MARKED, 0, "? a {choose: 1}\n- [x] a\n- [?] b"),
    (Code.KEY_COUNT, 0, "? Choose one of two\n- [x] a\n- [x] b"),
    (Code.KEY_COUNT, 0, "? a {choose: 1}\n- [ ] a\n- [ ] b"),
    (Code.CHOOSE_MISSING, 0, "? a\n- [ ] a\n- [ ] b"),
    (Code.CHOOSE_MISSING, 0, "? a\n- [?] a\n- [?] b"),
    (Code.CHOOSE_COUNT, 0, f"? Choose 1 of 3\n{OPTIONS}"),
    (Code.CHOOSE_COUNT, 0, f"? Choose three of two\n{OPTIONS}"),
    (Code.CHOOSE_COUNT, 0, f"? Choose 1 of 2 {{choose: 2}}\n{OPTIONS}"),
    (Code.CHOOSE_COUNT, 0, f"? Choose 1 of 2 or choose 2 of 2\n{OPTIONS}"),
    (Code.CHOOSE_COUNT, 0, f"? a {{choose: 3}}\n{OPTIONS}"),
    (Code.CHOOSE_COUNT, 0, f"? choose 0 of 2\n{OPTIONS}"),
]


@pytest.mark.parametrize(("code", "offset", "body"), REFUSED)
def test_a_fault_is_refused_at_its_line(code: Code, offset: int, body: str) -> None:
    assert (FIRST + offset, code) in errors(HEAD + body)


REFUSED_FRONTS = [
    (Code.FRONT_MATTER, 1, ""),
    (Code.FRONT_MATTER, 1, "# Foreword"),
    (Code.FRONT_MATTER, 1, "---\nformat: 1\nid: m\ntitle: T\n# Foreword"),
    (Code.UNKNOWN_KEY, 2, "---\nauthor: x\n---"),
    (Code.UNKNOWN_KEY, 2, "---\nTitle: x\n---"),
    (Code.UNKNOWN_KEY, 2, "---\nno colon\n---"),
    (Code.KEY_TWICE, 3, "---\ntitle: x\ntitle: x\n---"),
    (Code.KEY_MISSING, 1, "---\n---"),
    (Code.KEY_MISSING, 1, "---\nformat: 1\nid: m\n---"),
    (Code.KEY_VALUE, 2, "---\nformat: 2\n---"),
    (Code.KEY_VALUE, 2, "---\nid: Not An Id\n---"),
    (Code.KEY_VALUE, 2, "---\ntitle:\n---"),
    (Code.KEY_VALUE, 2, "---\nversion: 0\n---"),
    (Code.KEY_VALUE, 2, "---\nversion: 1000000\n---"),
    (Code.KEY_VALUE, 2, "---\nversion: ٣\n---"),
    (Code.KEY_VALUE, 2, "---\nlanguage: British English\n---"),
    (Code.KEY_VALUE, 2, "---\nverification: all\n---"),
    (Code.KEY_VALUE, 2, "---\nstandards: A, B\n---"),
    (Code.KEY_VALUE, 2, "---\nstandards: X=A, X=B\n---"),
    (Code.KEY_VALUE, 2, "---\nstandards: A,\n---"),
    (Code.KEY_VALUE, 2, "---\nstandards: =A\n---"),
    (Code.SECTION_TWICE, 8, FRONT + "# Foreword\n# Foreword"),
    (Code.SECTION_TWICE, 8, FRONT + "# Definitions\n# Definitions"),
    (Code.MISPLACED, 7, FRONT + "## Page: P\n> a"),
    (Code.UNMARKED_LINE, 7, FRONT + "Words before any heading."),
    (Code.UNMARKED_LINE, 8, FRONT + "# Definitions\nWords."),
    (Code.UNKNOWN_MARK, 8, FRONT + "# Definitions\n- **Term** no colon"),
    (Code.EMPTY_TEXT, 8, FRONT + "# Definitions\n- ** **: text"),
    (Code.EMPTY_TEXT, 8, FRONT + "# Definitions\n- **Term**:"),
]


@pytest.mark.parametrize(("code", "line", "source"), REFUSED_FRONTS)
def test_a_fault_before_the_pages_is_refused_at_its_line(
    code: Code, line: int, source: str
) -> None:
    assert (line, code) in errors(source)


def test_every_fault_is_told_at_once_in_the_order_of_lines() -> None:
    body = "> a {#p}\nloose\n? c\n- [x] a\n?? q (3 words)\n"
    assert errors(HEAD.replace("id: m", "id: M") + body) == [
        (3, "key-value"),
        (FIRST, "duplicate-id"),
        (FIRST + 1, "unmarked-line"),
        (FIRST + 2, "option-count"),
        (FIRST + 4, "word-range"),
    ]


def test_brackets_that_are_no_criteria_are_text_with_a_warning() -> None:
    found = read_module(HEAD + "> a [see below]\n\n> b [P1, XX:1]\n\n> c [sic\\]\n")
    assert [(remark.line, remark.code, remark.error) for remark in found.warnings] == [
        (FIRST, Code.NOT_CRITERIA, False),
        (FIRST + 2, Code.NOT_CRITERIA, False),
    ]
    assert [(item.text, item.criteria) for item in found.module.items] == [
        ("a [see below]", ()),
        ("b [P1, XX:1]", ()),
        ("c [sic]", ()),
    ]


def test_without_a_standard_there_are_no_criteria() -> None:
    found = read_module(HEAD.replace("standards: SFJGB4, CC=Care\n", "") + "> a [P1]")
    assert [str(remark.code) for remark in found.warnings] == ["not-criteria"]


def test_the_guide_for_authors_has_every_code() -> None:
    guide = (ROOT / "docs" / "authoring.md").read_text(encoding="utf-8")
    table = guide.partition("## What `module check` says")[2].partition("\n## ")[0]
    documented = set(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE))
    refused = {code for code, _, _ in (*REFUSED, *REFUSED_FRONTS, *REFUSED_FORMS)}
    assert refused | {Code.NOT_CRITERIA} == set(Code), "each code has a test"
    flaws = {
        "no-pages",
        "too-many-pages",
        "too-many-items",
        "empty-page",
        "key-not-marked",
        "key-count",
        "too-many-files",
        "too-many-contributions",
        "nothing-to-appraise",
    }
    published = {IDS_NOT_WRITTEN, SHIPPED_FORM, TOO_MANY_FORMS}
    assert documented == {str(code) for code in Code} | flaws | published | {"dated-law"}


def test_the_examples_in_the_guide_can_be_read() -> None:
    guide = (ROOT / "docs" / "authoring.md").read_text(encoding="utf-8")
    whole = re.findall(r"^```\n(---\n.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    assert whole
    for example in whole:
        assert publication_remarks(read_module(example)) == ()


# Properties


@settings(max_examples=150, deadline=None)
@given(modules())
def test_what_is_written_reads_back_as_the_same_module(module: Module) -> None:
    found = read_module(write_module(module))
    assert found.module == module
    assert found.derived_ids == ()
    assert found.warnings == ()


@settings(max_examples=50, deadline=None)
@given(modules(), st.data())
def test_ids_written_into_a_file_change_nothing_else(module: Module, data: st.DataObject) -> None:
    kept = data.draw(st.integers(0, 3))
    lines = write_module(module).split("\n")
    # An id that others name, and every fourth one, stays.
    named = {name for item in module.items if isinstance(item, ChoiceItem) for name in item.tests}
    named |= {item.form for item in module.items if isinstance(item, EvidenceRequest) and item.form}
    named |= {f"{{#{name} " for form in module.forms for name in looked_at(form)}
    source = "\n".join(
        line if index % 4 == kept or any(name in line for name in named) else _without_id(line)
        for index, line in enumerate(lines)
    )
    found = read_module(source)
    again = read_module(write_ids(source, found.derived_ids))
    assert again.module == found.module
    assert again.derived_ids == ()


def looked_at(form: Form) -> set[str]:
    """Return the fields that rules look at."""
    tests = [test for rule in form.rules for test in (*rule.when, *rule.needs)]
    others = {test.operands[1] for test in tests if test.relation is Relation.WITHIN}
    return others | {test.field for test in tests}


def _without_id(line: str) -> str:
    """Take the id out of the braces at the end of a line, and the braces if they are empty then."""
    without = re.sub(r"\{#[a-z0-9-]+ ?((?:[^{}\\]|\\.)*)\}$", r"{\1}", line)
    return line if without == line else re.sub(r" ?\{\}$", "", without)


def outcome(source: str) -> ReadModule | tuple[Remark, ...]:
    """Read whatever is given; anything but a module or a refusal is a failure."""
    try:
        return read_module(source)
    except UnreadableDocumentError as refusal:
        return refusal.remarks


@settings(max_examples=150, deadline=None)
@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    assert outcome(text)
    assert outcome(HEAD + text)


PIECES = ["\n", "  ", "\\", "{", "}", "[", "]", "(", ")", "#", "> ", "? ", "?? ", "!! ", "- [x] "]
PIECES += [
    ": ",
    "-",
    "{#x}",
    "{choose: 9}",
    "(1-2 words)",
    "[P1]",
    "choose 1 of 9",
    "\x00",
    "---\n",
]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, len(EXAMPLE)), st.integers(0, 30), st.sampled_from(PIECES)),
        max_size=6,
    )
)
def test_a_damaged_file_is_read_or_refused(cuts: list[tuple[int, int, str]]) -> None:
    source = EXAMPLE
    for at, length, piece in cuts:
        source = source[:at] + piece + source[at + length :]
    found = outcome(source)
    if isinstance(found, ReadModule):
        assert read_module(write_module(found.module)).module == found.module


SIZE = 256 * 1024
PATIENCE = (
    20  # seconds for what takes one or two on a busy machine; anything quadratic takes minutes
)
WITHIN_LINES = [
    *("{", "}", "[", ")", "\\", " ", "\t", "-", ",", "\u00a0", "9", "{}", "\\{", "\\}", "} "),
    *("{#", "#a ", " ,", "tests: ", "by\\:", "P1,", "(1-2 words) ", "choose ", "choose 1 of 2 "),
]
WHOLE_LINES = [
    *("\n", "> a\n", ": a\n", "- [x] a\n", "  >\n", "? a\n", "a\n\n", "# Element: E\n"),
    *("## Page: P\n", "> a {#e1-s1}\n\n", "\x00\n"),
]


@pytest.mark.parametrize("piece", WITHIN_LINES)
def test_no_line_takes_longer_than_its_length(piece: str) -> None:
    filling = piece * (SIZE // len(piece))
    started = time.perf_counter()
    outcome(f"{HEAD}? {filling}]")
    outcome(f"{HEAD}> a {{accepted: {filling}}}")
    assert time.perf_counter() - started < PATIENCE


FORMS = ["- **L**:\n", "- [ ] a\n", "! R {needs: d given}\n", "! R {needs: x}\n", "# Form: F\n"]
IN_RULES = [
    "d given and ",
    "d is a or ",
    "d is ",
    "and ",
    "or a ",
    "within 1 months of ",
    "d",
    "-",
    "9",
]


@pytest.mark.parametrize("piece", FORMS)
def test_no_form_takes_longer_than_its_length(piece: str) -> None:
    started = time.perf_counter()
    filling = piece * (SIZE // len(piece) // 2)
    outcome(f"{FRONT}# Form: F\n- **D**: {{#d}}\n{filling}{filling}")
    outcome(f"{FRONT}# Form: F\n" + "- **L**:\n" * (SIZE // 18) + filling)
    assert time.perf_counter() - started < PATIENCE


@pytest.mark.parametrize("piece", IN_RULES)
def test_no_condition_takes_longer_than_its_length(piece: str) -> None:
    started = time.perf_counter()
    filling = piece * (SIZE // len(piece))
    outcome(f"{FRONT}# Form: F\n- **D**: {{#d type: date}}\n! R {{needs: {filling}}}")
    outcome(f"{FRONT}# Form: F\n- **D**: {{#d type: date}}\n! R {{needs: d is a {filling}}}")
    assert time.perf_counter() - started < PATIENCE


@pytest.mark.parametrize("piece", ["\\*", "*", " ", "X=a,", "X", ":"])
def test_no_definition_or_key_takes_longer_than_its_length(piece: str) -> None:
    filling = piece * (SIZE // len(piece))
    started = time.perf_counter()
    outcome(f"{FRONT}# Definitions\n- **{filling}")
    outcome(f"---\nstandards: {filling}\ntitle: {filling}")
    assert time.perf_counter() - started < PATIENCE


@pytest.mark.parametrize("piece", WHOLE_LINES)
def test_no_file_takes_longer_than_its_length(piece: str) -> None:
    started = time.perf_counter()
    outcome(HEAD + piece * (SIZE // len(piece)))
    assert time.perf_counter() - started < PATIENCE
