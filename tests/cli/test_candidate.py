"""The candidate's app as it is served: its files alone, with headers that let little else in."""

import json
from collections.abc import Iterator
from http import HTTPStatus

import pytest

from cli.candidate import Site, serving
from cli.cloud import ROOT, http

CONFIG = {
    "api": "http://127.0.0.1:1/restapis/x",
    "token_endpoint": "https://issuer.example/oauth2/token",
    "files": {"quarantine": "https://taken.example", "evidence": "https://shown.example"},
    "local": {"form": "http://127.0.0.1:2/login"},
}


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as found:
        found.config = CONFIG
        yield found


def test_the_app_may_ask_its_api_its_issuer_and_the_buckets_and_nobody_else(site: Site) -> None:
    answered = http.request("GET", site.address)

    assert answered.status == HTTPStatus.OK
    policy = dict(
        each.split(" ", 1) for each in answered.headers["content-security-policy"].split("; ")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    asked = "http://127.0.0.1:1 https://issuer.example https://taken.example"
    assert policy["connect-src"] == f"'self' {asked}"
    assert policy["img-src"] == "data: https://shown.example"
    assert policy["form-action"] == "'self' http://127.0.0.1:2"


def test_the_configuration_is_served_beside_the_app(site: Site) -> None:
    assert http.request("GET", f"{site.address}config.json").json() == CONFIG


@pytest.mark.parametrize("path", ["nothing", "../package.json", "%2e%2e/package.json", "src/"])
def test_nothing_else_is_served(site: Site, path: str) -> None:
    assert http.request("GET", site.address + path).status == HTTPStatus.NOT_FOUND


def test_the_lock_file_names_no_host_so_that_every_registry_will_do() -> None:
    lock = json.loads((ROOT / "examples/candidate/package-lock.json").read_text())

    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
    assert all("integrity" in package for name, package in lock["packages"].items() if name)
