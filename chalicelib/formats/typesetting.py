"""Lines of text on A4 pages, as PDF/A: letters of any script, wrapped, in the right order."""

import re
from codecs import BOM_UTF16_BE
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from html import escape
from types import TracebackType
from typing import Self

from fpdf import FPDF
from fpdf.enums import DocumentCompliance
from fpdf.fonts import TTFFont
from fpdf.line_break import Fragment
from fpdf.prefs import ViewerPreferences

from chalicelib.formats import lettering
from chalicelib.formats.lettering import Run, clean, is_rtl, letters, runs
from chalicelib.formats.tagging import Element, Tree

Colour = tuple[int, int, int]
INK: Colour = (28, 32, 38)
QUIET: Colour = (96, 102, 110)
FAINT: Colour = (200, 205, 212)
ACCENT: Colour = (30, 58, 95)

MARGIN = 25.0  # millimetres, as all lengths here
LEADING = 1.42  # of a line, in font heights: room for stacked accents
_POINT = 25.4 / 72
_BOX_WIDTH, _BOX_HEIGHT = 0.62, 0.72  # of the font size
_LANGUAGE = "en-GB"
_PRODUCER = "Testamur"


@dataclass(frozen=True, slots=True)
class Style:
    """How a line is set."""

    size: float
    bold: bool = False
    colour: Colour = INK

    @property
    def height(self) -> float:
        """The height of a line."""
        return self.size * _POINT * LEADING


class _Pdf(FPDF):
    def _preload_bidirectional_text(self, text: str, markdown: bool) -> Sequence[Fragment]:  # noqa: ARG002, FBT001
        """Take a run as it is: fpdf2 would tear marks from their letters at a change of script.

        This is not of its public interface: look here first when its version moves.
        """
        shaping = self.text_shaping
        if not text:
            return ()
        if shaping:
            shaping["paragraph_direction"] = shaping["fragment_direction"] = shaping["direction"]
        return (Fragment(text, self._get_current_graphics_state(), self.k),)

    @contextmanager
    def reading(self, text: str) -> Iterator[None]:
        """Say what the glyphs drawn meanwhile are to be read, searched and copied as."""
        said = (BOM_UTF16_BE + text.encode("utf-16-be")).hex()
        with self.stretch(f"/Span <</ActualText <{said}>>> BDC"):
            yield

    @contextmanager
    def stretch(self, begin: str) -> Iterator[None]:
        """Say something of what is drawn meanwhile."""
        self._out(begin)
        yield
        self._out("EMC")


class Sheets:
    """The pages of one document, filled from top to bottom.

    Where it is tagged, what is drawn within no part is decoration to those who cannot see it.
    `gaps` says whether a box had to be drawn in place of a letter.
    """

    def __init__(self, *, title: str, author: str, made_at: datetime, tagged: bool = False) -> None:
        pdf = _Pdf(format="A4", enforce_compliance=DocumentCompliance.PDFA_3B)
        pdf.set_margin(0)
        pdf.c_margin = 0
        pdf.set_auto_page_break(auto=False)
        pdf.set_lang(_LANGUAGE)
        pdf.set_title(clean(title))
        pdf.set_author(clean(author))
        pdf.set_producer(_PRODUCER)
        pdf.set_creator(_PRODUCER)
        pdf.set_creation_date(made_at)
        # fpdf2's own would carry the time of rendering: the same record gives the same bytes.
        pdf.set_xmp_metadata(_xmp(clean(title), clean(author), made_at))
        pdf.viewer_preferences = ViewerPreferences(display_doc_title=True)
        self._tree = Tree() if tagged else None
        if self._tree:
            pdf.struct_builder = self._tree  # type: ignore[assignment]  # it does what is asked of it
        self._pdf = pdf
        self.gaps = False
        self._widths: dict[tuple[str, Style], float] = {}
        self.left, self.right = MARGIN, pdf.w - MARGIN
        self.top, self.bottom = MARGIN, pdf.h - MARGIN
        self.y = self.top

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for font in self._pdf.fonts.values():
            if isinstance(font, TTFFont):
                font.close()

    @property
    def width(self) -> float:
        """The width between the margins."""
        return self.right - self.left

    @contextmanager
    def part(self, kind: str, *, scope: str = "", language: str = "") -> Iterator[Element]:
        """Make all that is set meanwhile a part of the structure, such as a `P` or an `H1`."""
        assert self._tree  # noqa: S101 (only tagged documents have parts)
        yield self._tree.begin(kind, scope=scope, language=language)
        self._tree.end()

    @contextmanager
    def resumed(self, element: Element) -> Iterator[None]:
        """Go on with a part, as cells do that stand beside each other line by line."""
        assert self._tree  # noqa: S101 (as above)
        self._tree.resume(element)
        yield
        self._tree.end()

    def bookmark(self, title: str, level: int) -> None:
        """Lead to this place from the outline."""
        self._pdf.start_section(clean(title), level, strict=False)

    def _artifact(self) -> AbstractContextManager[None]:
        return self._pdf.stretch("/Artifact BMC") if self._tree else nullcontext()

    def _stretch(self) -> AbstractContextManager[None]:
        """Tag what is drawn next."""
        if self._tree is None:
            return nullcontext()
        element, page = self._tree.current, self._pdf.page
        if element is None:
            return self._artifact()
        self._pdf.pages[page].struct_parents = page
        mark = self._tree.mark(element, page)
        return self._pdf.stretch(f"/{element.kind} <</MCID {mark.number}>> BDC")

    def add_page(self) -> None:
        """Start a page."""
        self._pdf.add_page()
        self.y = self.top

    def has_room(self, height: float) -> bool:
        """Whether this much still fits on the page."""
        return self.y + height <= self.bottom

    def skip(self, height: float) -> None:
        """Leave white space."""
        self.y += height

    def rule(
        self, left: float, right: float, *, thick: float = 0.2, colour: Colour = QUIET
    ) -> None:
        """Draw a line across, where the next line of text would begin."""
        self._pdf.set_draw_color(*colour)
        self._pdf.set_line_width(thick)
        with self._artifact():
            self._pdf.line(left, self.y, right, self.y)

    def frame(self, inset: float, *, thick: float) -> None:
        """Draw a frame around the page."""
        self._pdf.set_draw_color(*ACCENT)
        self._pdf.set_line_width(thick)
        with self._artifact():
            self._pdf.rect(inset, inset, self._pdf.w - 2 * inset, self._pdf.h - 2 * inset)

    def paragraph(self, text: str, style: Style, *, centred: bool = False) -> None:
        """Set text over the whole width, on as many lines and pages as it takes."""
        text = clean(text)
        for line in self.wrap(text, style, self.width):
            if not self.has_room(style.height):
                self.add_page()
            self.put(line, style, self.left, self.width, centred=centred, rtl=is_rtl(text))
            self.y += style.height

    def put(
        self,
        line: str,
        style: Style,
        left: float,
        width: float,
        *,
        centred: bool = False,
        rtl: bool | None = None,
    ) -> None:
        """Set one clean line on the current height; `rtl` if it is part of a longer text."""
        set_runs = runs(line, rtl=is_rtl(line) if rtl is None else rtl, bold=style.bold)
        x = left
        if centred:
            x += (width - sum(self._run_width(run, style) for run in set_runs)) / 2
        with self._stretch():
            for run in set_runs:
                with nullcontext() if _reads_well(run) else self._pdf.reading(run.text):
                    x += self._draw(run, style, x)

    def wrap(self, text: str, style: Style, width: float) -> list[str]:
        """Break clean text into lines between words, and words where nothing else helps."""
        space = self.measure(" ", style)
        lines: list[str] = []
        used = 0.0
        for word in text.split(" "):
            for index, (piece, wide) in enumerate(self._pieces(word, style, width)):
                if lines and not index and used + space + wide <= width:
                    lines[-1] += f" {piece}"
                    used += space + wide
                else:
                    lines.append(piece)
                    used = wide
        return lines

    def measure(self, text: str, style: Style) -> float:
        """Return how wide clean text is on one line."""
        wide = self._widths.get((text, style))
        if wide is None:
            set_runs = runs(text, rtl=is_rtl(text), bold=style.bold)
            wide = self._widths[text, style] = sum(self._run_width(run, style) for run in set_runs)
        return wide

    def _pieces(self, word: str, style: Style, width: float) -> Iterator[tuple[str, float]]:
        wide = self.measure(word, style)
        if wide <= width:
            yield word, wide
            return
        piece, used = "", 0.0
        for letter in letters(word):
            wide = self.measure(letter, style)
            if piece and used + wide > width:
                yield piece, used
                piece, used = "", 0.0
            piece += letter
            used += wide
        yield piece, used

    def number_pages(self, words: str, style: Style) -> None:
        """Write at the foot of every page, now that it is known how many there are."""
        last = self._pdf.page
        for page in range(1, last + 1):
            self._pdf.page = page
            self._pdf.current_font_is_set_on_page = False
            self.y = self.bottom + style.height
            line = clean(f"{words} \u00b7 Page {page} of {last}")
            self.put(line, style, self.left, self.width, centred=True)

    def document(self) -> bytes:
        """Return the finished document."""
        return bytes(self._pdf.output())

    def _run_width(self, run: Run, style: Style) -> float:
        if not run.font:
            return len(run.letters) * style.size * _POINT * _BOX_WIDTH
        self._use(run, style)
        return self._pdf.get_string_width(run.text)

    def _use(self, run: Run, style: Style) -> None:
        pdf = self._pdf
        if run.font.lower() not in pdf.fonts:
            pdf.add_font(run.font, fname=lettering.path(run.font))
        pdf.set_font(run.font, size=style.size)
        if self._tree and _is_simple(run):
            # Letters that need no shaper lose their kerning, and are set three times as fast.
            pdf.set_text_shaping(use_shaping_engine=False)
            return
        # The language is named because the shaper would else take it from the machine's locale.
        pdf.set_text_shaping(direction="rtl" if run.rtl else "ltr", language="en")

    def _draw(self, run: Run, style: Style, x: float) -> float:
        wide = self._run_width(run, style)
        if run.font:
            self._pdf.set_text_color(*style.colour)
            self._pdf.set_xy(x, self.y)
            self._pdf.cell(wide, style.height, run.text)
        else:
            self._boxes(run, style, x)
        return wide

    def _boxes(self, run: Run, style: Style, x: float) -> None:
        self.gaps = True
        em = style.size * _POINT
        self._pdf.set_draw_color(*style.colour)
        self._pdf.set_line_width(em * 0.05)
        # fpdf2 puts the baseline of a cell 0.3 em below its middle; a box stands on it.
        top = self.y + style.height / 2 + (0.3 - _BOX_HEIGHT) * em
        for index in range(len(run.letters)):
            left = x + (index + 0.1) * em * _BOX_WIDTH
            self._pdf.rect(left, top, em * _BOX_WIDTH * 0.8, em * _BOX_HEIGHT)


def _reads_well(run: Run) -> bool:
    """Whether each glyph maps back to its letter, as shaped clusters and boxes do not.

    Runs from right to left are left alone: readers expect those in the order of the glyphs.
    """
    return run.rtl or _is_simple(run)


def _is_simple(run: Run) -> bool:
    """Whether each letter of the run is one code, and stands beside the one before it."""
    return run.font in {lettering.REGULAR, lettering.BOLD} and len(run.letters) == len(run.text)


def _xmp(title: str, author: str, made_at: datetime) -> str:
    """Write what the document is, and that it is PDF/A, the way PDF/A wants it."""
    when = made_at.isoformat(timespec="seconds")
    text = f"""
    <x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
      xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
      xmlns:dc="http://purl.org/dc/elements/1.1/"
      xmlns:xmp="http://ns.adobe.com/xap/1.0/"
      xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
      xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"><rdf:Description rdf:about=""
      xmp:CreatorTool="{_PRODUCER}" xmp:CreateDate="{when}" xmp:ModifyDate="{when}"
      pdf:Producer="{_PRODUCER}" pdfaid:part="3" pdfaid:conformance="B">
      <dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(title)}</rdf:li></rdf:Alt></dc:title>
      <dc:creator><rdf:Seq><rdf:li>{escape(author)}</rdf:li></rdf:Seq></dc:creator>
      <dc:language><rdf:Bag><rdf:li>{_LANGUAGE}</rdf:li></rdf:Bag></dc:language>
    </rdf:Description></rdf:RDF></x:xmpmeta>"""
    return re.sub(r"\n\s+", "\n", text).strip()
