"""Every condition under which a part is signed, or a witness asked, is needed."""

import contextlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.domain.attempts import Signature
from chalicelib.domain.contributions import Contribution
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.errors import DomainError, Forbidden, Invalid
from chalicelib.domain.people import Role
from chalicelib.storage import keys
from chalicelib.storage.changes import Put, Update
from chalicelib.usecases import attempts, contributions, pages, testimony
from chalicelib.usecases.testimony import Account
from tests.attachments import captioned, noise
from tests.contributions import (
    CONTRIBUTED_MODULE,
    PAGE,
    SEEN,
    TESTIFIED_ANSWER,
    TOLD,
    WITNESS,
    begin,
    invite,
    mailed,
    observe,
    sign_observation,
)
from tests.world import World

Scenario = Callable[[World], bool]
TESTIMONY = Account(TESTIFIED_ANSWER, "Nurse", Signature("1", "Wanda Witness"))


def refusals() -> contextlib.suppress:
    """Let a refusal pass: what counts is what stands in the table afterwards."""
    return contextlib.suppress(DomainError)


def stands(world: World, enrolment: Enrolment, item_id: str = SEEN) -> Contribution:
    in_work = pages.load(world.runtime, world.assessor, enrolment.id, PAGE)
    return contributions.read(world.runtime, in_work, item_id).contribution


def bear_witness(world: World, link: str) -> None:
    testimony.sign_by_link(world.runtime, link.rpartition("/")[2], TESTIMONY, "body")


def two_saves_from_one_version(world: World) -> bool:
    enrolment = begin(world)
    world.table.interruption = lambda: observe(world, enrolment)
    with refusals():
        observe(world, enrolment, values={"asked": False})
    return (stands(world, enrolment).answer.values or {})["asked"] is True


def a_draft_signed_that_was_changed_after_it_was_shown(world: World) -> bool:
    enrolment = begin(world)
    shown = observe(world, enrolment).etag
    world.table.interruption = lambda: observe(world, enrolment, values={"observed": "It was not."})
    with refusals():
        sign_observation(world, enrolment, shown)
    return stands(world, enrolment).number == 0


def a_part_signed_again_over_a_draft_restored_from_a_backup(world: World) -> bool:
    enrolment = begin(world)
    shown = observe(world, enrolment).etag
    key = keys.contribution(world.centre.id, enrolment.id, PAGE, SEEN)
    backup = world.table.get(key)
    assert backup
    first = sign_observation(world, enrolment, shown)
    world.table.write(Put(key, backup))
    with refusals():
        sign_observation(world, enrolment, shown)
    of = (world.centre.id, enrolment.id, PAGE, SEEN, 1)
    return contributions.read_part(world.runtime, *of) == first


def a_part_signed_while_the_candidate_signs_the_page(world: World) -> bool:
    enrolment = begin(world)
    sign_observation(world, enrolment, observe(world, enrolment).etag)
    invite(world, enrolment)
    bear_witness(world, mailed(world, enrolment))
    again = observe(world, enrolment, values={"observed": "It was read twice."}).etag
    page = pages.get_page(world.runtime, world.candidate, enrolment.id, PAGE).etag
    world.table.interruption = lambda: world.sign_as_shown(enrolment, PAGE, page)
    with refusals():
        sign_observation(world, enrolment, again)
    return stands(world, enrolment).number == 1


def a_part_signed_while_the_enrolment_is_closed(world: World) -> bool:
    enrolment = begin(world)
    shown = observe(world, enrolment).etag
    meta = keys.enrolment(world.centre.id, enrolment.id)
    world.table.interruption = lambda: world.table.write(Update(meta, set={"state": "complete"}))
    with refusals():
        sign_observation(world, enrolment, shown)
    return stands(world, enrolment).number == 0


def a_part_signed_while_the_assessor_changes(world: World) -> bool:
    enrolment = begin(world)
    shown = observe(world, enrolment).etag
    other = world.person("Oda Other", Role.ASSESSOR)
    world.table.interruption = lambda: world.reassign(enrolment, other.id)
    with refusals():
        sign_observation(world, enrolment, shown)
    meta = keys.contribution(world.centre.id, enrolment.id, PAGE, SEEN)
    return "signed" not in (world.table.get(meta) or {})


def a_part_signed_while_the_authorisation_is_taken_away(world: World) -> bool:
    enrolment = begin(world)
    shown = observe(world, enrolment).etag
    ended = world.authorisation(modules=("another-module",))
    world.table.interruption = lambda: world.authorise(world.assessor.membership, ended)
    with refusals():
        sign_observation(world, enrolment, shown)
    return stands(world, enrolment).number == 0


def a_link_used_while_another_witness_is_asked(world: World) -> bool:
    enrolment = begin(world)
    invite(world, enrolment)
    link = mailed(world, enrolment)
    other = replace(WITNESS, name="Oda Other", address="oda@example.org")
    world.table.interruption = lambda: invite(world, enrolment, other)
    with refusals():
        bear_witness(world, link)
    return stands(world, enrolment, TOLD).number == 0


def a_witness_asked_while_the_one_before_signs(world: World) -> bool:
    enrolment = begin(world)
    invite(world, enrolment)
    link = mailed(world, enrolment)
    world.table.interruption = lambda: bear_witness(world, link)
    with refusals():
        invite(world, enrolment, replace(WITNESS, name="Oda Other", address="oda@example.org"))
    invitation = stands(world, enrolment, TOLD).invitation
    return invitation is not None and invitation.witness == WITNESS


CONDITIONS: list[tuple[str, str, Scenario]] = [
    ("CONTRIBUTION#", "version", two_saves_from_one_version),
    ("CONTRIBUTION#", "version", a_draft_signed_that_was_changed_after_it_was_shown),
    ("PART#", "pk", a_part_signed_again_over_a_draft_restored_from_a_backup),
    ("DRAFT#", "lock", a_part_signed_while_the_candidate_signs_the_page),
    ("META", "state", a_part_signed_while_the_enrolment_is_closed),
    ("META", "revision", a_part_signed_while_the_assessor_changes),
    ("WHO#", "id", a_part_signed_while_the_authorisation_is_taken_away),
    ("CONTRIBUTION#", "generation", a_link_used_while_another_witness_is_asked),
    ("CONTRIBUTION#", "version", a_witness_asked_while_the_one_before_signs),
]
NAMES = [scenario.__name__ for _, _, scenario in CONDITIONS]


@pytest.mark.parametrize("condition", CONDITIONS, ids=NAMES)
def test_the_promise_holds(world: World, condition: tuple[str, str, Scenario]) -> None:
    _, _, held = condition

    assert held(world)


@pytest.mark.parametrize("condition", CONDITIONS, ids=NAMES)
def test_without_the_condition_it_breaks(
    world: World, condition: tuple[str, str, Scenario]
) -> None:
    item, attribute, held = condition
    world.table.dropped = (item, attribute)

    assert not held(world)


def test_the_candidate_signs_for_the_part_that_stands(world: World) -> None:
    """A part signed while the candidate signs belongs to the attempt, or comes after it."""
    enrolment = begin(world)
    sign_observation(world, enrolment, observe(world, enrolment).etag)
    invite(world, enrolment)
    bear_witness(world, mailed(world, enrolment))
    again = observe(world, enrolment, values={"observed": "It was read twice."}).etag
    page = pages.get_page(world.runtime, world.candidate, enrolment.id, PAGE).etag
    world.table.interruption = lambda: sign_observation(world, enrolment, again)

    signed = world.sign_as_shown(enrolment, PAGE, page)

    found = attempts.read(world.runtime, world.centre.id, enrolment.id, PAGE, signed.number)
    assert found
    assert [each["number"] for each in found.document["contributions"]] == [2, 1]


def test_mail_goes_out_once_and_again_when_asked_again(world: World) -> None:
    enrolment = begin(world)
    invite(world, enrolment)
    assert testimony.mail_due(world.runtime, world.centre.id, enrolment.id) == 1
    assert testimony.mail_due(world.runtime, world.centre.id, enrolment.id) == 0
    invite(world, enrolment)
    assert testimony.mail_due(world.runtime, world.centre.id, enrolment.id) == 0, "too soon"
    world.clock.forward(minutes=10)
    assert testimony.mail_due(world.runtime, world.centre.id, enrolment.id) == 1
    first, second = (text for _, _, text in world.outbox.sent)
    assert first != second


def test_nobody_is_mailed_in_vain(world: World) -> None:
    enrolment = begin(world)
    invite(world, enrolment)
    world.clock.forward(days=30)
    assert testimony.mail_due(world.runtime, world.centre.id, enrolment.id) == 0, "expired"
    invite(world, enrolment)
    world.change(enrolment, state="on-break")
    assert testimony.mail_due(world.runtime, world.centre.id, enrolment.id) == 0, "on a break"


def test_who_wrote_a_part_does_not_review_its_departures(world: World) -> None:
    both = (Role.ASSESSOR, Role.INTERNAL_VERIFIER)
    author = world.person("Bo Both", *both)
    verifying = world.authorisation(role=Role.INTERNAL_VERIFIER)
    world.authorise(author.membership, verifying)
    author = world.actor(author.id)
    world.module = world.publish(CONTRIBUTED_MODULE)
    enrolment = world.enrol(assessor_id=author.id)
    why = {"consent": "She was asleep."}
    draft = observe(world, enrolment, actor=author, values={"asked": False}, reasons=why)
    sign_observation(world, enrolment, draft.etag, actor=author)
    invite(world, enrolment)
    bear_witness(world, mailed(world, enrolment))
    world.sign(enrolment, PAGE)
    world.reassign(enrolment, world.assessor.id)
    with pytest.raises(Forbidden) as refusal:
        world.review_departures(enrolment, PAGE, actor=author)
    assert refusal.value.code == "own-work"
    assert world.review_departures(enrolment, PAGE).by == world.verifier.id


def test_more_than_is_kept_of_a_part_is_refused_in_words(world: World) -> None:
    """An item of the table takes 400 KiB."""
    more = "".join(f"- **More**: {{#more-{n} type: text}}\n" for n in range(20))
    field = "- **Asked first**"
    source = CONTRIBUTED_MODULE.replace(field, more + field).replace("files: 0-2", "files: 0-20")
    world.module = world.publish(source)
    enrolment = world.enrol()
    of = {"candidate_id": world.candidate.id, "created_by": world.assessor.id}
    files = tuple(captioned(world.runtime, world.centre.id, **of).id for _ in range(20))
    texts = {f"more-{n}": noise(19_500) for n in range(20)}
    shown = observe(world, enrolment, values=texts, attachments=files).etag
    with pytest.raises(Invalid) as refusal:
        sign_observation(world, enrolment, shown)
    assert refusal.value.code == "too-much-to-sign"
    assert stands(world, enrolment).number == 0
