"""Mail goes out once, to the right person, and says no more than it must."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

from botocore.exceptions import EndpointConnectionError

from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.links import LinkState
from chalicelib.domain.people import Role
from chalicelib.events import notify
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Put
from chalicelib.storage.keys import SHARDS
from chalicelib.usecases import attempts, links, people
from chalicelib.usecases.sweep import sweep
from tests.contributions import PAGE, SEEN, TOLD, WITNESS, begin, invite, observe
from tests.events.records import failed, head_record, record_of, sequence
from tests.faults import ENDPOINT, hooked
from tests.world import World

PLANTED = "PLANTED ANSWER WORDS"


def handle(world: World, enrolment: Enrolment, page_id: str = "kn-1", number: int = 1) -> bool:
    """Hand on the news of an attempt, and tell whether it has to come again."""
    record = head_record(enrolment, page_id, number)
    stopped = failed(notify.handle(world.runtime, {"Records": [record]}))
    assert stopped in ([], [sequence(record)])
    return bool(stopped)


def addresses(world: World) -> list[str]:
    return [address for address, _, _ in world.outbox.sent]


def tokens(world: World) -> list[str]:
    """Find the token in each mail; there is exactly one."""
    found = []
    for _, _, text in world.outbox.sent:
        (token,) = re.findall(r"https://api\.example/v1/review/(\S+)", text)
        found.append(token)
    return found


def state(world: World, token: str) -> LinkState:
    return links.open_link(world.runtime, token).state


def test_an_attempt_is_mailed_once(world: World) -> None:
    enrolment = world.enrol()
    world.sign(enrolment, "kn-1")
    for _ in range(3):
        assert not handle(world, enrolment)
    assert addresses(world) == [world.assessor.membership.address]


def test_the_mail_has_names_and_a_link_that_opens_and_no_answers(world: World) -> None:
    enrolment = world.enrol()
    etag = world.save(enrolment, "kn-1", {"kn-q1": {"text": PLANTED}}).etag
    world.sign_as_shown(enrolment, "kn-1", etag)
    handle(world, enrolment)
    ((_, subject, text),) = world.outbox.sent
    for words in ("Asa Essor", "Zoë Nguyễn", "Questions", "Moving people safely"):
        assert words in text
    assert "Harbour Care Training" in subject
    assert "16 March 2026, 09:30 GMT" in text
    assert "PLANTED" not in subject + text
    (token,) = tokens(world)
    opened = links.open_link(world.runtime, token)
    assert opened.state is LinkState.LIVE
    assert opened.signed.document["answers"]["kn-q1"]["text"] == PLANTED


def test_a_mail_that_fails_is_tried_again(world: World) -> None:
    enrolment = world.enrol()
    world.sign(enrolment, "kn-1")
    world.outbox.broken = True
    assert handle(world, enrolment)
    assert handle(world, enrolment)
    world.outbox.broken = False
    assert not handle(world, enrolment)
    assert not handle(world, enrolment)
    assert len(world.outbox.sent) == 1


def test_a_crash_between_mail_and_mark_sends_the_same_link_again(world: World) -> None:
    enrolment = world.enrol()
    world.sign(enrolment, "kn-1")

    def crash(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url=ENDPOINT)

    with hooked(world.client, "before-call.dynamodb.UpdateItem", crash):
        assert handle(world, enrolment)
    world.clock.forward(hours=1)
    assert not handle(world, enrolment)
    assert not handle(world, enrolment)
    first, second = tokens(world)
    assert first == second


def test_nothing_is_mailed_to_an_address_that_is_not_verified(world: World) -> None:
    other = world.person("Oda Other", Role.ASSESSOR, address_verified=False)
    enrolment = world.enrol(assessor_id=other.id)
    world.sign(enrolment, "kn-1")
    assert not handle(world, enrolment)
    assert world.outbox.sent == []


def test_nothing_is_mailed_to_somebody_who_has_left(world: World) -> None:
    soon = world.clock() + timedelta(hours=1)
    other = world.person("Oda Other", Role.ASSESSOR, valid_until=soon)
    enrolment = world.enrol(assessor_id=other.id)
    world.sign(enrolment, "kn-1")
    world.clock.forward(days=1)
    assert not handle(world, enrolment)
    assert world.outbox.sent == []


def test_a_reassigned_attempt_is_mailed_to_its_new_assessor_and_the_old_link_dies(
    world: World,
) -> None:
    enrolment = world.enrol()
    world.sign(enrolment, "kn-1")
    handle(world, enrolment)
    other = world.person("Oda Other", Role.ASSESSOR)
    world.reassign(enrolment, other.id)
    handle(world, enrolment)
    handle(world, enrolment)
    assert addresses(world) == [
        world.assessor.membership.address,
        other.membership.address,
    ]
    before, after = tokens(world)
    assert state(world, before) is LinkState.VOID
    assert state(world, after) is LinkState.LIVE


def test_one_reassigned_before_its_mail_is_mailed_to_the_new_assessor_alone(world: World) -> None:
    enrolment = world.enrol()
    world.sign(enrolment, "kn-1")
    other = world.person("Oda Other", Role.ASSESSOR)
    world.reassign(enrolment, other.id)
    handle(world, enrolment)
    assert addresses(world) == [other.membership.address]


def test_what_waits_for_nobody_is_not_mailed(world: World) -> None:
    enrolment = world.enrol()
    world.judge(enrolment, world.sign(enrolment, "plan-1"))
    world.sign(enrolment, "kn-1")
    attempts.withdraw(world.runtime, world.candidate, enrolment.id, "kn-1", 1)
    for page_id in ("plan-1", "kn-1", "no-such-page"):
        assert not handle(world, enrolment, page_id)
    assert world.outbox.sent == []


def test_signing_and_withdrawing_in_turns_fills_no_mailbox(world: World) -> None:
    enrolment = world.enrol()
    for number in range(1, 6):
        world.sign(enrolment, "kn-1")
        handle(world, enrolment, "kn-1", number)
        attempts.withdraw(world.runtime, world.candidate, enrolment.id, "kn-1", number)
    world.sign(enrolment, "kn-1")
    handle(world, enrolment, "kn-1", 6)
    assert len(world.outbox.sent) == 1
    world.clock.forward(minutes=11)
    assert sum(sweep(world.runtime, shard).mails for shard in range(SHARDS)) == 1
    assert state(world, tokens(world)[-1]) is LinkState.LIVE


def test_somebody_who_assesses_no_more_gets_no_mail_and_sees_nothing(world: World) -> None:
    enrolment = world.enrol()
    world.sign(enrolment, "kn-1")
    handle(world, enrolment)
    member = world.assessor.membership
    demoted = replace(member, roles=frozenset({Role.EXTERNAL_VERIFIER}))
    key = keys.membership(member.person_id, member.centre_id)
    world.runtime.table.write(Put(key, items.from_membership(demoted)))
    people.forget_member(world.runtime, member.centre_id, member.person_id)
    world.sign(enrolment, "plan-1")
    assert not handle(world, enrolment, "plan-1")
    assert len(world.outbox.sent) == 1
    assert state(world, tokens(world)[0]) is LinkState.VOID


def test_a_link_closes_with_the_authorisation_it_needs(world: World) -> None:
    enrolment = world.enrol()
    world.sign(enrolment, "kn-1")
    handle(world, enrolment)
    other = world.authorisation(modules=("another-module",))
    world.authorise(world.assessor.membership, other)
    people.forget_member(world.runtime, world.centre.id, world.assessor.id)
    assert state(world, tokens(world)[0]) is LinkState.VOID


def test_every_attempt_has_a_mail_of_its_own(world: World) -> None:
    enrolment = world.enrol()
    first = world.sign(enrolment, "kn-1")
    handle(world, enrolment)
    world.judge(enrolment, first, competent=False, feedback="Say more.")
    world.sign(enrolment, "kn-1")
    handle(world, enrolment, "kn-1", 2)
    before, after = tokens(world)
    assert state(world, before) is LinkState.VOID
    assert state(world, after) is LinkState.LIVE


def test_a_witness_is_mailed_once_and_drafts_of_assessors_ask_nothing(world: World) -> None:
    enrolment = begin(world)
    invite(world, enrolment)
    key = keys.contribution(enrolment.centre_id, enrolment.id, PAGE, TOLD)
    asked = record_of(key)
    asked["dynamodb"]["NewImage"] = {"invited_at": {"S": "2026-03-02T09:30:00.000Z"}}
    for _ in range(2):
        assert failed(notify.handle(world.runtime, {"Records": [asked]})) == []
    assert addresses(world) == [WITNESS.address]

    observe(world, enrolment)
    drafted = record_of(keys.contribution(enrolment.centre_id, enrolment.id, PAGE, SEEN))
    world.calls.take()
    assert failed(notify.handle(world.runtime, {"Records": [drafted]})) == []
    assert world.calls.take() == []
