"""Webhooks on the deployed template: from the table's stream to somebody's own server."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.domain.people import Role
from chalicelib.formats.modules import read_module
from cli.cast import NAMES, create_cast
from cli.playing import Play, wait_for
from cli.stack import Stack
from tests.stack.receivers import Receiver, receiving
from tests.world import SHORT_MODULE

PAGE = "plan-1"


@pytest.fixture
def play(stack: Stack) -> Play:
    """Publish the short module at a centre of its own; nobody is enrolled yet."""
    module = read_module(SHORT_MODULE).module
    play = Play(stack, create_cast(stack, f"{uuid4().hex}.example"), module)
    play.publish(SHORT_MODULE)
    return play


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def create(play: Play, url: str, **more: Any) -> Any:
    administrator = play.client(Role.ADMINISTRATOR)
    made = administrator.ask("POST", f"{play.centre}/webhooks", {"url": url, **more})
    return made.json()


def judge(play: Play) -> None:
    assessor = play.client(Role.ASSESSOR)
    path = f"{play.enrolment}/pages/{PAGE}/attempts/1"
    shown = assessor.ask("GET", path).json()
    body = {"content_hash": shown["content_hash"], "competent": True, "initials": "SK"}
    assessor.ask("POST", f"{path}/judgements", body)


def test_what_is_done_is_told_signed_and_again_by_its_id(play: Play, receiver: Receiver) -> None:
    webhook = create(play, f"{receiver.url}/told?by=testamur")
    at = f"{play.centre}/webhooks/{webhook['id']}"
    administrator = play.client(Role.ADMINISTRATOR)
    play.enrol()
    play.sign(PAGE)
    wait_for(lambda: receiver.of("attempt.signed"), "the news of the signature")
    rotated = administrator.send("POST", f"{at}/secrets").json()
    judge(play)
    (judged,) = wait_for(lambda: receiver.of("attempt.judged"), "the news of the judgement")

    assert judged.path == "/told?by=testamur"
    assert judged.headers["content-type"] == "application/cloudevents+json"
    assert judged.headers["webhook-id"] == judged.event["id"]
    assert judged.event["data"] == {
        "centre_id": play.cast.centre_id,
        "enrolment_id": play.enrolment_id,
        "page_id": PAGE,
        "attempt": 1,
        "href": f"{play.enrolment}/pages/{PAGE}/attempts/1",
    }
    assert administrator.send("GET", judged.event["data"]["href"]).status == 200
    for each in receiver.got:
        assert each.signed_with(webhook["secret"])
    assert judged.signed_with(rotated["secret"])
    assert not judged.signed_with("whsec_" + "A" * 43 + "=")

    receiver.got.clear()
    body = {"event_id": judged.event["id"]}
    assert administrator.send("POST", f"{at}/replays", body).status == 202
    (again,) = wait_for(lambda: receiver.of("attempt.judged"), "the replay")
    assert (again.headers["webhook-id"], again.body) == (judged.event["id"], judged.body)


def test_a_receiver_that_fails_is_tried_again_and_the_others_do_not_wait(
    play: Play, receiver: Receiver
) -> None:
    receiver.statuses = [500]
    failing = create(play, f"{receiver.url}/failing", kinds=["enrolment.created"])
    with receiving() as other:
        create(play, f"{other.url}/well", kinds=["enrolment.created"])
        play.enrol()
        wait_for(lambda: other.got, "the delivery that goes well")
        wait_for(lambda: receiver.got, "the delivery that fails")
        at = f"{play.centre}/webhooks/{failing['id']}"

        def shown() -> Any:
            return play.client(Role.ADMINISTRATOR).ask("GET", at).json()

        assert wait_for(lambda: shown()["failing_since"], "the mark")
        wait_for(lambda: len(receiver.got) > 1, "the second try")
        wait_for(lambda: shown()["failing_since"] is None, "the end of the mark")
        first, second = receiver.got
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert first.body == second.body
        assert len(other.got) == 1


def test_the_whole_main_job_is_told_without_a_name(play: Play, receiver: Receiver) -> None:
    create(play, receiver.url)
    play.enrol()
    for page in play.module.pages:
        play.sign(page.id)
    assessor = play.client(Role.ASSESSOR)
    for page in play.module.pages:
        path = f"{play.enrolment}/pages/{page.id}/attempts/1"
        shown = assessor.ask("GET", path).json()
        body = {"content_hash": shown["content_hash"], "competent": True, "initials": "SK"}
        assessor.ask("POST", f"{path}/judgements", body)
    wait_for(lambda: receiver.of("certificate.issued"), "the news of the certificate")
    wait_for(lambda: receiver.of("enrolment.state-changed"), "the news of the seal")
    wait_for(lambda: len(receiver.of("attempt.judged")) == 3, "the news of the judgements")
    told = "".join(each.body.decode() for each in receiver.got)
    for name in NAMES.values():
        for part in name.split():
            assert part not in told
    assert "example" not in told, "no address of anybody"


def test_private_addresses_are_refused(play: Play) -> None:
    administrator = play.client(Role.ADMINISTRATOR)
    for url in ("https://169.254.169.254/latest", "https://localhost/", "http://10.0.0.1/"):
        reply = administrator.send("POST", f"{play.centre}/webhooks", {"url": url})
        assert (reply.status, reply.json()["code"]) == (422, "webhook-address-refused")
