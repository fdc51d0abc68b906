"""Webhooks over HTTP: made once, shown without their secrets, changed with care."""

from typing import Any

import pytest

from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.events import Kind
from chalicelib.domain.people import Role
from tests.api.door import Door, Reply, centre_path

URL = "https://hooks.example/in"
PRIVATE = "internal.example"


@pytest.fixture
def path(door: Door) -> str:
    return f"{centre_path(door)}/webhooks"


def create(door: Door, path: str, **more: Any) -> Reply:
    key = more.pop("key", "")
    body = {"url": URL, **more}
    return door.done("POST", path, door.world.administrator, body, key=key)


def test_one_is_made_with_a_secret_that_is_shown_once(door: Door, path: str) -> None:
    made = create(door, path, kinds=["attempt.judged"])
    secret = made.json["secret"]
    assert secret.startswith("whsec_")
    at = f"{path}/{made.json['id']}"
    assert made.headers["location"].endswith(at.removeprefix("/v1"))
    shown = door.done("GET", at, door.world.administrator)
    assert shown.json == {
        "id": made.json["id"],
        "url": URL,
        "kinds": ["attempt.judged"],
        "state": "active",
        "created_at": "2026-03-02T09:30:00Z",
        "failing_since": None,
        "last_status": None,
        "previous_secret_until": None,
    }
    assert made.json == shown.json | {"secret": secret}
    assert shown.headers["etag"] == made.headers["etag"]
    assert secret not in door.done("GET", path, door.world.administrator).text


def test_a_repeat_gets_the_same_secret_and_makes_nothing(door: Door, path: str) -> None:
    first = create(door, path, key="once")
    at = f"{path}/{first.json['id']}"
    door.done("POST", f"{at}/secrets", door.world.administrator)
    again = create(door, path, key="once")
    assert (again.status, again.text) == (first.status, first.text)
    assert len(door.done("GET", path, door.world.administrator).json["items"]) == 1
    other = {"url": f"{URL}/other"}
    door.refused(
        "idempotency-key-reused", "POST", path, door.world.administrator, other, key="once"
    )


def test_they_are_listed_page_by_page_oldest_first(door: Door, path: str) -> None:
    made = []
    for number in range(3):
        made.append(create(door, path, url=f"{URL}/{number}").json["id"])
        door.world.clock.forward(seconds=1)
    first = door.done("GET", f"{path}?limit=2", door.world.administrator).json
    rest = door.done("GET", f"{path}?limit=2&cursor={first['next']}", door.world.administrator).json
    assert [each["id"] for each in first["items"] + rest["items"]] == sorted(made)
    assert rest["next"] is None


def test_a_centre_has_ten_at_most(door: Door, path: str) -> None:
    ids = [create(door, path).json["id"] for _ in range(10)]
    door.refused("too-many-webhooks", "POST", path, door.world.administrator, {"url": URL})
    door.send("DELETE", f"{path}/{ids[0]}", door.world.administrator)
    create(door, path)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://hooks.example/", "not-https"),
        ("https://hooks.example:22/", "port"),
        ("https://user@hooks.example/", "not-an-address"),
        (f"https://{PRIVATE}/", "not-public"),
    ],
)
def test_an_address_that_is_not_called_is_refused(
    door: Door, path: str, url: str, code: str
) -> None:
    world = door.world
    world.inboxes.addresses[PRIVATE] = ("8.8.8.8", "10.0.0.1")
    refusal = door.refused(
        "webhook-address-refused", "POST", path, world.administrator, {"url": url}
    )
    assert refusal.flaws == {"/url": code}
    made = create(door, path)
    at = f"{path}/{made.json['id']}"
    etag = made.headers["etag"]
    body = {"url": url}
    door.refused("webhook-address-refused", "PATCH", at, world.administrator, body, if_match=etag)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": ""},
        {"url": URL, "kinds": ["attempt.eaten"]},
        {"url": URL, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
        {"url": f"{URL}/{'a' * 500}"},
    ],
)
def test_a_body_that_does_not_fit(door: Door, path: str, body: Any) -> None:
    door.refused("invalid-body", "POST", path, door.world.administrator, body)


def test_one_is_changed_by_whoever_has_read_it(door: Door, path: str) -> None:
    admin = door.world.administrator
    made = create(door, path)
    at, etag = f"{path}/{made.json['id']}", made.headers["etag"]
    body = {"kinds": [Kind.ATTEMPT_SIGNED], "state": "paused"}
    changed = door.done("PATCH", at, admin, body, if_match=etag)
    assert changed.json["kinds"] == ["attempt.signed"]
    assert (changed.json["state"], changed.json["url"]) == ("paused", URL)
    again = door.done("PATCH", at, admin, body, if_match=etag)
    assert (again.json, again.headers["etag"]) == (changed.json, changed.headers["etag"])
    stale = door.refused("stale-webhook", "PATCH", at, admin, {"state": "active"}, if_match=etag)
    assert stale.json["current"] == {"etag": changed.headers["etag"]}
    door.refused("if-match-required", "PATCH", at, admin, {"state": "active"})
    current = changed.headers["etag"]
    door.refused("invalid-body", "PATCH", at, admin, {"state": "disabled"}, if_match=current)
    everything = door.done("PATCH", at, admin, {"kinds": []}, if_match=current)
    assert everything.json["kinds"] == []
    assert everything.json["state"] == "paused"


def test_a_new_secret(door: Door, path: str) -> None:
    admin = door.world.administrator
    made = create(door, path)
    at = f"{path}/{made.json['id']}"
    first = door.done("POST", f"{at}/secrets", admin, key="once")
    assert first.json["secret"] not in ("", made.json["secret"])
    assert first.json["previous_secret_until"] == "2026-03-03T09:30:00Z"
    assert door.done("POST", f"{at}/secrets", admin, key="once").json == first.json
    shown = door.done("GET", at, admin)
    assert shown.json["previous_secret_until"] == "2026-03-03T09:30:00Z"
    door.refused(
        "stale-webhook",
        *("PATCH", at, admin, {"state": "paused"}),
        if_match=made.headers["etag"],
    )


def test_a_deleted_one_is_gone(door: Door, path: str) -> None:
    admin = door.world.administrator
    at = f"{path}/{create(door, path).json['id']}"
    assert door.send("DELETE", at, admin).status == 204
    for method, body in (("GET", None), ("DELETE", None), ("PATCH", {"state": "paused"})):
        door.refused("not-found", method, at, admin, body, if_match='"0"')
    door.refused("not-found", "POST", f"{at}/secrets", admin)
    door.refused("not-found", "POST", f"{at}/replays", admin, {"event_id": "x"})


def test_an_event_is_sent_again_to_one_webhook(door: Door, path: str, enrolment: Enrolment) -> None:
    world = door.world
    world.sign(enrolment, "kn-1")
    made = create(door, path, kinds=["enrolment.created"]).json["id"]
    create(door, path)
    event_id = f"attempt-signed:{enrolment.id}:kn-1:1"
    for _ in range(2):
        sent = door.done(
            *("POST", f"{path}/{made}/replays", world.administrator, {"event_id": event_id}),
            key="once",
        )
        assert (sent.status, sent.json) == (202, {"event_id": event_id})
    ((message, wait),) = world.queue.messages
    assert (message["webhook_id"], message["event"]["id"], wait) == (made, event_id, 0)


def test_what_cannot_be_sent_again(door: Door, path: str, enrolment: Enrolment) -> None:
    admin = door.world.administrator
    made = create(door, path)
    at = f"{path}/{made.json['id']}"
    for unknown in (f"attempt-signed:{enrolment.id}:kn-1:1", "x", "a:b:c:d"):
        body = {"event_id": unknown}
        refusal = door.refused("unknown-event", "POST", f"{at}/replays", admin, body)
        assert refusal.flaws == {"/event_id": "unknown-event"}
    door.done("PATCH", at, admin, {"state": "paused"}, if_match=made.headers["etag"])
    body = {"event_id": f"enrolment-created:{enrolment.id}"}
    door.refused("webhook-not-active", "POST", f"{at}/replays", admin, body)
    assert door.world.queue.messages == []


def test_an_event_of_another_centre_is_unknown_here(door: Door, enrolment: Enrolment) -> None:
    hilltop = door.world.new_centre("Hilltop Care Training")
    who = door.world.person("Hil Top", Role.ADMINISTRATOR, centre=hilltop)
    path = f"/v1/centres/{hilltop.id}/webhooks"
    made = door.done("POST", path, who, {"url": URL}).json["id"]
    body = {"event_id": f"enrolment-created:{enrolment.id}"}
    door.refused("unknown-event", "POST", f"{path}/{made}/replays", who, body)


def test_webhooks_are_for_administrators(door: Door, path: str) -> None:
    at = f"{path}/{create(door, path).json['id']}"
    requests: list[tuple[str, str, Any]] = [
        ("POST", path, {"url": URL}),
        ("GET", path, None),
        ("GET", at, None),
        ("PATCH", at, {"state": "paused"}),
        ("POST", f"{at}/secrets", None),
        ("DELETE", at, None),
        ("POST", f"{at}/replays", {"event_id": "x"}),
    ]
    for who in (door.world.candidate, door.world.assessor, door.world.verifier):
        for method, where, body in requests:
            door.refused("role-not-allowed", method, where, who, body, if_match='"0"')
