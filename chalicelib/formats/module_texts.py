"""The text of a block: escapes taken out, lines joined into paragraphs, trailers split off."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.formats.module_blocks import Block, Line
from chalicelib.formats.module_faults import Code, Faults, excerpt
from chalicelib.formats.module_marks import (
    ITEM_NAMES,
    Attributes,
    Names,
    looks_like_attributes,
    read_attributes,
    split_tail,
    unescape_end,
    unescape_start,
    words_tail,
)

_NO_ATTRIBUTES = Attributes({})


@dataclass(frozen=True, slots=True)
class ItemText:
    """The text of an item, and its trailers: `words` is the range as written, if there is one."""

    text: str
    criteria: tuple[str, ...]
    words: str | None
    attributes: Attributes


def read_text(block: Block, faults: Faults) -> str:
    """Read a text that has no trailers."""
    text = _join(
        [(number, _inner(number, line, ITEM_NAMES, faults)) for number, line in block.lines]
    )
    _refuse_empty(block, text, faults)
    return text


def read_title(block: Block, faults: Faults) -> tuple[str, Attributes]:
    """Read a heading's title and what stands in braces after it."""
    title, attributes = read_attributed(block, ITEM_NAMES, faults)
    _refuse_empty(block, title, faults)
    return title, attributes


def read_attributed(block: Block, names: Names, faults: Faults) -> tuple[str, Attributes]:
    """Read a text, which may be empty, and what stands in braces after it."""
    number, line = block.last
    line, attributes = _attributes(number, unescape_start(line), names, faults)
    before = [(n, _inner(n, text, names, faults)) for n, text in block.lines if n < number]
    return _join([*before, (number, unescape_end(line))]), attributes


def read_item_text(
    block: Block, names: Names, fits: Callable[[str], bool], faults: Faults
) -> ItemText:
    """Read an item's text and the trailers of its last line; `fits` recognises a criterion."""
    number, line = block.last
    line, attributes = _attributes(number, unescape_start(line), names, faults)
    line, words = (_unescaped(line) and words_tail(line)) or (line, None)
    line, criteria = _criteria(number, line, fits, faults)
    if _trailer_left(line, names, fits):
        detail = (
            f"{excerpt(line)!r} still ends in a trailer. Write each once, in this order: "
            "`[criteria] (n-m words) {attributes}`; escape a bracket that is text with a backslash."
        )
        faults.error(number, Code.TRAILER_ORDER, detail)
    before = [(n, _inner(n, text, names, faults)) for n, text in block.lines if n < number]
    text = _join([*before, (number, unescape_end(line))])
    _refuse_empty(block, text, faults)
    return ItemText(text, criteria, words, attributes)


def written_id(block: Block, names: Names) -> str:
    """Return the id that is written at the end of a block, or nothing."""
    tail = split_tail(unescape_start(block.last[1]), "}")
    return read_attributes(tail[1], names).values.get("id", "") if tail else ""


def _inner(number: int, line: str, names: Names, faults: Faults) -> str:
    """Read a line that cannot have trailers."""
    if looks_like_attributes(line, names):
        detail = (
            "Attributes in braces stand at the end of a heading or of an item's last line. Move "
            "them there, put an empty line between two items, or write a backslash before the "
            "brace if it is text."
        )
        faults.error(number, Code.ATTRIBUTE_MISPLACED, detail)
    return unescape_end(unescape_start(line))


def _attributes(number: int, line: str, names: Names, faults: Faults) -> tuple[str, Attributes]:
    tail = split_tail(line, "}")
    if tail is None:
        if line.endswith("}") and unescape_end(line) == line:
            detail = (
                "The brace at the end has no partner on this line. Attributes stand on one line; "
                "write a backslash before the brace if it is text."
            )
            faults.error(number, Code.UNKNOWN_ATTRIBUTE, detail)
        return line, _NO_ATTRIBUTES
    attributes = read_attributes(tail[1], names)
    if attributes.unknown:
        known = ", ".join(f"`{name}:`" for name in names)
        detail = (
            f"{excerpt(attributes.unknown)!r} is no attribute here. There are `#id`, {known}; "
            "write a backslash before the brace if it is text."
        )
        faults.error(number, Code.UNKNOWN_ATTRIBUTE, detail)
    for name in attributes.twice:
        faults.error(number, Code.ATTRIBUTE_TWICE, f"`{name}` is given twice; take one out.")
    return tail[0], attributes


def _criteria(
    number: int, line: str, fits: Callable[[str], bool], faults: Faults
) -> tuple[str, tuple[str, ...]]:
    tail = split_tail(line, "]")
    if tail is None:
        return line, ()
    if criteria := _fitting(tail[1], fits):
        return tail[0], criteria
    detail = (
        f"[{excerpt(tail[1])}] is read as text: it is no list of criteria of the declared "
        "standards. Mend it, or write a backslash before the bracket if it is text."
    )
    faults.warn(number, Code.NOT_CRITERIA, detail)
    return line, ()


def _fitting(inner: str, fits: Callable[[str], bool]) -> tuple[str, ...]:
    criteria = tuple(part.strip(" \t") for part in inner.split(","))
    return criteria if all(fits(criterion) for criterion in criteria) else ()


def _trailer_left(line: str, names: Names, fits: Callable[[str], bool]) -> bool:
    """Tell whether a trailer is left over: written twice, or in another order."""
    if not _unescaped(line):
        return False
    tail = split_tail(line, "]")
    listed = tail is not None and bool(_fitting(tail[1], fits))
    return listed or looks_like_attributes(line, names) or words_tail(line) is not None


def _unescaped(line: str) -> bool:
    """Tell whether a trailing bracket, if there is one, means what it says."""
    return unescape_end(line) == line


def _join(lines: list[Line]) -> str:
    """Make line breaks spaces, and empty lines the ends of paragraphs."""
    text = "\n".join(line for _, line in lines).strip("\n")
    return "\n\n".join(part.replace("\n", " ") for part in re.split(r"\n{2,}", text))


def _refuse_empty(block: Block, text: str, faults: Faults) -> None:
    if not text:
        faults.error(block.line, Code.EMPTY_TEXT, "There is no text here; write it.")
