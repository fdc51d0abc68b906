"""What a gateway alone does: browsers' preflights, unknown paths, other methods."""

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
