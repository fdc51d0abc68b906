"""What people write, in any script and at any length; what a page weighs; how it prints."""

import html
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from chalicelib.domain.people import NAME_LIMIT
from chalicelib.domain.text import MARKS_LIMIT
from tests.browser.centre import CHOICES, STATEMENTS, Answers, Centre, wrong
from tests.browser.conftest import OpenTab
from tests.browser.test_states import NARROW, judge, sticks_out, violations, visit

WEIGHT = 20_000  # bytes of a page, without what the candidate wrote
ARABIC = """---
format: 1
id: respect
title: احترام الآخرين
language: ar
---

# Element: البداية {#start}

## Page: اللقاء الأول {#start-1}

? ماذا تفعل أولاً؟ {#start-c1}
- [x] أعرّف بنفسي وأسأل عمّا يهم الشخص.
- [ ] أبدأ العمل فوراً.
: ابحث عن الاحترام.

?? لماذا رأي الشخص مهم؟ {#start-q1}
"""
HEBREW_NAME = "שרה כהן"
ANSWER = "لأن الحياة حياته، وهو أدرى بها من غيره.\n\nSaid in English too."


def many_options(count: int) -> str:
    options = "\n".join(f"- [{'x' if n % 2 else ' '}] Option {n}" for n in range(1, count + 1))
    items = "\n\n".join(
        f"? Question {n}: choose all that fit {{#long-c{n}}}\n{options}" for n in range(1, 4)
    )
    return (
        "---\nformat: 1\nid: long\ntitle: A long page\n---\n\n"
        f"# Element: Only {{#long}}\n\n## Page: All of it {{#long-1}}\n\n{items}\n"
    )


def test_right_to_left(centre: Centre, open_tab: OpenTab) -> None:
    module = centre.publish(ARABIC)
    tab = open_tab(java_script_enabled=True, is_mobile=False)
    answers: Answers = {"start-q1": {"text": ANSWER}, "start-c1": {"chosen": ["b"]}}

    visit(tab, centre.sign("start-1", module=module, name=HEBREW_NAME, answers=answers).link)

    for text in (HEBREW_NAME, "اللقاء الأول", "ماذا تفعل أولاً؟", "أبدأ العمل فوراً.", ANSWER[:20]):
        found = tab.get_by_text(text).first
        assert found.evaluate("element => getComputedStyle(element).direction") == "rtl", text
    for text in ("ماذا تفعل أولاً؟", "أبدأ العمل فوراً.", "ابحث عن الاحترام."):
        assert tab.get_by_text(text).evaluate("e => e.closest('[lang]').lang") == "ar", text
    assert tab.get_by_text("Chosen, not right").evaluate("e => e.closest('[lang]').lang") == "en-GB"
    tab.set_viewport_size(NARROW)
    assert sticks_out(tab) == []
    judge(tab, "No, not yet competent", "اكتب المزيد من فضلك.")
    said = tab.get_by_text("اكتب المزيد")
    assert said.evaluate("element => getComputedStyle(element).direction") == "rtl"


def test_a_name_of_letters_with_towers_of_marks_stays_in_its_place(
    centre: Centre, open_tab: OpenTab
) -> None:
    tower = "Z" + "".join(chr(0x0300 + n) for n in range(MARKS_LIMIT))
    name = tower * (NAME_LIMIT // len(tower))
    tab = open_tab(java_script_enabled=True, size=(320, 640))
    by = centre.enrol(name)

    visit(tab, centre.sign(CHOICES, by=by).link)

    assert sticks_out(tab) == []
    shown = tab.locator("css=main :text('Z')").evaluate_all(
        """(elements) => elements.filter((element) => {
            const style = getComputedStyle(element);
            return element.firstChild?.data?.includes("\\u0300") && element.tagName !== "LEGEND";
        }).map((element) => {
            const style = getComputedStyle(element);
            return style.display !== "inline" && ["clip", "hidden"].includes(style.overflowY);
        })"""
    )
    assert shown == [True] * 4, "in the heading, the signature, the bar and the form"
    judge(tab, "Yes, competent")
    expect(tab.get_by_role("heading", level=1)).to_have_text("Your judgement is recorded")


def test_names_without_a_space_and_long_answers_wrap(centre: Centre, open_tab: OpenTab) -> None:
    longest = ("Llanfair" * 2_500)[:20_000]
    tab = open_tab(java_script_enabled=True, size=(320, 640))
    question = centre.module.page("knowledge-1")
    assert question
    spaced = "\n".join(f"{n}.\t<script>alert({n})</script> & more" for n in range(60))
    answers = {question.items[0].id: {"text": f"{longest[:19_000]} {'word ' * 150}"}}
    answers |= {question.items[1].id: {"text": spaced}}

    visit(tab, centre.sign("knowledge-1", name="W" * 200, answers=answers).link)

    assert sticks_out(tab) == []
    assert tab.locator(".answer").nth(1).inner_text() == spaced
    expect(tab.get_by_role("link", name="Judge", exact=True)).to_be_in_viewport(ratio=1)


def test_a_page_of_sixty_options(centre: Centre, open_tab: OpenTab) -> None:
    module = centre.publish(many_options(20))
    page = module.page("long-1")
    assert page
    tab = open_tab(java_script_enabled=True, is_mobile=False)

    visit(tab, centre.sign("long-1", module=module, answers=wrong(page, 1, 2, 3)).link)

    expect(tab.get_by_text("0 of 3 right").first).to_be_visible()
    expect(tab.locator("li")).to_have_count(60)
    assert violations(tab) == []


def test_no_page_of_the_demo_module_weighs_more_than_20_kb(
    centre: Centre, capsys: pytest.CaptureFixture[str]
) -> None:
    by = centre.enrol()
    weights = {}
    for page in centre.module.pages:
        answers = wrong(page, *range(1, len(page.items) + 1))
        signed = centre.sign(page.id, by=by, answers=answers)
        with urlopen(signed.link) as answered:  # noqa: S310 (our own address)
            content = answered.read().decode()
        own = [text for text in centre.texts(signed) if html.escape(text) in content]
        weights[page.id] = len(content.encode()) - sum(len(text.encode()) for text in own)

    assert len(weights) == 18
    with capsys.disabled():
        heaviest = max(weights, key=weights.__getitem__)
        print(f"\n{heaviest}: {weights[heaviest]} bytes, the heaviest of 18 pages")  # noqa: T201
    assert {page: weight for page, weight in weights.items() if weight > WEIGHT} == {}


def test_it_prints_with_all_guidance_and_without_the_form(
    centre: Centre, tab: Page, tmp_path: Path
) -> None:
    visit(tab, centre.sign(STATEMENTS).link)
    paper = tmp_path / "review.pdf"

    tab.pdf(path=paper)

    text = " ".join(page.extract_text() for page in PdfReader(paper).pages)
    words = " ".join(text.split())
    assert "Zoë Nguyễn" in words
    assert "safeguarding lead and the number to ring" in words, "guidance that is folded away"
    assert "Record my judgement" not in words
