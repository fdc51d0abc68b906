"""Attempts: the receipt for what was signed, and the history."""

import pytest

from chalicelib.domain.enrolments import Enrolment
from tests.api.door import SIGNATURE, Door, page_path, sign


def test_the_receipt_says_all_that_was_signed(door: Door, enrolment: Enrolment) -> None:
    receipt = sign(door, enrolment, "plan-1")
    assert receipt.status == 201
    assert receipt.headers["location"] == "attempts/1"
    read = door.done("GET", f"{page_path(enrolment, 'plan-1')}/attempts/1", door.world.candidate)
    assert receipt.json.items() <= read.json.items()
    document = read.json["document"]
    assert document["answers"] == door.world.answers("plan-1")
    assert document["signature"] == SIGNATURE["signature"]
    assert document["declaration"] == SIGNATURE["declaration"]


def test_a_page_is_signed_once(door: Door, enrolment: Enrolment) -> None:
    sign(door, enrolment, "plan-1")
    path, candidate = page_path(enrolment, "plan-1"), door.world.candidate
    etag = door.etag(path)
    door.refused("page-signed", "POST", f"{path}/attempts", candidate, SIGNATURE, if_match=etag)


def test_the_history_stays_as_it_was(door: Door, enrolment: Enrolment) -> None:
    world = door.world
    first = sign(door, enrolment, "kn-1").json
    judgement = {
        "content_hash": first["content_hash"],
        "competent": False,
        "initials": "AE",
        "feedback": "Say more.",
    }
    attempts = f"{page_path(enrolment, 'kn-1')}/attempts"
    door.done("POST", f"{attempts}/1/judgements", world.assessor, judgement)
    second = sign(door, enrolment, "kn-1").json

    listed = door.done("GET", attempts, world.candidate).json

    hashes = [each["content_hash"] for each in listed["items"]]
    assert hashes == [first["content_hash"], second["content_hash"]]
    assert [each["number"] for each in listed["items"]] == [1, 2]
    assert listed["items"][0]["judgement"]["feedback"] == "Say more."
    assert listed["next"] is None

    one = door.done("GET", f"{attempts}?limit=1", world.candidate).json
    other = door.done("GET", f"{attempts}?limit=1&cursor={one['next']}", world.candidate).json
    assert one["items"] + other["items"] == listed["items"]
    assert other["next"] is None
    nowhere = f"{page_path(enrolment, 'no-such-page')}/attempts"
    door.refused("not-found", "GET", nowhere, world.candidate)


@pytest.mark.parametrize("number", ["0", "2", "01", "-1", "1.0", "1e0", "x", "9999999"])
def test_attempts_that_are_not_there(door: Door, enrolment: Enrolment, number: str) -> None:
    sign(door, enrolment, "plan-1")
    path = f"{page_path(enrolment, 'plan-1')}/attempts/{number}"
    door.refused("not-found", "GET", path, door.world.candidate)
