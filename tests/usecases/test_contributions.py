"""What stands of a contribution when others act at once, and who is mailed for one."""

import pytest

from chalicelib.domain.errors import Forbidden, Invalid
from chalicelib.domain.people import Role
from chalicelib.usecases import attempts, pages, testimony
from tests.attachments import captioned, noise
from tests.contributions import (
    CONTRIBUTED_MODULE,
    PAGE,
    begin,
    invite,
    mailed,
    observe,
    sign_observation,
)
from tests.usecases.scenarios.contributions import bear_witness, stands
from tests.world import World


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
