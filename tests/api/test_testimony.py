"""Testimony by a signed link: who is asked, what opens, and what is recorded."""

import html
import re
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.people import Role
from chalicelib.usecases import contributions
from tests.api.door import SIGNATURE, Door, Reply, page_path
from tests.contributions import (
    INVITED,
    PAGE,
    TESTIFIED,
    TOLD,
    WITNESS,
    begin,
    invite,
    mailed,
    observe,
    sign_observation,
)


@pytest.fixture
def enrolment(door: Door) -> Enrolment:
    return begin(door.world)


@pytest.fixture
def link(door: Door, enrolment: Enrolment) -> str:
    invite(door.world, enrolment)
    return mailed(door.world, enrolment)


def path_of(enrolment: Enrolment) -> str:
    return f"{page_path(enrolment, PAGE)}/contributions/{TOLD}"


def signed(door: Door, enrolment: Enrolment) -> int:
    """Read the number of the part signed last."""
    number: int = door.done("GET", path_of(enrolment), door.world.candidate).json["number"]
    return number


def return_page(door: Door, enrolment: Enrolment) -> None:
    """Have the page signed and come back."""
    world, page = door.world, page_path(enrolment, PAGE)
    sign_observation(world, enrolment, observe(world, enrolment).etag)
    etag = door.etag(page)
    receipt = door.done("POST", f"{page}/attempts", world.candidate, SIGNATURE, if_match=etag).json
    judgement = {
        "content_hash": receipt["content_hash"],
        "competent": False,
        "initials": "AE",
        "feedback": "Ask again.",
    }
    door.done("POST", f"{page}/attempts/1/judgements", world.assessor, judgement)


def errors(reply: Reply) -> dict[str, str]:
    """Read what the page says beside its fields."""
    found = re.findall(r'<p class="error" id="(\S+)-error">(.*?)</p>', reply.text)
    return {name: html.unescape(text) for name, text in found}


@pytest.mark.parametrize("role", ["candidate", "assessor", "administrator"])
def test_who_asks_a_witness_is_on_record(door: Door, enrolment: Enrolment, role: str) -> None:
    world, path = door.world, path_of(enrolment)
    who = getattr(world, role)
    asked = door.done("POST", f"{path}/invitations", who, INVITED).json
    assert (asked["state"], asked["invitation"]["invited_by"]) == ("invited", who.id)
    assert asked["invitation"]["address"] == WITNESS.address
    for other in (world.candidate, world.assessor, world.verifier, world.administrator):
        told = other in {who, world.administrator}
        reply = door.done("GET", path, other)
        assert reply.json["invitation"]["address"] == (WITNESS.address if told else None)
        assert (WITNESS.address in reply.text) == told


def test_nobody_bears_witness_to_their_own_work(door: Door, enrolment: Enrolment) -> None:
    candidate = door.world.candidate
    wrong = {
        "name": "\n",
        "address": candidate.membership.address.upper(),
        "relationship": " ",
        "status": "x" * 201,
    }
    where = f"{path_of(enrolment)}/invitations"
    refusal = door.refused("invalid-witness", "POST", where, candidate, wrong)
    assert refusal.flaws == {
        "/name": "invalid-name",
        "/address": "own-testimony",
        "/relationship": "invalid-name",
        "/status": "invalid-name",
    }
    malformed = INVITED | {"address": "wanda"}
    refusal = door.refused("invalid-witness", "POST", where, candidate, malformed)
    assert refusal.flaws == {"/address": "invalid-address"}
    assert door.world.outbox.sent == []


@pytest.mark.parametrize("who", ["candidate", "assessor", "administrator"])
def test_nobody_is_their_own_witness_by_another_spelling(
    door: Door, enrolment: Enrolment, who: str
) -> None:
    world = door.world
    asking = world.administrator if who == "administrator" else world.candidate
    local, _, domain = getattr(world, who).membership.address.partition("@")
    where = f"{path_of(enrolment)}/invitations"
    for address in (f"{local}@{domain}", f"{local.upper()}+witness@{domain.upper()}"):
        named = INVITED | {"address": address}
        refusal = door.refused("invalid-witness", "POST", where, asking, named)
        assert refusal.flaws == {"/address": "own-testimony"}


def test_the_mail_says_who_asks_for_whom_and_until_when(
    door: Door, enrolment: Enrolment, link: str
) -> None:
    address, subject, text = door.world.outbox.sent[-1]
    assert enrolment.id not in text
    assert address == WITNESS.address
    assert subject == "Harbour Care Training: your testimony is asked for"
    for said in ("Wanda Witness", "Zoë Nguyễn", "“At work”", "1 April 2026, 10:30 BST", link):
        assert said in text


def test_the_form_has_all_that_is_asked_and_nothing_of_the_candidates_work(
    door: Door, link: str
) -> None:
    written = door.written.count
    shown = door.send("GET", link)
    assert (shown.status, door.written.count) == (200, written)
    for said in (
        "Zoë Nguyễn",
        "What have you seen the candidate do?",
        "Tell only what you saw yourself.",
        "line manager",
        "Registered nurse",
        "Your job, or what you do there.",
        "3 to 300 words.",
        "(if you like)",
        "What I describe here",
    ):
        assert said in html.unescape(shown.text)
    names = set(re.findall(r' name="([^"]+)"', shown.text)) - {"viewport", "robots"}
    assert names == {*TESTIFIED, "values.more"}
    assert "PLANTED" not in shown.text
    assert "She read the plan" not in shown.text
    assert len(shown.text.encode()) <= 20_000
    assert shown.headers["referrer-policy"] == "no-referrer"
    assert "script-src" not in shown.headers["content-security-policy"]
    assert door.send("HEAD", link).status == 200


def test_an_empty_form_is_told_what_to_fill_in_and_asked_for_no_reason(
    door: Door, link: str
) -> None:
    refused = door.form(link, {})
    assert refused.status == 422
    assert "values.independent" in errors(refused)
    assert "reasons.unbiased" not in errors(refused)
    assert "departs from" not in refused.text
    said = re.search(r'<a href="#values.position">(.*?)</a>', refused.text)
    assert said
    assert re.sub("<[^>]+>", "", said[1]) == "Your position: Fill this in."


def test_what_is_wrong_is_said_beside_each_field_and_nothing_typed_is_lost(
    door: Door, enrolment: Enrolment, link: str
) -> None:
    typed = TESTIFIED | {
        "values.saw": "Two <b>words",
        "values.day": "yesterday",
        "values.often": "often",
        "values.known": "z",
        "values.independent": "no",
        "status": " ",
        "declaration": "",
    }
    for gone in ("values.used.a", "values.used.b", "values.position"):
        del typed[gone]
    first = door.form(link, typed)
    assert first.status == 422
    assert errors(first).keys() == {
        "values.day",
        "values.often",
        "values.known",
        "status",
        "declaration",
    }
    mended = typed | {"values.day": "2026-02-27", "values.often": "300", "values.known": "b"}
    second = door.form(link, mended)
    assert errors(second).keys() == {
        "values.position",
        "values.saw",
        "values.often",
        "values.used",
        "reasons.unbiased",
        "status",
        "declaration",
    }
    assert "Two &lt;b&gt;words</textarea>" in second.text
    assert 'value="2026-02-27"' in second.text
    assert 'value="b" required checked' in second.text
    assert signed(door, enrolment) == 0

    whole = TESTIFIED | {"values.independent": "no", "reasons.unbiased": "I am an aunt."}
    assert door.form(link, whole).status == 303
    part = door.done("GET", path_of(enrolment), door.world.candidate).json["part"]["document"]
    assert part["reasons"] == {"unbiased": "I am an aunt."}
    (signed_part,) = contributions.signed_parts(
        door.runtime, enrolment.centre_id, enrolment.id, door.world.module.pages[-1]
    )
    assert signed_part.departures == 1


def test_a_reason_for_what_follows_the_rules_after_all_is_not_kept(
    door: Door, enrolment: Enrolment, link: str
) -> None:
    assert door.form(link, TESTIFIED | {"reasons.unbiased": "I am an aunt."}).status == 303
    part = door.done("GET", path_of(enrolment), door.world.candidate).json["part"]["document"]
    assert part["reasons"] == {}


@pytest.mark.parametrize(
    "form",
    [
        TESTIFIED | {"values.unheard-of": "x"},
        TESTIFIED | {"values.saw": "with\0control"},
        TESTIFIED | {"values.saw": "x" * 20_001},
        TESTIFIED | {"signature": "x" * 201},
    ],
)
def test_what_cannot_be_taken(
    door: Door, enrolment: Enrolment, link: str, form: dict[str, str]
) -> None:
    assert door.form(link, form).status == 422
    assert signed(door, enrolment) == 0


@pytest.mark.parametrize(
    "body", ["a=%FF", "status=a&status=b", "&".join(f"a{n}=" for n in range(99))]
)
def test_what_cannot_be_read(door: Door, enrolment: Enrolment, link: str, body: str) -> None:
    assert door.form(link, body).status == 400
    assert signed(door, enrolment) == 0


def test_what_was_signed_and_the_receipt(door: Door, enrolment: Enrolment, link: str) -> None:
    reply = door.form(link, TESTIFIED)
    assert reply.status == 303
    assert reply.headers["location"].endswith(f"{link[1:]}/receipt")
    shown = door.done("GET", path_of(enrolment), door.world.assessor).json
    document = shown["part"]["document"]
    assert shown["author"] == {
        "person_id": None,
        "name": "Wanda Witness",
        "status": "Registered nurse, ward 4",
        "relationship": "line manager",
    }
    assert document["invited_by"] == door.world.candidate.id
    assert document["values"] == {
        "position": "Ward manager",
        "known": "a",
        "saw": "She asked before she moved the hoist.",
        "day": "2026-02-27",
        "often": 3,
        "used": ["a", "b"],
        "independent": True,
    }
    assert WITNESS.address not in str(shown["part"])
    receipt = door.send("GET", f"{link}/receipt")
    assert receipt.status == 200
    for said in ("She asked before", "27 February 2026", shown["content_hash"]):
        assert said in receipt.text


def test_the_same_form_again_and_another_one(door: Door, enrolment: Enrolment, link: str) -> None:
    first = door.form(link, TESTIFIED)
    written = door.written.count
    again = door.form(link, TESTIFIED)
    other = door.form(link, TESTIFIED | {"values.saw": "He did it all by himself."})
    assert (again.status, again.headers["location"]) == (303, first.headers["location"])
    assert other.status == 409
    assert "He did it all by himself." in other.text
    assert (signed(door, enrolment), door.written.count) == (1, written)
    opened = door.send("GET", link)
    assert opened.status == 410
    assert "See what you signed" in opened.text


def test_an_expired_link(door: Door, enrolment: Enrolment, link: str) -> None:
    door.world.clock.forward(days=30)
    for reply in (door.send("GET", link), door.form(link, TESTIFIED)):
        assert reply.status == 410
        assert "This link has expired" in reply.text
    assert door.send("GET", f"{link}/receipt").status == 410
    assert "She asked before" in door.form(link, TESTIFIED).text, "what was typed is given back"
    assert signed(door, enrolment) == 0


def test_a_receipt_lasts_as_long_as_its_link(door: Door, link: str) -> None:
    door.form(link, TESTIFIED)
    door.world.clock.forward(days=30)
    reply = door.send("GET", f"{link}/receipt")
    assert reply.status == 410
    assert "She asked before" not in reply.text


@pytest.mark.parametrize("again", [WITNESS, replace(WITNESS, address="other@example.org")])
def test_whoever_is_asked_again_gets_another_link(
    door: Door, enrolment: Enrolment, link: str, again: Any
) -> None:
    door.world.clock.forward(minutes=10)
    invite(door.world, enrolment, again)
    fresh = mailed(door.world, enrolment)
    assert fresh != link
    assert door.world.outbox.sent[-1][0] == again.address
    assert [door.send("GET", each).status for each in (link, fresh)] == [410, 200]
    assert door.form(link, TESTIFIED).status == 410
    assert signed(door, enrolment) == 0


def test_nothing_is_signed_for_a_page_that_waits_or_is_over(
    door: Door, enrolment: Enrolment, link: str
) -> None:
    door.world.change(enrolment, state="on-break")
    assert [door.send("GET", link).status, door.form(link, TESTIFIED).status] == [410, 410]
    assert signed(door, enrolment) == 0


def test_nobody_is_asked_for_another_account_until_the_page_has_come_back(
    door: Door, enrolment: Enrolment, link: str
) -> None:
    candidate = door.world.candidate
    where = f"{path_of(enrolment)}/invitations"
    door.form(link, TESTIFIED)
    door.refused("testimony-signed", "POST", where, candidate, INVITED)
    door.world.clock.forward(days=1)
    return_page(door, enrolment)
    door.done("POST", where, candidate, INVITED)
    fresh = mailed(door.world, enrolment)
    assert door.form(fresh, TESTIFIED | {"values.often": "4"}).status == 303
    assert signed(door, enrolment) == 2
    first = door.done("GET", f"{path_of(enrolment)}/signatures/1", candidate).json
    assert first["document"]["values"]["often"] == 3


def test_a_link_opens_nothing_while_the_page_is_signed(door: Door, enrolment: Enrolment) -> None:
    """A witness was asked anew, and the candidate signed with what there was before."""
    world = door.world
    invite(world, enrolment)
    door.form(mailed(world, enrolment), TESTIFIED)
    world.clock.forward(days=1)
    return_page(door, enrolment)
    invite(world, enrolment)
    fresh = mailed(world, enrolment)
    page = page_path(enrolment, PAGE)
    etag = door.etag(page)
    door.done("POST", f"{page}/attempts", world.candidate, SIGNATURE, if_match=etag)
    assert [door.send("GET", fresh).status, door.form(fresh, TESTIFIED).status] == [410, 410]
    door.refused(
        "page-signed", "POST", f"{path_of(enrolment)}/invitations", world.candidate, INVITED
    )


def test_who_may_not_ask(door: Door, enrolment: Enrolment) -> None:
    where = f"{path_of(enrolment)}/invitations"
    ask = ("POST", where)
    door.refused("role-not-allowed", *ask, door.world.verifier, INVITED)
    stranger = door.world.person("Stan Ger", Role.ASSESSOR)
    door.refused("not-found", *ask, stranger, INVITED)
    of_assessor = where.replace(TOLD, "work-o1")
    door.refused("another-author", "POST", of_assessor, door.world.candidate, INVITED)


def test_a_forged_link(door: Door, link: str) -> None:
    review = link.replace("testimony", "review")
    for forged in (link[:-1], link + "A", "/v1/testimony/x", review):
        for path in (forged, f"{forged}/receipt" if "testimony" in forged else forged):
            assert door.send("GET", path).status == 404
        assert door.form(forged, TESTIFIED).status == 404
