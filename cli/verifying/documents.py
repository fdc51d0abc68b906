"""JSON in its one spelling, and what its values have to be. Nothing is taken for granted."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from rfc8785 import dumps

from cli.verifying.faults import Fault

NESTING_LIMIT = 100
DIGEST = re.compile(r"[0-9a-f]{64}")
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")


@dataclass(frozen=True, slots=True)
class Place:
    """A value, and where it stands: in which file, and where in its document."""

    value: Any
    section: int
    file: str
    pointer: str = ""

    def fail(self, what: str) -> NoReturn:
        """Say what is wrong here, and end."""
        raise Fault(self.section, f"{self.file} {self.pointer}".rstrip(), what)

    def require(self, truth: object, what: str) -> None:
        """Say what is wrong here, and end, unless it is right."""
        if not truth:
            self.fail(what)

    def under(self, section: int) -> "Place":
        """Look at the same value for another section."""
        return Place(self.value, section, self.file, self.pointer)

    def member(self, name: str) -> "Place":
        """Return a member of an object."""
        self.require(isinstance(self.value, dict), "This is no object.")
        self.require(name in self.value, f"The member {name} is missing.")
        return Place(self.value[name], self.section, self.file, f"{self.pointer}/{name}")

    def members(self) -> Iterator[tuple[str, "Place"]]:
        """Yield all members of an object."""
        self.require(isinstance(self.value, dict), "This is no object.")
        for name in self.value:
            yield name, self.member(name)

    def each(self) -> Iterator["Place"]:
        """Yield the elements of a list."""
        self.require(isinstance(self.value, list), "This is no list.")
        for index, element in enumerate(self.value):
            yield Place(element, self.section, self.file, f"{self.pointer}/{index}")

    def list(self, name: str) -> tuple["Place", ...]:
        """Return the elements of a member that is a list."""
        return tuple(self.member(name).each())

    def optional_list(self, name: str) -> tuple["Place", ...]:
        """Return the elements of a member that is a list, where there is one."""
        self.require(isinstance(self.value, dict), "This is no object.")
        return self.list(name) if name in self.value else ()

    def text(self, name: str) -> str:
        """Return a member that is a text."""
        found = self.member(name)
        found.require(isinstance(found.value, str), "This is no text.")
        return str(found.value)

    def number(self, name: str) -> int:
        """Return a member that is a number: to Python, true and false are numbers too."""
        found = self.member(name)
        found.require(type(found.value) is int, "This is no number.")
        return int(found.value)

    def truth(self, name: str) -> bool:
        """Return a member that is true or false."""
        found = self.member(name)
        found.require(isinstance(found.value, bool), "This is neither true nor false.")
        return bool(found.value)

    def digest(self, name: str) -> str:
        """Return a member that is a digest."""
        text = self.text(name)
        self.member(name).require(DIGEST.fullmatch(text), "This is no digest.")
        return text

    def moment(self, name: str) -> str:
        """Return a member that is a moment."""
        text = self.text(name)
        self.member(name).require(_is_moment(text), "This is no moment.")
        return text

    def exactly(self, *names: str) -> None:
        """Require these members and no others."""
        self.require(isinstance(self.value, dict), "This is no object.")
        self.require(self.value.keys() == set(names), f"It has not exactly {', '.join(names)}.")

    def tells(self, **values: object) -> None:
        """Require members to have these values, of the same type too."""
        for name, value in values.items():
            found = self.member(name)
            same = type(found.value) is type(value) and found.value == value
            found.require(same, f"This is not {json.dumps(value)}.")


def read(content: bytes, section: int, file: str) -> Place:
    """Read a document that has to be canonical (RFC 8785), which leaves it one spelling."""
    document = Place(None, section, file)
    try:
        value = json.loads(content.decode("utf-8"), parse_float=_refuse, parse_constant=_refuse)
        _require_plain(value)
        same = dumps(value) == content
    except (ValueError, RecursionError):
        document.fail("This is not canonical JSON.")
    document.require(same, "This is not canonical JSON.")
    return Place(value, section, file)


def written(place: Place) -> bytes:
    """Return a value of a document as canonical JSON."""
    return dumps(place.value)


def _refuse(number: str) -> NoReturn:
    raise ValueError(number)


def _require_plain(value: object) -> None:
    """Refuse what is nested too deep, and names that are not ASCII."""
    level = [value]
    for _ in range(NESTING_LIMIT + 1):
        objects = [each for each in level if isinstance(each, dict)]
        if not all(name.isascii() for each in objects for name in each):
            raise ValueError(value)
        inner = (each.values() if isinstance(each, Mapping) else each for each in _nested(level))
        level = [each for values in inner for each in values]
    if level:
        raise ValueError(value)


def _nested(values: list[Any]) -> Iterator[Any]:
    return (each for each in values if isinstance(each, (dict, list)))


def _is_moment(text: str) -> bool:
    try:
        return bool(MOMENT.fullmatch(text) and datetime.fromisoformat(text))
    except ValueError:
        return False
