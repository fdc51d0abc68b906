"""The portfolio as tagged PDF: what it says, in which order, and what each part is."""

import io
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from chalicelib.formats.portfolio_pdf import render
from tests.formats import portfolio_documents
from tests.formats.portfolio_documents import ARABIC, CHINESE, Portfolio

RICH = portfolio_documents.rich()
BOXES = "A box stands for a letter"


class Pdf:
    """A document as readers see it: its text, and its structure."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.reader = PdfReader(io.BytesIO(render(document)), strict=True)
        self.root: Any = self.reader.root_object
        self.pages = [page.extract_text() for page in self.reader.pages]
        self.text = squeezed("".join(self.pages))

    def elements(self, at: Any = None, depth: int = 0) -> list[tuple[int, str, int]]:
        """List the structure in order: how deep, what, and how many stretches of a page it has."""
        element = (at or self.root["/StructTreeRoot"]["/K"][0]).get_object()
        kids = [kid.get_object() for kid in element.get("/K", [])]
        marks = [kid for kid in kids if kid.get("/Type") == "/MCR"]
        found = [(depth, element["/S"][1:], len(marks))]
        for kid in kids:
            if kid.get("/Type") == "/StructElem":
                found += self.elements(kid, depth + 1)
        return found


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.fixture(scope="module")
def rich() -> Pdf:
    return Pdf(RICH)


def test_it_says_everything_in_order(rich: Pdf) -> None:
    at = 0
    for words in (
        "Zoë Nguyễn",
        "Showing how people are moved",
        "Progress",
        "Coverage",
        "1 Before the move",
        "Attempt 2: Competent",
        "Signed by Zoë Nguyễn",
        "These answers are my own work, and they are true.",
        "Judged competent by Tra Inee",
        "Countersigned by Asa Essor",
        "Verified: action required by Ivy Verifier",
        "Ask about the second statement.",
        "Verified: upheld",
        "Nothing is moved before the plan has been read.",
        "Not understood. Initials: ZN",
        "Chosen: I read the plan and ask what has changed.",
        "Attempt 1: Not yet competent",
        "Tell me about one time when you did this",
        "Answered as in attempt 2: items 1, 3, 4.",
        "2 What was done",
        "Right in this case.",
        "valid, authentic, current, sufficient, reliable",
        "Evidence 1 is withheld",
        "Evidence 4: room-covered.jpg",
        "Departs from a rule: A colleague is present.",
        "She was called away.",
        "By Asa Essor, CAVA",
        "By Wanda Witness, Nurse, line manager",
        "Attempt 2: Withdrawn",
        "Nobody may judge what they observed alone.",
        "Nothing has been signed on this page.",
        "Issue 1: Suspended",
        "Evidence 3: plan.pdf",
        "Assessor: Asa Essor, before: Tra Inee",
        "Tra is away for a month.",
        RICH["trail"]["hash"],
    ):
        at = rich.text.find(squeezed(words), at)
        assert at >= 0, words
    assert BOXES not in rich.pages[-1]
    assert "PLANTED" not in rich.text


def test_it_says_what_it_is_to_machines(rich: Pdf) -> None:
    assert rich.root["/Lang"] == "en-GB"
    assert rich.root["/MarkInfo"]["/Marked"]
    assert rich.root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert "/OutputIntents" in rich.root
    about = rich.reader.xmp_metadata
    assert about
    assert about.dc_title == {"x-default": "Portfolio of Zoë Nguyễn: Showing how people are moved"}
    last = len(rich.pages)
    assert f"Page{last}of{last}" in squeezed(rich.pages[-1])


def test_every_part_is_tagged_as_what_it_is(rich: Pdf) -> None:
    elements = rich.elements()
    kinds = [kind for _, kind, _ in elements]
    assert elements[0][:2] == (0, "Document")
    levels = [int(kind[1]) for kind in kinds if kind[0] == "H" and kind[1:].isdigit()]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    parents = {"TR": "Table", "TH": "TR", "TD": "TR", "LI": "L", "LBody": "LI"}
    above: list[str] = []
    for depth, kind, marks in elements:
        del above[depth:]
        assert kind not in parents or above[-1] == parents[kind]
        assert marks == 0 or kind in {"P", "TH", "TD", "LBody"} or kind[0] == "H"
        above.append(kind)
    assert {"Table", "L", "BlockQuote", "P"} <= set(kinds)


def test_whatever_is_drawn_is_tagged_or_decoration(rich: Pdf) -> None:
    for page in rich.reader.pages:
        contents = page.get_contents()
        assert contents is not None
        depth = 0
        for operands, operator in contents.operations:
            if operator in {b"BDC", b"BMC"}:
                depth += 1
            elif operator == b"EMC":
                depth -= 1
            elif operator in {b"Tj", b"TJ", b"S", b"f"}:
                assert depth, operands


def test_the_parent_tree_leads_back_from_every_stretch(rich: Pdf) -> None:
    numbers = rich.root["/StructTreeRoot"]["/ParentTree"]["/Nums"]
    tree = dict(zip(numbers[::2], numbers[1::2], strict=True))
    for page in rich.reader.pages:
        parents = tree[page["/StructParents"]].get_object()
        for number, parent in enumerate(parents):
            marks = [kid.get_object() for kid in parent.get_object()["/K"]]
            here = [mark for mark in marks if mark.get("/Type") == "/MCR"]
            assert [
                m
                for m in here
                if m["/MCID"] == number and m.raw_get("/Pg") == page.indirect_reference
            ]


def test_the_outline_leads_to_every_page_of_the_module(rich: Pdf) -> None:
    titles: list[str] = []

    def walk(found: Any) -> None:
        for each in found:
            if isinstance(each, list):
                walk(each)
            else:
                titles.append(each.title)

    walk(rich.reader.outline)
    for title in ("Progress", "Show it", "2 What was done", "4 Looking back", "Audit trail"):
        assert title in titles


def test_the_module_speaks_its_own_language() -> None:
    document = portfolio_documents.rich()
    document["module"]["language"] = "cy"
    assert b"/Lang" in render(document)
    found = Pdf(document).root["/StructTreeRoot"]["/K"][0]["/K"]
    assert "cy" in {kid.get_object().get("/Lang") for kid in found}


def test_nothing_signed_is_said_to_be_so() -> None:
    text = Pdf(portfolio_documents.empty()).text
    assert text.count(squeezed("Nothing has been signed on this page.")) == 4
    assert squeezed("No certificate has been issued.") in text


def test_names_of_any_script() -> None:
    pdf = Pdf(portfolio_documents.rich(f"{CHINESE} Nguyễn"))
    assert f"{CHINESE}Nguyễn" in pdf.text
    assert ARABIC in Pdf(portfolio_documents.rich(ARABIC)).pages[0]


def test_what_cannot_be_drawn_is_said_to_be_elsewhere() -> None:
    assert squeezed(BOXES) in Pdf(portfolio_documents.rich("🙂")).text


def test_long_answers_go_on_over_pages_and_nothing_is_lost() -> None:
    made = Portfolio()
    made.sign("plan-1", answers={"plan-q1": {"text": "wort " * 4000 + "\n\nend"}})
    made.change({"due_on": ""}, {"due_on": "2026-09-01"}, "reason " * 2000)
    pdf = Pdf(made.document())
    assert pdf.text.count("wort") == 4000
    assert pdf.text.count("reason") == 2000
    assert len(pdf.pages) > 10


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
@settings(max_examples=10, deadline=None)
def test_nothing_that_is_written_makes_it_fail(text: str) -> None:
    made = Portfolio(candidate=text or "?")
    answers = {"plan-q1": {"text": text}, "plan-s1": {"understood": True, "initials": text[:10]}}
    made.judge(made.sign("plan-1", answers=answers), competent=False, feedback=text)
    made.sign("show-1", made.attach(name=text, caption=text, alt_text=text))
    assert render(made.document()).startswith(b"%PDF-1.7")
