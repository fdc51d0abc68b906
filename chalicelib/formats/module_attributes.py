"""Which attributes may stand where in a module file, and what their values have to look like."""

import re
from collections.abc import Mapping

from chalicelib.domain.forms import NUMBER_LIMIT, FieldKind
from chalicelib.domain.modules import FILES_LIMIT
from chalicelib.formats.module_blocks import Block
from chalicelib.formats.module_faults import Code, Faults, excerpt
from chalicelib.formats.module_marks import ID

AUTHORS = ("candidate", "assessor", "witness")

_CHOOSE = re.compile(r"[1-9][0-9]?")
_BOUND = re.compile(r"-?[0-9]{1,10}")
_FILES = re.compile(r"([0-9]{1,2})([ \t]*[-–][ \t]*([0-9]{1,2})?)?")  # noqa: RUF001 - authors' editors make dashes of hyphens


def check_attributes(
    block: Block, attributes: Mapping[str, str], allowed: frozenset[str], faults: Faults
) -> None:
    """Refuse the attributes that do not belong here, and values that cannot be right."""
    line = block.last[0]
    for name, value in attributes.items():
        if name not in allowed:
            detail = f"`{name}` means nothing here; take it out or move it where it belongs."
            faults.error(line, Code.ATTRIBUTE_MISPLACED, detail)
        elif rule := _broken_rule(name, value):
            detail = f"`{name}: {excerpt(value)}` cannot be read; {rule}."
            faults.error(line, Code.ATTRIBUTE_VALUE, detail)


def read_choose(value: str) -> int:
    """Read how many options are to be chosen; 0 if it cannot be read."""
    return int(value) if _CHOOSE.fullmatch(value) else 0


def read_bound(value: str) -> int | None:
    """Read the bound of a field; None if it cannot be read."""
    bound = int(value) if _BOUND.fullmatch(value) else None
    return bound if bound is not None and abs(bound) <= NUMBER_LIMIT else None


def read_files(value: str) -> tuple[int, int] | None:
    """Read `1-5`, `2` or `0-` as the least and the most; None if it cannot be read."""
    match = _FILES.fullmatch(value)
    if match is None:
        return None
    least = int(match[1])
    most = least if match[2] is None else int(match[3] or FILES_LIMIT)
    return (least, most) if least <= most <= FILES_LIMIT else None


def _broken_rule(name: str, value: str) -> str:
    """Say which rule the value of an attribute breaks, or nothing; ids are checked by name."""
    match name:
        case "tests" if not value or len(set(value.split())) < len(value.split()):
            return "name statements by their ids, with spaces between, each once"
        case "choose" if not read_choose(value):
            return "give a whole number from 1"
        case "form" if not ID.fullmatch(value):
            return "give the name of a form in a-z, 0-9 and hyphens"
        case "by" if value not in AUTHORS:
            return f"give one of {', '.join(AUTHORS)}"
        case "files" if read_files(value) is None:
            return f"give how many, as `2`, `1-5` or `0-`, at most {FILES_LIMIT}"
        case _:
            return _broken_word(name, value)


def _broken_word(name: str, value: str) -> str:
    match name:
        case "type" if value not in tuple(FieldKind):
            return f"give one of {', '.join(FieldKind)}"
        case "vacsr" | "optional" if value not in ("yes", "no"):
            return "give yes or no"
        case "least" | "most" if read_bound(value) is None:
            return f"give a whole number, at most {NUMBER_LIMIT}"
        case "excluded" | "accepted" if not value:
            return "give the reason after the colon"
        case _:
            return ""
