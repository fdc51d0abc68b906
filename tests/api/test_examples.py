"""The examples of the description: every operation has them, and they are what is answered today.

A play that answers otherwise than recorded is either a defect, or a change to be recorded with
`make openapi`.
"""

from http import HTTPStatus
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator, oas31_format_checker

from chalicelib.api.http import JSON, OPERATIONS
from chalicelib.api.openapi import OF_THE_GATEWAY, description, documented, examples
from chalicelib.api.problems import CODES
from tests.play.__main__ import DOCUMENT, written
from tests.play.scenes import SCENES, play

STALE = "{} is stale: run `make openapi`, and look at what has changed"
IDS = sorted(each.id for each in OPERATIONS)


def statuses(operation: str) -> list[int]:
    return [each["answer"]["status"] for each in examples().get(operation, [])]


def test_every_operation_has_a_scene_and_no_scene_is_left_over() -> None:
    assert sorted(SCENES) == IDS, "tests/play/__init__.py says how a scene is written"


@pytest.mark.parametrize("operation", IDS)
def test_what_is_recorded_is_what_is_answered(operation: str) -> None:
    assert play(operation) == examples().get(operation), STALE.format("examples.json")


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.id)
def test_a_success_and_a_refusal_are_shown(operation: Any) -> None:
    shown = statuses(operation.id)
    assert any(status < HTTPStatus.BAD_REQUEST for status in shown)
    own = set(documented(operation)) - set(OF_THE_GATEWAY)
    refusals = {CODES[code].status for code in own}
    if any(status < HTTPStatus.INTERNAL_SERVER_ERROR for status in refusals):
        assert any(status >= HTTPStatus.BAD_REQUEST for status in shown)


def test_what_is_accepted_fits_the_description() -> None:
    for methods in description()["paths"].values():
        for operation in methods.values():
            content = operation.get("requestBody", {}).get("content", {}).get(JSON, {})
            schema = content.get("schema", {}) | {"components": description()["components"]}
            validator = OAS31Validator(schema, format_checker=oas31_format_checker)
            for name, example in content.get("examples", {}).items():
                if name not in CODES:
                    validator.validate(example["value"])


def test_the_committed_description_is_the_one_that_is_served() -> None:
    committed = DOCUMENT.read_text(encoding="utf-8")
    assert committed == written(description()), STALE.format(DOCUMENT)
