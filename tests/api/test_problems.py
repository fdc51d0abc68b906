"""The register of problem codes: complete, true, and without anything that nobody answers."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.api.http import OPERATIONS
from chalicelib.api.openapi import OF_THE_GATEWAY, documented
from chalicelib.api.problems import CODES, STATUS
from chalicelib.domain import errors
from chalicelib.domain.links import LinkState
from chalicelib.domain.visits import VisitState
from tests.api.door import Door

SOURCES = sorted(Path("chalicelib").rglob("*.py"))
CLASSES = {each.__name__: each for each in STATUS}
BY_ITSELF = {"internal-error"}  # answered for whatever nobody foresaw
BY_THE_GATEWAY = {"no-such-route", *OF_THE_GATEWAY}
# What a page says of a link, instead of a refusal: the same codes, for those who describe it.
OF_PAGES = {LinkState.USED, VisitState.ENDED}


def raised() -> Iterator[tuple[str, type[errors.DomainError], str]]:
    """Yield the code and class of every domain error that the sources make, and where."""
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                if name in CLASSES:
                    yield code(node.args[0]), CLASSES[name], f"{source}:{node.lineno}"


def code(argument: ast.expr) -> str:
    """Read the first argument of an error: a literal, or a state of a link."""
    if isinstance(argument, ast.Constant):
        return str(argument.value)
    assert isinstance(argument, ast.Attribute), ast.dump(argument)
    assert isinstance(argument.value, ast.Name)
    assert argument.value.id == LinkState.__name__
    return LinkState[argument.attr]


def test_every_class_of_error_has_a_status() -> None:
    assert set(STATUS) == set(errors.DomainError.__subclasses__())


def test_every_code_that_is_raised_is_registered_with_the_status_of_its_class() -> None:
    for name, kind, where in raised():
        assert name in CODES, where
        assert CODES[name].status == STATUS[kind], where


def test_no_code_is_registered_for_nothing() -> None:
    assert {name for name, _, _ in raised()} | BY_ITSELF | BY_THE_GATEWAY | OF_PAGES == set(CODES)


def test_every_operation_describes_registered_codes_alone() -> None:
    for each in OPERATIONS:
        assert set(documented(each)) <= set(CODES), each.id


def test_a_code_means_one_thing() -> None:
    kinds: dict[str, type[errors.DomainError]] = {}
    for name, kind, where in raised():
        assert kinds.setdefault(name, kind) is kind, where


@pytest.mark.parametrize("name", sorted(CODES))
def test_every_code_says_what_to_do(shared: Door, name: str) -> None:
    answered = shared.send("GET", f"/v1/problems/{name}")
    assert answered.json == {"code": name, **CODES[name]._asdict()}
    assert answered.json["remedy"].endswith(".")


def test_an_unknown_code(shared: Door) -> None:
    shared.refused("not-found", "GET", "/v1/problems/unheard-of")
