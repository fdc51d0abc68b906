"""Writes as data: what to change in the table, and on which conditions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Item = dict[str, Any]


class Key(NamedTuple):
    """The primary key of an item."""

    pk: str
    sk: str


@dataclass(frozen=True, slots=True)
class Condition:
    """What an attribute must be for a change to go through; a missing attribute equals nothing."""

    attribute: str
    must: str  # "equal", "be absent" or "exist"
    value: Any = None


def equals(attribute: str, value: object) -> Condition:
    """Require that the attribute has this value."""
    return Condition(attribute, "equal", value)


def absent(attribute: str) -> Condition:
    """Require that the item, if there is one, lacks the attribute."""
    return Condition(attribute, "be absent")


def exists(attribute: str) -> Condition:
    """Require that the item is there and has the attribute."""
    return Condition(attribute, "exist")


@dataclass(frozen=True, slots=True)
class Put:
    """Write a whole item. Without a condition it replaces what is there."""

    key: Key
    attributes: Item
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Update:
    """Set, remove and add to attributes of one item, made if it is not there."""

    key: Key
    conditions: tuple[Condition, ...] = ()
    set: Mapping[str, Any] = field(default_factory=dict)
    remove: tuple[str, ...] = ()
    add: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove an item."""

    key: Key
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """Change nothing, but fail the transaction unless the conditions hold."""

    key: Key
    conditions: tuple[Condition, ...]


Change = Put | Update | Delete | Check


def create(key: Key, attributes: Item) -> Put:
    """Put an item that must not be there yet: the guard of every natural key."""
    return Put(key, attributes, (absent("pk"),))
