"""Choice items of a workbook: the printed instruction, and the options gathered line by line."""

import re
from dataclasses import dataclass, replace
from string import ascii_lowercase

from chalicelib.domain.modules import ChoiceItem, Option
from chalicelib.formats.workbook_ledger import Ledger
from chalicelib.formats.workbook_lines import Kind, Line, numbered
from chalicelib.formats.workbook_numbers import NUMBER_WORDS, in_digits, in_words

INSTRUCTION_LIMIT = 120  # characters; a longer text is no instruction of how many to choose

_NUMBER = rf"(\d{{1,2}}|{'|'.join(NUMBER_WORDS)})"
_INSTRUCTION = re.compile(
    rf"\b{_NUMBER} (?:out )?of (?:the )?{_NUMBER}\b.*\b(?:correct|right|true|answers?)\b",
    re.IGNORECASE | re.ASCII,  # ASCII alone: the long s is no s of "six"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """How many options to choose, of how many, as an instruction has it."""

    choose: int
    options: int


@dataclass(slots=True)
class Draft:
    """A choice item while its options come in; each option is one line or more."""

    options: list[list[Line]]

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every line of the item, in printed order."""
        return tuple(line for option in self.options for line in option)

    @property
    def line(self) -> int:
        """The number of the first line."""
        return self.options[0][0].number


def rule(text: str) -> Rule | None:
    """Read an instruction such as "two of the five are right"."""
    match = _INSTRUCTION.search(text) if len(text) <= INSTRUCTION_LIMIT else None
    if match is None:
        return None
    choose, options = int(in_digits(match[1])), int(in_digits(match[2]))
    return Rule(choose, options) if 1 <= choose < options else None


class Choices:
    """Gathers the lines of choice items, and hands each item over when the next one begins."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._open: Draft | None = None
        self._before: Line | None = None
        self._last_number = 0

    @property
    def is_open(self) -> bool:
        """Whether an item is waiting for further options."""
        return self._open is not None

    def restart(self) -> None:
        """Begin a new list, whose items are counted from one."""
        self._last_number = 0

    def add(self, line: Line) -> Draft | None:
        """Take a line in; the item that it closes, if any, is returned."""
        closed = None
        if self._open is None or self._begins(line):
            closed = self.close()
            self._open = self._started(line)
        elif self._continues(line):
            self._open.options[-1].append(line)
        else:
            self._open.options.append([line])
        self._before = line
        return closed

    def close(self) -> Draft | None:
        """Close the open item, if any, and return it."""
        closed, self._open = self._open, None
        return closed

    def _begins(self, line: Line) -> bool:
        """Whether the line begins a new item rather than an option of the open one."""
        number, _, sure = numbered(line.text)
        expected = self._open is None or number == self._last_number + 1
        return line.kind is Kind.OPTION and number is not None and (sure or expected)

    def _started(self, line: Line) -> Draft:
        number, text, _ = numbered(line.text)
        if line.kind is not Kind.OPTION or number is None:
            detail = "A choice item without a number begins here; check where the one before ends."
            self._ledger.remark(line.number, "unnumbered-item", detail)
            return Draft([[line]])
        if number != self._last_number + 1:
            detail = f"Item {number} follows item {self._last_number}; check that none is missing."
            self._ledger.remark(line.number, "numbering", detail)
        self._last_number = number
        return Draft([[replace(line, text=text)]])

    def _continues(self, line: Line) -> bool:
        """Whether the line carries on the option above: it follows it, unmarked and unbroken."""
        before = self._before
        follows = before is not None and line.number == before.number + 1 and not before.breaks
        return follows and line.kind is Kind.TEXT and not line.indented


def choice_item(draft: Draft, printed: Rule | None, ledger: Ledger) -> ChoiceItem | None:
    """Make an item of the draft, still without an id.

    None, with its lines left out, where there are too few options to choose from, or too many.
    """
    count = len(draft.options)
    choose = printed.choose if printed else 1
    if not choose < count <= len(ascii_lowercase):
        detail = (
            f"An item to choose {choose} of has {choose + 1} to {len(ascii_lowercase)} options, "
            f"this one {count}; it was left out: add it by hand."
        )
        ledger.remark(draft.line, "unusable-item", detail)
        ledger.leave(draft.lines, "an option of an item that has too few or too many of them")
        return None
    if printed is None:
        detail = "No instruction says how many options to choose; one is taken."
        ledger.remark(draft.line, "no-instruction", detail)
    elif count != printed.options:
        detail = f"{count} options are printed, where the instruction says {printed.options}."
        ledger.remark(draft.line, "option-count", detail)
    return ChoiceItem(
        id="",
        # The paper prints no stem: the instruction is one, with the count that is really there.
        text=f"Choose {in_words(choose)} of {in_words(count)}",
        options=tuple(
            Option(letter, ledger.quote(tuple(lines)), None)
            for letter, lines in zip(ascii_lowercase, draft.options, strict=False)
        ),
        choose=choose,
    )
