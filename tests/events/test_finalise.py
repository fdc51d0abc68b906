"""One certificate, and only when every page stands."""

from typing import Any

from chalicelib.domain.people import Role
from chalicelib.events import finalise
from chalicelib.storage import keys
from chalicelib.usecases import trail
from tests.events.records import Record, failed, head_record
from tests.world import TABLE, World

Item = dict[str, Any]


def handle(world: World, *records: Record) -> None:
    assert failed(finalise.handle(world.runtime, {"Records": list(records)})) == []


def certificates(world: World) -> list[Item]:
    """Find all certificates there are, by their natural keys, and hold them to their public ids."""
    found = world.client.scan(TableName=TABLE)["Items"]
    issued = [item for item in found if "record" in item]
    public = {item["pk"]["S"] for item in found if item["sk"]["S"] == "CERTIFICATE"}
    assert public == {f"CERTIFICATE#{item['id']['S']}" for item in issued}
    return issued


def test_no_certificate_until_every_page_stands(world: World) -> None:
    enrolment = world.enrol()
    records = [head_record(enrolment, page.id) for page in world.module.pages]
    for page, record in zip(world.module.pages, records, strict=True):
        signed = world.sign(enrolment, page.id)
        handle(world, *records)
        assert certificates(world) == []
        world.judge(enrolment, signed)
        handle(world, record)
    assert len(certificates(world)) == 1


def test_a_returned_page_does_not_count(world: World) -> None:
    enrolment = world.enrol()
    for page in world.module.pages[:2]:
        world.judge(enrolment, world.sign(enrolment, page.id))
    last = world.sign(enrolment, "kn-1")
    world.judge(enrolment, last, competent=False, feedback="Say more.")
    handle(world, *(head_record(enrolment, page.id) for page in world.module.pages))
    assert certificates(world) == []


def test_the_countersigner_makes_it_count(world: World) -> None:
    countersigner = world.person("Cora Countersigner", Role.ASSESSOR)
    held = world.authorisation(countersigner_id=countersigner.id)
    world.assessor = world.person("Tom Trainee", Role.ASSESSOR, authorisation=held)
    enrolment = world.enrol()
    world.complete(enrolment)
    for page in world.module.pages:
        handle(world, *(head_record(enrolment, each.id) for each in world.module.pages))
        assert certificates(world) == []
        world.countersign(enrolment, page.id, actor=countersigner)
    handle(world, *(head_record(enrolment, each.id) for each in world.module.pages))
    assert len(certificates(world)) == 1


def test_a_page_set_aside_in_between_is_judged_again_first(world: World) -> None:
    enrolment = world.enrol()
    world.complete(enrolment)
    handle(world, head_record(enrolment, "plan-1"), head_record(enrolment, "plan-2"))
    world.set_aside(enrolment, "plan-1")
    handle(world, *(head_record(enrolment, page.id) for page in world.module.pages))
    assert certificates(world) == []

    world.judge(enrolment, world.sign(enrolment, "plan-1"))
    handle(world, head_record(enrolment, "plan-1", 2))
    assert len(certificates(world)) == 1


def test_a_page_set_aside_while_it_is_finalised_holds_the_certificate_back(world: World) -> None:
    enrolment = world.enrol()
    world.complete(enrolment)
    records = [head_record(enrolment, page.id) for page in world.module.pages]
    for page in world.module.pages:
        trail.note(world.runtime, keys.head(enrolment.centre_id, enrolment.id, page.id, 1))
    assert trail.covered(world.runtime, enrolment.centre_id, enrolment.id)

    world.table.interruption = lambda: world.set_aside(enrolment, "plan-1")
    handle(world, records[2])
    assert certificates(world) == []


def test_news_of_what_is_not_there_is_no_failure(world: World) -> None:
    enrolment = world.enrol()
    handle(world, head_record(enrolment, "plan-1"), head_record(enrolment, "no-such-page", 7))
    assert certificates(world) == []
