"""Contributions and testimony: what happens to them at once."""

from dataclasses import replace

from chalicelib.domain.attempts import Signature
from chalicelib.domain.contributions import Contribution
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.people import Role
from chalicelib.storage import keys
from chalicelib.storage.changes import Put, Update
from chalicelib.usecases import contributions, pages, testimony
from chalicelib.usecases.testimony import Account
from tests.contributions import (
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
from tests.usecases.scenarios import Conditioned, refusals
from tests.world import World

TESTIMONY = Account(TESTIFIED_ANSWER, "Nurse", Signature("1", "Wanda Witness"))


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


CONDITIONS: list[Conditioned] = [
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
