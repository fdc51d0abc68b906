"""No answer to a candidate holds a key or guidance, whatever they ask for."""

import json
from typing import Any

from chalicelib.api.http import OPERATIONS
from chalicelib.domain.access import Actor
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.people import Role
from chalicelib.usecases import enrolments
from tests.api.door import (
    SIGNATURE,
    Door,
    Reply,
    attempt_path,
    centre_path,
    mail,
    page_path,
    sign,
)

KEPT_BACK = {"key", "guidance", "right", "tests", "excluded", "accepted"}
PLANTED = "PLANTED-GUIDANCE"


def members(value: Any) -> set[str]:
    """Collect the name of every member that is not null, however deep."""
    match value:
        case dict():
            filled = {name for name, inner in value.items() if inner is not None}
            return filled | {name for inner in value.values() for name in members(inner)}
        case list():
            return {name for inner in value for name in members(inner)}
        case _:
            return set()


def ask_for_everything(door: Door, who: Actor, enrolment: Enrolment) -> list[Reply]:
    """Send every request there is, with what the candidate would send of it."""
    world, before = door.world, len(door.replies)
    evidence = world.start_upload(b"Noted.", who).attachment
    ids = {
        "centre_id": enrolment.centre_id,
        "enrolment_id": enrolment.id,
        "module_id": enrolment.module_id,
        "version": 1,
        "number": 1,
        "item_id": "plan-s1",
        "person_id": who.id,
        "webhook_id": enrolment.id,
        "export_id": enrolment.id,
        "plan_id": enrolment.id,
        "visit_id": enrolment.id,
        "attachment_id": evidence.id,
        "upload_id": evidence.id,
    }
    for page in world.module.pages:
        for each in OPERATIONS:
            if not each.rule.signed_in:
                continue
            path = each.path.format(**ids, page_id=page.id)
            etag = door.send("GET", page_path(enrolment, page.id), who).headers.get("etag", "")
            body: Any = {
                "saveDraft": {"answers": world.answers(page.id)},
                "signPage": SIGNATURE,
                "judgePage": {"content_hash": "0" * 64, "competent": True, "initials": "ZN"},
                "createEnrolment": {
                    "candidate_id": who.id,
                    "assessor_id": world.assessor.id,
                    "module_id": enrolment.module_id,
                    "module_version": 1,
                },
                "changeEnrolment": {"assessor_id": world.assessor.id},
                "publishModule": {"source": world.source},
            }.get(each.id)
            door.send(each.method, path, who, body, if_match=etag)
    return door.replies[before:]


def has_no_key(replies: list[Reply]) -> None:
    """Check what a candidate got, and that it was not just refusals."""
    assert len([reply for reply in replies if reply.status < 300]) > 10
    for reply in replies:
        assert PLANTED not in reply.text, reply.operation
        if reply.media.endswith("json"):
            assert not members(json.loads(reply.text)) & KEPT_BACK, reply.operation


def test_a_candidate_who_works_never_gets_a_key(door: Door, enrolment: Enrolment) -> None:
    has_no_key(ask_for_everything(door, door.world.candidate, enrolment))


def test_nor_when_all_is_judged_and_certified(door: Door, enrolment: Enrolment) -> None:
    world = door.world
    for page in world.module.pages:
        world.judge(enrolment, world.sign(enrolment, page.id), competent=False, feedback="No.")
    has_no_key(ask_for_everything(door, world.candidate, enrolment))
    for page in world.module.pages:
        if (
            door.done("GET", page_path(enrolment, page.id), world.candidate).json["state"]
            != "signed"
        ):
            world.sign(enrolment, page.id)
    for attempt in enrolments.attempts(door.runtime, enrolment):
        if attempt.waiting:
            world.judge(enrolment, attempt)
    assert world.finalise(enrolment)
    replies = ask_for_everything(door, world.candidate, enrolment)
    assert "getCertificate" in {reply.operation for reply in replies if reply.status == 200}
    has_no_key(replies)


def test_nor_does_a_candidate_who_assesses_others(door: Door) -> None:
    """Somebody who is also a candidate sees no key through the API, whatever else they are."""
    world = door.world
    both = world.person("Bo Both", Role.CANDIDATE, Role.ASSESSOR, Role.ADMINISTRATOR)
    own = world.enrol(candidate_id=both.id)
    others = world.enrol(assessor_id=both.id)
    has_no_key(ask_for_everything(door, both, own))
    has_no_key(ask_for_everything(door, both, others))


def test_nor_does_the_link_of_one(door: Door) -> None:
    """Their own pages are judged without the key that they would meet as a candidate."""
    world = door.world
    both = world.person("Bo Both", Role.CANDIDATE, Role.ASSESSOR)
    enrolment = world.enrol(assessor_id=both.id)
    sign(door, enrolment, "plan-2")
    opened = door.send("GET", mail(door, enrolment, "plan-2"))
    assert opened.status == 200
    assert "PLANTED-GUIDANCE" not in opened.text
    assert "The right answer" not in opened.text
    assert "Chosen, " not in opened.text


def test_assessors_get_key_and_guidance(door: Door, enrolment: Enrolment) -> None:
    """The tests above prove something: what is planted is there to be seen."""
    world = door.world
    path = f"{centre_path(door)}/modules/{enrolment.module_id}/versions/1"
    for who in (world.assessor, world.administrator, world.verifier):
        for seen in (
            door.done("GET", path, who),
            door.done("GET", page_path(enrolment, "kn-1"), who),
        ):
            assert PLANTED in seen.text
            assert "guidance" in members(seen.json)


def test_digests_that_candidates_see_do_not_cover_the_key(door: Door) -> None:
    """Two modules that differ in key and guidance alone have the same digests."""
    first, other = (documents(door, source) for source in (door.world.source, other_key(door)))
    assert first["page_digest"] == other["page_digest"]


def other_key(door: Door) -> str:
    """Mark another option of the choice item right, and give other guidance."""
    source = door.world.source.replace("- [x] PLANTED", "- [ ] PLANTED")
    return source.replace("- [ ] I looked", "- [x] I looked").replace(PLANTED, "OTHER")


def documents(door: Door, source: str) -> dict[str, Any]:
    world = door.world
    changed = source.replace("id: moving-people", f"id: m{abs(hash(source))}")
    world.module = world.publish(changed)
    enrolment = world.enrol()
    attempt = world.sign(enrolment, "plan-2")
    read = door.done("GET", attempt_path(enrolment, attempt), world.candidate)
    document: dict[str, Any] = read.json["document"]
    return document
