"""The structure tree of a tagged PDF: what is a heading, a paragraph or a cell, and in what order.

fpdf2 makes a flat list of figures. This stands in for it, with elements in elements (ISO 32000-1,
section 14.7). What it leans on is not of fpdf2's public interface: look here first when its version
moves.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from fpdf.structure_tree import StructTreeRoot
from fpdf.syntax import PDFObject, PDFString


@dataclass(slots=True)
class Mark:
    """A stretch of a page's content, by its number there; `pg` is that page once it is written."""

    page: int
    number: int
    pg: Any = None

    def page_number(self) -> int:
        """Say on which page it is."""
        return self.page

    @property
    def ref(self) -> str:
        """How an element names it."""
        return f"<</Type /MCR /Pg {self.pg.ref} /MCID {self.number}>>"


class Element(PDFObject):
    """An element with what is in it; `scope` is that of a table's head, `language` where other."""

    def __init__(
        self, kind: str, parent: PDFObject, *, scope: str = "", language: str = ""
    ) -> None:
        super().__init__()
        self.kind = kind
        self._parent = parent
        self._kids: list[Element | Mark] = []
        self._scope = scope
        self._language = language

    def take(self, kid: "Element | Mark") -> None:
        """Add what comes next."""
        self._kids.append(kid)

    def serialize(self, *_: object, **__: object) -> str:
        """Write it; fpdf2's own way looks at every attribute, and there are many elements."""
        scope = f" /A <</O /Table /Scope /{self._scope}>>" if self._scope else ""
        language = f" /Lang {PDFString(self._language).serialize()}" if self._language else ""
        kids = " ".join(kid.ref for kid in self._kids)
        return (
            f"{self.id} 0 obj\n<</Type /StructElem /S /{self.kind} /P {self._parent.ref}"
            f"{scope}{language} /K [{kids}]>>\nendobj"
        )


class Tree:
    """All elements of a document, and the one that what is drawn now belongs to."""

    def __init__(self) -> None:
        self._root = StructTreeRoot()
        self._document = Element("Document", self._root)
        self._root.k.append(self._document)
        self._elements = [self._document]
        self._open: list[Element] = [self._document]
        self._marks: list[Mark] = []
        self._counts: dict[int, int] = {}

    @property
    def current(self) -> Element | None:
        """The element that is open, if one is."""
        return self._open[-1] if len(self._open) > 1 else None

    def begin(self, kind: str, *, scope: str = "", language: str = "") -> Element:
        """Open an element within the one that is open."""
        element = Element(kind, self._open[-1], scope=scope, language=language)
        self._open[-1].take(element)
        self._elements.append(element)
        self._open.append(element)
        return element

    def resume(self, element: Element) -> None:
        """Open an element again."""
        self._open.append(element)

    def end(self) -> None:
        """Close the element that is open."""
        self._open.pop()

    def mark(self, element: Element, page: int) -> Mark:
        """Say that a stretch of a page belongs to an element."""
        number = self._counts.get(page, 0)
        self._counts[page] = number + 1
        mark = Mark(page, number)
        self._marks.append(mark)
        element.take(mark)
        # The tree leads from each page, by the order of its stretches, back to the elements.
        self._root.parent_tree.nums[page].append(element)
        return mark

    # What fpdf2 asks of it when it writes the document.

    @property
    def doc_struct_elem(self) -> SimpleNamespace:
        """Give all that has to learn which object its page is."""
        return SimpleNamespace(k=self._marks)

    def empty(self) -> bool:
        """Whether nothing is tagged."""
        return not self._marks

    def __iter__(self) -> Iterator[PDFObject]:
        yield self._root
        yield self._root.parent_tree
        yield from self._elements
