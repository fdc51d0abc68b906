"""Addresses are verified by mail; a changed one opens nothing, and the old one is told."""

import re
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.addresses import LIFETIME
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.links import PATIENCE
from chalicelib.events import notify, sweep
from chalicelib.storage import keys
from tests.api.door import Door, Reply, mail, sign
from tests.api.test_people import change, create, people_path
from tests.events.records import record_of

LINK = re.compile(r"https://api\.example(/v1/addresses/\S+)")
HTML = "text/html"


def hear(door: Door, person_id: str) -> None:
    """Let the mailer hear that a member has changed."""
    record = record_of(keys.membership(person_id, door.world.centre.id))
    handled = notify.handle(door.runtime, {"Records": [record]})
    assert handled == {"batchItemFailures": []}


def asked(door: Door, person_id: str) -> str:
    """Return the path of the link that was last mailed to verify an address."""
    hear(door, person_id)
    (link,) = LINK.findall(door.world.outbox.sent[-1][2])
    return str(link)


def verified_at(door: Door, person_id: str) -> Any:
    path = people_path(door, person_id)
    return door.done("GET", path, door.world.administrator).json["address_verified_at"]


def closed(reply: Reply, title: str) -> None:
    assert (reply.status, reply.media) == (410, HTML)
    assert title in reply.text
    assert "@example.org" not in reply.text, "no address is told to who has only a dead link"


def test_an_address_is_verified_by_its_holder_and_by_nothing_else(door: Door) -> None:
    nadia = create(door, address="nadia@example.org").json["id"]
    link = asked(door, nadia)
    ((address, _, text),) = door.world.outbox.sent
    assert address == "nadia@example.org"
    assert "Nadia Nowak" in text
    written = door.written.count
    for _ in range(3):
        opened = door.send("GET", link)
        assert (opened.status, opened.media) == (200, HTML)
        assert "nadia@example.org" in opened.text
        assert "default-src 'none'" in opened.headers["content-security-policy"]
        assert opened.headers["cache-control"] == "no-store"
        assert opened.headers["referrer-policy"] == "no-referrer"
        assert door.send("HEAD", link).status == 200
    assert door.written.count == written
    assert verified_at(door, nadia) is None
    for _ in range(2):
        assert door.form(link, "").status == 303
    assert door.written.count == written + 1
    assert verified_at(door, nadia) == "2026-03-02T09:30:00Z"
    assert "confirmed" in door.send("GET", link).text
    history = door.done("GET", people_path(door, nadia), door.world.administrator).json["history"]
    assert (history[0]["by"], history[0]["fields"]) == (nadia, ["address_verified_at"])


def test_a_link_expires_and_another_can_be_asked_for(door: Door) -> None:
    nadia = create(door, address="nadia@example.org").json["id"]
    link = asked(door, nadia)
    door.world.clock.forward(seconds=LIFETIME.total_seconds())
    closed(door.send("GET", link), "This link has expired")
    closed(door.form(link, ""), "This link has expired")
    assert verified_at(door, nadia) is None
    again = f"{people_path(door, nadia)}/verification-mails"
    assert door.send("POST", again, door.world.administrator).status == 202
    fresh = asked(door, nadia)
    assert fresh != link
    assert door.form(fresh, "").status == 303


def test_a_link_to_an_address_before_verifies_nothing(door: Door) -> None:
    nadia = create(door, address="nadia@example.org").json["id"]
    before = asked(door, nadia)
    change(door, nadia, address="other@example.org")
    closed(door.send("GET", before), "no longer valid")
    closed(door.form(before, ""), "no longer valid")
    assert verified_at(door, nadia) is None
    after = asked(door, nadia)
    assert door.form(after, "").status == 303
    change(door, nadia, address="")
    closed(door.send("GET", after), "no longer valid")


def test_who_has_left_verifies_nothing_and_is_asked_no_more(door: Door) -> None:
    nadia = create(door, address="nadia@example.org").json["id"]
    link = asked(door, nadia)
    change(door, nadia, address="other@example.org")
    door.done("DELETE", people_path(door, nadia), door.world.administrator)
    hear(door, nadia)
    assert len(door.world.outbox.sent) == 1
    closed(door.send("GET", link), "no longer valid")


def test_an_address_is_not_flooded_by_coming_and_going(door: Door) -> None:
    nadia = create(door).json["id"]
    for _ in range(3):
        change(door, nadia, address="victim@example.org")
        hear(door, nadia)
        change(door, nadia, address="")
        hear(door, nadia)
    (first,) = door.world.outbox.sent
    change(door, nadia, address="victim@example.org")
    hear(door, nadia)
    assert door.world.outbox.sent == [first]
    (link,) = LINK.findall(first[2])
    assert door.send("GET", link).status == 200, "the mail that came still does"
    assert sweep.handle(door.runtime, lambda: 900_000)["mails"] == 0
    door.world.clock.forward(seconds=PATIENCE.total_seconds())
    assert sweep.handle(door.runtime, lambda: 900_000)["mails"] == 1


@pytest.mark.parametrize("flaw", ["", "A", "=", "%20"])
def test_every_other_token_is_unknown(door: Door, flaw: str) -> None:
    link = asked(door, create(door, address="nadia@example.org").json["id"])
    unknown = door.send("GET", "/v1/addresses/unknown")
    assert (unknown.status, unknown.media) == (404, HTML)
    last = "B" if link.endswith("A") else "A"
    forged = link + flaw if flaw else link[:-1] + last
    review = link.replace("/addresses/", "/review/")
    for reply in (door.send("GET", forged), door.form(forged, ""), door.send("GET", review)):
        assert (reply.status, reply.text) == (404, unknown.text)


def test_a_new_address_kills_the_links_to_the_one_before_which_is_told(
    door: Door, enrolment: Enrolment
) -> None:
    world = door.world
    old = world.assessor.membership.address
    sign(door, enrolment, "kn-1")
    link = mail(door, enrolment)
    assert door.send("GET", link).status == 200
    form = {"competent": "Y", "initials": "AE"}

    change(door, world.assessor, address="asa@harbour.example")

    dead = door.send("GET", link)
    assert dead.status == 410
    assert "no longer valid" in dead.text
    assert door.form(link, form).status == 410
    assert door.send("GET", f"{link}/judgement").status == 410
    verify = asked(door, world.assessor.id)
    _, (told, subject, text), (address, _, _) = world.outbox.sent
    assert (told, address) == (old, "asa@harbour.example")
    assert "was changed" in subject
    assert "asa@harbour.example" not in text
    sweep.handle(door.runtime, lambda: 900_000)
    assert len(world.outbox.sent) == 3, "no evidence goes to an address that is not verified"

    world.clock.forward(minutes=1)
    assert door.form(verify, "").status == 303
    fresh = mail(door, enrolment)
    assert world.outbox.sent[-1][0] == "asa@harbour.example"
    assert door.send("GET", fresh).status == 200
    assert door.form(fresh, form).status == 303


def test_a_link_that_waited_too_long_for_an_address_is_mailed_with_a_fresh_expiry(
    door: Door, enrolment: Enrolment
) -> None:
    world = door.world
    sign(door, enrolment, "kn-1")
    change(door, world.assessor, address="asa@harbour.example")
    world.clock.forward(days=20)
    again = f"{people_path(door, world.assessor)}/verification-mails"
    assert door.send("POST", again, world.administrator).status == 202
    assert door.form(asked(door, world.assessor.id), "").status == 303
    assert sweep.handle(door.runtime, lambda: 900_000)["mails"] == 1
    link = re.findall(r"https://api\.example(/v1/review/\S+)", world.outbox.sent[-1][2])[0]
    assert door.send("GET", link).status == 200


def test_what_the_stream_has_lost_is_mailed_by_the_sweeper_once(door: Door) -> None:
    create(door, address="nadia@example.org")
    change(door, door.world.assessor, address="asa@harbour.example")
    found = sweep.handle(door.runtime, lambda: 900_000)
    assert found == {
        "enrolments": 0,
        "certificates": 0,
        "mails": 3,
        "uploads": 0,
        "exports": 0,
        "failures": 0,
    }
    assert sweep.handle(door.runtime, lambda: 900_000)["mails"] == 0
    assert len(door.world.outbox.sent) == 3


def test_a_mail_that_fails_is_tried_again(door: Door) -> None:
    nadia = create(door, address="nadia@example.org").json["id"]
    record = record_of(keys.membership(nadia, door.world.centre.id))
    door.world.outbox.broken = True
    assert notify.handle(door.runtime, {"Records": [record]})["batchItemFailures"]
    door.world.outbox.broken = False
    door.world.clock.forward(hours=1)
    link = asked(door, nadia)
    assert door.form(link, "").status == 303
    hear(door, nadia)
    assert len(door.world.outbox.sent) == 1


def test_an_address_that_differs_in_case_alone_stays_verified(door: Door) -> None:
    world = door.world
    before = verified_at(door, world.assessor.id)
    address = world.assessor.membership.address.upper()
    assert change(door, world.assessor, address=address).json["address"] == address
    assert verified_at(door, world.assessor.id) == before
    world.clock.forward(seconds=timedelta(minutes=1).total_seconds())
    hear(door, world.assessor.id)
    assert world.outbox.sent == []
