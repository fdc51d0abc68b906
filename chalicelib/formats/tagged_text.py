"""Headings, paragraphs and tables on sheets, tagged as what they are."""

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from chalicelib.formats.lettering import clean, is_rtl
from chalicelib.formats.typesetting import ACCENT, FAINT, QUIET, Sheets, Style

TITLE = Style(21, bold=True, colour=ACCENT)
HEADINGS = {
    1: TITLE,
    2: Style(15, bold=True, colour=ACCENT),
    3: Style(12.5, bold=True, colour=ACCENT),
    4: Style(10.5, bold=True),
    5: Style(9.5, bold=True, colour=QUIET),
}
BODY = Style(9.5)
STRONG = Style(9.5, bold=True)
SMALL = Style(8.5, colour=QUIET)
INDENT = 5.0  # millimetres, of what somebody wrote
_GUTTER = 4.0
_ROOM = 30.0  # below a heading, or it goes over to the next page

Row = Sequence[str]


class TaggedText:
    """Sets one thing below the other. `language` is that of the module's own texts, if another."""

    def __init__(self, sheets: Sheets, language: str = "") -> None:
        self.sheets = sheets
        self.language = language

    def heading(self, text: str, level: int, *, own: bool = False, bookmark: bool = False) -> None:
        """Set a heading; `own` if it is a text of the module."""
        style = HEADINGS[level]
        sheets = self.sheets
        if not sheets.has_room(style.height + _ROOM):
            sheets.add_page()
        sheets.skip({1: 0.0, 2: 7.0, 3: 6.0, 4: 4.0, 5: 3.0}[level])
        if bookmark:
            sheets.bookmark(text, level - 2)
        with sheets.part(f"H{level}", language=self.language if own else ""):
            self._lines(text, style, sheets.left, sheets.width)
        sheets.skip({1: 1.0, 2: 2.0, 3: 1.5, 4: 1.0, 5: 0.5}[level])

    def paragraphs(
        self, text: str, style: Style = BODY, *, own: bool = False, inset: float = 0.0
    ) -> None:
        """Set text; each of its lines begins a new one."""
        sheets = self.sheets
        for paragraph in text.split("\n"):
            if paragraph.strip():
                with sheets.part("P", language=self.language if own else ""):
                    self._lines(paragraph, style, sheets.left + inset, sheets.width - inset)
        sheets.skip(1)

    def quote(self, text: str) -> None:
        """Set what somebody wrote."""
        with self.sheets.part("BlockQuote"):
            self.paragraphs(text, inset=INDENT)

    def points(self, texts: Iterable[str], style: Style = BODY) -> None:
        """Set a list."""
        sheets = self.sheets
        with sheets.part("L"):
            for text in texts:
                with sheets.part("LI"), sheets.part("LBody"):
                    self._lines(text, style, sheets.left + INDENT, sheets.width - INDENT)
        sheets.skip(1)

    def pairs(self, rows: Iterable[tuple[str, str]], style: Style = BODY) -> None:
        """Set labels with their values."""
        self._table((), rows, (45.0, self.sheets.width - 45.0), style)

    def table(self, heads: Row, rows: Iterable[Row], widths: Sequence[float]) -> None:
        """Set a table; the first cell of each row is its head."""
        self._table(heads, rows, widths, BODY)

    def _table(
        self, heads: Row, rows: Iterable[Row], widths: Sequence[float], style: Style
    ) -> None:
        with self.sheets.part("Table"):
            if heads:
                self._row(heads, widths, STRONG, ["Column"] * len(heads))
            for row in rows:
                self._row(row, widths, style, ["Row", *[""] * (len(row) - 1)])
        self.sheets.skip(1.5)

    def _row(
        self, cells: Row, widths: Sequence[float], style: Style, scopes: Sequence[str]
    ) -> None:
        sheets = self.sheets
        texts = [clean(cell) for cell in cells]
        columns = [
            sheets.wrap(text, style, width - _GUTTER)
            for text, width in zip(texts, widths, strict=True)
        ]
        with sheets.part("TR"):
            elements = []
            for scope in scopes:
                with sheets.part("TH" if scope else "TD", scope=scope) as element:
                    elements.append(element)
            for line in zip_longest(*columns, fillvalue=""):
                if not sheets.has_room(style.height):
                    sheets.add_page()
                left = sheets.left
                for text, whole, width, element in zip(line, texts, widths, elements, strict=True):
                    with sheets.resumed(element):
                        self._put(text, style, left, width - _GUTTER, rtl=is_rtl(whole))
                    left += width
                sheets.skip(style.height)
        sheets.skip(0.6)
        sheets.rule(sheets.left, sheets.right, thick=0.1, colour=FAINT)
        sheets.skip(0.6)

    def _lines(self, text: str, style: Style, left: float, width: float) -> None:
        text = clean(text)
        rtl = is_rtl(text)
        for line in self.sheets.wrap(text, style, width):
            if not self.sheets.has_room(style.height):
                self.sheets.add_page()
            self._put(line, style, left, width, rtl=rtl)
            self.sheets.skip(style.height)

    def _put(self, line: str, style: Style, left: float, width: float, *, rtl: bool) -> None:
        """Set a line from the side on which it begins.

        The space at its end is for those who read the lines as one.
        """
        if not line:
            return
        if rtl:
            self.sheets.put(
                line, style, left + width - self.sheets.measure(line, style), width, rtl=True
            )
        else:
            self.sheets.put(f"{line} ", style, left, width, rtl=False)
