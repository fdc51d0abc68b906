"""A portfolio as people read it in a browser: all that is in it, and nothing that runs."""

import json
import os
import re
import subprocess
import sys
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from chalicelib.formats.portfolio_html import render, render_cover
from tests.formats import portfolio_documents
from tests.formats.portfolio_documents import ARABIC, CHINESE, Portfolio

RICH = portfolio_documents.rich()
LINKS = {"href", "src", "action", "data", "poster", "srcset", "formaction", "ping", "background"}


class Parsed(HTMLParser):
    """The tags of a page, with their attributes, and its text."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page.decode())
        self.words = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data + " "

    @property
    def links(self) -> set[str]:
        return {value or "" for _, attrs in self.tags for n, value in attrs.items() if n in LINKS}

    @property
    def ids(self) -> set[str]:
        return {attrs["id"] or "" for _, attrs in self.tags if "id" in attrs}


def export(*names: str, **more: Any) -> dict[str, Any]:
    return {
        "format": 1,
        "export_id": "01JEXPORT00000000000000000",
        "centre_id": "centre",
        "created_at": "2026-07-01T09:30:00.000Z",
        "centre": {"id": "centre", "name": "Harbour Care Training"},
        "requested_by": {"id": "administrator", "name": "Ada Admin"},
        "purpose": "External verification in July",
        "selection": {},
        "enrolments": [
            {
                "enrolment_id": f"enrolment{number}",
                "candidate_id": "candidate",
                "candidate": name,
                "module_id": "showing-work",
                "module_version": 3,
                "title": "Showing how people are moved",
                "state": "complete" if number else "active",
                "pages": 4,
                "pages_competent": 4 if number else 0,
                "attempts": 7,
                "attachments": 1,
                "bytes": 212_000_000,
                "certificate": "01JCERTIFICATE" if number else "",
            }
            for number, name in enumerate(names)
        ],
    } | more


@pytest.mark.parametrize(
    "words",
    [
        "Zoë Nguyễn",
        "Harbour Care Training",
        "Showing how people are moved",
        "M2, version 3",
        "2 of 4 pages are competent",
        "3 of 6 criteria are covered",
        "Nothing is moved before the plan has been read.",
        "Not understood Initials ZN",
        "I read the plan and ask what has changed. Chosen",
        "I listen first, ask what matters to the person",
        "What was said What had changed.",
        "How it was done aloud in writing",
        "Departs from a rule A colleague is present.",
        "The reason given: She was called away.",
        "Evidence 1 Withheld It may identify somebody who uses services",
        "Evidence 4 is shown in its place.",
        "In place of evidence 1, which is withheld.",
        "Where we meet, before anybody came in",
        "PDF document, 141 kB",
        "Wanda Witness, Nurse, line manager; signed as Wanda Witness",
        "Asa Essor, CAVA; signed as Asa Essor",
        "Signed by Zoë Nguyễn",
        "These answers are my own work, and they are true.",
        "Judged not yet competent by Asa Essor",
        "Tell me about one time when you did this, and what came of it.",
        "Judged competent by Tra Inee",
        "By way of signed link",
        "Qualification CAVA",
        "Authorisation 01JAUTHORISATION0000000000",
        "Countersigned by Asa Essor",
        "Verified: action required by Ivy Verifier , 3 March 2026, 20:30 GMT",
        "Ask about the second statement.",
        "Verified: upheld by Ivy Verifier",
        "Departures reviewed by Ivy Verifier",
        "Evidence for item 1 valid, authentic, current, sufficient, reliable",
        "Happened on 5 March 2026",
        "Judgement set aside by Ivy Verifier",
        "Nobody may judge what they observed alone.",
        "Withdrawn by Zoë Nguyễn",
        "Answered as in attempt 2: items 1, 3, 4.",
        "Issue 1 Suspended",
        "Assessor: Asa Essor, before: Tra Inee",
        "Tra is away for a month.",
        "Entries in the audit trail 41",
        "Nothing has been signed on this page.",
    ],
)
def test_it_says(words: str) -> None:
    assert words in Parsed(render(RICH)).words


def test_the_key_and_the_guidance_are_nowhere() -> None:
    assert b"PLANTED" not in render(RICH)


def test_moments_are_those_of_the_centre() -> None:
    document = portfolio_documents.rich()
    document["centre"]["time_zone"] = "Asia/Tokyo"
    assert "4 March 2026, 05:30 JST" in Parsed(render(document)).words


def test_nothing_runs_and_nothing_is_asked_of_anybody() -> None:
    for page in (render(RICH), render_cover(export("A", "B"))):
        parsed = Parsed(page)
        assert not {"script", "iframe", "object", "embed", "form", "link", "base"}.intersection(
            tag for tag, _ in parsed.tags
        )
        assert not [name for _, attrs in parsed.tags for name in attrs if name.startswith("on")]
        assert not [link for link in parsed.links if ":" in link or link.startswith("/")]
        (policy,) = [
            attrs["content"] or ""
            for tag, attrs in parsed.tags
            if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"
        ]
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy


def test_links_lead_to_what_the_folder_has() -> None:
    parsed = Parsed(render(RICH))
    assert {link[1:] for link in parsed.links if link.startswith("#")} <= parsed.ids
    attempts = [each for page in RICH["pages"] for each in page["attempts"]]
    files = {each["file"] for each in (*attempts, *RICH["attachments"], *RICH["certificates"])}
    files |= {each["thumbnail"] for each in RICH["attachments"]}
    here = {"portfolio.pdf", "portfolio.json", "coverage.csv", "coverage.xlsx"}
    here |= {"audit.jsonl", "heads.jws", "commitments.json", "certificates/0001/certificate.pdf"}
    there = {link for link in parsed.links if not link.startswith(("#", "../../../"))}
    assert there == (files | here) - {""}


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><img src=x>', "&lt;", "{{ 7*7 }}"]
)
def test_what_people_wrote_is_text(text: str) -> None:
    made = Portfolio(candidate=text)
    picture = made.attach(name=text, caption=text, alt_text=text)
    written = {"plan-q1": {"text": text}, "plan-s1": {"understood": True, "initials": text[:10]}}
    made.judge(made.sign("plan-1", answers=written), competent=False, feedback=text)
    made.sign("show-1", picture)
    made.certify()
    made.change({"due_on": ""}, {"due_on": "2026-09-01"}, text)
    page = render(made.document())
    assert text.encode() not in page or text == "{{ 7*7 }}"
    assert unescape(page.decode()).count(text) >= 8
    cover = render_cover(export(text, purpose=text))
    assert text.encode() not in cover or text == "{{ 7*7 }}"


@pytest.mark.parametrize("name", [ARABIC, CHINESE, "नमिता", "🙂"])
def test_names_of_any_script(name: str) -> None:
    assert name in Parsed(render(portfolio_documents.rich(name))).words
    assert name in Parsed(render_cover(export(name))).words


def test_the_module_speaks_its_own_language() -> None:
    document = portfolio_documents.rich()
    document["module"]["language"] = "cy"
    tags = Parsed(render(document)).tags
    assert ("html", {"lang": "en-GB"}) in tags
    assert [attrs for tag, attrs in tags if tag == "h2" and attrs.get("lang") == "cy"]


def test_nothing_is_said_of_what_is_not_there() -> None:
    words = Parsed(render(portfolio_documents.empty())).words
    for said in (
        "0 of 4 pages are competent",
        "No certificate has been issued.",
        "No files belong to this portfolio.",
        "Nothing has been changed since it was created.",
    ):
        assert said in words
    assert words.count("Nothing has been signed on this page.") == 4


def test_a_module_without_criteria_says_so() -> None:
    document = portfolio_documents.empty() | {"coverage": []}
    assert "The items of this module name no criteria." in Parsed(render(document)).words


def test_somebody_without_a_name_goes_by_their_id() -> None:
    document = portfolio_documents.rich()
    document["people"] = {}
    assert "Judged competent by trainee" in Parsed(render(document)).words


def test_a_large_portfolio_is_all_there() -> None:
    document = portfolio_documents.large(90, 100)
    page = render(document)
    words = Parsed(page).words
    assert "0 of 90 pages are competent" in words
    assert all(f"99 page-1-q{item} I asked" in words for item in range(1, 6))
    assert words.count("Attempt 1 ") >= 90
    assert len(page) < 8_000_000


def test_headings_leave_no_level_out() -> None:
    for document in (RICH, portfolio_documents.empty()):
        tags = Parsed(render(document)).tags
        levels = [int(tag[1]) for tag, _ in tags if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(b <= a + 1 for a, b in pairwise(levels))


def test_the_cover_says_who_asked_when_and_for_what() -> None:
    parsed = Parsed(render_cover(export("Zoë Nguyễn", CHINESE)))
    for said in (
        "2 enrolments, exported 1 July 2026, 09:30 UTC",
        "Asked for by Ada Admin",
        "For External verification in July",
        "0 of 4 pages competent Active",
        "4 of 4 pages competent ✓ Complete".replace("✓ ", ""),
        "7 attempts, 1 file, 202.2 MB, certified",
    ):
        assert said in parsed.words
    assert {"VERIFY.md", "verify.html", "verify.py", "data/schema.json"} <= parsed.links
    assert "data/enrolments/enrolment1/index.html" in parsed.links
    assert "no purpose was named" in Parsed(render_cover(export(purpose=""))).words


def test_the_cover_says_how_the_enrolments_were_chosen() -> None:
    narrowed = {"module_id": "showing-work", "since": "2026-01-01"}
    words = Parsed(render_cover(export(selection=narrowed))).words
    assert "Of the module showing-work Open on or after 2026-01-01" in words
    named = {"enrolment_ids": ["enrolment"]}
    assert "Chosen one by one" in Parsed(render_cover(export(selection=named))).words


def test_the_same_document_gives_the_same_bytes_in_every_process() -> None:
    code = (
        "import hashlib, json, sys\n"
        "from chalicelib.formats.portfolio_html import render\n"
        "from chalicelib.formats.portfolio_pdf import render as pdf\n"
        "from chalicelib.formats.coverage import coverage_xlsx\n"
        "document = json.load(sys.stdin)\n"
        "for each in (render, pdf, coverage_xlsx):\n"
        "    print(hashlib.sha256(each(document)).hexdigest())"
    )
    digests = {
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", code],
            input=json.dumps(portfolio_documents.rich(f"Zoë {ARABIC} {CHINESE}")),
            env=os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone, locale in (("7", "Asia/Tokyo", "C.UTF-8"), ("8", "UTC", "POSIX"))
    }
    assert len(digests) == 1
