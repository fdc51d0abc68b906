"""Signed links: what opens, what does not, and where fresh ones go."""

import pytest

from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.people import Role
from chalicelib.usecases import attempts
from tests.api.door import Door, Reply, attempt_path, mail, page_path, sign

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
HTML = "text/html"
EVIDENCE = "I listen first"  # how the signed answer begins


@pytest.fixture
def link(door: Door, enrolment: Enrolment) -> str:
    """Sign a page, and return the path of the link that was mailed for it."""
    sign(door, enrolment, "kn-1")
    return mail(door, enrolment)


def is_closed(reply: Reply, *words: str) -> None:
    """Check for a kind page that gives no evidence away."""
    assert (reply.status, reply.media) == (410, HTML)
    for word in words:
        assert word in reply.text
    assert EVIDENCE not in reply.text


def test_a_link_opens_what_was_signed(door: Door, link: str) -> None:
    opened = door.send("GET", link)
    assert (opened.status, opened.media) == (200, HTML)
    assert EVIDENCE in opened.text
    assert "PLANTED-GUIDANCE" in opened.text
    assert opened.headers["cache-control"] == "no-store"
    assert opened.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in opened.headers["content-security-policy"]
    assert len(opened.text.encode()) <= 20_000


def test_opening_changes_nothing_however_often(door: Door, link: str) -> None:
    first = door.send("GET", link)
    written = door.written.count
    for _ in range(100):
        assert door.send("GET", link).text == first.text
        assert door.send("HEAD", link).status == 200
    assert door.send("GET", f"{link}/judgement").headers["location"] == f"../../..{link}"
    assert door.written.count == written
    form = {"competent": "Y", "initials": "AE", "feedback": ""}
    assert door.form(link, form).status == 303


def test_every_other_token_is_unknown(door: Door, link: str) -> None:
    token = link.rpartition("/")[2]
    unknown = door.send("GET", "/v1/review/unknown")
    assert (unknown.status, unknown.media) == (404, HTML)
    others = [
        token[:place] + ("B" if letter == "A" else "A") + token[place + 1 :]
        for place, letter in enumerate(token)
    ]
    others += [token[:-1] + last for last in ALPHABET if last != token[-1]]
    others += [token + odd for odd in ("=", "==", "===", "%20", " ", "\n", "%0A", "\t", "%00", "A")]
    others += [f" {token}", f"%20{token}", f"{token[:9]}%0A{token[9:]}", f"{token[:9]} {token[9:]}"]
    others += [token[:-1], token[1:], token * 2, token * 9, token.upper(), token.swapcase()]
    others += [token.replace("-", "+").replace("_", "/").partition("/")[0] + "+", "é" * 40, "%C3"]
    written = door.written.count
    form = {"competent": "Y", "initials": "AE", "feedback": ""}
    for other in others:
        forged = f"/v1/review/{other}"
        for reply in (door.send("GET", forged), door.form(forged, form)):
            assert (reply.status, reply.text, reply.headers) == (404, unknown.text, unknown.headers)
    for below in ("judgement", "links"):
        method = "GET" if below == "judgement" else "POST"
        reply = door.send(method, f"/v1/review/{others[0]}/{below}", key=None)
        assert (reply.status, reply.text) == (404, unknown.text)
    assert door.written.count == written
    assert door.send("GET", link).status == 200


def test_no_single_change_of_a_token_is_read(door: Door, link: str) -> None:
    token = link.rpartition("/")[2]
    signer = door.runtime.signer
    assert signer.read(token)
    for place, letter in enumerate(token):
        for other in set(ALPHABET) - {letter}:
            assert signer.read(token[:place] + other + token[place + 1 :]) is None


def test_an_expired_link_offers_a_fresh_one(door: Door, enrolment: Enrolment, link: str) -> None:
    door.world.clock.forward(days=13, hours=23)
    assert door.send("GET", link).status == 200
    door.world.clock.forward(hours=1)

    is_closed(door.send("GET", link), "This link has expired", "Mail me a fresh link")
    is_closed(door.form(link, {"competent": "Y", "initials": "AE"}), "This link has expired")
    assert door.form(f"{link}/links", "").status == 202

    fresh = mail(door, enrolment)
    assert fresh != link
    assert door.send("GET", fresh).status == 200


def test_a_link_is_void_after_a_resubmission(door: Door, enrolment: Enrolment, link: str) -> None:
    form = {"competent": "N", "initials": "AE", "feedback": "Say more."}
    assert door.form(link, form).status == 303
    sign(door, enrolment, "kn-1")
    newer = mail(door, enrolment, number=2)

    is_closed(
        door.send("GET", link),
        "This link is no longer valid",
        "has signed this page again",
        "A newer attempt of this page waits for your judgement.",
        "Mail me a fresh link",
        "See what you recorded",
    )
    is_closed(door.form(link, form | {"feedback": "Something else."}), "no longer valid")
    assert door.form(link, form).status == 303, "the same form again leads to the same record"
    assert door.send("GET", newer).status == 200


def test_a_link_is_void_after_a_reassignment(door: Door, enrolment: Enrolment, link: str) -> None:
    world = door.world
    other = world.person("Otto Other", Role.ASSESSOR)
    world.reassign(enrolment, other.id)

    closed = door.send("GET", link)
    is_closed(closed, "This link is no longer valid", "given to another assessor")
    assert "Mail me a fresh link" not in closed.text
    is_closed(door.form(link, {"competent": "Y", "initials": "AE"}), "no longer valid")
    assert door.form(f"{link}/links", "").status == 202

    theirs = mail(door, enrolment)
    assert [address for address, _, _ in world.outbox.sent] == [
        world.assessor.membership.address,
        other.membership.address,
    ]
    assert door.send("GET", theirs).status == 200


def test_a_link_is_void_after_a_withdrawal(door: Door, enrolment: Enrolment, link: str) -> None:
    world = door.world
    attempts.withdraw(door.runtime, world.candidate, enrolment.id, "kn-1", 1)
    is_closed(door.send("GET", link), "This link is no longer valid", "withdrawn")
    is_closed(door.form(link, {"competent": "Y", "initials": "AE"}), "no longer valid")


def test_a_link_of_somebody_who_has_left_is_unknown(door: Door, enrolment: Enrolment) -> None:
    world = door.world
    leaver = world.person(
        "Lee Aver",
        Role.ASSESSOR,
        valid_until=world.clock().replace(month=world.clock().month + 1),
    )
    world.reassign(enrolment, leaver.id)
    sign(door, enrolment, "kn-1")
    link = mail(door, enrolment)
    assert door.send("GET", link).status == 200
    world.clock.forward(days=32)
    assert door.send("GET", link).status == 404
    assert door.form(link, {"competent": "Y", "initials": "LA"}).status == 404


def test_fresh_links_go_to_the_verified_address_and_not_twice_within_ten_minutes(
    door: Door, enrolment: Enrolment, link: str
) -> None:
    world = door.world
    again = f"{page_path(enrolment, 'kn-1')}/attempts/1/review-links"
    for minutes, mails in ((0, 1), (9, 1), (1, 2), (9, 2), (1, 3)):
        world.clock.forward(minutes=minutes)
        asked = [
            door.form(f"{link}/links", {"address": "me@example.org"}),
            door.send("POST", again, world.administrator),
            door.send("POST", again, world.assessor),
        ]
        assert {reply.status for reply in asked} == {202}
        assert mail(door, enrolment) == link, "the mailer derives the same link again"
        assert len(world.outbox.sent) == mails
    addresses = {address for address, _, _ in world.outbox.sent}
    assert addresses == {world.assessor.membership.address}


def test_two_who_ask_at_once_get_one_mail(door: Door, enrolment: Enrolment, link: str) -> None:
    world = door.world
    world.clock.forward(minutes=10)

    def another_asks_first() -> None:
        assert door.form(f"{link}/links", "").status == 202
        mail(door, enrolment)

    world.table.interruption = another_asks_first
    assert door.form(f"{link}/links", "").status == 202
    mail(door, enrolment)
    assert len(world.outbox.sent) == 2


def test_nothing_is_mailed_to_an_address_that_is_not_verified(
    door: Door, enrolment: Enrolment
) -> None:
    world = door.world
    unverified = world.person("Uma Nverified", Role.ASSESSOR, address_verified=False)
    world.reassign(enrolment, unverified.id)
    sign(door, enrolment, "kn-1")
    assert mail(door, enrolment) == ""
    again = f"{page_path(enrolment, 'kn-1')}/attempts/1/review-links"
    assert door.send("POST", again, world.administrator).status == 202
    assert mail(door, enrolment) == ""


def test_links_are_sent_again_for_what_waits_alone(door: Door, enrolment: Enrolment) -> None:
    world = door.world
    attempt = world.sign(enrolment, "kn-1")
    again = f"{attempt_path(enrolment, attempt)}/review-links"
    door.refused("role-not-allowed", "POST", again, world.candidate)
    door.refused("not-found", "POST", again, world.person("Otto Other", Role.ASSESSOR))
    door.refused("not-found", "POST", again.replace("/1/", "/2/"), world.administrator)
    world.judge(enrolment, attempt)
    door.refused("attempt-not-waiting", "POST", again, world.administrator)
