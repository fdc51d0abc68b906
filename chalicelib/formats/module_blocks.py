"""Lines of a module file into blocks: headings, plain paragraphs, and marked text.

This step knows the marks and nothing of where they may stand.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from chalicelib.domain.text import clean
from chalicelib.formats.module_faults import Code, Faults, excerpt
from chalicelib.formats.module_marks import MARKS

Line = tuple[int, str]


class Kind(Enum):
    """What a block is, by its mark."""

    DEFINITIONS = auto()
    FOREWORD = auto()
    FORM = auto()
    ELEMENT = auto()
    KNOWLEDGE = auto()
    PAGE = auto()
    GROUP = auto()
    PLAIN = auto()
    DEFINITION = auto()
    STATEMENT = auto()
    CHOICE = auto()
    OPTION = auto()
    QUESTION = auto()
    EVIDENCE = auto()
    GUIDANCE = auto()
    RULE = auto()


@dataclass(slots=True)
class Block:
    """A heading, a paragraph or a marked text: its lines without their marks.

    An empty line stands between two paragraphs. `label` is an option's mark (`x`, `?` or a space)
    or the term of a definition.
    """

    kind: Kind
    line: int
    lines: list[Line] = field(default_factory=list)
    label: str = ""

    @property
    def last(self) -> Line:
        """The last line that holds text: where trailers stand."""
        return next((line for line in reversed(self.lines) if line[1]), (self.line, ""))


_BARE_HEADINGS: Mapping[str, Kind] = {
    "# Definitions": Kind.DEFINITIONS,
    "# Foreword": Kind.FOREWORD,
}
_HEADINGS: Mapping[str, Kind] = {
    "# Form:": Kind.FORM,
    "# Element:": Kind.ELEMENT,
    "# Knowledge:": Kind.KNOWLEDGE,
    "## Page:": Kind.PAGE,
    "### Group:": Kind.GROUP,
}
_MARKS: Mapping[str, Kind] = {
    ">": Kind.STATEMENT,
    "?": Kind.CHOICE,
    "??": Kind.QUESTION,
    "!!": Kind.EVIDENCE,
    "!": Kind.RULE,
    ":": Kind.GUIDANCE,
}
UNHEADED = tuple(Kind)[tuple(Kind).index(Kind.PLAIN) :]  # what stands below headings

_MARKED = re.compile(r"(\?\??|!!?|>|:)(?:[ \t]+(.*))?")
_OPTION = re.compile(r"- \[([xX ?])\](?:[ \t]+(.*))?")
_DEFINITION = re.compile(r"- \*\*((?:[^\\*]|\\.)+)\*\*:(?:[ \t]+(.*))?")


class Cursor:
    """Goes through blocks once."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._blocks = blocks
        self._at = 0

    def next(self, *kinds: Kind) -> Block | None:
        """Take the next block, if it is of one of these kinds, or of any when none is named."""
        if self._at == len(self._blocks):
            return None
        block = self._blocks[self._at]
        if kinds and block.kind not in kinds:
            return None
        self._at += 1
        return block

    def take(self, *kinds: Kind) -> list[Block]:
        """Take the blocks of these kinds that come next."""
        taken = []
        while block := self.next(*kinds):
            taken.append(block)
        return taken


def clean_lines(source: str, faults: Faults) -> list[Line]:
    """Cut a source into numbered lines of clean text, noting what can be in no text."""
    lines = []
    source = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    for number, line in enumerate(source.split("\n"), start=1):
        try:
            lines.append((number, clean(line)))
        except ValueError as error:
            faults.error(number, Code.CHARACTER, f"The line {error}.")
            lines.append((number, line))
    return lines


def read_blocks(lines: Iterable[Line], faults: Faults) -> list[Block]:
    """Cut lines into blocks, noting every line whose mark is unknown."""
    scanner = _Scanner(faults)
    for number, line in lines:
        scanner.read(number, line.rstrip(" \t"))
    return scanner.blocks


class _Scanner:
    """Remembers the block that is still open: the one that the next line may continue."""

    def __init__(self, faults: Faults) -> None:
        self.blocks: list[Block] = []
        self._faults = faults
        self._open: Block | None = None

    def read(self, number: int, line: str) -> None:
        if not line:
            self._open = None
        elif self._open and line.startswith(("  ", "\t")):
            self._continue(self._open, number, line.lstrip(" \t"))
        else:
            self._begin(number, line.lstrip(" \t"))

    def _continue(self, block: Block, number: int, text: str) -> None:
        if text == ">":
            text = ""  # begins a new paragraph
        elif text[0] in MARKS:
            # Absorbing it would hide, say, a list of options that was indented by mistake.
            detail = (
                f"{excerpt(text)!r} is indented, so it goes on with the text above, yet it begins "
                "with a mark. Take the indent away, or write a backslash before the mark."
            )
            self._faults.error(number, Code.INDENTED_MARK, detail)
        block.lines.append((number, text))

    def _begin(self, number: int, line: str) -> None:
        if line[0] == "#":
            self._heading(number, line)
        elif line[0] == "-":
            self._listed(number, line)
        elif line[0] in MARKS:
            self._marked(number, line)
        elif self._open and self._open.kind is Kind.PLAIN:
            self._open.lines.append((number, line))
        else:
            self._add(Block(Kind.PLAIN, number, [(number, line)]))

    def _heading(self, number: int, line: str) -> None:
        if line in _BARE_HEADINGS:
            self._add(Block(_BARE_HEADINGS[line], number))
        else:
            mark, colon, title = line.partition(":")
            kind = _HEADINGS.get(mark + colon)
            if kind is None:
                detail = (
                    f"{excerpt(line)!r} is no heading of a module file. Use `# Definitions`, "
                    "`# Foreword`, `# Form: ...`, `# Element: ...`, `# Knowledge: ...`, "
                    "`## Page: ...` or `### Group: ...`, or write a backslash before the `#`."
                )
                self._unknown(number, Code.UNKNOWN_HEADING, detail)
                return
            self._add(Block(kind, number, [(number, title.strip(" \t"))]))
        self._open = None

    def _listed(self, number: int, line: str) -> None:
        if option := _OPTION.fullmatch(line):
            self._add(Block(Kind.OPTION, number, [(number, option[2] or "")], option[1].lower()))
        elif definition := _DEFINITION.fullmatch(line):
            term = re.sub(r"\\(.)", r"\1", definition[1]).strip(" \t")
            self._add(Block(Kind.DEFINITION, number, [(number, definition[2] or "")], term))
        else:
            detail = (
                f"{excerpt(line)!r} is neither an option nor a definition. Write `- [x] ...`, "
                "`- [ ] ...` or `- [?] ...` for an option, `- **Term**: ...` for a definition "
                "or a field of a form, or a backslash before the hyphen."
            )
            self._unknown(number, Code.UNKNOWN_MARK, detail)

    def _marked(self, number: int, line: str) -> None:
        match = _MARKED.fullmatch(line)
        if match is None:
            detail = (
                f"{excerpt(line)!r} begins like a mark, but is none. Put a space after the mark, "
                "or write a backslash before it if it is text."
            )
            self._unknown(number, Code.UNKNOWN_MARK, detail)
            return
        kind, text = _MARKS[match[1]], match[2] or ""
        if self._open and self._goes_on(self._open, kind, text):
            self._open.lines.append((number, text))
        else:
            self._add(Block(kind, number, [(number, text)]))

    @staticmethod
    def _goes_on(block: Block, kind: Kind, text: str) -> bool:
        """Tell whether a marked line belongs to the text above: only `>` and `:` repeat."""
        if kind is Kind.STATEMENT and not text:
            return block.kind is not Kind.PLAIN
        return kind is block.kind and kind in (Kind.STATEMENT, Kind.GUIDANCE)

    def _unknown(self, number: int, code: Code, detail: str) -> None:
        self._faults.error(number, code, detail)
        # What follows belongs to the line that was refused: one remark is enough.
        self._open = Block(Kind.PLAIN, number)

    def _add(self, block: Block) -> None:
        self.blocks.append(block)
        self._open = block
