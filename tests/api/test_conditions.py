"""Conditional requests (RFC 9110, section 13): changing what was seen, not sending what is held."""

import pytest

from chalicelib.domain.enrolments import Enrolment
from tests.api.door import Door, page_path, save, sign

ANSWERS = {"kn-q1": {"text": "a view of one's own"}}


@pytest.mark.parametrize(
    "if_match", ["*", "{etag}", '"x", {etag}', '{etag},"x"', 'W/"0-open" , {etag}', " {etag} "]
)
def test_a_change_starts_from_any_version_that_is_named(
    door: Door, enrolment: Enrolment, if_match: str
) -> None:
    path, body = page_path(enrolment, "kn-1"), {"answers": ANSWERS}
    given = if_match.format(etag=door.etag(path))
    assert door.done("PUT", path, door.world.candidate, body, if_match=given).status == 200


def test_a_weak_tag_names_nothing_to_change(door: Door, enrolment: Enrolment) -> None:
    path, body = page_path(enrolment, "kn-1"), {"answers": ANSWERS}
    weak = f"W/{door.etag(path)}"
    door.refused("stale-page", "PUT", path, door.world.candidate, body, if_match=weak)


@pytest.mark.parametrize("if_none_match", ["*", "{etag}", "W/{etag}", '"x", {etag}'])
def test_what_is_held_is_not_sent(door: Door, enrolment: Enrolment, if_none_match: str) -> None:
    path, who = page_path(enrolment, "kn-1"), door.world.candidate
    etag = door.etag(path)
    for method in ("GET", "HEAD"):
        reply = door.send(method, path, who, if_none_match=if_none_match.format(etag=etag))
        assert (reply.status, reply.text, reply.headers["etag"]) == (304, "", etag)


def test_what_has_changed_is_sent(door: Door, enrolment: Enrolment) -> None:
    path, who = page_path(enrolment, "kn-1"), door.world.candidate
    etag = door.etag(path)
    save(door, path, ANSWERS)
    assert door.send("GET", path, who, if_none_match=etag).status == 200


def test_progress_is_seen_though_a_change_does_not_depend_on_it(
    door: Door, enrolment: Enrolment
) -> None:
    """A judgement is no version of the enrolment, but it is news for who reads it."""
    world = door.world
    attempt = world.sign(enrolment, "kn-1")
    path = f"/v1/centres/{enrolment.centre_id}/enrolments/{enrolment.id}"
    held = door.etag(path)
    world.judge(enrolment, attempt)
    assert door.send("GET", path, world.administrator, if_none_match=held).status == 200
    other = world.person("Another assessor", *world.assessor.membership.roles)
    change = {"assessor_id": other.id}
    assert door.done("PATCH", path, world.administrator, change, if_match=held).status == 200


def test_what_is_returned_and_signed_again_is_another_page(
    door: Door, enrolment: Enrolment
) -> None:
    receipt = sign(door, enrolment, "kn-1").json
    path = page_path(enrolment, "kn-1")
    held = door.etag(path)
    body = {"content_hash": receipt["content_hash"], "competent": False, "initials": "AE"}
    body["feedback"] = "Say more."
    door.done("POST", f"{path}/attempts/1/judgements", door.world.assessor, body)
    sign(door, enrolment, "kn-1")
    assert door.send("GET", path, door.world.candidate, if_none_match=held).status == 200


def test_a_refusal_is_told_whatever_is_held(door: Door, enrolment: Enrolment) -> None:
    path = page_path(enrolment, "kn-1")
    stranger = door.world.person("Another candidate", *door.world.candidate.membership.roles)
    door.refused("not-found", "GET", path, stranger, if_none_match="*")
