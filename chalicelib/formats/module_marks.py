r"""The marks inside a line of a module file: escapes, and the trailers at an item's end.

Each rule stands here once in both directions, for the reader and for the writer.

- At the start of a line a backslash before a mark (`? - > : # !` or a backslash) makes it text.
- At the end of a line a backslash before the closing (or the opening) bracket makes it text.
- "Choose K of N" in a stem is text and no rule when a backslash stands before it.
- Inside `{...}` a backslash stands before `\ { } #`, before a comma at the end of a reason, and
  before the colon of a word that is also the name of an attribute.

Which names an attribute can have depends on the kind of line. The names of items other than
evidence stay as they are: a new one would end the reasons in files that are published already.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

MARKS = "?->:#!"
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")

Names = tuple[str, ...]
ITEM_NAMES: Names = ("tests", "choose", "form", "by", "excluded", "accepted")
EVIDENCE_NAMES: Names = (*ITEM_NAMES, "files", "vacsr")
FIELD_NAMES: Names = ("type", "optional", "least", "most")
RULE_NAMES: Names = ("when", "needs")

_ESCAPABLE = MARKS + "\\"
_PAIRS = {"}": "{", "]": "[", ")": "("}
_NUMBERS = (
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
    "twenty",
)
_NUMBER = "([0-9]{1,3}|" + "|".join(_NUMBERS) + ")"
_CHOOSE = re.compile(rf"(\\?)\bchoose +{_NUMBER} +of +(?:the +)?{_NUMBER}\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Attributes:
    """What stands in `{...}`: the values by name (`id` for `#`), and what could not be read."""

    values: Mapping[str, str]
    unknown: str = ""
    twice: tuple[str, ...] = ()


def unescape_start(line: str) -> str:
    """Drop the backslash before a leading mark."""
    return line[1:] if line[:1] == "\\" and line[1:2] in _ESCAPABLE and line[1:] else line


def unescape_end(line: str) -> str:
    """Drop the backslash before a trailing bracket, be it the closing or the opening one."""
    close = line[-1:]
    if close not in _PAIRS or not close:
        return line
    if line[-2:-1] == "\\":
        return line[:-2] + close
    if close == ")" and words_tail(line) is None:
        return line
    at = line.rfind(_PAIRS[close])
    opened_by_text = at > 0 and line[at - 1] == "\\" and _opening(line) is None
    return line[: at - 1] + line[at:] if opened_by_text else line


def escape(line: str) -> str:
    """Write a line of text so that neither its start nor its end is read as a mark."""
    if line.endswith(("]", "}", "\\)")) or words_tail(line) is not None:
        line = f"{line[:-1]}\\{line[-1]}"
    return "\\" + line if line[:1] and line[0] in _ESCAPABLE else line


def split_tail(line: str, close: str) -> tuple[str, str] | None:
    """Split a line that ends in an unescaped bracket into what stands before it and within."""
    if not line.endswith(close) or (at := _opening(line)) is None:
        return None
    return line[:at].rstrip(" \t"), line[at + 1 : -1]


def _opening(line: str) -> int | None:
    """Find the bracket that belongs to the closing one at the end, passing over escaped ones."""
    close = line[-1]
    if line[-2:-1] == "\\":
        return None
    for at in range(len(line) - 2, -1, -1):
        if line[at] in (close, _PAIRS[close]) and line[at - 1 : at] != "\\":
            return at if line[at] != close else None
    return None


def words_tail(line: str) -> tuple[str, str] | None:
    """Split a line that ends in something like `(30-300 words)`; the range itself is not checked.

    Only a number or a dash after the bracket makes it one: "(in your own words)" is text.
    """
    at = line.rfind("(")
    if at < 0 or not line.endswith("words)"):
        return None
    inner = line[at + 1 : -len("words)")].strip(" \t")
    return (line[:at].rstrip(" \t"), inner) if inner[:1] and inner[0] in "0123456789-–" else None  # noqa: RUF001 - authors' editors make dashes of hyphens


@cache
def _attribute(names: Names) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\s,])(?:#|(?:{'|'.join(names)}):)")


def looks_like_attributes(line: str, names: Names) -> bool:
    """Tell whether a line ends in what can only be meant as `{attributes}`."""
    tail = split_tail(line, "}")
    return tail is not None and _attribute(names).match(tail[1].lstrip(" \t")) is not None


def read_attributes(inner: str, names: Names) -> Attributes:
    """Read what stands between the braces.

    A new attribute begins with `#` or a known name and its colon, at the start or after a space or
    a comma; a reason may therefore hold commas and colons of its own.
    """
    found = list(_attribute(names).finditer(inner))
    starts = [*(match.start() for match in found), len(inner)]
    values: dict[str, str] = {}
    twice = []
    for match, end in zip(found, starts[1:], strict=True):
        name = "id" if match.group() == "#" else match.group()[:-1]
        if name in values:
            twice.append(name)
        values[name] = _value(inner[match.end() : end])
    return Attributes(values, inner[: starts[0]].strip(" \t,"), tuple(twice))


def _value(text: str) -> str:
    """Take off the comma that divides attributes, unless it is escaped."""
    text = text.strip(" \t")
    divided = text.endswith(",") and not text.endswith("\\,")
    return text[:-1].rstrip(" \t") if divided else text


def insert_id(line: str, identifier: str) -> str:
    """Write an id at the end of a line, into the braces there if it has any."""
    line = line.rstrip(" \t")
    tail = split_tail(line, "}")
    if tail is None:
        return f"{line} {{#{identifier}}}"
    at = len(line) - len(tail[1]) - 1
    return f"{line[:at]}#{identifier} {line[at:].lstrip()}"


def read_reason(value: str) -> str:
    """Read the free text of `excluded:` or `accepted:`."""
    return re.sub(r"\\([\\{},:#])", r"\1", value)


def write_reason(reason: str) -> str:
    """Write a reason so that it ends where it should."""
    text = re.sub(r"[\\{}#]|,\Z", r"\\\g<0>", reason)
    text = re.sub(rf"({'|'.join(EVIDENCE_NAMES)}):", r"\1\\:", text)
    # A backslash would take the comma or brace that follows for its own.
    return text + " " if text.endswith("\\") else text


def choose_phrases(stem: str) -> list[tuple[int, int]]:
    """List each "Choose K of N" of a stem as numbers, leaving out the escaped ones."""
    return [(_number(m[2]), _number(m[3])) for m in _CHOOSE.finditer(stem) if not m[1]]


def unescape_choose(stem: str) -> str:
    """Drop the backslash before each escaped "Choose K of N"."""
    return _CHOOSE.sub(lambda match: match.group().removeprefix("\\"), stem)


def escape_choose(stem: str, choose: int, options: int) -> str:
    """Write a stem so that a "Choose K of N" counts only if it fits the item."""
    fits = all(phrase == (choose, options) for phrase in choose_phrases(stem))
    if fits and not any(match[1] for match in _CHOOSE.finditer(stem)):
        return stem
    return _CHOOSE.sub(lambda match: f"{match[1]}\\{match.group().removeprefix(match[1])}", stem)


def _number(text: str) -> int:
    return int(text) if text[0] in "0123456789" else _NUMBERS.index(text.lower()) + 1
