"""The elements of a workbook: what each heading, paragraph and row means where it stands."""

import re
from dataclasses import dataclass, replace

from chalicelib.domain.modules import Element, Question, Statement
from chalicelib.formats.workbook_choices import Choices, Draft, Rule, choice_item, rule
from chalicelib.formats.workbook_ledger import Ledger, sentence_case
from chalicelib.formats.workbook_lines import REASONS, Kind, Line, Part, numbered, roles
from chalicelib.formats.workbook_pages import RANGE, Pages

_RANGE = re.compile(r"range(?: statements?)?", re.IGNORECASE)
_CHOICES = re.compile(r"alternative statements?|multiple[- ]choice(?: \w+)?", re.IGNORECASE)
_KNOWLEDGE = re.compile(r"\b(?:knowledge|questions)\b", re.IGNORECASE)
_NEXT_SENTENCE = re.compile(r"\w\w[.?!] [A-Z]")  # two letters: "i.e. A" ends no sentence

# These may stand between any two others, and mean nothing to either.
_LOOSE = {Kind.ORNAMENT, Kind.PAGE_NUMBER, Kind.FIELD}


def is_section_heading(part: Part) -> bool:
    """Whether a heading divides an element rather than beginning one."""
    return bool(_RANGE.fullmatch(part.text) or _CHOICES.fullmatch(part.text))


def is_knowledge_heading(part: Part) -> bool:
    """Whether a heading begins the section of knowledge questions."""
    return part.kind is Kind.HEADING and bool(_KNOWLEDGE.search(part.text))


@dataclass(slots=True)
class _Section:
    """What holds for the choice items that follow, and the title of their range, if it is one."""

    rule: Rule | None = None
    instructions: str = ""
    range_title: str = ""


class Body:
    """Reads the parts from the first element on."""

    def __init__(self, module_title: str, ledger: Ledger) -> None:
        self._ledger = ledger
        self._pages = Pages(module_title, ledger)
        self._section = _Section()
        self._choices = Choices(ledger)
        self._asked: list[Part] = []  # the paragraphs of a question that is not complete
        self._waiting: list[Part] = []  # paragraphs that will turn out to be instructions

    def read(self, parts: list[Part]) -> tuple[Element, ...]:
        """Read all parts, each between the one before and the one after it."""
        telling = [part for part in parts if part.kind not in _LOOSE]
        for part in parts:
            if part.kind in REASONS:
                self._ledger.leave(part.lines, REASONS[part.kind])
        for before, part, after in zip(
            [None, *telling], telling, [*telling[1:], None], strict=False
        ):
            self._read(before, part, after)
        self._end_section()
        return self._pages.finish()

    def _read(self, before: Part | None, part: Part, after: Part | None) -> None:
        if self._pages.signed and part.kind in {Kind.HEADING, Kind.TEXT}:
            self._pages.end_page()
        if part.kind is Kind.HEADING:
            self._heading(before, part, after)
        elif part.kind is Kind.TEXT:
            self._paragraph(part, after)
        elif part.kind is Kind.DOTS:
            self._end_question(dotted=True)
        elif part.kind is Kind.SIGN_OFF:
            self._end_items()
            self._pages.sign_off(part.number, roles(part))
        elif before is None or before.kind is not Kind.TEXT:
            detail = "Check boxes without a statement above them; check that none is missing."
            self._ledger.remark(part.number, "no-statement", detail)

    def _heading(self, before: Part | None, part: Part, after: Part | None) -> None:
        if _RANGE.fullmatch(part.text):
            self._end_section()
            self._section.range_title = sentence_case(self._ledger.quote(part.lines))
        elif _CHOICES.fullmatch(part.text):
            self._end_section()
            self._ledger.leave(part.lines, "a heading; the page's title says what is on the page")
        elif before is not None and _names_range(before, after):
            self._section.range_title += f": {_lowered(self._ledger.quote(part.lines))}"
        elif not part.text:
            self._ledger.leave(part.lines, "an empty heading")
        else:
            self._end_section()
            self._pages.begin_element(part, knowledge=is_knowledge_heading(part))

    def _paragraph(self, part: Part, after: Part | None) -> None:
        lead, rest = _before_options(part)
        if lead and rest and rule(lead.text):
            # No empty line was printed, or scanned, between the instruction and the first item.
            self._paragraph(lead, rest)
            self._paragraph(rest, after)
            return
        following = after.kind if after is not None else None
        # Bullets in a statement or a question are part of it, unless options are expected.
        whole = self._section.rule is None or all(
            line.kind is Kind.TEXT and not line.indented for line in part.lines[1:]
        )
        if following is Kind.CHECKBOXES and whole:
            self._statement(part)
        elif printed := rule(part.text):
            self._instruction(part, printed)
        elif self._pages.in_knowledge and self._section.rule is None:
            self._question(part, dotted=following is Kind.DOTS)
        elif following is Kind.DOTS and whole:
            self._question(part, dotted=True)
        elif self._holds_options(part):
            for line in part.lines:
                self._place_choice(self._choices.add(line))
        else:
            self._waiting.append(part)

    def _statement(self, part: Part) -> None:
        self._end_items()
        self._flush_waiting(part.number)
        text = self._ledger.quote(_without_number(part.lines))
        item = Statement(id=self._pages.next_id(part.number, "s"), text=text)
        self._pages.place(part.number, item)

    def _instruction(self, part: Part, printed: Rule) -> None:
        """Take the instruction for a list of choice items, with the paragraphs just above it."""
        self._end_items()
        paragraphs = [*self._waiting, part]
        self._waiting = []
        self._section.rule = printed
        self._section.instructions = "\n\n".join(
            sentence_case(self._ledger.quote(paragraph.lines)) for paragraph in paragraphs
        )
        self._choices.restart()

    def _question(self, part: Part, *, dotted: bool) -> None:
        self._place_choice(self._choices.close())
        self._asked.append(part)
        if part.text.endswith((":", "?")):
            self._end_question(dotted=dotted)

    def _end_question(self, *, dotted: bool) -> None:
        asked, self._asked = self._asked, []
        if not asked:
            return
        number = asked[0].number
        self._flush_waiting(number)
        lines = _without_number(tuple(line for part in asked for line in part.lines))
        text = self._ledger.quote(lines)
        self._pages.place(number, Question(id=self._pages.next_id(number, "q"), text=text))
        if len(asked) > 1:
            detail = f"{len(asked)} paragraphs were joined to one question; check that it is one."
            self._ledger.remark(number, "question-joined", detail)
        if _NEXT_SENTENCE.search(text):
            detail = "The question has several sentences; check that it is one question."
            self._ledger.remark(number, "several-sentences", detail)
        if not dotted:
            detail = "No room for an answer is printed below; check that this is a question."
            self._ledger.remark(number, "no-answer-lines", detail)

    def _holds_options(self, part: Part) -> bool:
        """Whether these are options: expected here, or an item with a number in spite of that."""
        options = [line for line in part.lines if line.kind is Kind.OPTION]
        if self._choices.is_open or self._section.rule is not None:
            return bool(options) or part.lines[0].indented
        return any(numbered(line.text)[2] for line in options)

    def _place_choice(self, draft: Draft | None) -> None:
        if draft is None:
            return
        self._flush_waiting(draft.line)
        section = self._section
        item = choice_item(draft, section.rule, self._ledger)
        if item is None:
            return
        if section.range_title:
            self._pages.open_group(draft.line, section.range_title, section.instructions)
        else:
            self._pages.instruct(draft.line, section.instructions)
        kind = RANGE if section.range_title else "c"
        self._pages.place(draft.line, replace(item, id=self._pages.next_id(draft.line, kind)))

    def _flush_waiting(self, line: int) -> None:
        """Take paragraphs that are neither item nor expected as instructions, and say so."""
        for part in self._waiting:
            self._pages.instruct(line, sentence_case(self._ledger.quote(part.lines)))
            detail = "This was taken for an instruction; check that it is no item or heading."
            self._ledger.remark(part.number, "stray-paragraph", detail)
        self._waiting = []

    def _end_items(self) -> None:
        self._place_choice(self._choices.close())
        self._end_question(dotted=False)

    def _end_section(self) -> None:
        """End what a heading ends: the open item, the rule, and what waits for an item."""
        self._end_items()
        for part in self._waiting:
            self._ledger.leave(part.lines, "a paragraph with no item beneath it")
            detail = "A paragraph was left out: no item follows it; check that none is missing."
            self._ledger.remark(part.number, "stray-paragraph", detail)
        self._waiting = []
        self._section = _Section()
        self._choices.restart()


def _before_options(part: Part) -> tuple[Part | None, Part | None]:
    """Split a paragraph where its first option begins."""
    at = next((n for n, line in enumerate(part.lines) if line.kind is Kind.OPTION), 0)
    if at == 0:
        return None, part
    return Part(part.kind, part.lines[:at]), Part(part.kind, part.lines[at:])


def _names_range(before: Part, after: Part | None) -> bool:
    """Whether a heading between these two says which range it is."""
    follows = before.kind is Kind.HEADING and bool(_RANGE.fullmatch(before.text))
    if not follows or after is None or after.kind is not Kind.TEXT:
        return False
    return rule(after.text) is not None or after.lines[0].kind is Kind.OPTION


def _lowered(text: str) -> str:
    """Set a text in capitals in small letters, to go on with behind a colon."""
    return text.lower() if text.isupper() else text


def _without_number(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Take the printed number off a statement or a question: ids count them here."""
    _, text, sure = numbered(lines[0].text)
    if lines[0].kind is Kind.OPTION and sure:
        return (replace(lines[0], text=text), *lines[1:])
    return lines
