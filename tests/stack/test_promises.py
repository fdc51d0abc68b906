"""What moto cannot show: the promises of the main job, on the deployed template."""

import random
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from boto3.dynamodb.types import TypeDeserializer

from chalicelib.domain.errors import Conflict
from chalicelib.domain.judgements import Decision, Judgement
from chalicelib.domain.people import Role
from chalicelib.formats.modules import read_module
from chalicelib.storage.items import to_attempt
from chalicelib.usecases import people
from chalicelib.usecases.judgements import Judging, judge
from chalicelib.usecases.requests import Request
from cli.cast import create_cast, operator_runtime
from cli.playing import Play, Reply, open_link, send_form, wait_for
from cli.stack import Stack
from tests.stack.streams import head_records, items, stream_off
from tests.world import SHORT_MODULE

PAGES = ("plan-1", "plan-2", "kn-1")
AT_ONCE = 50
REQUESTS_AT_ONCE = 6


@pytest.fixture
def play(stack: Stack) -> Play:
    """Enrol a candidate in the short module, at a centre of their own."""
    module = read_module(SHORT_MODULE).module
    play = Play(stack, create_cast(stack, f"{uuid4().hex}.example"), module)
    play.publish(SHORT_MODULE)
    play.enrol()
    return play


def judge_by_token(play: Play, page_id: str, key: str = "") -> Reply:
    """Judge the first attempt of a page competent, by token."""
    assessor = play.client(Role.ASSESSOR)
    path = f"{play.enrolment}/pages/{page_id}/attempts/1"
    shown = assessor.ask("GET", path).json()
    body = {"content_hash": shown["content_hash"], "competent": True, "initials": "SK"}
    return assessor.send("POST", f"{path}/judgements", body, idempotency_key=key or uuid4().hex)


class Race:
    """Judgements of one attempt that start at the same moment, against the table itself.

    They run as threads and not as requests: fifty requests at once would start fifty functions.
    """

    def __init__(self, stack: Stack, play: Play) -> None:
        self.runtime = operator_runtime(stack)
        self.actor = people.act(self.runtime, play.cast.people[Role.ASSESSOR], play.cast.centre_id)
        path = f"{play.enrolment}/pages/plan-1/attempts/1"
        self.judging = Judging(
            enrolment_id=play.enrolment_id,
            page_id="plan-1",
            number=1,
            content_hash=play.client(Role.ASSESSOR).ask("GET", path).json()["content_hash"],
        )
        self.start = Barrier(AT_ONCE)

    def judge(self, *, competent: bool, key: str) -> Judgement | str:
        decision = Decision(competent=competent, initials="SK", feedback="Said in full.")
        request = Request(self.actor.id, "/race", key, str(competent))
        self.start.wait()
        try:
            return judge(self.runtime, self.actor, self.judging, decision, request)
        except Conflict as refusal:
            return refusal.code

    def run(self, *entries: tuple[bool, str]) -> list[Judgement | str]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(
                pool.map(lambda entry: self.judge(competent=entry[0], key=entry[1]), entries)
            )


def test_fifty_repeats_of_a_judgement_are_one(stack: Stack, play: Play) -> None:
    play.sign("plan-1")

    answers = Race(stack, play).run(*[(True, "one-key")] * AT_ONCE)

    (head,) = items(stack, "HEAD#", play)
    recorded = to_attempt(decoded(head)).judgement
    assert recorded is not None
    assert answers == [recorded] * AT_ONCE


def test_of_fifty_competing_judgements_one_wins(stack: Stack, play: Play) -> None:
    play.sign("plan-1")

    answers = Race(stack, play).run(
        *((number % 2 == 0, f"key-{number}") for number in range(AT_ONCE))
    )

    (head,) = items(stack, "HEAD#", play)
    assert answers.count("attempt-not-waiting") == AT_ONCE - 1
    assert to_attempt(decoded(head)).judgement in answers


def test_repeats_over_http_are_one_as_well(play: Play) -> None:
    play.sign("plan-1")
    play.client(Role.ASSESSOR)

    with ThreadPoolExecutor(REQUESTS_AT_ONCE) as pool:
        replies = list(
            pool.map(lambda _: judge_by_token(play, "plan-1", key="one-key"), range(AT_ONCE))
        )

    assert {reply.status for reply in replies} == {201}
    assert len({reply.body for reply in replies}) == 1


def test_a_link_is_opened_a_hundred_times_and_judged_fifty_times_at_once(
    stack: Stack, play: Play
) -> None:
    play.sign("plan-1")
    (link,) = play.links(1)
    before = wait_for(
        lambda: [each for each in items(stack, "HEAD#", play) if "mailed_at" in each], "the mark"
    )

    with ThreadPoolExecutor(REQUESTS_AT_ONCE) as pool:
        methods = ["GET", "HEAD"] * AT_ONCE
        opened = list(pool.map(lambda method: open_link(link, method).status, methods))
    untouched = items(stack, "HEAD#", play)
    with ThreadPoolExecutor(REQUESTS_AT_ONCE) as pool:
        sent = list(pool.map(lambda _: send_form(link, competent=True), range(AT_ONCE)))
    other = send_form(link, competent=False, feedback="Changed my mind.")

    assert set(opened) == {200}
    assert untouched == before
    assert {reply.status for reply in sent} == {303}
    assert other.status == 409
    assert open_link(link).status == 410


def test_a_link_is_void_after_a_resubmission_and_says_so(play: Play) -> None:
    play.sign("plan-1")
    (first,) = play.links(1)
    play.judge(first, competent=False, feedback="Say more.")
    play.sign("plan-1")
    *_, second = play.links(2)

    closed = open_link(first)

    assert closed.status == 410
    assert "newer attempt" in closed.body.decode()
    assert send_form(first, competent=True).status in {409, 410}
    assert open_link(second).status == 200


def test_records_delivered_five_times_in_any_order_leave_one_certificate(
    stack: Stack, play: Play
) -> None:
    chance = random.Random(20260302)  # noqa: S311 (an order to be repeated, not a secret)
    with stream_off(stack, "finalise"):
        for page_id in PAGES:
            play.sign(page_id)
            assert judge_by_token(play, page_id).status == 201
    records = head_records(stack, play) * 5
    chance.shuffle(records)

    answers = []
    while records:
        size = chance.randint(1, 4)
        batch, records = records[:size], records[size:]
        answers.append(stack.invoke("finalise", {"Records": batch}))

    assert all(answer == {"batchItemFailures": []} for answer in answers)
    assert len(items(stack, "CERTIFICATE#", play)) == 1
    assert play.certificate() == play.certificate()


def test_without_the_stream_the_sweeper_mails_and_certifies(stack: Stack, play: Play) -> None:
    with stream_off(stack, "finalise", "notify"):
        play.sign("plan-1")
        stack.invoke("sweep")
        (link,) = play.links(1)
        play.judge(link, competent=True)
        for page_id in PAGES[1:]:
            play.sign(page_id)
            assert judge_by_token(play, page_id).status == 201
        assert not items(stack, "CERTIFICATE#", play)

        stack.invoke("sweep")

        assert len(items(stack, "CERTIFICATE#", play)) == 1


def test_a_revoked_authorisation_stops_the_judgement_itself_at_once(play: Play) -> None:
    play.sign("plan-1")
    (link,) = play.links(1)
    assert open_link(link).status == 200
    administrator = play.client(Role.ADMINISTRATOR)
    path = f"{play.centre}/people/{play.cast.people[Role.ASSESSOR]}"
    administrator.ask("PATCH", path, {"authorisations": []}, if_match="*")

    by_token = judge_by_token(play, "plan-1")
    by_link = send_form(link, competent=True)

    assert by_token.status == 403
    assert by_token.json()["code"] in {"authorisation-changed", "not-authorised"}
    assert by_link.status in {403, 410}
    assert open_link(link).status == 410


def test_an_address_is_verified_by_the_mail_that_the_stream_sends(stack: Stack, play: Play) -> None:
    administrator = play.client(Role.ADMINISTRATOR)
    address = f"{uuid4().hex}@verified.example"
    body = {"name": "Nadia Nowak", "roles": ["candidate"], "address": address}
    made = administrator.ask("POST", f"{play.centre}/people", body).json()
    (mail, *_) = wait_for(lambda: stack.cloud.read_mail(address), "the mail to the address")
    (link,) = re.findall(r"http://\S+/v1/addresses/\S+", mail.text)
    path = f"{play.centre}/people/{made['id']}"
    assert open_link(link).status == 200
    assert administrator.ask("GET", path).json()["address_verified_at"] is None

    assert send_form(link, competent=True).status == 303

    assert administrator.ask("GET", path).json()["address_verified_at"]


def test_nothing_of_one_centre_is_visible_from_another(stack: Stack, play: Play) -> None:
    play.sign("plan-1")
    stranger = Play(stack, create_cast(stack, f"{uuid4().hex}.example"), play.module)
    paths = [
        play.enrolment,
        f"{play.enrolment}/pages/plan-1",
        f"{play.enrolment}/pages/plan-1/attempts",
        f"{play.enrolment}/pages/plan-1/attempts/1",
        f"{play.enrolment}/certificate",
        f"{play.centre}/modules/{play.module.id}/versions/1",
    ]

    for role in Role:
        if role is Role.EXTERNAL_VERIFIER:
            continue
        for path in paths:
            for theirs in (path, path.replace(play.cast.centre_id, stranger.cast.centre_id)):
                reply = stranger.client(role).send("GET", theirs)
                assert (reply.status, reply.json()["code"]) == (404, "not-found"), theirs


def decoded(item: dict[str, Any]) -> dict[str, Any]:
    """Read an item as the client gives it."""
    reader = TypeDeserializer()
    return {name: reader.deserialize(value) for name, value in item.items()}


def act(play: Play, path: str, body: dict[str, Any], role: Role = Role.INTERNAL_VERIFIER) -> Reply:
    return play.client(role).ask("POST", path, body)


def verify(play: Play, page_id: str) -> None:
    body = {"enrolment_id": play.enrolment_id, "page_id": page_id, "attempt": 1}
    act(play, f"{play.centre}/verifications", body | {"outcome": "upheld"})


def state(play: Play) -> str:
    found: str = play.progress()["state"]
    return found


def test_the_last_verification_certifies_once(stack: Stack) -> None:
    source = SHORT_MODULE.replace("version: 1\n", "version: 1\nverification: every-page\n")
    play = Play(stack, create_cast(stack, f"{uuid4().hex}.example"), read_module(source).module)
    play.publish(source)
    play.enrol()
    for page_id in PAGES:
        play.sign(page_id)
        assert judge_by_token(play, page_id).status == 201
    wait_for(lambda: state(play) == "awaiting-verification", "the wait for verification")
    for page_id in PAGES[:-1]:
        verify(play, page_id)
    assert state(play) == "awaiting-verification"
    verify(play, PAGES[-1])

    assert play.certificate()["record"]["verification"]["pages_verified"] == len(PAGES)
    assert len(items(stack, "CERTIFICATE#", play)) == 1


def test_set_aside_after_sealing_then_superseded(stack: Stack, play: Play) -> None:
    for page_id in PAGES:
        play.sign(page_id)
        assert judge_by_token(play, page_id).status == 201
    first = play.certificate()["certificate_id"]
    path = f"{play.enrolment}/pages/plan-1/attempts/1/judgements/set-aside"
    act(play, path, {"reason": "The answers are not the candidate's own."})
    public = play.client(Role.CANDIDATE)
    assert public.ask("GET", f"/v1/certificates/{first}").json()["state"] == "suspended"
    assert state(play) == "active"

    play.sign("plan-1")
    path = f"{play.enrolment}/pages/plan-1/attempts/2"
    assessor = play.client(Role.ASSESSOR)
    shown = assessor.ask("GET", path).json()
    body = {"content_hash": shown["content_hash"], "competent": True, "initials": "SK"}
    act(play, f"{path}/judgements", body, Role.ASSESSOR)

    wait_for(lambda: play.certificate()["issue"] == 2, "the second issue")
    superseded = public.ask("GET", f"/v1/certificates/{first}").json()
    second = play.certificate()
    assert superseded["state"] == "superseded"
    assert superseded["superseded_by"].endswith(second["certificate_id"])
    assert (second["state"], len(items(stack, "CERTIFICATE#", play))) == ("valid", 2)
