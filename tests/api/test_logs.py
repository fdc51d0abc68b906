"""Logs: a whole main job, and everything that goes wrong in it, without a word about anybody."""

import json
from typing import Any

import pytest

from chalicelib.domain.people import Role
from chalicelib.events import finalise, notify, sweep
from chalicelib.log import FIELDS
from tests.api import tokens
from tests.api.door import (
    Door,
    centre_path,
    decision,
    judgements,
    mail,
    news,
    page_path,
    save,
    sign,
)
from tests.world import SHORT_MODULE

ANSWER = "PLANTED-ANSWER said by somebody who trusts us with it"
FEEDBACK = "PLANTED-FEEDBACK from the assessor. " * 20


def play(door: Door) -> list[str]:
    """Play the main job with every kind of mishap, and return what nobody may read of it."""
    world = door.world
    enrolment = world.enrol()
    path = page_path(enrolment, "kn-1")
    etag = save(door, path, {"kn-q1": {"text": ANSWER}})
    door.refused("stale-page", "PUT", path, world.candidate, {"answers": {}}, if_match='"x"')
    text = {"answers": {"kn-q1": {"text": ANSWER, "initials": ANSWER}}}
    door.refused("invalid-answers", "PUT", path, world.candidate, text, if_match=etag)
    unfit: Any = {"answers": {"kn-q1": {"text": ANSWER + "\x07"}}, ANSWER: ANSWER}
    door.refused("invalid-body", "PUT", path, world.candidate, unfit, if_match=etag)
    door.refused("malformed-json", "PUT", path, world.candidate, ANSWER, if_match=etag)
    receipt = sign(door, enrolment, "plan-1")
    link = mail(door, enrolment, "plan-1")
    door.send("GET", link)
    door.send("GET", link[:-1])
    door.form(link, {"competent": "", "initials": "PI", "feedback": FEEDBACK})
    door.form(link, {"competent": "N", "initials": "PI", "feedback": FEEDBACK})
    door.form(link, {"competent": "Y", "initials": "PI"})
    door.send("GET", link)
    door.refused(
        "attempt-not-waiting",
        *("POST", judgements(enrolment, page_id="plan-1"), world.assessor, decision(receipt)),
    )
    for bearer in (tokens.good(exp=1), ANSWER):
        door.refused("unauthenticated", "GET", "/v1/me", bearer)
    broken = SHORT_MODULE.replace("- [x]", "- [?]").replace("- [ ]", "- [?]")
    modules = f"{centre_path(door)}/modules"
    door.refused("unpublishable-module", "POST", modules, world.administrator, {"source": broken})
    door.refused("unreadable-module", "POST", modules, world.administrator, {"source": ANSWER})
    world.complete(enrolment)
    for page_id, number in (("kn-1", 1), ("plan-1", 2), ("plan-2", 1)):
        finalise.handle(door.runtime, news(enrolment, page_id, number))
    certificate = f"{centre_path(door)}/enrolments/{enrolment.id}/certificate"
    door.done("GET", certificate, world.candidate)
    sweep.handle(door.runtime, lambda: 60_000)
    world.outbox.broken = True
    world.candidate = world.person("Zia Newcomer", Role.CANDIDATE)
    another = world.enrol()
    world.sign(another, "kn-1")
    assert notify.handle(door.runtime, news(another, "kn-1"))["batchItemFailures"]
    bearers = [tokens.token(who.membership.name) for who in (world.assessor, world.administrator)]
    people = (world.candidate, world.assessor, world.administrator, world.verifier)
    names = [part for who in people for part in who.membership.name.split()]
    addresses = [who.membership.address for who in people]
    return [link.rpartition("/")[2], *bearers, *names, *addresses, "PLANTED", "I listen first"]


def test_no_line_says_anything_of_anybody(door: Door, capfd: pytest.CaptureFixture[str]) -> None:
    secrets = play(door)
    printed = capfd.readouterr()
    assert printed.err == ""
    lines = printed.out.splitlines()
    assert len(lines) > 20
    for line in lines:
        assert set(json.loads(line)) <= FIELDS
    for secret in secrets:
        assert secret not in printed.out, secret


def test_no_answer_brings_a_link_or_a_bearer_token(door: Door) -> None:
    """The pages behind a link lead to one another, and so name it; nothing else does."""
    link, *bearers = play(door)[:3]
    for reply in door.replies:
        for bearer in bearers:
            assert bearer not in reply.text
        if reply.media != "text/html":
            assert link not in reply.text
            assert link not in str(reply.headers) or reply.status == 303


def test_a_defect_is_logged_by_its_place_and_answered_kindly(
    door: Door, capfd: pytest.CaptureFixture[str]
) -> None:
    world = door.world
    enrolment = world.enrol()

    def break_down() -> None:
        message = "PLANTED-ANSWER in the words of an error"
        raise RuntimeError(message)

    path = page_path(enrolment, "kn-1")
    etag = door.etag(path)
    world.table.interruption = break_down
    body = {"answers": {"kn-q1": {"text": ANSWER}}}
    refusal = door.refused("internal-error", "PUT", path, world.candidate, body, if_match=etag)
    assert refusal.status == 500
    assert "PLANTED" not in refusal.text
    printed = capfd.readouterr()
    assert "PLANTED" not in printed.out + printed.err
    defect = next(json.loads(line) for line in printed.out.splitlines() if "defect" in line)
    assert defect["error"] == "RuntimeError"
    assert "save_draft" in defect["where"]
