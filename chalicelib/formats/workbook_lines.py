"""The lines of a paper workbook, told apart, and gathered into parts: headings, paragraphs, rows.

The text of such a workbook comes out of a scanner: it has Markdown headings and emphasis where the
software guessed them, rows of a table where it saw check boxes, and dots where people write.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

ROW_LIMIT = 400  # characters; no row of labels and check boxes is longer


class Kind(Enum):
    """What a line is, seen on its own."""

    BLANK = auto()
    HEADING = auto()
    ORNAMENT = auto()  # a ruler, an empty bullet: nothing that can be read aloud
    DOTS = auto()  # room for a written answer
    CHECKBOXES = auto()  # the row beneath a statement
    SIGN_OFF = auto()  # the rows at the end of a page
    FIELD = auto()  # another label with room to write
    PAGE_NUMBER = auto()
    OPTION = auto()  # begins with a bullet or a number
    TEXT = auto()


# What is left out wherever it stands, and why.
REASONS = {
    Kind.ORNAMENT: "a ruler or an empty bullet",
    Kind.DOTS: "room for a written answer",
    Kind.CHECKBOXES: "check boxes and initials beneath a statement",
    Kind.SIGN_OFF: "the sign-off at the end of a page",
    Kind.FIELD: "a field to fill in",
    Kind.PAGE_NUMBER: "a printed page number",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number from 1, its kind, what it says, and how it was printed."""

    number: int
    kind: Kind
    text: str
    printed: str

    @property
    def indented(self) -> bool:
        """Whether the line began with white space."""
        return self.printed[:1].isspace()

    @property
    def breaks(self) -> bool:
        """Whether it ends in the two spaces by which Markdown breaks a line."""
        return self.printed.endswith("  ")


@dataclass(frozen=True, slots=True)
class Part:
    """A paragraph of lines that follow each other, or one line of any other kind."""

    kind: Kind
    lines: tuple[Line, ...]

    @property
    def number(self) -> int:
        """The number of the first line."""
        return self.lines[0].number

    @property
    def text(self) -> str:
        """What the lines say together, without the emphasis around it."""
        return joined(self.lines)


_MARK = re.compile(r"[*_]+")
_HEADING = re.compile(r"#{1,6}(?:\s|$)")
_OPTION = re.compile(r"[-*•‣◦\u2013]\s+(?=\S)|(?=\d{1,3}(?:[.)]\s|\s{2}))")
_NUMBERED = re.compile(r"(\d{1,3})(?:([.)]\s|\s\s)|\s)\s*(?=\S)")
_PAGE_NUMBER = re.compile(r"(?:page\s)?\d{1,4}(?:\s(?:of|/)\s\d{1,4})?", re.IGNORECASE)
_TAG = re.compile(r"<input\b[^<>]*>", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
_DOTTED = re.compile(r"[.…_]{3,}|…")

_PEOPLE = {"trainee", "candidate", "learner", "assessor", "s"}
_SIGN_OFF = _PEOPLE | {"signed", "signature", "initial", "initials", "date", "competent", "y", "n"}
_SIGN_OFF |= {"yes", "no"}
_CHECKBOXES = _PEOPLE | {
    "understanding",
    "understood",
    "initial",
    "initials",
    "y",
    "n",
    "yes",
    "no",
}
_FIELD = _PEOPLE | {
    "name",
    "signature",
    "signed",
    "initial",
    "initials",
    "date",
    "centre",
    "number",
}


def read_lines(text: str) -> tuple[Line, ...]:
    """Tell the lines of a text apart. Line ends are LF alone."""
    printed = text.split("\n")
    lines = [_line(number, line) for number, line in enumerate(printed, start=1)]
    return tuple(_page_numbers(lines))


def gathered(lines: tuple[Line, ...]) -> Iterator[Part]:
    """Gather neighbouring lines of text and options into paragraphs; blank lines fall away."""
    paragraph: list[Line] = []
    for line in lines:
        if line.kind in {Kind.TEXT, Kind.OPTION}:
            paragraph.append(line)
            continue
        if paragraph:
            yield Part(Kind.TEXT, tuple(paragraph))
            paragraph = []
        if line.kind is not Kind.BLANK:
            yield Part(line.kind, (line,))
    if paragraph:
        yield Part(Kind.TEXT, tuple(paragraph))


def joined(lines: tuple[Line, ...]) -> str:
    """Join lines to one text, without the emphasis around the whole of it."""
    return _plain(" ".join(word for line in lines for word in line.text.split()))


def numbered(text: str) -> tuple[int | None, str, bool]:
    """Split `7. text` or `7 text`: the number, the rest, and whether it is surely a number of one.

    A number with nothing but one space behind it may as well begin the sentence.
    """
    match = _NUMBERED.match(text)
    if match is None:
        return None, text, False
    return int(match[1]), text[match.end() :], match[2] is not None


def roles(part: Part) -> tuple[str, ...]:
    """Say whose rows a sign-off line holds: the trainee's, the assessor's, or both."""
    words = set(_words(part.text))
    found = []
    if words & {"signed", "signature"} and words & {"trainee", "candidate", "learner"}:
        found.append("trainee")
    if "assessor" in words:
        found.append("assessor")
    return tuple(found)


def _line(number: int, printed: str) -> Line:
    text = " ".join(printed.split())
    kind = _kind(text, printed.strip())
    if kind is Kind.HEADING:
        text = _plain(text.lstrip("#").strip())
    elif kind is Kind.OPTION:
        # Two spaces after a number are what tells it from a sentence: they stay for `numbered`.
        text = _OPTION.sub("", printed.strip(), count=1)
    return Line(number, kind, text, printed)


def _kind(text: str, stripped: str) -> Kind:
    if not text:
        return Kind.BLANK
    if not any(character.isalnum() for character in text):
        return Kind.DOTS if _DOTTED.search(text) else Kind.ORNAMENT
    if _HEADING.match(text):
        return Kind.HEADING
    if len(text) <= ROW_LIMIT and (row := _row(text)):
        return row
    return Kind.OPTION if _OPTION.match(stripped) else Kind.TEXT


def _row(text: str) -> Kind | None:
    """Know the rows to fill in by the words they are made of, however they are spaced."""
    words = set(_words(text))
    if not words:
        return None
    if words & {"understanding", "understood"} and words <= _CHECKBOXES and len(words) > 1:
        return Kind.CHECKBOXES
    if words <= _SIGN_OFF and (_signs(words) or {"competent", "y", "n"} <= words):
        return Kind.SIGN_OFF
    if words <= _FIELD and (_DOTTED.search(text) or words == {"date"}):
        return Kind.FIELD
    return None


def _signs(words: set[str]) -> bool:
    return bool(words & (_PEOPLE - {"s"}) and words & {"signed", "initial", "initials"})


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(_TAG.sub(" ", text))]


def _page_numbers(lines: list[Line]) -> Iterator[Line]:
    """Know a page number by the empty lines around it: beside other text it may be anything."""
    for before, line, after in zip([None, *lines], lines, [*lines[1:], None], strict=False):
        alone = all(beside is None or beside.kind is Kind.BLANK for beside in (before, after))
        if alone and line.kind is Kind.TEXT and _PAGE_NUMBER.fullmatch(line.text):
            yield Line(line.number, Kind.PAGE_NUMBER, line.text, line.printed)
        else:
            yield line


def _plain(text: str) -> str:
    """Take the emphasis off a text that is emphasised as a whole."""
    mark = _MARK.match(text)
    if mark is None:
        return text
    inner = text[mark.end() :].rstrip("*_")
    return text if "*" in inner or "_" in inner else inner.strip()
