"""How a centre wants its links: with a mailed code besides, or not at all."""

import re
from dataclasses import replace
from typing import NoReturn

import pytest

from chalicelib.domain.attempts import Attempt
from chalicelib.domain.centres import LinkPolicy
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.links import link_for
from chalicelib.events import notify
from chalicelib.storage.signing import CODE_ALPHABET, LinkSigner
from chalicelib.usecases import centres, enrolments
from chalicelib.usecases.centres import CentreSettings
from tests.api.door import Door, mail, news, page_path, sign

YES = {"competent": "Y", "initials": "AE", "feedback": ""}
NO = {"competent": "N", "initials": "A<E", "feedback": "Say <b>more</b>."}


def settle(door: Door, links: LinkPolicy) -> None:
    centres.change_centre(door.runtime, door.world.centre.id, CentreSettings(links=links))


@pytest.fixture
def link(door: Door, enrolment: Enrolment) -> str:
    settle(door, LinkPolicy.WITH_CODE)
    sign(door, enrolment, "kn-1")
    return mail(door, enrolment)


def code(door: Door, enrolment: Enrolment) -> str:
    """Let the mailer hear of the attempt, and read the code in the newest mail."""
    notify.handle(door.runtime, news(enrolment, "kn-1"))
    address, _, text = door.world.outbox.sent[-1]
    assert address == door.world.assessor.membership.address
    found = re.search(rf"^([{CODE_ALPHABET}]{{4}} [{CODE_ALPHABET}]{{4}})$", text, re.MULTILINE)
    assert found
    return found[1]


def head(door: Door, enrolment: Enrolment) -> Attempt:
    return enrolments.attempts(door.runtime, enrolment, "kn-1")[-1]


def test_a_judgement_takes_the_code_in_the_mail(
    door: Door, enrolment: Enrolment, link: str
) -> None:
    asked = door.form(f"{link}/codes", NO)
    assert asked.status == 202
    for kept in (" checked", 'value="A&lt;E"', "Say &lt;b&gt;more"):
        assert kept in asked.text, "what was typed comes back"
    assert f'action="../../..{link}"' in asked.text, "and goes where it is judged"
    mailed = code(door, enrolment)
    assert mailed not in asked.text
    done = door.form(link, NO | {"code": mailed})
    assert done.status == 303
    assert (door.form(link, NO | {"code": mailed}).status, head(door, enrolment).code_asked_at) == (
        303,
        None,
    )
    shown = door.done("GET", f"{page_path(enrolment, 'kn-1')}/attempts/1", door.world.assessor)
    assert shown.json["judgement"]["method"] == "link-with-code"


@pytest.mark.parametrize("typed", ["", " ", "0000 0000", "é", "\u0660" * 8, "A" * 999])
def test_a_wrong_code_keeps_what_was_typed(
    door: Door, enrolment: Enrolment, link: str, typed: str
) -> None:
    door.form(f"{link}/codes", NO)
    right = code(door, enrolment)
    written = door.written.count
    refused = door.form(link, NO | {"code": typed})
    assert (refused.status, refused.media) == (422, "text/html")
    assert 'href="#code"' in refused.text
    assert "Say &lt;b&gt;more" in refused.text
    assert door.written.count == written
    assert door.form(link, NO | {"code": right.lower().replace(" ", "-")}).status == 303


def test_a_code_lapses_and_the_newest_counts(door: Door, enrolment: Enrolment, link: str) -> None:
    clock = door.world.clock
    assert door.form(link, YES | {"code": "00000000"}).status == 422, "none has been asked for"
    door.form(f"{link}/codes", YES)
    first = code(door, enrolment)
    sent = len(door.world.outbox.sent)
    clock.forward(minutes=4)
    door.form(f"{link}/codes", YES)
    notify.handle(door.runtime, news(enrolment, "kn-1"))
    assert len(door.world.outbox.sent) == sent, "nobody's mailbox is filled"
    clock.forward(minutes=11)
    assert door.form(link, YES | {"code": first}).status == 422
    door.form(f"{link}/codes", YES)
    second = code(door, enrolment)
    assert second != first
    assert door.form(link, YES | {"code": first}).status == 422
    assert door.form(link, YES | {"code": second}).status == 303


def test_a_code_opens_no_other_attempt(door: Door, enrolment: Enrolment, link: str) -> None:
    door.form(f"{link}/codes", YES)
    mailed, attempt = code(door, enrolment), head(door, enrolment)
    assert attempt.code_asked_at
    own = link_for(
        enrolment.centre_id, enrolment.id, attempt, door.world.assessor.membership.address
    )
    signer = door.runtime.signer
    assert signer.fits(own, attempt.code_asked_at, mailed)
    later = replace(own, expires_at=door.world.clock())
    assert signer.fits(later, attempt.code_asked_at, mailed), "a fresh link has the same code"
    for other in (
        replace(own, attempt=2),
        replace(own, page_id="plan-1"),
        replace(own, generation=2),
        replace(own, content_hash="0" * 64),
        replace(own, assessor_id=enrolment.id),
    ):
        assert not signer.fits(other, attempt.code_asked_at, mailed)
    rotated = LinkSigner(lambda: (2, {1: b"k" * 32, 2: b"n" * 32}))
    assert rotated.fits(own, attempt.code_asked_at, mailed)
    assert rotated.code(own, attempt.code_asked_at) != mailed.replace(" ", "")


def test_a_centre_without_links_opens_none(door: Door, link: str) -> None:
    settle(door, LinkPolicy.OFF)
    for reply in (door.send("GET", link), door.form(link, YES), door.form(f"{link}/codes", YES)):
        assert (reply.status, reply.media) == (410, "text/html")
        assert "sign in" in reply.text
        assert "Mail me" not in reply.text


def test_the_mail_of_a_centre_without_links_has_none(door: Door, enrolment: Enrolment) -> None:
    settle(door, LinkPolicy.OFF)
    sign(door, enrolment, "kn-1")
    notify.handle(door.runtime, news(enrolment, "kn-1"))
    ((_, _, text),) = door.world.outbox.sent
    assert "Sign in" in text
    assert "http" not in text
    assert head(door, enrolment).mailed_at


def test_the_feedback_given_before_is_shown(door: Door, enrolment: Enrolment) -> None:
    for number, feedback in ((1, "Say <why>."), (2, "At length. " * 500)):
        sign(door, enrolment, "kn-1")
        link = mail(door, enrolment, number=number)
        door.form(link, NO | {"initials": "AE", "feedback": feedback})
    sign(door, enrolment, "kn-1")
    shown = door.send("GET", mail(door, enrolment, number=3)).text
    assert "At length." in shown
    assert "Say &lt;why&gt;." not in shown, "that was one attempt earlier"


def test_a_defect_is_told_to_people_in_html(door: Door, link: str) -> None:
    def unreadable() -> NoReturn:
        message = "planted"
        raise RuntimeError(message)

    door.runtime = replace(door.runtime, signer=LinkSigner(unreadable))
    shown = door.send("GET", link, accept="text/html")
    assert (shown.status, shown.media) == (500, "text/html")
    assert "Something of ours failed" in shown.text
