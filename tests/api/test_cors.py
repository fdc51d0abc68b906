"""Browsers: which origins may call, and what they are told before and with an answer."""

from dataclasses import replace

import pytest

from chalicelib.api.http import METHODS, OPERATIONS
from tests.api.door import Door, Reply

APP = "https://app.example"
ORIGINS = (APP, "http://localhost:*")
PATHS = sorted({each.path for each in OPERATIONS})


@pytest.fixture(scope="module")
def browsed(shared: Door) -> Door:
    """Open a door for two origins."""
    settings = replace(shared.runtime.settings, cors_origins=ORIGINS)
    return Door(shared.world, replace(shared.runtime, settings=settings))


def cors(reply: Reply) -> set[str]:
    return {name for name in reply.headers if name.startswith("access-control-")}


def test_an_allowed_origin_reads_every_answer(browsed: Door) -> None:
    for path in PATHS:
        for method in METHODS:
            reply = browsed.send(method, path, origin=APP)
            assert reply.headers["access-control-allow-origin"] == APP
            assert {"ETag", "Location", "Retry-After"} <= set(
                reply.headers["access-control-expose-headers"].split(", ")
            )
            assert "Origin" in reply.headers["vary"].split(", ")
            assert "access-control-allow-credentials" not in reply.headers


def test_a_preflight_lists_what_the_path_takes(browsed: Door) -> None:
    for path in PATHS:
        reply = browsed.send("OPTIONS", path, origin=APP, access_control_request_method="POST")
        assert (reply.status, reply.text) == (204, "")
        methods = {each.method for each in OPERATIONS if each.path == path} | {"OPTIONS"}
        methods |= {"HEAD"} if "GET" in methods else set()
        assert set(reply.headers["access-control-allow-methods"].split(", ")) == methods
        assert reply.headers["allow"] == reply.headers["access-control-allow-methods"]
        assert {"Authorization", "Content-Type", "If-Match", "Idempotency-Key"} <= set(
            reply.headers["access-control-allow-headers"].split(", ")
        )
        assert int(reply.headers["access-control-max-age"]) > 0


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "https://evil.example",
        "http://app.example",
        "https://app.example:444",
        "https://app.example.evil.example",
        "https://APP.example",
        "http://localhost",
        "http://localhost:80.evil.example",
        "http://localhost.evil.example:80",
        "https://localhost:80",
        f"{APP}, {APP}",
    ],
)
def test_no_other_origin_is_told_anything(browsed: Door, origin: str | None) -> None:
    for method in ("OPTIONS", "GET"):
        reply = browsed.send(method, "/v1/openapi.json", origin=origin)
        assert reply.status in {200, 204}
        assert not cors(reply)
        assert reply.headers["vary"] == "Origin"


def test_any_port_of_ones_own_machine_where_it_is_configured(browsed: Door) -> None:
    for port in ("1", "5173", "65535"):
        origin = f"http://localhost:{port}"
        reply = browsed.send("GET", "/v1/me", origin=origin)
        assert reply.status == 401
        assert reply.headers["access-control-allow-origin"] == origin


def test_without_configuration_there_is_no_cors(shared: Door) -> None:
    for method in ("OPTIONS", "GET"):
        assert not cors(shared.send(method, "/v1/openapi.json", origin=APP))
