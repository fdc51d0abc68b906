"""What a portfolio document may look like, and what it may not."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from chalicelib.formats.portfolio_schema import schema
from tests.formats import portfolio_documents

SCHEMA = Draft202012Validator(json.loads(schema()))
RICH = portfolio_documents.rich()


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json.loads(schema()))


@pytest.mark.parametrize("made", ["empty", "rich", "demo"])
def test_portfolios_keep_to_it(made: str) -> None:
    SCHEMA.validate(getattr(portfolio_documents, made)())


def objects(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """List where objects are whose members are ours to name."""
    found = []
    if isinstance(value, dict):
        free = path and path[-1] in {"people", "counts", "answers", "values", "reasons", "record"}
        free = free or (path and path[-1] in {"page_assessors", "evidence"})
        found = [] if free else [path]
        found += [at for name, each in value.items() for at in objects(each, (*path, name))]
    if isinstance(value, list):
        found = [at for number, each in enumerate(value) for at in objects(each, (*path, number))]
    return [at for at in found if "record" not in at]


def _is_name(step: str | int) -> bool:
    return isinstance(step, str)


def within(document: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


def test_every_object_has_all_its_members_and_no_other() -> None:
    optional = {"occurred_on", "contributions", "invited_by", "person_id", "status", "relationship"}
    shapes = {(*filter(_is_name, path), *within(RICH, path)): path for path in objects(RICH)}
    for path in shapes.values():
        more = deepcopy(RICH)
        within(more, path)["surprise"] = 1
        assert not SCHEMA.is_valid(more), path
        draft = {"before", "after"}.intersection(path) or "answers" in path
        for name in () if draft else within(RICH, path):
            less = deepcopy(RICH)
            del within(less, path)[name]
            assert SCHEMA.is_valid(less) == (name in optional and "document" in path), (path, name)


def upper(document: dict[str, Any]) -> None:
    found = document["pages"][0]["attempts"][0]
    found["content_hash"] = found["content_hash"].upper()


def naive(document: dict[str, Any]) -> None:
    document["created_at"] = "2026-03-02T09:30:00Z"


def unknown_state(document: dict[str, Any]) -> None:
    document["pages"][0]["state"] = "done"


def outside(document: dict[str, Any]) -> None:
    document["attachments"][1]["file"] = "../attachments/0002-x.jpg"


def withheld_yet_there(document: dict[str, Any]) -> None:
    document["attachments"][1]["withheld"] = True


def with_key(document: dict[str, Any]) -> None:
    document["module"]["elements"][0]["pages"][0]["items"][0]["guidance"] = "Look."


@pytest.mark.parametrize(
    "spoil", [upper, naive, unknown_state, outside, withheld_yet_there, with_key]
)
def test_what_means_nothing_is_refused(spoil: Callable[[dict[str, Any]], None]) -> None:
    document = deepcopy(RICH)
    spoil(document)
    with pytest.raises(ValidationError):
        SCHEMA.validate(document)
