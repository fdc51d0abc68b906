"""The sheets of a portfolio: how it stands, page by page, and what belongs to it."""

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.domain.times import parse
from chalicelib.formats.portfolio_items import ShownFile, ShownItem
from chalicelib.formats.portfolio_reading import (
    COVERAGE_STATES,
    PAGE_STATES,
    Reading,
    ShownAttempt,
    ShownPage,
    Tally,
    read,
)
from chalicelib.formats.portfolio_steps import Step
from chalicelib.formats.tagged_text import BODY, SMALL, STRONG, TaggedText
from chalicelib.formats.typesetting import QUIET, Sheets, Style

FOOT = Style(8, colour=QUIET)
_GAPS = (
    "A box stands for a letter that cannot be drawn here: the text as it was written stands in "
    "index.html and in portfolio.json."
)


def portfolio_sheets(document: Mapping[str, Any]) -> bytes:
    """Set a portfolio document."""
    reading = read(document)
    title = f"Portfolio of {reading.candidate}: {reading.module}"
    made_at = parse(document["created_at"])
    with Sheets(title=title, author=reading.centre, made_at=made_at, tagged=True) as sheets:
        text = TaggedText(sheets, "" if reading.language == "en-GB" else reading.language)
        sheets.add_page()
        _front(text, reading)
        for element in reading.elements:
            text.heading(element.title, 2, own=True, bookmark=True)
            for page in element.pages:
                _page(text, page)
        _end(text, reading)
        if sheets.gaps:
            text.paragraphs(_GAPS, SMALL)
        sheets.number_pages(f"{reading.candidate} \u00b7 Export {document['export_id']}", FOOT)
        return sheets.document()


def _front(text: TaggedText, reading: Reading) -> None:
    text.paragraphs(reading.centre, STRONG)
    text.heading(reading.candidate, 1)
    text.paragraphs(reading.module, own=True)
    text.pairs(reading.facts)
    text.heading("Progress", 2, bookmark=True)
    rows = [element.tally for element in reading.elements]
    _tallies(text, "Element", [*rows, reading.progress], PAGE_STATES)
    text.heading("Coverage", 2, bookmark=True)
    if not reading.criteria:
        text.paragraphs("The items of this module name no criteria.")
        return
    _tallies(text, "Criteria", reading.covered, COVERAGE_STATES)
    width = text.sheets.width
    text.table(
        ("Criterion", "State", "Where"),
        (
            (
                each.name,
                COVERAGE_STATES[each.state][0],
                "; ".join(f"page {at.page.number}, item {at.item}" for at in each.places),
            )
            for each in reading.criteria
        ),
        (25.0, 30.0, width - 55.0),
    )


def _tallies(
    text: TaggedText, head: str, rows: Iterable[Tally], states: Mapping[str, tuple[str, str]]
) -> None:
    heads = (head, *(words for words, _ in states.values()), "All")
    widths = [24.0] * (len(heads) - 2) + [12.0]
    text.table(
        heads,
        ((row.title, *map(str, row.counts), str(row.total)) for row in rows),
        (text.sheets.width - sum(widths), *widths),
    )


def _page(text: TaggedText, page: ShownPage) -> None:
    text.heading(f"{page.number} {page.title}", 3, own=True, bookmark=True)
    text.paragraphs(PAGE_STATES[page.state][0], STRONG)
    text.paragraphs(page.instructions, SMALL, own=True)
    for attempt in page.attempts:
        _attempt(text, page, attempt)
    if not page.attempts:
        text.paragraphs("Nothing has been signed on this page.")


def _attempt(text: TaggedText, page: ShownPage, attempt: ShownAttempt) -> None:
    text.heading(f"Attempt {attempt.number}: {attempt.outcome}", 4)
    for step in attempt.steps:
        _step(text, step)
    for item in attempt.items:
        _item(text, item)
    if attempt.same:
        numbers = ", ".join(map(str, attempt.same))
        text.paragraphs(
            f"Answered as in attempt {page.attempts[0].number}: items {numbers}.", SMALL
        )


def _step(text: TaggedText, step: Step) -> None:
    text.paragraphs(f"{step.title} by {step.by}, {step.moment}", BODY)
    if step.said:
        text.quote(step.said)
    if step.facts:
        text.points((f"{label}: {value}" for label, value in step.facts), SMALL)


def _item(text: TaggedText, item: ShownItem) -> None:
    if item.heading:
        text.heading(item.heading, 5, own=True)
        text.paragraphs(item.instructions, SMALL, own=True)
    text.heading(f"Item {item.number} {item.criteria}".rstrip(), 5)
    text.paragraphs(item.text, STRONG, own=True)
    if item.initials:
        text.paragraphs(f"{item.answer}. Initials: {item.initials}")
    elif item.answer:
        text.quote(item.answer)
    if item.options:
        text.points(f"{'Chosen: ' if chosen else ''}{option}" for option, chosen in item.options)
    if item.author:
        text.paragraphs(f"By {item.author}")
    if item.lines:
        text.pairs(item.lines)
    for each in item.departures:
        text.paragraphs(f"Departs from a rule: {each.rule} The reason given: {each.reason}")
    if item.files:
        text.points(_file(each) for each in item.files)


def _file(file: ShownFile) -> str:
    if not file.address:
        instead = f" Evidence {file.instead} is in its place." if file.instead else ""
        return f"Evidence {file.number} is withheld: it may identify somebody.{instead}"
    said = ". ".join(each for each in (file.caption, file.alt_text) if each)
    return f"Evidence {file.number}: {file.name} ({file.facts}). {said}"


def _end(text: TaggedText, reading: Reading) -> None:
    text.heading("Certificates", 2, bookmark=True)
    for certificate in reading.certificates:
        text.heading(f"{certificate.title}: {certificate.state}", 3)
        text.pairs(certificate.facts)
    if not reading.certificates:
        text.paragraphs("No certificate has been issued.")
    text.heading("Files", 2, bookmark=True)
    for file in reading.files:
        text.heading(f"Evidence {file.number}", 3)
        text.paragraphs(_file(file))
        text.paragraphs(" ".join(filter(None, (file.address, f"SHA-256 {file.sha256}"))), SMALL)
    if not reading.files:
        text.paragraphs("No files belong to this portfolio.")
    text.heading("Changes of the enrolment", 2, bookmark=True)
    for change in reading.changes:
        text.paragraphs(f"Changed by {change.by}, {change.at}")
        text.points(change.lines)
        text.quote(change.reason)
    if not reading.changes:
        text.paragraphs("Nothing has been changed since it was created.")
    text.heading("Audit trail", 2, bookmark=True)
    text.pairs(reading.trail)
