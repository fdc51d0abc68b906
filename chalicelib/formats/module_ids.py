"""The ids of a module file: written ones, and those that are derived from position."""

from collections import Counter

from chalicelib.formats.module_blocks import Block
from chalicelib.formats.module_faults import Code, Faults, excerpt
from chalicelib.formats.module_marks import ID


class Ids:
    """Gives whatever stands in one scope its id: the written one, or one derived from position.

    `lines` says where each begins. `derived` are the ids that are not written, each with the line
    at whose end it belongs.
    """

    def __init__(
        self, written: set[str], faults: Faults, derived: list[tuple[int, str]] | None = None
    ) -> None:
        self.lines: dict[str, int] = {}
        self.derived: list[tuple[int, str]] = [] if derived is None else derived
        self._written = written
        self._faults = faults
        self._counts: Counter[str] = Counter()

    def scope(self, written: set[str]) -> "Ids":
        """Begin a scope within this one, for ids that are unique there and not beyond."""
        return Ids(written, self._faults, self.derived)

    def _position(self, stem: str) -> str:
        """Count what begins with a stem, passing over ids that are written somewhere."""
        self._counts[stem] += 1
        while f"{stem}{self._counts[stem]}" in self._written:
            self._counts[stem] += 1
        return f"{stem}{self._counts[stem]}"

    def latest(self, stem: str) -> str:
        """Return the last id that was derived for this stem."""
        return f"{stem}{self._counts[stem]}"

    def name(self, block: Block, written: str | None, stem: str) -> str:
        """Return the id of a block, noting a written one that cannot be used."""
        line = block.last[0]
        position = self._position(stem)
        identifier = position if written is None else written
        if written is None:
            self.derived.append((line, identifier))
        elif not ID.fullmatch(identifier):
            detail = (
                f"{excerpt(identifier)!r} is no id. Use 1 to 60 of a-z, 0-9 and hyphens, and do "
                "not begin with a hyphen."
            )
            self._faults.error(line, Code.INVALID_ID, detail)
        elif identifier in self.lines:
            detail = (
                f"The id {identifier} is taken since line {self.lines[identifier]}; change one."
            )
            self._faults.error(line, Code.DUPLICATE_ID, detail)
        self.lines.setdefault(identifier, block.line)
        return identifier
