"""The front matter of a module file: lines of `key: value` between two lines of three hyphens."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.domain.modules import StandardReference, VerificationPolicy
from chalicelib.formats.module_blocks import Line
from chalicelib.formats.module_faults import Code, Faults, excerpt
from chalicelib.formats.module_marks import ID

FORMAT = "1"
KEYS = (
    "format",
    "id",
    "number",
    "title",
    "certificate-title",
    "programme",
    "version",
    "language",
    "rights",
    "standards",
    "verification",
)
DEFAULTS: Mapping[str, str] = {
    "version": "1",
    "language": "en-GB",
    "verification": VerificationPolicy.NONE,
}
REQUIRED = ("format", "id", "title")

_FENCE = "---"
_RULES: Mapping[str, tuple[re.Pattern[str], str]] = {
    "format": (re.compile(FORMAT), f"must be {FORMAT}: it is the only format there is"),
    "id": (ID, "must be 1 to 60 of a-z, 0-9 and hyphens, and not begin with a hyphen"),
    "title": (re.compile(r".+"), "must not be empty"),
    "version": (re.compile(r"[1-9][0-9]{0,5}"), "must be a whole number from 1 to 999999"),
    "language": (
        re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*"),
        "must be a language tag such as en-GB",
    ),
    "verification": (
        re.compile("|".join(VerificationPolicy)),
        "must be none, sample or every-page",
    ),
}
_STANDARD = re.compile(r"(?:([A-Za-z][A-Za-z0-9]*)[ \t]*=[ \t]*)?([^=,\s](?:[^=,]*[^=,\s])?)")
_BARE_CRITERION = re.compile(r"[A-Z]+[0-9]+(?:\.[0-9]+)*")
_NAMED_CRITERION = re.compile(r"([A-Za-z][A-Za-z0-9]*):[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Front:
    """The values of the front matter by key, defaults among them, and the standards in it."""

    values: Mapping[str, str]
    standards: tuple[StandardReference, ...]
    prefixes: frozenset[str]

    def fits(self, criterion: str) -> bool:
        """Tell whether this is `P1`, for the first standard, or `CC:2.1`, for one named CC."""
        if named := _NAMED_CRITERION.fullmatch(criterion):
            return named[1] in self.prefixes
        return bool(self.standards and _BARE_CRITERION.fullmatch(criterion))


def read_front(lines: Sequence[Line], faults: Faults) -> tuple[Front, Sequence[Line]]:
    """Read the front matter, and return it with the lines that come after it."""
    fence, front, body = _divide(lines, faults)
    written: dict[str, str] = {}
    standards: tuple[StandardReference, ...] = ()
    for number, line in front:
        key, colon, value = (part.strip(" \t") for part in line.partition(":"))
        if not colon or key not in KEYS:
            detail = f"{excerpt(line)!r} is none of the lines known here: {_colons(KEYS)}."
            faults.error(number, Code.UNKNOWN_KEY, detail)
        elif key in written:
            faults.error(number, Code.KEY_TWICE, f"`{key}:` is given twice; take one out.")
        else:
            written[key] = value if _right(number, key, value, faults) else ""
            if key == "standards":
                standards = _standards(number, value, faults)
    missing = [key for key in REQUIRED if key not in written]
    if missing and fence:
        faults.error(fence, Code.KEY_MISSING, f"Add the missing lines: {_colons(missing)}.")
    values = {key: written.get(key) or DEFAULTS.get(key, "") for key in KEYS}
    return Front(values, standards, frozenset(s.prefix for s in standards)), body


def _divide(lines: Sequence[Line], faults: Faults) -> tuple[int, Sequence[Line], Sequence[Line]]:
    """Find the line that opens the front matter (0 without one), what is in it, and the rest."""
    filled = [(number, line) for number, line in lines if line.strip(" \t")]
    if not filled or filled[0][1].rstrip(" \t") != _FENCE:
        detail = "A module file begins with a line `---`, lines like `id: ...`, and another `---`."
        faults.error(filled[0][0] if filled else 1, Code.FRONT_MATTER, detail)
        return 0, (), lines
    start, after = filled[0][0], lines[-1][0] + 1
    fences = (number for number, line in filled[1:] if line.rstrip(" \t") == _FENCE)
    end = next(fences, 0)
    if end:
        return start, _between(filled, start, end), _between(lines, end, after)
    faults.error(start, Code.FRONT_MATTER, "The front matter never ends; close it with `---`.")
    heading = next((number for number, line in filled if line.startswith("#")), after)
    return start, _between(filled, start, heading), _between(lines, heading - 1, after)


def _between(lines: Sequence[Line], start: int, end: int) -> list[Line]:
    return [(number, line) for number, line in lines if start < number < end]


def _right(number: int, key: str, value: str, faults: Faults) -> bool:
    """Tell whether a value is what its key asks for; keys that are not required may be empty."""
    pattern, rule = _RULES.get(key, (None, ""))
    right = pattern is None or bool(pattern.fullmatch(value)) or (not value and key not in REQUIRED)
    if not right:
        faults.error(number, Code.KEY_VALUE, f"`{key}:` {rule}.")
    return right


def _standards(number: int, value: str, faults: Faults) -> tuple[StandardReference, ...]:
    """Read `SFJGB4, CC=...`: only the first standard can do without a name of its own."""
    found: dict[str, StandardReference] = {}
    for part in value.split(",") if value else ():
        match = _STANDARD.fullmatch(part.strip(" \t"))
        prefix = (match[1] or "") if match else ""
        if not match or prefix in found or (found and not prefix):
            detail = (
                f"{excerpt(part.strip())!r} cannot be read as a standard. Write `URN` or "
                "`NAME=URN`, with commas between; each but the first needs a name of its own."
            )
            faults.error(number, Code.KEY_VALUE, detail)
        else:
            found[prefix] = StandardReference(prefix, match[2])
    return tuple(found.values())


def _colons(keys: Sequence[str]) -> str:
    return ", ".join(f"`{key}:`" for key in keys)
