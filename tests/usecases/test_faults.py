"""Every call to DynamoDB fails once, in every mode, and the request is sent again.

Whatever the first try has made stands, and the second makes nothing twice.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from chalicelib.domain.answers import from_documents
from chalicelib.domain.enrolments import Enrolment, EnrolmentState
from chalicelib.domain.errors import DomainError, Unavailable
from chalicelib.domain.people import Role
from chalicelib.runtime import Cache
from chalicelib.storage import items, keys
from chalicelib.usecases import (
    attachments,
    certificates,
    enrolments,
    pages,
    uploads,
    verifications,
)
from chalicelib.usecases.attempts import read
from chalicelib.usecases.enrolment_changes import Changes, change_enrolment
from tests.faults import Fault
from tests.world import SHORT_MODULE, World, new_world, request

MODES = ["before", "after", "throttled", "conflict"]
PAGE = "plan-1"
ONE_PAGE = SHORT_MODULE.partition("## Page: Choosing well")[0]
EARLIER = {"plan-s1": {"understood": False, "initials": "ZN"}}

Send = Callable[[], Any]
Made = Callable[[], list[Any]]  # what there is of what was asked for: nothing, or the one thing
UseCase = Callable[[World], tuple[Send, Made]]


def save(world: World) -> tuple[Send, Made]:
    enrolment = world.enrol()
    etag = world.save(enrolment, PAGE, EARLIER).etag
    new = from_documents(world.answers(PAGE))

    def send() -> Any:
        of = (world.runtime, world.candidate, enrolment.id, PAGE)
        return pages.save_draft(*of, new, etag).draft

    def made() -> list[Any]:
        of = (world.runtime, world.candidate, enrolment.id, PAGE)
        draft = pages.get_page(*of).draft
        assert draft.answers in (from_documents(EARLIER), new), "no save is lost"
        assert draft.version == (2 if draft.answers == new else 1)
        return [draft] if draft.answers == new else []

    return send, made


def sign(world: World) -> tuple[Send, Made]:
    enrolment = world.enrol()
    etag = world.save(enrolment, PAGE).etag
    same = request(world.candidate)

    def send() -> Any:
        return world.sign_as_shown(enrolment, PAGE, etag, request=same)

    def made() -> list[Any]:
        of = (world.runtime, world.candidate, enrolment.id, PAGE)
        draft = pages.get_page(*of).draft
        heads = enrolments.attempts(world.runtime, enrolment)
        signs = enrolments.load(world.runtime, world.centre.id, enrolment.id).signs
        assert draft.lock == signs == len(heads)
        for head in heads:
            signed = read(world.runtime, world.centre.id, enrolment.id, PAGE, head.number)
            assert signed
            assert from_documents(signed.document["answers"]) == draft.answers
        return list(heads)

    return send, made


def judge(world: World) -> tuple[Send, Made]:
    enrolment = world.enrol()
    signed = world.sign(enrolment, PAGE)
    same = request(world.assessor)

    def send() -> Any:
        return world.judge(enrolment, signed, request=same)

    def made() -> list[Any]:
        heads = enrolments.attempts(world.runtime, enrolment)
        return [head.judgement for head in heads if head.judgement]

    return send, made


def finalise(world: World) -> tuple[Send, Made]:
    enrolment = world.enrol()
    world.complete(enrolment)

    def send() -> Any:
        return world.finalise(enrolment)

    def made() -> list[Any]:
        key = keys.certificate(world.centre.id, enrolment.id, 1)
        issued = [items.to_certificate(item) for item in world.table.query(key.pk, "CERTIFICATE#")]
        now = enrolments.load(world.runtime, world.centre.id, enrolment.id)
        assert now.sealed == bool(issued)
        assert now.sealed != on_the_lists_of_open_work(world, now)
        for certificate in issued:
            assert certificates.find_certificate(world.runtime, certificate.id) == certificate
        return issued

    return send, made


def reassign(world: World) -> tuple[Send, Made]:
    enrolment = world.enrol()
    world.sign(enrolment, PAGE)
    etag = enrolments.etag(enrolments.load(world.runtime, world.centre.id, enrolment.id))
    other = world.countersigner  # another assessor

    def send() -> Any:
        of = (world.runtime, world.administrator, enrolment.id)
        return change_enrolment(*of, Changes(assessor_id=other.id), etag)

    def made() -> list[Any]:
        now = enrolments.load(world.runtime, world.centre.id, enrolment.id)
        assert now.revision == (now.assessor_id == other.id)
        heads = enrolments.attempts(world.runtime, enrolment)
        states = {(head.assessor_id, head.generation) for head in heads}
        assert states == {(now.assessor_id, 1 + now.revision)}
        for listed in (keys.assessor_enrolment, keys.queued_enrolment):
            wanted = [
                listed(person.id, world.centre.id, enrolment.id)
                for person in (world.assessor, other)
            ]
            assert [item is not None for item in world.table.get_many(*wanted)] == [
                now.assessor_id == world.assessor.id,
                now.assessor_id == other.id,
            ]
        return [now] if now.revision else []

    return send, made


def on_the_lists_of_open_work(world: World, enrolment: Enrolment) -> bool:
    """Tell whether candidate, assessor and sweeper find an enrolment; either all do, or none."""
    meta, place, queued = world.table.get_many(
        keys.enrolment(world.centre.id, enrolment.id),
        keys.open_enrolment(enrolment.candidate_id, world.centre.id, enrolment.module_id),
        keys.queued_enrolment(enrolment.assessor_id, world.centre.id, enrolment.id),
    )
    assert meta
    found = {"open_shard" in meta, place is not None, queued is not None}
    assert len(found) == 1
    return found.pop()


def move(world: World, enrolment: Enrolment, state: EnrolmentState) -> tuple[Send, Made]:
    etag = enrolments.etag(enrolment)

    def send() -> Any:
        of = (world.runtime, world.administrator, enrolment.id)
        return change_enrolment(*of, Changes(state=state, reason="As they asked."), etag)

    def made() -> list[Any]:
        now = enrolments.load(world.runtime, world.centre.id, enrolment.id)
        assert on_the_lists_of_open_work(world, now) == now.open
        assert len(enrolments.history(world.runtime, now)) == now.revision
        return [now] if now.state is state else []

    return send, made


def leave(world: World) -> tuple[Send, Made]:
    return move(world, world.enrol(), EnrolmentState.WITHDRAWN)


def come_back(world: World) -> tuple[Send, Made]:
    left = world.change(world.enrol(), state=EnrolmentState.WITHDRAWN, reason="As they asked.")
    return move(world, left, EnrolmentState.ACTIVE)


def enrol(world: World) -> tuple[Send, Made]:
    candidate, same = world.candidate, request(world.administrator)
    new = enrolments.NewEnrolment(
        candidate_id=candidate.id,
        assessor_id=world.assessor.id,
        module_id=world.module.id,
        module_version=world.module.version,
    )

    def send() -> Any:
        return enrolments.create_enrolment(world.runtime, world.administrator, new, same)

    def made() -> list[Any]:
        listed = world.table.query(f"PERSON#{candidate.id}", "STUDIES#")
        ids = [item["sk"].split("#")[-1] for item in listed]
        made = [enrolments.load(world.runtime, world.centre.id, each) for each in ids]
        assert all(on_the_lists_of_open_work(world, each) for each in made)
        return made

    return send, made


def verify(world: World) -> tuple[Send, Made]:
    enrolment = world.enrol()
    world.judge(enrolment, world.sign(enrolment, PAGE))
    same, verifier = request(world.verifier), world.verifier

    def send() -> Any:
        return world.verify(enrolment, PAGE, "Ask again.", actor=verifier, request=same)

    def made() -> list[Any]:
        of = (world.runtime, world.administrator, enrolment.id, 9, "")
        listed, _ = verifications.list_all(*of)
        heads = enrolments.attempts(world.runtime, enrolment)
        assert [head.verified.id for head in heads if head.verified] == [each.id for each in listed]
        now = enrolments.load(world.runtime, world.centre.id, enrolment.id)
        assert now.revision == len(listed)
        return list(listed)

    return send, made


def set_aside(world: World) -> tuple[Send, Made]:
    enrolment = world.enrol()
    world.complete(enrolment)
    world.finalise(enrolment)
    same, verifier = request(world.verifier), world.verifier

    def send() -> Any:
        return world.set_aside(enrolment, PAGE, actor=verifier, request=same)

    def made() -> list[Any]:
        found = read(world.runtime, world.centre.id, enrolment.id, PAGE, 1)
        assert found
        aside = found.attempt.set_aside
        now = enrolments.load(world.runtime, world.centre.id, enrolment.id)
        (certificate,) = map(
            items.to_certificate,
            world.table.query(keys.enrolment(world.centre.id, enrolment.id).pk, "CERTIFICATE#"),
        )
        assert now.sealed == (certificate.state == "valid") == (aside is None)
        if aside is None or found.reason is None:
            return []
        return [verifications.SetAside(aside, found.reason)]

    return send, made


def start_upload(world: World) -> tuple[Send, Made]:
    candidate, same = world.candidate, request(world.candidate)

    def send() -> Any:
        return world.start_upload(b"Noted.", candidate, same).attachment

    def made() -> list[Any]:
        of = (world.runtime, candidate, "", 9, "")
        listed, _ = attachments.list_attachments(*of)
        count = world.table.get(keys.evidence_count(candidate.id, world.centre.id))
        assert [each.number for each in listed] in ([], [int(count["count"])] if count else [])
        return listed

    return send, made


def complete_upload(world: World) -> tuple[Send, Made]:
    begun = world.start_upload(b"Noted.").attachment
    world.send_file(begun, b"Noted.")
    candidate = world.candidate

    def send() -> Any:
        return uploads.complete(world.runtime, candidate, begun.id)

    def made() -> list[Any]:
        found = attachments.load(world.runtime, candidate, begun.id)
        return [found] if found.completed_at else []

    return send, made


def flag(world: World) -> tuple[Send, Made]:
    attachment, candidate = world.attach(), world.candidate
    same = request(candidate)

    def send() -> Any:
        of = (world.runtime, candidate, attachment.id, "A face.", same)
        return attachments.flag_attachment(*of)

    def made() -> list[Any]:
        found = attachments.load(world.runtime, candidate, attachment.id)
        key = keys.deed(world.centre.id, attachment.id, "")
        deeds = list(world.table.query(key.pk, key.sk))
        assert len(deeds) == (found.flag is not None)
        return [found] if found.flag else []

    return send, made


def delete(world: World) -> tuple[Send, Made]:
    attachment, candidate = world.attach(), world.candidate

    def send() -> Any:
        return attachments.delete_attachment(world.runtime, candidate, attachment.id)

    def made() -> list[Any]:
        item, listed = world.table.get_many(
            keys.attachment(world.centre.id, attachment.id),
            keys.candidate_attachment(candidate.id, world.centre.id, attachment.id),
        )
        assert item
        gone = "deleted_at" in item
        assert gone == (listed is None) == ("open_key" in item)
        return [None] if gone else []

    return send, made


USE_CASES: list[UseCase] = [
    save,
    sign,
    judge,
    finalise,
    reassign,
    leave,
    come_back,
    enrol,
    verify,
    set_aside,
    start_upload,
    complete_upload,
    flag,
    delete,
]
# Only a reassignment that went through cannot be told from somebody else's, and says so.
REFUSALS: dict[UseCase, str] = {reassign: "stale-enrolment"}


@pytest.fixture
def world() -> Iterator[World]:
    with new_world(ONE_PAGE) as world:
        yield world


def tried(world: World, send: Send) -> Any:
    """Send a request to a function that has just been started."""
    world.runtime = replace(world.runtime, cache=Cache(world.clock))
    world.clock.forward(minutes=1)
    try:
        return send()
    except DomainError as refusal:
        return refusal


def fail_everywhere(world: World, use_case: UseCase, mode: str) -> int:
    """Fail every call of a use case in turn, and return how many there are."""
    world.countersigner = world.person("Ot Her", Role.ASSESSOR)
    for number in count(1):
        world.candidate = world.person(f"Candidate {number}", Role.CANDIDATE)
        send, made = use_case(world)
        with Fault(world.client, number, mode) as fault:
            first = tried(world, send)
        after_one = made()
        second = tried(world, send)
        after_two = made()

        if isinstance(first, DomainError):
            assert fault.struck
            assert isinstance(first, Unavailable)
        else:
            assert after_one == [first], "what was acknowledged is there"
        assert len(after_two) == 1
        assert after_one in ([], after_two), "nothing is made anew"
        if isinstance(second, DomainError):
            assert after_one
            assert second.code == REFUSALS[use_case]
        else:
            assert after_two == [second]
        if not fault.struck:
            return number - 1
    return 0


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("use_case", USE_CASES, ids=lambda use_case: use_case.__name__)
def test_a_request_survives_the_failure_of_any_call(
    world: World, use_case: UseCase, mode: str
) -> None:
    assert fail_everywhere(world, use_case, mode) >= 1


def test_the_sweep_sees_a_second_judgement(world: World) -> None:
    world.table.dropped = ("HEAD", "judged_at")
    with pytest.raises(AssertionError, match="made anew"):
        fail_everywhere(world, judge, "after")


def test_the_sweep_sees_an_enrolment_that_is_not_remembered(world: World) -> None:
    def forgetful(world: World) -> tuple[Send, Made]:
        _, made = enrol(world)
        return lambda: world.enrol(candidate_id=world.candidate.id), made

    world.table.dropped = ("OPEN", "pk")
    with pytest.raises(AssertionError):
        fail_everywhere(world, forgetful, "after")
