"""What items cost by DynamoDB's own rules; emulators' figures are wrong for transactions."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from tests.world import TABLE

WRITE_UNIT, READ_UNIT = 1024, 4096  # bytes
Encoded = Mapping[str, Any]


def size_of(item: Encoded) -> int:
    """Count the bytes of an item: its names in UTF-8, and its values by type."""
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


SIZES: Mapping[str, Callable[[Any], int]] = {
    "S": lambda text: len(text.encode()),
    "B": len,
    "N": lambda digits: math.ceil(len(digits.lstrip("-").replace(".", "")) / 2) + 1,
    "BOOL": lambda _: 1,
    "NULL": lambda _: 1,
    "SS": lambda texts: sum(len(text.encode()) for text in texts),
    "L": lambda values: 3 + sum(1 + value_size(value) for value in values),
    "M": lambda values: 3 + len(values) + size_of(values),
}


def value_size(value: Encoded) -> int:
    ((kind, content),) = value.items()
    return SIZES[kind](content)


def units(size: int, unit: int) -> int:
    return max(1, math.ceil(size / unit))


@dataclass
class Meter:
    """Counts round trips and units of what is done while it is on, by a hook on the client."""

    client: Any
    calls: list[tuple[str, Any]] = field(default_factory=list)
    write_units: int = 0
    read_units: int = 0

    def __enter__(self) -> Self:
        self._before = self._items()
        self.client.meta.events.register("provide-client-params.dynamodb", self._note)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.meta.events.unregister("provide-client-params.dynamodb", self._note)
        after = self._items()
        for name, params in self.calls:
            for key in _keys(params):
                size = max(size_of(items.get(key, {})) for items in (self._before, after))
                if name == "TransactWriteItems":
                    self.write_units += 2 * units(size, WRITE_UNIT)
                elif name in {"PutItem", "UpdateItem", "DeleteItem"}:
                    self.write_units += units(size, WRITE_UNIT)
                else:
                    assert name in {"GetItem", "BatchGetItem"}, f"no rule for {name}"
                    self.read_units += units(size, READ_UNIT)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.calls]

    def _note(self, params: Any, model: Any, **_: Any) -> None:
        self.calls.append((model.name, params))

    def _items(self) -> dict[tuple[str, str], Encoded]:
        pages = self.client.get_paginator("scan").paginate(TableName=TABLE)
        return {_key(item): item for page in pages for item in page["Items"]}


def _keys(params: Any) -> Iterator[tuple[str, str]]:
    """Find the keys of all items that a call is about."""
    for each in params.get("TransactItems", []):
        (inner,) = each.values()
        yield from _keys(inner)
    for each in params.get("RequestItems", {}).values():
        yield from map(_key, each["Keys"])
    if "TableName" in params:
        yield _key(params.get("Key") or params["Item"])


def _key(item: Encoded) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]
