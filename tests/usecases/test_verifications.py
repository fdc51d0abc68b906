"""Second looks: what an internal verifier upholds, objects to, or sets aside."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from chalicelib.domain.access import Actor
from chalicelib.domain.enrolments import Enrolment, EnrolmentState
from chalicelib.domain.errors import Conflict, DomainError, Forbidden, Invalid
from chalicelib.domain.people import Role
from chalicelib.domain.verifications import Finding, Outcome, Reason
from chalicelib.events import finalise
from chalicelib.storage import items, keys
from chalicelib.storage.keys import SHARDS
from chalicelib.usecases import attempts, certificates, enrolments, pages, verifications
from chalicelib.usecases.sweep import sweep
from tests.events.records import head_record
from tests.world import World, request


def publish(world: World, policy: str) -> None:
    front = f"version: 2\nverification: {policy}\n"
    world.module = world.publish(world.source.replace("version: 1\n", front))


def state(world: World, enrolment: Enrolment) -> str:
    return enrolments.load(world.runtime, world.centre.id, enrolment.id).state


def issued(world: World, enrolment: Enrolment) -> list[tuple[int, str]]:
    key = keys.certificate(world.centre.id, enrolment.id, 1)
    found = map(items.to_certificate, world.table.query(key.pk, "CERTIFICATE#"))
    return [(each.issue, each.state) for each in found]


def news(world: World, enrolment: Enrolment, page_id: str, number: int = 1) -> None:
    finalise.handle(world.runtime, {"Records": [head_record(enrolment, page_id, number)]})


def sealed(world: World) -> Enrolment:
    enrolment = world.enrol()
    world.complete(enrolment)
    for page in world.module.pages:
        news(world, enrolment, page.id)
    return enrolment


def refused(world: World, enrolment: Enrolment, code: str, actor: Actor) -> None:
    for act in (world.verify, world.set_aside):
        with pytest.raises(DomainError) as refusal:
            act(enrolment, "plan-1", "Why.", actor=actor, request=request(actor))
        assert refusal.value.code == code


def test_with_every_page_to_verify_the_last_verification_certifies(world: World) -> None:
    publish(world, "every-page")
    enrolment = world.enrol()
    world.complete(enrolment)
    for page in world.module.pages:
        news(world, enrolment, page.id)
        assert issued(world, enrolment) == []
        world.verify(enrolment, page.id)
        news(world, enrolment, page.id)
    assert state(world, enrolment) == "complete"
    assert issued(world, enrolment) == [(1, "valid")]
    record = certificates.get_certificate(world.runtime, world.verifier, enrolment.id).record
    assert record["verification"] == {"policy": "every-page", "pages_verified": 3}
    assert {page["verified_by"] for page in record["pages"]} == {world.verifier.id}


def test_a_sample_is_one_page(world: World) -> None:
    publish(world, "sample")
    enrolment = world.enrol()
    world.complete(enrolment)
    assert world.finalise(enrolment) is None
    assert state(world, enrolment) == "awaiting-verification"
    world.verify(enrolment, "plan-2")
    swept = [sweep(world.runtime, shard) for shard in range(SHARDS)]
    assert sum(each.certificates for each in swept) == 1
    assert issued(world, enrolment) == [(1, "valid")]


def test_an_objection_holds_up_even_what_needs_no_verification(world: World) -> None:
    enrolment = world.enrol()
    world.complete(enrolment)
    world.verify(enrolment, "kn-1", "Ask what the person said.")
    assert world.finalise(enrolment) is None
    assert state(world, enrolment) == "awaiting-verification"
    world.verify(enrolment, "kn-1")
    assert world.finalise(enrolment)


def test_a_page_set_aside_while_verification_is_awaited_is_open_again(world: World) -> None:
    publish(world, "every-page")
    enrolment = world.enrol()
    world.complete(enrolment)
    world.finalise(enrolment)
    world.set_aside(enrolment, "plan-1")
    assert state(world, enrolment) == "active"
    world.judge(enrolment, world.sign(enrolment, "plan-1"))
    for page_id, number in (("plan-1", 2), ("plan-2", 1), ("kn-1", 1)):
        world.verify(enrolment, page_id, number=number)
    assert world.finalise(enrolment)


def test_after_sealing_the_certificate_is_suspended_then_superseded(world: World) -> None:
    enrolment = sealed(world)
    first = certificates.get_certificate(world.runtime, world.candidate, enrolment.id)
    signed = pages.get_page(world.runtime, world.candidate, enrolment.id, "plan-1").draft.answers

    world.set_aside(enrolment, "plan-1", "The witness was not there.")

    suspended = certificates.find_certificate(world.runtime, first.id)
    assert suspended.state == "suspended"
    assert "witness" not in suspended.reason, "the reason is not for the public"
    assert state(world, enrolment) == "active"
    page = pages.get_page(world.runtime, world.candidate, enrolment.id, "plan-1")
    assert (page.state, page.draft.answers) == ("open", signed)
    with pytest.raises(Conflict, match="open enrolment"):
        world.enrol()
    assert world.finalise(enrolment) is None

    world.judge(enrolment, world.sign(enrolment, "plan-1"))
    for _ in range(3):
        news(world, enrolment, "plan-1", 2)
    assert issued(world, enrolment) == [(1, "superseded"), (2, "valid")]
    second = certificates.get_certificate(world.runtime, world.candidate, enrolment.id)
    superseded = certificates.find_certificate(world.runtime, first.id)
    assert superseded.superseded_by == second.id != first.id
    assert superseded.record == first.record
    assert world.enrol(), "it is the open one no longer"


def test_two_pages_set_aside_after_sealing_make_one_new_issue(world: World) -> None:
    enrolment = sealed(world)
    for page_id in ("plan-1", "kn-1"):
        world.set_aside(enrolment, page_id)
    for page_id in ("plan-1", "kn-1"):
        world.judge(enrolment, world.sign(enrolment, page_id))
        news(world, enrolment, page_id, 2)
    assert issued(world, enrolment) == [(1, "superseded"), (2, "valid")]


def test_a_renewal_keeps_its_place(world: World) -> None:
    enrolment = sealed(world)
    renewal = world.enrol()
    world.set_aside(enrolment, "plan-1")
    world.judge(enrolment, world.sign(enrolment, "plan-1"))
    assert world.finalise(enrolment)
    place = keys.open_enrolment(world.candidate.id, world.centre.id, world.module.id)
    held = world.table.get(place)
    assert held
    assert held["enrolment_id"] == renewal.id


def test_nobody_looks_twice_at_their_own(world: World) -> None:
    both = world.person("Bo Both", Role.ASSESSOR, Role.INTERNAL_VERIFIER, Role.CANDIDATE)
    held = world.authorisation(role=Role.INTERNAL_VERIFIER)
    world.authorise(both.membership, held)
    both = world.actor(both.id)
    judged = world.enrol(assessor_id=both.id)
    world.judge(judged, world.sign(judged, "plan-1"), actor=both, request=request(both))
    refused(world, judged, "own-work", both)

    candidate, world.candidate = world.candidate, both
    worked = world.enrol()
    world.judge(worked, world.sign(worked, "plan-1"))
    world.candidate = candidate
    refused(world, worked, "own-work", both)
    world.verify(worked, "plan-1", "PLANTED NOTE")
    listed, _ = verifications.list_all(world.runtime, both, worked.id, 9, "")
    assert listed == []
    read = attempts.get_attempt(world.runtime, both, worked.id, "plan-1", 1)
    assert read.verification is None


def test_it_takes_the_role_and_an_authorisation_for_the_module(world: World) -> None:
    enrolment = world.enrol()
    world.judge(enrolment, world.sign(enrolment, "plan-1"))
    assessing = world.person("Ann Alist", Role.INTERNAL_VERIFIER, authorisation=None)
    elsewhere = world.authorisation(role=Role.INTERNAL_VERIFIER, modules=("another",))
    other = world.person("Ot Her", Role.INTERNAL_VERIFIER, authorisation=elsewhere)
    refused(world, enrolment, "not-authorised", assessing)
    refused(world, enrolment, "not-authorised", other)
    for actor in (world.administrator, world.assessor, world.candidate):
        refused(world, enrolment, "role-not-allowed", actor)


def test_the_same_request_again_gets_the_same_answer(world: World) -> None:
    enrolment = world.enrol()
    world.judge(enrolment, world.sign(enrolment, "plan-1"))
    verify, aside = request(world.verifier), request(world.verifier)
    asked = Finding(outcome=Outcome.ACTION_REQUIRED, note="Ask.")
    note: Any = {"request": verify, "finding": asked}
    first = world.verify(enrolment, "plan-1", **note)
    world.verify(enrolment, "plan-1")
    assert world.verify(enrolment, "plan-1", **note) == first
    done = world.set_aside(enrolment, "plan-1", request=aside, occurred_on=date(2026, 2, 1))
    world.clock.forward(hours=1)
    again = world.set_aside(enrolment, "plan-1", request=aside, occurred_on=date(2026, 2, 1))
    assert again == done
    assert done.reason == Reason("Not enough.", "2026-02-01")
    with pytest.raises(Invalid) as refusal:
        world.set_aside(enrolment, "plan-1", "Other.", request=replace(aside, fingerprint="other"))
    assert refusal.value.code == "idempotency-key-reused"


@pytest.mark.parametrize(
    ("finding", "pointer"),
    [
        (Finding(outcome=Outcome.ACTION_REQUIRED, note=" \n"), "/note"),
        (Finding(outcome=Outcome.UPHELD, note="n" * 2_001), "/note"),
        (Finding(outcome=Outcome.UPHELD, occurred_on=date(2026, 3, 3)), "/occurred_on"),
        (Finding(outcome=Outcome.UPHELD, occurred_on=date(1949, 12, 31)), "/occurred_on"),
    ],
)
def test_a_finding_that_cannot_be_recorded(world: World, finding: Finding, pointer: str) -> None:
    enrolment = world.enrol()
    with pytest.raises(Invalid) as refusal:
        world.verify(enrolment, "plan-1", finding=finding)
    assert [flaw.pointer for flaw in refusal.value.flaws] == [pointer]


def test_what_is_not_judged_cannot_be_looked_at_twice(world: World) -> None:
    enrolment = world.enrol()
    world.sign(enrolment, "plan-1")
    refused(world, enrolment, "attempt-not-judged", world.verifier)


def test_lists_are_newest_first_page_by_page_at_a_flat_cost(world: World) -> None:
    enrolment, made = world.enrol(), []
    for page in world.module.pages:
        world.judge(enrolment, world.sign(enrolment, page.id))
        made.append(world.verify(enrolment, page.id))
        world.clock.forward(seconds=1)
    for of, calls in (("", ["Query"]), (enrolment.id, ["Query", "BatchGetItem"])):
        world.calls.take()
        first, end = verifications.list_all(world.runtime, world.administrator, of, 2, "")
        assert world.calls.take() == calls
        rest, last = verifications.list_all(world.runtime, world.administrator, of, 2, end)
        assert {each.id for each in first + rest} == {each.id for each in made}
        assert (len(first), len(rest), last) == (2, 1, "")
    with pytest.raises(Forbidden):
        verifications.list_all(world.runtime, world.assessor, "", 2, "")


def test_a_judgement_that_nothing_rests_on_is_not_set_aside(world: World) -> None:
    enrolment = world.enrol()
    returned = world.sign(enrolment, "plan-1")
    world.judge(enrolment, returned, competent=False, feedback="More.")
    world.complete(enrolment)
    assert world.finalise(enrolment)
    with pytest.raises(Conflict) as refusal:
        world.set_aside(enrolment, "plan-1", number=1)
    assert refusal.value.code == "attempt-not-latest"
    assert issued(world, enrolment) == [(1, "valid")]


def test_who_is_countersigned_countersigns_nobody(world: World) -> None:
    second = world.person("Sec Ond", Role.ASSESSOR)
    held = world.authorisation(qualification="none", countersigner_id=second.id)
    world.assessor = world.person("Fir St", Role.ASSESSOR, authorisation=held)
    enrolment = world.enrol()
    world.judge(enrolment, world.sign(enrolment, "plan-1"))
    mutual = world.authorisation(qualification="none", countersigner_id=world.assessor.id)
    world.authorise(second.membership, mutual)
    second = world.actor(second.id)
    with pytest.raises(Forbidden) as refusal:
        world.countersign(enrolment, "plan-1", actor=second, request=request(second))
    assert refusal.value.code == "not-qualified"


def test_an_enrolment_that_has_no_place_takes_none_away(world: World) -> None:
    """One reopened beside a renewal, closed in the moment in which a third one is begun."""
    enrolment = sealed(world)
    renewal = world.enrol()
    world.set_aside(enrolment, "plan-1")
    world.change(renewal, state=EnrolmentState.WITHDRAWN, reason="Moved.")
    reopened = enrolments.load(world.runtime, world.centre.id, enrolment.id)
    begun: list[str] = []
    world.table.interruption = lambda: begun.append(world.enrol().id)
    world.change(reopened, state=EnrolmentState.WITHDRAWN, reason="Moved.")
    place = keys.open_enrolment(world.candidate.id, world.centre.id, world.module.id)
    held = world.table.get(place)
    assert held
    assert [held["enrolment_id"]] == begun


def test_nobody_is_enrolled_who_would_countersign_their_own_work(world: World) -> None:
    both = world.person("Bo Both", Role.ASSESSOR, Role.CANDIDATE)
    held = world.authorisation(countersigner_id=both.id)
    trainee = world.person("Tom Trainee", Role.ASSESSOR, authorisation=held)
    with pytest.raises(Invalid) as refusal:
        world.enrol(candidate_id=both.id, assessor_id=trainee.id)
    assert [flaw.code for flaw in refusal.value.flaws] == ["countersigner-is-candidate"]
