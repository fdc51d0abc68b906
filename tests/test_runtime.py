"""What a warm function keeps, and what it reads from its environment."""

import json
from datetime import timedelta
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.links import ReviewLink
from chalicelib.runtime import (
    Cache,
    Issuer,
    Settings,
    build_runtime,
    load_link_keys,
    read_settings,
    runtime,
)
from tests.domain import values
from tests.world import Clock

MINUTE = timedelta(minutes=1)
TICK = timedelta(milliseconds=1)


class Source:
    """Counts how often it is read."""

    def __init__(self) -> None:
        self.reads = 0

    def __call__(self) -> int | None:
        self.reads += 1
        return self.reads


class Secrets:
    """A secret as Secrets Manager hands it out."""

    def __init__(self, **content: str) -> None:
        self.content = content
        self.asked: list[str] = []

    def get_secret_value(self, *, SecretId: str) -> Any:  # noqa: N803 (AWS's own name)
        self.asked.append(SecretId)
        return {"SecretString": json.dumps(self.content)}


def test_a_value_is_kept_until_its_time_is_up() -> None:
    clock, source = Clock(), Source()
    cache = Cache(clock)
    assert cache.get(("k",), source, MINUTE) == 1
    clock.time += MINUTE - TICK
    assert cache.get(("k",), source, MINUTE) == 1
    clock.time += TICK
    assert cache.get(("k",), source, MINUTE) == 2
    clock.time += MINUTE - TICK
    assert cache.get(("k",), source, MINUTE) == 2


def test_a_value_without_a_lifetime_is_kept_for_ever() -> None:
    clock, source = Clock(), Source()
    cache = Cache(clock)
    cache.get(("k",), source)
    clock.forward(days=36_500)
    assert cache.get(("k",), source) == 1


def test_a_value_is_forgotten_when_asked() -> None:
    source, other = Source(), Source()
    cache = Cache(Clock())
    cache.get(("k",), source)
    cache.get(("other",), other)
    cache.forget(("k",))
    cache.forget(("never kept",))
    assert cache.get(("k",), source) == 2
    assert cache.get(("other",), other) == 1


def test_nothing_found_is_looked_for_again() -> None:
    cache = Cache(Clock())
    assert cache.get(("k",), lambda: None) is None
    assert cache.get(("k",), lambda: 1) == 1


def test_a_failure_to_load_is_passed_on_and_nothing_kept() -> None:
    cache = Cache(Clock())
    with pytest.raises(ZeroDivisionError):
        cache.get(("k",), lambda: 1 // 0)
    assert cache.get(("k",), lambda: 1) == 1


@given(st.integers(1, 4), st.lists(st.integers(0, 6)))
def test_the_least_recently_used_value_makes_room(size: int, asked: list[int]) -> None:
    """As `functools.lru_cache` would have it."""
    ours, theirs = list[int](), list[int]()
    cache = Cache(Clock(), size)

    @lru_cache(maxsize=size)
    def model(number: int) -> None:
        theirs.append(number)

    def load(number: int) -> int:
        ours.append(number)
        return number

    for number in asked:
        model(number)
        assert cache.get((str(number),), partial(load, number)) == number
    assert ours == theirs


def test_settings_come_from_the_environment() -> None:
    issuer = {"issuer": "https://i.example", "audience": "a", "keys": "https://i.example/keys"}
    environment = {
        "TABLE": "table",
        "FILES_BUCKET": "bucket",
        "LINK_KEYS_SECRET": "secret",
        "ISSUERS": json.dumps([issuer]),
        "MAIL_SENDER": "from@example.org",
        "PUBLIC_URL": "https://api.example/api/",
    }
    assert read_settings(environment) == Settings(
        table="table",
        files_bucket="bucket",
        link_keys_secret="secret",
        issuers=(Issuer("https://i.example", "a", "https://i.example/keys"),),
        mail_sender="from@example.org",
        public_url="https://api.example/api",
    )


def test_browsers_are_sent_to_the_region_of_the_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address of all regions leads on to another one, which no script may be led to."""
    given = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"} | {
        "AWS_DEFAULT_REGION": "eu-west-2",
        "TABLE": "table",
        "QUARANTINE_BUCKET": "quarantine",
        "EVIDENCE_BUCKET": "evidence",
        "ARCHIVES_BUCKET": "archives",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    built = runtime.__wrapped__()
    form = built.quarantine.form("key", "text/plain", 1, "00" * 32, 60)
    part = built.quarantine.part_link("key", "upload", 1, 1, "00" * 32, 60)
    assert form.url == "https://quarantine.s3.eu-west-2.amazonaws.com/"
    assert part.url.startswith(f"{form.url}key?")
    assert built.evidence.origin == "https://evidence.s3.eu-west-2.amazonaws.com"
    export = built.archives.link("export.zip", "export.zip")
    assert export.startswith("https://archives.s3.eu-west-2.amazonaws.com/export.zip?")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    local = runtime.__wrapped__().quarantine.form("key", "text/plain", 1, "00" * 32, 60)
    assert local.url == "http://127.0.0.1:1/quarantine"


def test_what_scans_uploads_is_a_setting() -> None:
    def scanner(**settings: str) -> str:
        read = read_settings({"TABLE": "table", **settings})
        return build_runtime(read, lambda _: SimpleNamespace()).scanner.name

    assert scanner() == "off"
    assert scanner(SCANNER="guardduty") == "guardduty"
    assert scanner(SCANNER="clamd://127.0.0.1:3310") == "clamd"
    with pytest.raises(ValueError, match="names no scanner"):
        scanner(SCANNER="on")


def test_a_function_needs_a_table_and_no_more() -> None:
    assert read_settings({"TABLE": "table"}) == Settings(table="table")
    with pytest.raises(KeyError, match="TABLE"):
        read_settings({})


def test_link_keys_are_read_by_id() -> None:
    secret = Secrets(**{"current": "2", "1": "old", "2": "new"})
    current, keys = load_link_keys(secret, "name")
    assert current == 2
    assert keys.keys() == {1, 2}
    assert {len(key) for key in keys.values()} == {32}
    assert keys[1] != keys[2]
    assert secret.asked == ["name"]


@given(values.links)
def test_a_runtime_signs_links_with_the_keys_of_its_secret(link: ReviewLink) -> None:
    secret = Secrets(**{"current": "1", "1": "random text"})
    clients = {"secretsmanager": secret}
    settings = Settings(table="table", link_keys_secret="name")
    runtime = build_runtime(settings, lambda service: clients.get(service, SimpleNamespace()))
    assert secret.asked == [], "nothing is read before it is needed"
    assert runtime.signer.read(runtime.signer.token(link)) == link
    assert secret.asked == ["name"]
