"""The importers tried on the real source documents: `python -m cli.seeds FOLDER`.

The documents belong to their authors and are no part of the project: they are found by their
numbers in the folder, and only what was counted in them is known here.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from chalicelib.domain.modules import (
    ChoiceItem,
    Module,
    Page,
    Question,
    Statement,
    publication_flaws,
)
from chalicelib.formats.modules import read_module, write_module
from chalicelib.formats.remarks import UnreadableDocumentError
from chalicelib.formats.workbooks import ImportedWorkbook, apply_key, read_workbook

OUTPUT = Path(".cloud/seeds/workbook.md")

_COUNTS = {
    "elements": 4,
    "pages": 18,
    "statements": 26,
    "choices": 29,
    "options": 120,
    "questions": 32,
    "evidence_requests": 0,
}
# Statements, choice items and knowledge questions of each page.
_PAGES = [
    *[(5, 0, 0), (4, 0, 0), (0, 5, 0), (0, 5, 0)],
    *[(8, 0, 0), (0, 6, 0), (0, 3, 0)],
    *[(7, 0, 0), (2, 0, 0), (0, 6, 0), (0, 4, 0)],
    *[(0, 0, 4), (0, 0, 5), (0, 0, 5), (0, 0, 5), (0, 0, 5), (0, 0, 5), (0, 0, 3)],
]
_CHOICES = {"1 of 4": 26, "2 of 4": 1, "3 of 6": 2}
_DATED_LAW = 7
# The module's number, printed as a word, and the heading that fuses two titles.
_REWORDED = 2
_OTHER_DOCUMENTS = ("001", "002", "003", "004")


class SeedsError(Exception):
    """A document is missing, or is not read as it should be; the message says which and how."""


def check_workbook(folder: Path, output: Path = OUTPUT) -> Iterator[str]:
    """Import the workbook of the folder and compare it with what was counted by hand.

    Yields a line for each thing that is as it should be, raises SeedsError at the first that is
    not. Writes the marked module to `output`, for the demo to play.
    """
    text = _text(_document(folder, "000_*.txt"))
    imported = read_workbook(text)
    yield from _check_counts(imported)
    yield from _check_lines(text, imported)
    yield from _check_round_trip("unmarked", imported.module)
    marked = apply_key(imported.module, _text(_document(folder, "000-answer-key.csv")))
    yield from _check_key(marked)
    yield from _check_round_trip("marked", marked)
    yield from _check_refusals(folder)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(write_module(marked), encoding="utf-8")
    yield f"the marked module is in {output}"


def main(arguments: list[str]) -> int:
    """Check the folder that is named; 0 when all is well, 1 when not, 2 for wrong usage."""
    if len(arguments) != 1:
        print("usage: python -m cli.seeds FOLDER", file=sys.stderr)
        return 2
    try:
        for line in check_workbook(Path(arguments[0])):
            print(f"ok  {line}")
    except (SeedsError, UnreadableDocumentError) as error:
        print(f"not ok  {error}", file=sys.stderr)
        return 1
    return 0


def _check_counts(imported: ImportedWorkbook) -> Iterator[str]:
    module = imported.module
    _same("counts of the workbook", module.counts(), _COUNTS)
    yield "workbook: " + ", ".join(f"{count} {name}" for name, count in _COUNTS.items() if count)
    _same("items by page", [_items(page) for page in module.pages], _PAGES)
    yield "items by page: " + " ".join("/".join(map(str, counts)) for counts in _PAGES)
    choices = _choices(module)
    kinds = [f"{item.choose} of {len(item.options)}" for item in choices]
    _same("choice items", {kind: kinds.count(kind) for kind in sorted(set(kinds))}, _CHOICES)
    yield "choice items: " + ", ".join(f"{count} {kind}" for kind, count in _CHOICES.items())
    pairs = [item.tests for item in choices if item.choose == 1]
    statements = [(item.id,) for item in module.items if isinstance(item, Statement)]
    _same("statements that choice items test", pairs, statements)
    yield f"{len(pairs)} choice items test a statement each"
    dated = sum(remark.code == "dated-law" for remark in imported.remarks)
    _same("remarks on dated law", dated, _DATED_LAW)
    yield f"{len(imported.remarks)} remarks, {dated} of them on dated law"


def _check_lines(text: str, imported: ImportedWorkbook) -> Iterator[str]:
    """Check that each line is accounted for, and, apart from that, that its words are there."""
    lines = {number: line for number, line in enumerate(text.split("\n"), 1) if line.strip()}
    left_out = {left.line for left in imported.left_out}
    _same("lines that are neither used nor left out", set(lines) - imported.used - left_out, set())
    _same("lines that are used and left out", imported.used & left_out, set())
    yield f"{len(lines)} lines: {len(imported.used)} used, {len(left_out)} left out with a reason"
    said = _letters(write_module(imported.module))
    reworded = [number for number in imported.used if _letters(lines[number]) not in said]
    _same(f"lines in other words ({sorted(reworded)})", len(reworded), _REWORDED)
    yield f"{len(imported.used) - len(reworded)} lines stand in the module word for word"


def _check_round_trip(name: str, module: Module) -> Iterator[str]:
    read = read_module(write_module(module))
    _same(f"the {name} module, written and read", read.module, module)
    _same("ids that are not written", read.derived_ids, ())
    yield f"the {name} module is the same when written and read again"


def _check_key(marked: Module) -> Iterator[str]:
    choices = _choices(marked)
    keyed = sum(bool(item.key) for item in choices)
    excluded = sum(bool(item.excluded) for item in choices)
    _same("items with a key, and excluded items", (keyed, excluded), (28, 1))
    _same("what stands between the module and publication", publication_flaws(marked), ())
    yield f"answer key: {keyed} items marked, {excluded} excluded; the module can be published"


def _check_refusals(folder: Path) -> Iterator[str]:
    for number in _OTHER_DOCUMENTS:
        path = _document(folder, f"{number}_*.txt")
        try:
            read_workbook(_text(path))
        except UnreadableDocumentError as error:
            yield f"{path.name} is refused: {error.remarks[0].code}"
        else:
            message = f"{path.name} was read as a workbook, which it is not"
            raise SeedsError(message)


def _same(name: str, found: object, expected: object) -> None:
    if found != expected:
        message = f"{name}: found {found}, expected {expected}"
        raise SeedsError(message)


def _items(page: Page) -> tuple[int, int, int]:
    kinds = [type(item) for item in page.items]
    return kinds.count(Statement), kinds.count(ChoiceItem), kinds.count(Question)


def _choices(module: Module) -> list[ChoiceItem]:
    return [item for item in module.items if isinstance(item, ChoiceItem)]


def _letters(text: str) -> str:
    """Reduce a text to what is said in it: no case, marks, line ends or printed item numbers."""
    unnumbered = re.sub(r"^(?:- )?\d+[.\s]\s*", "", text.strip())
    return "".join(character for character in unnumbered.casefold() if character.isalnum())


def _document(folder: Path, pattern: str) -> Path:
    paths = sorted(folder.glob(pattern))
    if len(paths) != 1:
        message = f"{folder} has {len(paths)} files {pattern}, and needs one"
        raise SeedsError(message)
    return paths[0]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        message = f"{path.name} is not UTF-8 text"
        raise SeedsError(message) from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
