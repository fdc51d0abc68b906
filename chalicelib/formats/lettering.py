"""Which font draws which letters, and in what order from left to right. Knows nothing of PDF."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path

import uharfbuzz  # type: ignore[import-untyped]
from fpdf.bidi import BidiParagraph, auto_detect_base_direction
from fpdf.enums import TextDirection

FOLDER = Path(__file__).parent / "fonts"
REGULAR, BOLD = "NotoSerif-Regular", "NotoSerif-Bold"
# Asked in this order. The big one comes last, so that only the letters nobody else has need it.
FALLBACKS = (
    "NotoNaskhArabic-Regular",
    *(
        f"NotoSerif{script}-Regular"
        for script in (
            "Hebrew",
            "Armenian",
            "Georgian",
            "Devanagari",
            "Bengali",
            "Gurmukhi",
            "Gujarati",
            "Tamil",
            "Telugu",
            "Kannada",
            "Malayalam",
            "Sinhala",
            "Thai",
            "Ethiopic",
        )
    ),
    "DroidSansFallback",
)
UNKNOWN = "\ufffd"  # what clean() leaves of a code that stands for no letter
_DOTTED_CIRCLE = "\u25cc"
_JOINERS = "\u200c\u200d"  # invisible, and they decide how their neighbours are shaped
# Format characters that are to be seen: number signs that enclose the digits after them.
_VISIBLE_FORMAT = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2"
_VARIANTS = frozenset((0x034F, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10)))
_MORE_VARIANTS = range(0xE0100, 0xE01F0)
# More marks than any orthography puts on a letter would be drawn across the lines above.
_MARKS = 4


@dataclass(frozen=True, slots=True)
class Run:
    """Letters that one font draws in one direction; no font (`""`): each drawn as a box."""

    font: str
    letters: tuple[str, ...]
    rtl: bool

    @property
    def text(self) -> str:
        """The letters in the order in which they are read."""
        return "".join(self.letters)


def clean(text: str) -> str:
    """Return what is to be drawn: composed, on one line, without controls that reorder text.

    Embeddings and overrides go because a name must not be able to rearrange what is certified;
    what stands for no letter (controls, lone surrogates, private or unassigned codes) is UNKNOWN.
    """
    drawn = (_cleaned(char) for char in unicodedata.normalize("NFC", text))
    return " ".join("".join(drawn).split())


def _cleaned(char: str) -> str:
    if char.isspace():
        return " "
    category = unicodedata.category(char)
    if category in {"Cc", "Cs", "Co", "Cn"}:
        return UNKNOWN
    hidden = category == "Cf" and char not in _JOINERS and char not in _VISIBLE_FORMAT
    variant = ord(char) in _VARIANTS or ord(char) in _MORE_VARIANTS
    return "" if hidden or variant else char


def letters(text: str) -> list[str]:
    """Cut text where it may be cut: a letter, with the marks and joiners that belong to it."""
    found: list[str] = []
    for char in text:
        attached = _is_mark(char) or char in _JOINERS
        if attached and found and found[-1] != " " and len(found[-1]) <= _MARKS:
            found[-1] += char
        else:
            # A mark that has nothing to stand on is given the circle that Unicode has for that.
            found.append(_DOTTED_CIRCLE + char if _is_mark(char) else char)
    return found


def _is_mark(char: str) -> bool:
    return unicodedata.category(char).startswith("M")


def is_rtl(text: str) -> bool:
    """Whether the first letter that has a direction is read from right to left."""
    return auto_detect_base_direction(text) is TextDirection.RTL


def runs(text: str, *, rtl: bool, bold: bool = False) -> list[Run]:
    """Set one line: its runs as they stand from left to right (Unicode's bidirectional rules)."""
    levelled = [
        (level, run)
        for level, piece in _levels(text, rtl=rtl)
        for run in _in_fonts(piece, rtl=level % 2 == 1, bold=bold)
    ]
    highest = max((level for level, _ in levelled), default=0)
    for level in range(highest, 0, -1):
        levelled = list(_reversed_from(level, levelled))
    return [run for _, run in levelled]


def _levels(text: str, *, rtl: bool) -> Iterator[tuple[int, list[str]]]:
    """Group the letters by embedding level: even ones are read from left to right."""
    cut = letters(text)
    if not rtl and not any(unicodedata.bidirectional(char) in {"R", "AL", "AN"} for char in text):
        yield 0, cut
        return
    base = TextDirection.RTL if rtl else TextDirection.LTR
    # Only the first character of each letter: its marks go where it goes.
    firsts = BidiParagraph("".join(letter[0] for letter in cut), base, preserve_bn_chars=True)
    levelled = zip(firsts.get_characters(), cut, strict=True)
    for level, group in groupby(levelled, key=lambda pair: pair[0].embedding_level):
        yield level, [letter for _, letter in group]


def _reversed_from(level: int, found: list[tuple[int, Run]]) -> Iterator[tuple[int, Run]]:
    for high, group in groupby(found, key=lambda pair: pair[0] >= level):
        stretch = list(group)
        yield from reversed(stretch) if high else stretch


def _in_fonts(piece: Iterable[str], *, rtl: bool, bold: bool) -> Iterator[Run]:
    font = ""
    chosen: list[tuple[str, str]] = []
    for letter in piece:
        # A space stays with the word before it: a run is shaped and copied as one.
        if not (letter == " " and font and draws(font, letter)):
            font = font_of(letter, bold=bold)
        chosen.append((font, letter))
    for name, group in groupby(chosen, key=lambda pair: pair[0]):
        yield Run(name, tuple(letter for _, letter in group), rtl)


@lru_cache(maxsize=4096)
def font_of(letter: str, *, bold: bool = False) -> str:
    """Name the font that draws a letter with all of its marks, or `""`: none does."""
    chain = (BOLD, REGULAR, *FALLBACKS) if bold else (REGULAR, *FALLBACKS)
    return next((font for font in chain if draws(font, letter)), "")


def drawable(text: str) -> bool:
    """Whether every letter of the text has a font."""
    return all(font_of(letter) for letter in letters(text))


def draws(font: str, letter: str) -> bool:
    """Whether a font has all that a letter is made of, composed or taken apart."""
    has = _characters(font)
    return any(
        all(ord(char) in has or char in _JOINERS for char in form)
        for form in (letter, unicodedata.normalize("NFD", letter))
    )


@cache
def _characters(font: str) -> frozenset[int]:
    face = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(path(font)))
    # A font's picture for the unknown is a question mark, which a name must never turn into.
    return frozenset(face.unicodes) - {ord(UNKNOWN)}


def path(font: str) -> str:
    """Where a font's file is."""
    return str(FOLDER / f"{font}.ttf")
