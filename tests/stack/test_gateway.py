"""What a gateway alone does: browsers' preflights, unknown paths, other methods."""

import uuid
from urllib.parse import urljoin

import pytest

from cli.cloud import http
from cli.stack import Stack

APP = "http://localhost:5173"


def test_a_browser_of_another_origin_may_call(stack: Stack) -> None:
    told = http.request(
        "OPTIONS",
        f"{stack.api}/v1/me",
        headers={
            "Origin": APP,
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization",
        },
    )
    assert (told.status, told.data) == (204, b"")
    assert told.headers["Access-Control-Allow-Origin"] == APP
    assert "GET" in told.headers["Access-Control-Allow-Methods"].split(", ")
    assert "Authorization" in told.headers["Access-Control-Allow-Headers"].split(", ")
    answer = http.request("GET", f"{stack.api}/v1/me", headers={"Origin": APP})
    assert answer.status == 401
    assert answer.headers["Access-Control-Allow-Origin"] == APP


def test_an_origin_that_is_not_configured_is_told_nothing(stack: Stack) -> None:
    for method in ("OPTIONS", "GET"):
        stranger = {"Origin": "https://evil.example"}
        answer = http.request(method, f"{stack.api}/v1/openapi.json", headers=stranger)
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["Vary"] == "Origin"


def test_a_file_may_be_fetched_from_an_allowed_origin(stack: Stack) -> None:
    bucket = stack.cloud.client("s3").get_bucket_cors(Bucket=stack.resources["Files"])
    (rule,) = bucket["CORSRules"]
    assert rule["AllowedOrigins"] == ["http://localhost:*", "http://127.0.0.1:*"]
    assert rule["AllowedMethods"] == ["GET", "HEAD"]


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_our_code_answers_every_method_of_a_known_path(stack: Stack, method: str) -> None:
    answer = http.request(method, f"{stack.api}/v1/openapi.json")
    if method == "HEAD":
        assert (answer.status, answer.data) == (200, b"")
        return
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "method-not-allowed"


@pytest.mark.parametrize("token", [None, "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"])
def test_an_unknown_path_is_a_problem_too(stack: Stack, token: str | None) -> None:
    sent = {"Origin": APP} | ({"Authorization": f"Bearer {token}"} if token else {})
    answer = http.request("GET", f"{stack.api}/v1/no-such-thing", headers=sent)
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    problem = answer.json()
    assert (problem["code"], problem["status"], problem["errors"]) == ("no-such-route", 404, [])
    assert uuid.UUID(problem["instance"].removeprefix("urn:uuid:"))
    remedy = http.request("GET", problem["type"]).json()
    assert (remedy["code"], remedy["title"]) == (problem["code"], problem["title"])


def test_our_own_problems_lead_back_to_where_they_happened(stack: Stack) -> None:
    address = f"{stack.api}/v1/certificates/01-%C3%A9%25"
    problem = http.request("GET", address).json()
    assert urljoin(address, problem["instance"]) == address
    assert http.request("GET", urljoin(address, problem["type"])).json()["code"] == "not-found"
