"""Judging by signed link: what the form takes, once."""

import pytest

from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.people import Role
from chalicelib.storage import keys
from chalicelib.storage.changes import Delete
from chalicelib.usecases import people
from tests.api.door import Door, Reply, mail, page_path, sign

YES = {"competent": "Y", "initials": "AE", "feedback": ""}
NO = {"competent": "N", "initials": "AE", "feedback": "Say <b>more</b> & why.\r\nPlease."}


@pytest.fixture
def link(door: Door, enrolment: Enrolment) -> str:
    sign(door, enrolment, "kn-1")
    return mail(door, enrolment)


def judged(door: Door, enrolment: Enrolment) -> list[Reply]:
    """Read the judgement as everybody who may sees it."""
    path = f"{page_path(enrolment, 'kn-1')}/attempts/1"
    world = door.world
    return [door.done("GET", path, who) for who in (world.candidate, world.assessor)]


TYPED = {"competent": "N", "initials": "X<Y", "feedback": "What I <i>typed</i>."}
INCOMPLETE: dict[str, tuple[str, str | None]] = {
    "no choice": ("competent", ""),
    "no choice at all": ("competent", None),
    "another choice": ("competent", "maybe"),
    "no initials": ("initials", ""),
    "initials of white space": ("initials", "\u2003 "),
    "too many initials": ("initials", "ABCDEFGHIJK"),
    "N without feedback": ("feedback", ""),
    "N with feedback of white space": ("feedback", " \r\n\t "),
    "feedback that is too long": ("feedback", "a" * 20_001),
    "a control character": ("feedback", "a\x07b"),
    "an unknown field": ("assessor", "me"),
}


@pytest.mark.parametrize("case", INCOMPLETE)
def test_an_incomplete_form_comes_back_as_it_was_typed(
    door: Door, enrolment: Enrolment, link: str, case: str
) -> None:
    field, value = INCOMPLETE[case]
    form = {name: text for name, text in (TYPED | {field: value}).items() if text is not None}
    written = door.written.count

    reply = door.form(link, form)

    assert (reply.status, reply.media) == (422, "text/html")
    assert f'href="#{field}"' in reply.text or f"no field {field}" in reply.text
    kept = {"competent": " checked", "initials": 'value="X&lt;Y"', "feedback": "&lt;i&gt;typed"}
    for name, mark in kept.items():
        assert name == field or mark in reply.text
    assert door.written.count == written
    assert [each.json["judgement"] for each in judged(door, enrolment)] == [None, None]
    assert door.form(link, YES).status == 303, "the link is not used up"


@pytest.mark.parametrize(
    "body",
    [
        "competent=Y&competent=N&initials=AE",
        "competent",
        "competent=%FF&initials=AE",
        "competent=é",
        "competent=Y&initials=%ED%A0%80",
        "&".join(f"f{number}=1" for number in range(1_251)),
        "\ud800",
    ],
)
def test_a_form_that_cannot_be_read(door: Door, link: str, body: str) -> None:
    written = door.written.count
    assert door.form(link, body).status == 400
    assert door.written.count == written


def test_a_form_that_is_no_form(door: Door, link: str) -> None:
    assert door.send("POST", link, None, YES, key=None).status == 415
    assert door.form(link, YES | {"feedback": "a" * 270_000}).status == 413


@pytest.mark.parametrize(("form", "state"), [(YES, "competent"), (NO, "not-yet-competent")])
def test_a_form_is_recorded_once(
    door: Door, enrolment: Enrolment, link: str, form: dict[str, str], state: str
) -> None:
    first = door.form(link, form)
    assert first.status == 303
    assert first.headers["location"] == f"../..{link}/judgement"
    written = door.written.count

    again = door.form(link, form)
    assert (again.status, again.headers) == (first.status, first.headers)
    for other in (form | {"initials": "AF"}, YES if form == NO else NO):
        refusal = door.form(link, other)
        assert (refusal.status, refusal.media) == (409, "text/html")
    assert door.written.count == written

    page = door.done("GET", page_path(enrolment, "kn-1"), door.world.candidate).json
    assert page["state"] == state
    for read in judged(door, enrolment):
        assert read.json["judgement"]["method"] == "link"
        assert read.json["judgement"]["feedback"] == form["feedback"].replace("\r\n", "\n")


def test_a_used_link_shows_what_was_recorded_without_evidence(door: Door, link: str) -> None:
    door.form(link, NO)
    closed = door.send("GET", link)
    assert closed.status == 410
    assert "This page has been judged" in closed.text
    shown = door.send("GET", f"{link}/judgement")
    assert shown.status == 200
    assert "Say &lt;b&gt;more&lt;/b&gt; &amp; why." in shown.text
    for reply in (closed, shown):
        assert "I listen first" not in reply.text


def test_a_judgement_by_token_uses_the_link_up(door: Door, enrolment: Enrolment, link: str) -> None:
    attempt = door.done("GET", f"{page_path(enrolment, 'kn-1')}/attempts/1", door.world.assessor)
    body = {"content_hash": attempt.json["content_hash"], "competent": True, "initials": "AE"}
    path = f"{page_path(enrolment, 'kn-1')}/attempts/1/judgements"
    door.done("POST", path, door.world.assessor, body)
    assert door.send("GET", link).status == 410
    assert door.form(link, YES).status == 409


def test_an_authorisation_that_is_gone(door: Door, enrolment: Enrolment, link: str) -> None:
    assessor = door.world.assessor
    door.runtime.table.write(
        Delete(keys.authorisation(assessor.id, enrolment.centre_id, Role.ASSESSOR))
    )
    written = door.written.count
    for _ in range(2):
        refusal = door.form(link, NO)
        assert (refusal.status, refusal.media) == (403, "text/html")
        assert "Say &lt;b&gt;more&lt;/b&gt; &amp; why." in refusal.text
    assert door.written.count == written


def test_an_assessor_who_becomes_an_administrator_does_not_judge_by_link(
    door: Door, enrolment: Enrolment, link: str
) -> None:
    assessor = door.world.assessor
    membership = keys.membership(assessor.id, enrolment.centre_id)
    item = door.runtime.table.get(membership)
    assert item
    door.world.client.update_item(
        TableName="testamur",
        Key={"pk": {"S": membership.pk}, "sk": {"S": membership.sk}},
        UpdateExpression="SET #r = :r",
        ExpressionAttributeNames={"#r": "roles"},
        ExpressionAttributeValues={":r": {"L": [{"S": str(Role.ADMINISTRATOR)}]}},
    )
    people.forget_member(door.runtime, assessor.centre_id, assessor.id)
    written = door.written.count
    assert door.form(link, YES).status == 403
    assert door.written.count == written
