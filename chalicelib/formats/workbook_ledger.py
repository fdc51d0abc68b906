"""What became of each line of a workbook: a reader that loses a line in silence can't be trusted.

Every line is either used, that is quoted in the module, or left out with a reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.domain.law import dated_law
from chalicelib.formats.remarks import Remark
from chalicelib.formats.workbook_lines import Line, joined


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A line that did not become part of the module, and why."""

    line: int
    text: str
    reason: str


class Ledger:
    """Keeps account of the lines while the module is put together, and gathers the remarks."""

    def __init__(self) -> None:
        self.used: set[int] = set()
        self.left_out: list[LeftOut] = []
        self.remarks: list[Remark] = []

    def quote(self, lines: tuple[Line, ...]) -> str:
        """Use the lines: return their text, with a remark on each law in it that is dated."""
        self.used.update(line.number for line in lines)
        text = joined(lines)
        for law in dated_law(text):
            detail = f"{law.name} ({law.jurisdiction}): {law.remark}"
            self.remark(lines[0].number, "dated-law", detail)
        return text

    def title(self, lines: tuple[Line, ...]) -> str:
        """Quote a heading in sentence case."""
        return self.recased(lines[0].number, self.quote(lines))

    def recased(self, line: int, printed: str) -> str:
        """Set a text that was printed in capitals in sentence case, and say so."""
        text = sentence_case(printed)
        if text != printed:
            detail = f"Printed in capitals; now “{text}”. Give names and short forms theirs back."
            self.remark(line, "capitals", detail)
        return text

    def leave(self, lines: Iterable[Line], reason: str) -> None:
        """Leave the lines out, for a reason that a reader of the report understands."""
        self.left_out += [LeftOut(line.number, line.printed.strip(), reason) for line in lines]

    def remark(self, line: int, code: str, detail: str) -> None:
        """Warn the person who checks the import."""
        self.remarks.append(Remark(line, code, detail, error=False))


def sentence_case(text: str) -> str:
    """Set text that is all capitals in sentence case; other text stays as it is."""
    return text[:1] + text[1:].lower() if text.isupper() else text
