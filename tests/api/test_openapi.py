"""The description: valid OpenAPI 3.1, complete, and the one that is held against every answer."""

from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator

from chalicelib.api.http import OPERATIONS
from chalicelib.api.openapi import public_name
from tests.api.door import Door


def description(door: Door) -> dict[str, Any]:
    document: dict[str, Any] = door.send("GET", "/v1/openapi.json").json
    return document


def test_it_is_valid(shared: Door) -> None:
    document = description(shared)
    assert document["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_it_describes_every_operation(shared: Door) -> None:
    document = description(shared)
    described = {
        operation["operationId"]: (method.upper(), path)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert described == {each.id: (each.method, each.path) for each in OPERATIONS}


def test_its_server_is_where_it_was_read_from(shared: Door) -> None:
    assert description(shared)["servers"] == [{"url": "https://api.example"}]


def test_every_request_body_refuses_unknown_fields(shared: Door) -> None:
    schemas = description(shared)["components"]["schemas"]
    asked = {public_name(each.body.__name__) for each in OPERATIONS if each.body}
    for name in asked:
        assert schemas[name]["additionalProperties"] is False, name


def test_descriptions_are_no_blocks_of_code(shared: Door) -> None:
    for methods in description(shared)["paths"].values():
        for operation in methods.values():
            lines = operation["description"].split("\n")
            assert not [line for line in lines if line.startswith(" ")], operation["operationId"]


def test_what_has_to_be_sent_is_described(shared: Door) -> None:
    for methods in description(shared)["paths"].values():
        for method, operation in methods.items():
            headers = {each["name"] for each in operation["parameters"] if each["in"] == "header"}
            codes = str(operation["responses"])
            assert ("If-Match" in headers) == ("if-match-required" in codes)
            assert ("Idempotency-Key" in headers) == ("idempotency-key-required" in codes)
            if method == "get":
                assert ("If-None-Match" in headers) == ("304" in operation["responses"])
                assert headers <= {"If-None-Match"}
            assert ("security" in operation) == ("401" in operation["responses"])
