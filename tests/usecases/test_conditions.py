"""Every condition of every write is needed: taken out, the promise that it guards is broken.

Each scenario tells whether the promise held. With all conditions in place it has to; with the one
condition left out it must not, or the condition would be there for nothing.
"""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from chalicelib.domain.access import Actor
from chalicelib.domain.answers import documents
from chalicelib.domain.attachments import Attachment
from chalicelib.domain.attempts import Attempt
from chalicelib.domain.centres import LinkPolicy
from chalicelib.domain.deliveries import Delivery
from chalicelib.domain.details import Details
from chalicelib.domain.enrolments import Enrolment, EnrolmentState
from chalicelib.domain.errors import DomainError
from chalicelib.domain.events import Kind
from chalicelib.domain.judgements import Appraisal, Decision
from chalicelib.domain.links import link_for
from chalicelib.domain.people import Identity, Membership, Role
from chalicelib.domain.times import stamp
from chalicelib.domain.verifications import Outcome, Reason
from chalicelib.domain.visits import Look, Visit
from chalicelib.domain.webhooks import Webhook, WebhookState
from chalicelib.storage import keys
from chalicelib.storage.changes import Item, Key, Put, Update
from chalicelib.usecases import (
    addresses,
    attachments,
    attempts,
    centres,
    certificates,
    deliveries,
    enrolments,
    links,
    looks,
    memberships,
    pages,
    people,
    visits,
    webhooks,
)
from chalicelib.usecases.attachments import Description
from chalicelib.usecases.centres import CentreSettings
from chalicelib.usecases.judgements import Judging
from chalicelib.usecases.verifications import Looked
from chalicelib.usecases.webhooks import WebhookChange
from tests.usecases.scenarios import Conditioned, refusals
from tests.usecases.scenarios import attachments as of_attachments
from tests.usecases.scenarios import contributions as of_contributions
from tests.usecases.scenarios import sampling as of_samples
from tests.visits import external, grant
from tests.world import EVIDENCE_MODULE, ISSUER, World, request

OTHER = {"plan-s1": {"understood": False, "initials": "ZN"}}


def head(world: World, enrolment: Enrolment, page_id: str, number: int = 1) -> Attempt:
    found = enrolments.attempts(world.runtime, enrolment, page_id)
    return next(each for each in found if each.number == number)


def close(world: World, enrolment: Enrolment, state: str = "complete") -> None:
    key = keys.enrolment(world.centre.id, enrolment.id)
    world.runtime.table.write(Update(key, set={"state": state}))


def two_saves_from_one_version(world: World) -> bool:
    enrolment = world.enrol()
    world.table.interruption = lambda: world.save(enrolment, "plan-1")
    with refusals():
        world.save(enrolment, "plan-1", OTHER)
    draft = pages.get_page(world.runtime, world.candidate, enrolment.id, "plan-1").draft
    return documents(draft.answers) == world.answers("plan-1")


def a_page_saved_while_it_is_signed(world: World) -> bool:
    enrolment = world.enrol()
    etag = world.save(enrolment, "plan-1").etag
    world.table.interruption = lambda: world.save(enrolment, "plan-1", OTHER)
    with refusals():
        world.sign_as_shown(enrolment, "plan-1", etag)
    return not enrolments.attempts(world.runtime, enrolment, "plan-1")


def a_page_signed_again_over_a_draft_restored_from_a_backup(world: World) -> bool:
    enrolment = world.enrol()
    etag = world.save(enrolment, "plan-1").etag
    key = keys.draft(world.centre.id, enrolment.id, "plan-1")
    backup = world.runtime.table.get(key)
    assert backup
    signed = world.sign_as_shown(enrolment, "plan-1", etag)
    world.runtime.table.write(Put(key, {**backup}))
    with refusals():
        world.sign_as_shown(enrolment, "plan-1", etag)
    return head(world, enrolment, "plan-1").content_hash == signed.content_hash


def a_page_signed_while_the_enrolment_is_closed(world: World) -> bool:
    enrolment = world.enrol()
    etag = world.save(enrolment, "plan-1").etag
    world.table.interruption = lambda: close(world, enrolment)
    with refusals():
        world.sign_as_shown(enrolment, "plan-1", etag)
    return not enrolments.attempts(world.runtime, enrolment, "plan-1")


def a_page_signed_while_the_assessor_changes(world: World) -> bool:
    enrolment = world.enrol()
    other = world.person("Oda Other", Role.ASSESSOR)
    etag = world.save(enrolment, "plan-1").etag
    world.table.interruption = lambda: world.reassign(enrolment, other.id)
    signed = world.sign_as_shown(enrolment, "plan-1", etag)
    return signed.assessor_id == other.id


def a_second_judgement(world: World) -> bool:
    enrolment = world.enrol()
    signed = world.sign(enrolment, "plan-1")
    world.judge(enrolment, signed, competent=False, feedback="Say more.")
    with refusals():
        world.judge(enrolment, signed, competent=True)
    judgement = head(world, enrolment, "plan-1").judgement
    return judgement is not None and not judgement.competent


def a_withdrawn_attempt_judged(world: World) -> bool:
    enrolment = world.enrol()
    signed = world.sign(enrolment, "plan-1")
    attempts.withdraw(world.runtime, world.candidate, enrolment.id, "plan-1", 1)
    with refusals():
        world.judge(enrolment, signed)
    return head(world, enrolment, "plan-1").judgement is None


def an_attempt_judged_by_what_another_said(world: World) -> bool:
    enrolment = world.enrol()
    signed = world.sign(enrolment, "plan-1")
    with refusals():
        world.judge(enrolment, replace(signed, content_hash="0" * 64))
    return head(world, enrolment, "plan-1").judgement is None


def an_attempt_judged_by_somebody_it_is_not_assigned_to(world: World) -> bool:
    enrolment = world.enrol()
    signed = world.sign(enrolment, "plan-1")
    with refusals():
        world.judge(enrolment, signed, actor=world.person("Oda Other", Role.ASSESSOR))
    return head(world, enrolment, "plan-1").judgement is None


def a_link_used_after_the_attempt_went_away_and_came_back(world: World) -> bool:
    enrolment = world.enrol()
    signed = world.sign(enrolment, "plan-1")
    link = link_for(world.centre.id, enrolment.id, signed, world.assessor.membership.address)
    world.reassign(enrolment, world.person("Oda Other", Role.ASSESSOR).id)
    world.reassign(enrolment, world.assessor.id)
    by_link = Judging(
        enrolment_id=enrolment.id,
        page_id="plan-1",
        number=1,
        content_hash=signed.content_hash,
        generation=link.generation,
    )
    with refusals():
        world.judge(enrolment, signed, judging=by_link)
    return head(world, enrolment, "plan-1").judgement is None


def a_judgement_while_the_authorisation_is_taken_away(world: World) -> bool:
    enrolment = world.enrol()
    signed = world.sign(enrolment, "plan-1")
    ended = world.authorisation(modules=("another-module",))
    world.table.interruption = lambda: world.authorise(world.assessor.membership, ended)
    with refusals():
        world.judge(enrolment, signed)
    return head(world, enrolment, "plan-1").judgement is None


def an_attempt_withdrawn_that_was_never_there(world: World) -> bool:
    enrolment = world.enrol()
    with contextlib.suppress(DomainError, KeyError):  # what is half there cannot be read
        attempts.withdraw(world.runtime, world.candidate, enrolment.id, "plan-1", 7)
    key = keys.head(world.centre.id, enrolment.id, "plan-1", 7)
    return world.runtime.table.get(key) is None


def a_judged_attempt_withdrawn(world: World) -> bool:
    enrolment = world.enrol()
    world.judge(enrolment, world.sign(enrolment, "plan-1"))
    with refusals():
        attempts.withdraw(world.runtime, world.candidate, enrolment.id, "plan-1", 1)
    return head(world, enrolment, "plan-1").withdrawn_at is None


def an_attempt_withdrawn_twice(world: World) -> bool:
    enrolment = world.enrol()
    world.sign(enrolment, "plan-1")
    first = attempts.withdraw(world.runtime, world.candidate, enrolment.id, "plan-1", 1)
    world.clock.forward(hours=1)
    with refusals():
        attempts.withdraw(world.runtime, world.candidate, enrolment.id, "plan-1", 1)
    return head(world, enrolment, "plan-1").withdrawn_at == first.withdrawn_at


def judged_unqualified(world: World) -> Enrolment:
    countersigner = world.person("Cora Countersigner", Role.ASSESSOR)
    world.countersigner = countersigner
    trainee = world.person(
        "Tom Trainee",
        Role.ASSESSOR,
        authorisation=world.authorisation(countersigner_id=countersigner.id),
    )
    enrolment = world.enrol(assessor_id=trainee.id)
    world.judge(enrolment, world.sign(enrolment, "plan-1"), actor=trainee)
    return enrolment


def a_judgement_countersigned_twice(world: World) -> bool:
    enrolment = judged_unqualified(world)
    first = world.countersign(enrolment, "plan-1")
    world.clock.forward(hours=1)
    with refusals():
        world.countersign(enrolment, "plan-1")
    return head(world, enrolment, "plan-1").countersignature == first


def a_judgement_countersigned_after_it_was_set_aside(world: World) -> bool:
    enrolment = judged_unqualified(world)
    world.set_aside(enrolment, "plan-1")
    with refusals():
        world.countersign(enrolment, "plan-1")
    return head(world, enrolment, "plan-1").countersignature is None


def a_judgement_set_aside_twice(world: World) -> bool:
    enrolment = world.enrol()
    world.judge(enrolment, world.sign(enrolment, "plan-1"))
    world.table.interruption = lambda: world.set_aside(enrolment, "plan-1", "The first reason.")
    with refusals():
        world.set_aside(enrolment, "plan-1", "Another reason.")
    found = attempts.read(world.runtime, world.centre.id, enrolment.id, "plan-1", 1)
    return found is not None and found.reason == Reason("The first reason.")


def an_enrolment_closed_while_a_judgement_is_set_aside(world: World) -> bool:
    verified_module(world)
    enrolment = world.enrol()
    world.complete(enrolment)
    world.finalise(enrolment)  # it waits for its verification
    world.table.interruption = lambda: close(world, enrolment, "withdrawn")
    with refusals():
        world.set_aside(enrolment, "plan-1")
    return enrolments.load(world.runtime, world.centre.id, enrolment.id).state == "withdrawn"


def a_verifier_who_saw_another_text(world: World) -> bool:
    enrolment = world.enrol()
    world.judge(enrolment, world.sign(enrolment, "plan-1"))
    with refusals():
        world.verify(enrolment, "plan-1", looked=Looked(enrolment.id, "plan-1", 1, "0" * 64))
    return head(world, enrolment, "plan-1").verified is None


def a_judgement_lost_by_a_restore_while_it_is_verified(world: World) -> bool:
    enrolment = world.enrol()
    signed = world.sign(enrolment, "plan-1")
    key = keys.head(world.centre.id, enrolment.id, "plan-1", 1)
    backup = world.runtime.table.get(key)
    assert backup
    world.judge(enrolment, signed)
    world.table.interruption = lambda: world.table.write(Put(key, backup))
    with refusals():
        world.verify(enrolment, "plan-1")
    return head(world, enrolment, "plan-1").verified is None


def a_judgement_set_aside_while_it_is_verified(world: World) -> bool:
    enrolment = world.enrol()
    world.judge(enrolment, world.sign(enrolment, "plan-1"))
    world.table.interruption = lambda: world.set_aside(enrolment, "plan-1")
    with refusals():
        world.verify(enrolment, "plan-1")
    return head(world, enrolment, "plan-1").verified is None


def an_objection_overridden_by_somebody_who_has_not_seen_it(world: World) -> bool:
    enrolment = world.enrol()
    world.judge(enrolment, world.sign(enrolment, "plan-1"))
    world.table.interruption = lambda: world.verify(enrolment, "plan-1", "Ask again.")
    with refusals():
        world.verify(enrolment, "plan-1")
    found = head(world, enrolment, "plan-1").verified
    return found is not None and found.outcome is Outcome.ACTION_REQUIRED


def end_verifying(world: World) -> None:
    """Leave the verifier with an authorisation for another module alone."""
    ended = world.authorisation(role=Role.INTERNAL_VERIFIER, modules=("another-module",))
    world.authorise(world.verifier.membership, ended)


def a_verification_while_the_authorisation_is_taken_away(world: World) -> bool:
    enrolment = world.enrol()
    world.judge(enrolment, world.sign(enrolment, "plan-1"))
    world.table.interruption = lambda: end_verifying(world)
    with refusals():
        world.verify(enrolment, "plan-1")
    return head(world, enrolment, "plan-1").verified is None


def a_setting_aside_while_the_authorisation_is_taken_away(world: World) -> bool:
    enrolment = world.enrol()
    world.judge(enrolment, world.sign(enrolment, "plan-1"))
    world.table.interruption = lambda: end_verifying(world)
    with refusals():
        world.set_aside(enrolment, "plan-1")
    return head(world, enrolment, "plan-1").set_aside is None


def a_certificate_issued_anew_while_a_judgement_is_set_aside(world: World) -> bool:
    enrolment = world.enrol()
    world.complete(enrolment)
    world.finalise(enrolment)

    def issue_anew() -> None:
        world.set_aside(enrolment, "plan-2")
        world.judge(enrolment, world.sign(enrolment, "plan-2"))
        world.finalise(enrolment)

    world.table.interruption = issue_anew
    with refusals():
        world.set_aside(enrolment, "plan-1")
    states = [item["state"] for item in certificates_of(world, enrolment)]
    return states == ["superseded", "suspended"]


def certificates_of(world: World, enrolment: Enrolment) -> list[Item]:
    key = keys.certificate(world.centre.id, enrolment.id, 1)
    return list(world.table.query(key.pk, "CERTIFICATE#"))


def open_one(world: World) -> str:
    """Read which enrolment of the candidate's in the module is the open one."""
    key = keys.open_enrolment(world.candidate.id, world.centre.id, world.module.id)
    item = world.table.get(key)
    return item["enrolment_id"] if item else ""


def a_renewal_begun_while_the_enrolment_before_it_is_reopened(world: World) -> bool:
    enrolment = world.enrol()
    world.complete(enrolment)
    world.finalise(enrolment)
    renewals = []
    world.table.interruption = lambda: renewals.append(world.enrol())
    world.set_aside(enrolment, "plan-1")
    return open_one(world) == renewals[0].id


def a_renewal_finished_while_the_enrolment_before_it_is_reopened(world: World) -> bool:
    enrolment = world.enrol()
    world.complete(enrolment)
    world.finalise(enrolment)
    renewal = world.enrol()
    world.complete(renewal)
    world.table.interruption = lambda: world.finalise(renewal)
    world.set_aside(enrolment, "plan-1")
    return open_one(world) == enrolment.id


def an_objection_raised_during_finalisation(world: World) -> bool:
    enrolment = world.enrol()
    world.complete(enrolment)
    world.table.interruption = lambda: world.verify(enrolment, "plan-1", "Ask again.")
    return world.finalise(enrolment) is None


def verified_module(world: World, policy: str = "every-page") -> None:
    """Publish the module with a policy, for those who enrol from now on."""
    front = f"version: 2\nverification: {policy}\n"
    world.module = world.publish(world.source.replace("version: 1\n", front))


def a_page_set_aside_while_the_enrolment_begins_to_wait(world: World) -> bool:
    verified_module(world)
    enrolment = world.enrol()
    world.complete(enrolment)
    world.table.interruption = lambda: world.set_aside(enrolment, "plan-1")
    world.finalise(enrolment)
    return enrolments.load(world.runtime, world.centre.id, enrolment.id).state == "active"


def an_enrolment_closed_while_it_begins_to_wait(world: World) -> bool:
    verified_module(world)
    enrolment = world.enrol()
    world.complete(enrolment)
    world.table.interruption = lambda: close(world, enrolment, "withdrawn")
    world.finalise(enrolment)
    return enrolments.load(world.runtime, world.centre.id, enrolment.id).state == "withdrawn"


def reopened(world: World) -> Enrolment:
    """Have an enrolment assessed anew after its first certificate, up to the finalisation."""
    enrolment = world.enrol()
    world.complete(enrolment)
    world.finalise(enrolment)
    world.set_aside(enrolment, "plan-1")
    world.judge(enrolment, world.sign(enrolment, "plan-1"))
    return enrolment


def issues_counted_on_during_finalisation(world: World) -> bool:
    enrolment = reopened(world)
    meta = keys.enrolment(world.centre.id, enrolment.id)
    world.table.interruption = lambda: world.table.write(Update(meta, set={"issue": 7}))
    with refusals():
        world.finalise(enrolment)
    return enrolments.load(world.runtime, world.centre.id, enrolment.id).issue == 7


def an_issue_that_is_not_suspended_superseded(world: World) -> bool:
    enrolment = reopened(world)
    first = keys.certificate(world.centre.id, enrolment.id, 1)
    world.table.interruption = lambda: world.table.write(Update(first, set={"state": "revoked"}))
    with refusals():
        world.finalise(enrolment)
    item = world.table.get(first)
    return item is not None and item["state"] == "revoked"


def with_code(world: World) -> tuple[Enrolment, str]:
    """Have a page signed at a centre that asks for a code; return its link's token as well."""
    settings = CentreSettings(links=LinkPolicy.WITH_CODE)
    centres.change_centre(world.runtime, world.centre.id, settings)
    enrolment = world.enrol()
    address = world.assessor.membership.address
    link = link_for(world.centre.id, enrolment.id, world.sign(enrolment, "plan-1"), address)
    return enrolment, world.runtime.signer.token(link)


def a_code_asked_for_twice_at_once(world: World) -> bool:
    enrolment, token = with_code(world)
    first = []

    def ask() -> None:
        links.send_code(world.runtime, token)
        first.append(head(world, enrolment, "plan-1").code_asked_at)
        world.clock.forward(seconds=1)

    def again() -> None:
        world.clock.forward(seconds=-1)
        ask()

    world.clock.forward(seconds=1)
    world.table.interruption = again
    links.send_code(world.runtime, token)
    return head(world, enrolment, "plan-1").code_asked_at == first[0]


def a_code_asked_for_while_the_page_is_judged(world: World) -> bool:
    enrolment, token = with_code(world)
    signed = head(world, enrolment, "plan-1")
    world.table.interruption = lambda: world.judge(enrolment, signed)
    links.send_code(world.runtime, token)
    return head(world, enrolment, "plan-1").code_asked_at is None


def a_code_asked_for_while_the_page_is_withdrawn(world: World) -> bool:
    enrolment, token = with_code(world)
    world.table.interruption = lambda: attempts.withdraw(
        world.runtime, world.candidate, enrolment.id, "plan-1", 1
    )
    links.send_code(world.runtime, token)
    return head(world, enrolment, "plan-1").code_asked_at is None


def two_reassignments_from_one_reading(world: World) -> bool:
    enrolment = world.enrol()
    first = world.person("Oda Other", Role.ASSESSOR)
    second = world.person("Una Yetanother", Role.ASSESSOR)
    world.table.interruption = lambda: world.reassign(enrolment, first.id)
    with refusals():
        world.reassign(enrolment, second.id)
    listed = [
        person.id
        for person in (world.assessor, first, second)
        if world.runtime.table.get(
            keys.assessor_enrolment(person.id, world.centre.id, enrolment.id)
        )
    ]
    now = enrolments.load(world.runtime, world.centre.id, enrolment.id)
    return listed == [now.assessor_id]


def a_page_signed_during_a_reassignment(world: World) -> bool:
    enrolment = world.enrol()
    other = world.person("Oda Other", Role.ASSESSOR)
    world.table.interruption = lambda: world.sign(enrolment, "plan-1")
    with refusals():
        world.reassign(enrolment, other.id)
    now = enrolments.load(world.runtime, world.centre.id, enrolment.id)
    return head(world, enrolment, "plan-1").assessor_id == now.assessor_id


def an_enrolment_changed_while_it_is_sealed(world: World) -> bool:
    enrolment = world.enrol()
    world.complete(enrolment)
    now = enrolments.load(world.runtime, world.centre.id, enrolment.id)
    other = world.person("Oda Other", Role.ASSESSOR)
    world.table.interruption = lambda: world.finalise(enrolment)
    with refusals():
        world.change(now, assessor_id=other.id)
    return not list(world.runtime.table.query(f"PERSON#{other.id}", "QUEUE#"))


def an_enrolment_reinstated_beside_an_open_one(world: World) -> bool:
    first = world.change(world.enrol(), state=EnrolmentState.WITHDRAWN, reason="Moved away.")
    world.table.interruption = world.enrol
    with refusals():
        world.change(first, state=EnrolmentState.ACTIVE)
    return not enrolments.load(world.runtime, world.centre.id, first.id).open


def an_attempt_judged_during_a_reassignment(world: World) -> bool:
    enrolment = world.enrol()
    other = world.person("Oda Other", Role.ASSESSOR)
    signed = world.sign(enrolment, "plan-1")
    world.table.interruption = lambda: world.judge(enrolment, signed)
    with refusals():
        world.reassign(enrolment, other.id)
    judged = head(world, enrolment, "plan-1")
    return judged.judgement is not None and judged.judgement.judged_by == judged.assessor_id


def a_judgement_set_aside_during_finalisation(world: World) -> bool:
    enrolment = world.enrol()
    world.complete(enrolment)
    world.table.interruption = lambda: world.set_aside(enrolment, "plan-1")
    return world.finalise(enrolment) is None


def an_enrolment_closed_during_finalisation(world: World) -> bool:
    enrolment = world.enrol()
    world.complete(enrolment)
    world.table.interruption = lambda: close(world, enrolment)
    with refusals():
        world.finalise(enrolment)
    key = keys.certificate(world.centre.id, enrolment.id, 1)
    return world.runtime.table.get(key) is None


def an_enrolment_finalised_again_after_a_restore(world: World) -> bool:
    enrolment = world.enrol()
    world.complete(enrolment)
    key = keys.enrolment(world.centre.id, enrolment.id)
    backup = world.runtime.table.get(key)
    first = world.finalise(enrolment)
    assert backup
    assert first
    world.table.write(Put(key, backup))
    with refusals():
        world.finalise(enrolment)
    item = world.runtime.table.get(keys.certificate(world.centre.id, enrolment.id, 1))
    return item is not None and item["id"] == first.id


def two_certificates_with_one_public_id(world: World) -> bool:
    world.runtime = replace(world.runtime, new_secret=lambda: "ab" * 32)
    enrolment = world.enrol()
    world.complete(enrolment)
    first = world.finalise(enrolment)
    second = world.enrol()
    world.complete(second)
    with refusals():
        world.finalise(second)
    assert first
    return certificates.find_certificate(world.runtime, first.id) == first


def a_candidate_enrolled_twice_in_a_module(world: World) -> bool:
    world.enrol()
    with refusals():
        world.enrol()
    mine = Key(f"PERSON#{world.candidate.id}", "STUDIES#")
    return len(list(world.runtime.table.query(mine.pk, mine.sk))) == 1


def two_changes_of_a_centre_at_once(world: World) -> bool:
    renamed, shown = CentreSettings(name="Quayside Training"), CentreSettings(public_name="Quay")
    of = (world.runtime, world.centre.id)
    world.table.interruption = lambda: centres.change_centre(*of, renamed)
    with refusals():
        centres.change_centre(*of, shown)
    return centres.load_centre(*of).name == "Quayside Training"


def changed(world: World, person: Actor, **fields: Any) -> None:
    of = (world.runtime, world.administrator, person.id)
    etag = memberships.get_person(*of).etag
    memberships.change_person(*of, Details(**fields), {etag})


def known(world: World, person: Actor) -> Membership:
    return memberships.read(world.runtime, world.centre.id, person.id).membership


def two_changes_of_a_person_at_once(world: World) -> bool:
    world.table.interruption = lambda: changed(world, world.candidate, registration="R-1")
    with refusals():
        changed(world, world.candidate, name="Zoë Married")
    return known(world, world.candidate).registration == "R-1"


def two_who_take_one_address_at_once(world: World) -> bool:
    other = world.person("Oda Other", Role.CANDIDATE)
    address = "both@example.org"
    world.table.interruption = lambda: changed(world, other, address=address)
    with refusals():
        changed(world, world.candidate, address=address)
    return known(world, world.candidate).address != known(world, other).address


def somebody_back_while_their_address_is_set_free(world: World) -> bool:
    changed(world, world.candidate, ends_on=date(2026, 3, 2))
    world.clock.forward(days=1)
    of = (world.runtime, world.administrator, world.candidate.id)
    world.table.interruption = lambda: memberships.end_membership(*of)
    with refusals():
        changed(world, world.candidate, ends_on=None)
    back = known(world, world.candidate)
    claimed = world.runtime.table.get(keys.address(world.centre.id, back.address))
    return back.over_at(world.clock()) or claimed is not None


def two_who_take_one_learner_number_at_once(world: World) -> bool:
    other = world.person("Oda Other", Role.CANDIDATE)
    world.table.interruption = lambda: changed(world, other, learner_number="L-1")
    with refusals():
        changed(world, world.candidate, learner_number="L-1")
    return not known(world, world.candidate).learner_number


def an_identity_linked_to_two_people(world: World) -> bool:
    identity = Identity(ISSUER.issuer, "Oda Other")
    other = world.person("Oda Other", Role.CANDIDATE)
    with refusals():
        changed(world, world.candidate, identities=(identity,))
    return people.read_links(world.runtime, identity)[world.centre.id] == other.id


def two_people_with_one_id(world: World) -> bool:
    ids = iter([world.candidate.id, *(f"id-{number}" for number in range(9))])
    world.runtime = replace(world.runtime, new_id=lambda: next(ids))
    with refusals():
        world.person("Nadia again", Role.CANDIDATE)
    return known(world, world.candidate).name == world.candidate.membership.name


def two_administrators_who_end_each_other_at_once(world: World) -> bool:
    other = world.person("Oda Other", Role.ADMINISTRATOR)
    of = world.runtime
    world.table.interruption = lambda: memberships.end_membership(of, other, world.administrator.id)
    with refusals():
        memberships.end_membership(of, world.administrator, other.id)
    return not known(world, other).over_at(world.clock())


def two_administrators_who_demote_each_other_at_once(world: World) -> bool:
    other = world.person("Oda Other", Role.ADMINISTRATOR)
    demoted = Details(roles=frozenset({Role.CANDIDATE}))
    etags = {'"1"', '"2"'}
    of = (world.runtime, other, world.administrator.id, demoted, etags)
    world.table.interruption = lambda: memberships.change_person(*of)
    with refusals():
        memberships.change_person(world.runtime, world.administrator, other.id, demoted, etags)
    return Role.ADMINISTRATOR in known(world, other).roles


def two_administrators_who_put_each_other_off_at_once(world: World) -> bool:
    other = world.person("Oda Other", Role.ADMINISTRATOR)
    never = Details(starts_on=date(2999, 12, 31))
    of = (world.runtime, other, world.administrator.id, never, {'"1"'})
    world.table.interruption = lambda: memberships.change_person(*of)
    with refusals():
        memberships.change_person(world.runtime, world.administrator, other.id, never, {'"1"'})
    return known(world, other).valid_at(world.clock())


def two_administrators_who_unlink_each_other_at_once(world: World) -> bool:
    other = world.person("Oda Other", Role.ADMINISTRATOR)
    unlinked = Details(identities=())
    of = (world.runtime, other, world.administrator.id, unlinked, {'"1"'})
    world.table.interruption = lambda: memberships.change_person(*of)
    with refusals():
        memberships.change_person(world.runtime, world.administrator, other.id, unlinked, {'"1"'})
    return bool(known(world, other).identities)


def somebody_made_known_by_an_administrator_who_has_just_left(world: World) -> bool:
    leaver = world.person("Oda Other", Role.ADMINISTRATOR)
    of = (world.runtime, world.administrator, leaver.id)
    world.table.interruption = lambda: memberships.end_membership(*of)
    identity = Identity(ISSUER.issuer, "Nadia")
    new = Details(
        name="Nadia", roles=frozenset(Role), address="n@a.example", identities=(identity,)
    )
    with refusals():
        memberships.add_person(world.runtime, leaver, new, request(leaver))
    return not people.read_links(world.runtime, identity)


def a_webhook_made_by_an_administrator_just_demoted(world: World) -> bool:
    demoted = world.person("Oda Other", Role.ADMINISTRATOR)
    world.table.interruption = lambda: changed(world, demoted, roles=frozenset({Role.CANDIDATE}))
    with refusals():
        webhook(world, demoted)
    return not list(webhooks.of_centre(world.runtime, world.centre.id))


def visited(world: World) -> tuple[Actor, Visit]:
    """Grant a visit, and mail its link."""
    who = external(world)
    made = grant(world, who, world.enrol())
    visits.mail_link(world.runtime, made.centre_id, who.id, made.id)
    world.clock.forward(minutes=11)
    return who, visits.get_visit(world.runtime, world.administrator, made.id)


def ask_for_link(world: World, visit: Visit) -> None:
    actor = world.administrator
    visits.send_link(world.runtime, actor, visit.id, request(actor))


def a_visit_granted_by_an_administrator_just_demoted(world: World) -> bool:
    demoted, enrolment, who = (
        world.person("Oda Other", Role.ADMINISTRATOR),
        world.enrol(),
        external(world),
    )
    world.table.interruption = lambda: changed(world, demoted, roles=frozenset({Role.CANDIDATE}))
    with refusals():
        grant(world, who, enrolment, by=demoted)
    return not people.read_visits(world.runtime, who.centre_id, who.id)


def a_link_asked_for_while_the_visit_is_ended(world: World) -> bool:
    _, visit = visited(world)
    of = (world.runtime, world.administrator, visit.id)
    world.table.interruption = lambda: visits.end_visit(*of)
    with refusals():
        ask_for_link(world, visit)
    return visits.get_visit(*of).generation == 1


def a_visit_ended_twice_at_once(world: World) -> bool:
    _, visit = visited(world)
    other = world.person("Oda Other", Role.ADMINISTRATOR)
    world.table.interruption = lambda: visits.end_visit(world.runtime, other, visit.id)
    visits.end_visit(world.runtime, world.administrator, visit.id)
    return visits.get_visit(world.runtime, other, visit.id).ended_by == other.id


def a_link_asked_for_while_the_one_before_is_mailed(world: World) -> bool:
    who, visit = visited(world)
    ask_for_link(world, visit)
    world.clock.forward(minutes=11)
    now = visits.get_visit(world.runtime, world.administrator, visit.id)
    world.table.interruption = lambda: ask_for_link(world, now)
    visits.mail_link(world.runtime, visit.centre_id, who.id, visit.id)
    item = world.table.get(keys.visit(who.id, visit.centre_id, visit.id))
    return item is not None and "open_shard" in item


def the_very_same_look_again(world: World) -> bool:
    who = external(world)
    visit = grant(world, who, world.enrol())
    (enrolment_id,) = visit.enrolment_ids
    looks.note(world.runtime, world.actor(who.id), enrolment_id, Look())
    world.clock.forward(minutes=1)
    looks.note(world.runtime, world.actor(who.id), enrolment_id, Look())
    pk = keys.enrolment(visit.centre_id, enrolment_id).pk
    (kept,) = world.table.query(pk, "TRACE#")
    return bool(kept["at"] == stamp(visit.created_at))


def an_address_changed_again_while_its_mail_is_sent(world: World) -> bool:
    changed(world, world.candidate, address="one@example.org")
    world.table.interruption = lambda: changed(world, world.candidate, address="two@example.org")
    addresses.mail_due(world.runtime, world.centre.id, world.candidate.id)
    return "two@example.org" in [address for address, _, _ in world.outbox.sent]


def webhook(world: World, by: Actor | None = None) -> Webhook:
    actor = by or world.administrator
    of = (world.runtime, actor, "https://hooks.example/", ())
    return webhooks.create_webhook(*of, request(actor))


def counted(world: World) -> bool:
    """Tell whether the count of the centre's webhooks is the number that there is."""
    item = world.runtime.table.get(keys.webhook_count(world.centre.id))
    there = list(webhooks.of_centre(world.runtime, world.centre.id))
    return item is not None and item["count"] == len(there)


def change_webhook(world: World, changed: Webhook, **more: Any) -> Webhook:
    of = (world.runtime, world.administrator, changed.id, WebhookChange(**more))
    return webhooks.change_webhook(*of, [webhooks.etag(changed)])


def two_webhooks_made_at_once(world: World) -> bool:
    world.table.interruption = lambda: webhook(world)
    with refusals():
        webhook(world)
    return counted(world)


def a_webhook_deleted_twice_at_once(world: World) -> bool:
    of = (world.runtime, world.administrator, webhook(world).id)
    webhook(world)
    world.table.interruption = lambda: webhooks.delete_webhook(*of)
    with refusals():
        webhooks.delete_webhook(*of)
    return counted(world)


def two_changes_of_a_webhook_from_one_reading(world: World) -> bool:
    made = webhook(world)
    world.table.interruption = lambda: change_webhook(world, made, state=WebhookState.PAUSED)
    with refusals():
        change_webhook(world, made, kinds=(Kind.ATTEMPT_SIGNED,))
    now = webhooks.get_webhook(world.runtime, world.administrator, made.id)
    return now.state is WebhookState.PAUSED


def a_webhook_deleted_while_it_fails(world: World) -> bool:
    made = webhook(world)
    world.inboxes.status = 500
    of = (world.runtime, world.administrator, made.id)
    world.table.interruption = lambda: webhooks.delete_webhook(*of)
    deliveries.deliver(world.runtime, Delivery(world.centre.id, made.id, {"id": "x"}))
    return world.runtime.table.get(keys.webhook(world.centre.id, made.id)) is None


def evidenced(world: World, page_id: str = "show-1") -> tuple[Enrolment, Attachment, str]:
    """Save a page of evidence with one file; return the draft's tag as well."""
    world.module = world.publish(EVIDENCE_MODULE)
    enrolment, photo = world.enrol(), world.attach(b"The room, prepared.")
    if page_id == "show-2":
        world.contribute(enrolment, page_id, "observed")
    etag = world.save(enrolment, page_id, world.answers(page_id, photo)).etag
    return enrolment, photo, etag


def signs_what_has_changed(world: World, change: Callable[[Attachment], object]) -> bool:
    """Sign a page while something is done to its file; tell whether it was signed for all the same.

    A signature that is tried again binds the file as it is by then.
    """
    enrolment, photo, etag = evidenced(world)
    world.table.interruption = lambda: change(photo)
    with refusals():
        world.sign_as_shown(enrolment, "show-1", etag)
    now = attachments.load_many(world.runtime, world.centre.id, [photo.id]).get(photo.id)
    found = attempts.read(world.runtime, world.centre.id, enrolment.id, "show-1", 1)
    signed = found.document["attachments"] if found else []
    return bool(signed) and not (now and now.usable and signed == [now.document()])


def a_page_signed_while_its_file_is_deleted(world: World) -> bool:
    of = (world.runtime, world.candidate)
    return not signs_what_has_changed(
        world, lambda photo: attachments.delete_attachment(*of, photo.id)
    )


def a_page_signed_while_its_file_is_flagged(world: World) -> bool:
    of = (world.runtime, world.candidate)
    return not signs_what_has_changed(
        world,
        lambda photo: attachments.flag_attachment(
            *of, photo.id, "A name can be read.", request(world.candidate)
        ),
    )


def a_page_signed_while_its_file_is_described_anew(world: World) -> bool:
    of = (world.runtime, world.candidate)
    return not signs_what_has_changed(
        world,
        lambda photo: attachments.change_attachment(
            *of, photo.id, Description(caption="Another room"), {attachments.etag(photo)}
        ),
    )


def a_page_signed_while_another_version_becomes_its_file(world: World) -> bool:
    def restore(photo: Attachment) -> None:
        key = keys.attachment(photo.centre_id, photo.id)
        world.table.write(Update(key, set={"version": "another"}))

    return not signs_what_has_changed(world, restore)


def a_page_signed_while_its_file_is_found_bad_after_a_restore(world: World) -> bool:
    def restore(photo: Attachment) -> None:
        key = keys.attachment(photo.centre_id, photo.id)
        world.table.write(Update(key, set={"state": "rejected"}))

    return not signs_what_has_changed(world, restore)


def a_page_signed_while_another_part_is_signed_for_it(world: World) -> bool:
    enrolment, _, etag = evidenced(world, "show-2")
    world.table.interruption = lambda: world.contribute(enrolment, "show-2", "observed")
    world.sign_as_shown(enrolment, "show-2", etag)
    found = attempts.read(world.runtime, world.centre.id, enrolment.id, "show-2", 1)
    assert found
    return [each["number"] for each in found.document["contributions"]] == [2]


def departed(world: World) -> tuple[Enrolment, Attempt]:
    """Sign a page whose record departs from a rule."""
    world.module = world.publish(EVIDENCE_MODULE)
    enrolment = world.enrol()
    answers = world.answers("show-1", world.attach(b"The room, prepared."))
    answers["handed"]["values"]["present"] = False
    answers["handed"]["reasons"] = {"with-a-colleague": "Nobody was on shift."}
    etag = world.save(enrolment, "show-1", answers).etag
    return enrolment, world.sign_as_shown(enrolment, "show-1", etag)


def appraised(world: World, enrolment: Enrolment, signed: Attempt, **more: Any) -> None:
    """Judge a page of evidence, all of which is as it should be."""
    fine = Appraisal(valid=True, authentic=True, current=True, sufficient=True, reliable=True)
    given: dict[str, Any] = {"competent": True, "initials": "AE", "evidence": {"pictures": fine}}
    world.judge(enrolment, signed, decision=Decision(**given | more))


def a_departure_judged_competent_that_nobody_reviewed(world: World) -> bool:
    enrolment, signed = departed(world)
    with refusals():
        appraised(world, enrolment, signed)
    return head(world, enrolment, "show-1").judgement is None


def departures_reviewed_twice_at_once(world: World) -> bool:
    enrolment, _ = departed(world)
    world.table.interruption = lambda: world.review_departures(enrolment, "show-1", "The first.")
    with refusals():
        world.review_departures(enrolment, "show-1", "The second.")
    found = attempts.read(world.runtime, world.centre.id, enrolment.id, "show-1", 1)
    return bool(found and found.departure_review and found.departure_review.note == "The first.")


def departures_reviewed_while_the_page_is_judged(world: World) -> bool:
    enrolment, signed = departed(world)
    no = {"competent": False, "feedback": "Ask somebody to be there."}
    world.table.interruption = lambda: appraised(world, enrolment, signed, **no)
    with refusals():
        world.review_departures(enrolment, "show-1")
    return head(world, enrolment, "show-1").departures_reviewed_at is None


def departures_reviewed_while_the_page_is_withdrawn(world: World) -> bool:
    enrolment, _ = departed(world)
    of = (world.runtime, world.candidate, enrolment.id, "show-1", 1)
    world.table.interruption = lambda: attempts.withdraw(*of)
    with refusals():
        world.review_departures(enrolment, "show-1")
    return head(world, enrolment, "show-1").departures_reviewed_at is None


def departures_reviewed_by_whoever_is_to_judge_them_now(world: World) -> bool:
    enrolment, _ = departed(world)
    authorised = world.authorisation(role=Role.INTERNAL_VERIFIER)
    both = world.person("Bo Both", Role.INTERNAL_VERIFIER, Role.ASSESSOR)
    world.authorise(both.membership, authorised)
    both = world.actor(both.id)
    world.table.interruption = lambda: world.reassign(enrolment, both.id)
    with refusals():
        world.review_departures(enrolment, "show-1", actor=both)
    return head(world, enrolment, "show-1").departures_reviewed_at is None


def departures_reviewed_by_whoever_they_are_just_handed_to(world: World) -> bool:
    enrolment, _ = departed(world)
    both = world.person("Bo Both", Role.INTERNAL_VERIFIER, Role.ASSESSOR)
    world.authorise(both.membership, world.authorisation(role=Role.INTERNAL_VERIFIER))
    both = world.actor(both.id)
    world.table.interruption = lambda: world.review_departures(enrolment, "show-1", actor=both)
    with refusals():
        world.reassign(enrolment, both.id)
    return head(world, enrolment, "show-1").assessor_id != both.id


def departures_reviewed_while_the_authorisation_is_taken_away(world: World) -> bool:
    enrolment, _ = departed(world)
    world.table.interruption = lambda: end_verifying(world)
    with refusals():
        world.review_departures(enrolment, "show-1")
    return head(world, enrolment, "show-1").departures_reviewed_at is None


CONDITIONS: list[Conditioned] = [
    *of_attachments.CONDITIONS,
    *of_contributions.CONDITIONS,
    *of_samples.CONDITIONS,
    ("DRAFT", "version", two_saves_from_one_version),
    ("DRAFT", "version", a_page_saved_while_it_is_signed),
    ("HEAD", "pk", a_page_signed_again_over_a_draft_restored_from_a_backup),
    ("META", "state", a_page_signed_while_the_enrolment_is_closed),
    ("META", "revision", a_page_signed_while_the_assessor_changes),
    ("HEAD", "judged_at", a_second_judgement),
    ("HEAD", "withdrawn_at", a_withdrawn_attempt_judged),
    ("HEAD", "content_hash", an_attempt_judged_by_what_another_said),
    ("HEAD", "assessor_id", an_attempt_judged_by_somebody_it_is_not_assigned_to),
    ("HEAD", "generation", a_link_used_after_the_attempt_went_away_and_came_back),
    ("WHO", "id", a_judgement_while_the_authorisation_is_taken_away),
    ("HEAD", "content_hash", an_attempt_withdrawn_that_was_never_there),
    ("HEAD", "judged_at", a_judged_attempt_withdrawn),
    ("HEAD", "withdrawn_at", an_attempt_withdrawn_twice),
    ("HEAD", "countersigned_at", a_judgement_countersigned_twice),
    ("HEAD", "set_aside_at", a_judgement_countersigned_after_it_was_set_aside),
    ("HEAD", "set_aside_at", a_judgement_set_aside_twice),
    ("META", "state", an_enrolment_closed_while_a_judgement_is_set_aside),
    ("HEAD", "content_hash", a_verifier_who_saw_another_text),
    ("HEAD", "judged_at", a_judgement_lost_by_a_restore_while_it_is_verified),
    ("HEAD", "set_aside_at", a_judgement_set_aside_while_it_is_verified),
    ("HEAD", "verification_id", an_objection_overridden_by_somebody_who_has_not_seen_it),
    ("WHO", "id", a_verification_while_the_authorisation_is_taken_away),
    ("WHO", "id", a_setting_aside_while_the_authorisation_is_taken_away),
    ("META", "issue", a_certificate_issued_anew_while_a_judgement_is_set_aside),
    ("OPEN", "pk", a_renewal_begun_while_the_enrolment_before_it_is_reopened),
    ("OPEN", "enrolment_id", a_renewal_finished_while_the_enrolment_before_it_is_reopened),
    ("META", "revision", an_objection_raised_during_finalisation),
    ("META", "revision", a_page_set_aside_while_the_enrolment_begins_to_wait),
    ("META", "state", an_enrolment_closed_while_it_begins_to_wait),
    ("META", "issue", issues_counted_on_during_finalisation),
    ("CERTIFICATE#", "state", an_issue_that_is_not_suspended_superseded),
    ("HEAD", "code_asked_at", a_code_asked_for_twice_at_once),
    ("HEAD", "judged_at", a_code_asked_for_while_the_page_is_judged),
    ("HEAD", "withdrawn_at", a_code_asked_for_while_the_page_is_withdrawn),
    ("META", "revision", two_reassignments_from_one_reading),
    ("META", "signs", a_page_signed_during_a_reassignment),
    ("META", "state", an_enrolment_changed_while_it_is_sealed),
    ("OPEN", "pk", an_enrolment_reinstated_beside_an_open_one),
    ("HEAD", "judged_at", an_attempt_judged_during_a_reassignment),
    ("META", "revision", a_judgement_set_aside_during_finalisation),
    ("META", "state", an_enrolment_closed_during_finalisation),
    ("CERTIFICATE#", "pk", an_enrolment_finalised_again_after_a_restore),
    ("CERTIFICATE", "pk", two_certificates_with_one_public_id),
    ("OPEN", "pk", a_candidate_enrolled_twice_in_a_module),
    ("CENTRE", "version", two_changes_of_a_centre_at_once),
    ("WHO", "version", two_changes_of_a_person_at_once),
    ("ADDRESS", "pk", two_who_take_one_address_at_once),
    ("WHO", "version", somebody_back_while_their_address_is_set_free),
    ("LEARNER", "pk", two_who_take_one_learner_number_at_once),
    ("AT", "pk", an_identity_linked_to_two_people),
    ("WHO", "pk", two_people_with_one_id),
    ("WHO", "valid_until", two_administrators_who_end_each_other_at_once),
    ("WHO", "roles", two_administrators_who_demote_each_other_at_once),
    ("WHO", "valid_from", two_administrators_who_put_each_other_off_at_once),
    ("WHO", "identities", two_administrators_who_unlink_each_other_at_once),
    ("WHO", "valid_until", somebody_made_known_by_an_administrator_who_has_just_left),
    ("WHO", "roles", a_webhook_made_by_an_administrator_just_demoted),
    ("WHO", "due", an_address_changed_again_while_its_mail_is_sent),
    ("WHO", "roles", a_visit_granted_by_an_administrator_just_demoted),
    ("TRACE#", "pk", the_very_same_look_again),
    ("VISIT#", "ended_at", a_link_asked_for_while_the_visit_is_ended),
    ("VISIT#", "ended_at", a_visit_ended_twice_at_once),
    ("VISIT#", "generation", a_link_asked_for_while_the_one_before_is_mailed),
    ("WEBHOOKS", "count", two_webhooks_made_at_once),
    ("WEBHOOK#", "id", a_webhook_deleted_twice_at_once),
    ("WEBHOOK#", "revision", two_changes_of_a_webhook_from_one_reading),
    ("WEBHOOK#", "revision", a_webhook_deleted_while_it_fails),
    ("ATTACHMENT", "deleted_at", a_page_signed_while_its_file_is_deleted),
    ("ATTACHMENT", "flagged_at", a_page_signed_while_its_file_is_flagged),
    ("ATTACHMENT", "revision", a_page_signed_while_its_file_is_described_anew),
    ("ATTACHMENT", "version", a_page_signed_while_another_version_becomes_its_file),
    ("ATTACHMENT", "state", a_page_signed_while_its_file_is_found_bad_after_a_restore),
    ("CONTRIBUTION", "signed", a_page_signed_while_another_part_is_signed_for_it),
    ("HEAD", "review_awaited", a_departure_judged_competent_that_nobody_reviewed),
    ("HEAD", "review_awaited", departures_reviewed_twice_at_once),
    ("HEAD", "judged_at", departures_reviewed_while_the_page_is_judged),
    ("HEAD", "withdrawn_at", departures_reviewed_while_the_page_is_withdrawn),
    ("HEAD", "assessor_id", departures_reviewed_by_whoever_is_to_judge_them_now),
    ("HEAD", "departures_reviewed_at", departures_reviewed_by_whoever_they_are_just_handed_to),
    ("WHO", "id", departures_reviewed_while_the_authorisation_is_taken_away),
]
NAMES = [scenario.__name__ for _, _, scenario in CONDITIONS]


@pytest.mark.parametrize("condition", CONDITIONS, ids=NAMES)
def test_the_promise_holds(world: World, condition: Conditioned) -> None:
    _, _, held = condition

    assert held(world)


@pytest.mark.parametrize("condition", CONDITIONS, ids=NAMES)
def test_without_the_condition_it_breaks(world: World, condition: Conditioned) -> None:
    item, attribute, held = condition
    world.table.dropped = (item, attribute)

    assert not held(world)
