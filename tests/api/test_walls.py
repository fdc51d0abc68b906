"""Walls: what an actor may not see is not found, with the same answer as what is not there."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.api.http import OPERATIONS, Operation
from chalicelib.domain.access import Actor
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.people import Centre, Role
from chalicelib.storage import keys
from chalicelib.storage.changes import create
from tests.api import tokens
from tests.api.door import SIGNATURE, Door, mail, sign
from tests.world import ISSUER, SHORT_MODULE

NOWHERE, NOBODY = "01" * 13, "02" * 13  # look like ids, and are none
NO_IDS = {"enrolment_id": NOWHERE, "module_id": NOWHERE}
OF_A_CENTRE = [each for each in OPERATIONS if "{centre_id}" in each.path]
OF_SOMETHING = [each for each in OF_A_CENTRE if each.path.count("{") > 1]
OF_AN_ENROLMENT = [each for each in OF_A_CENTRE if "{enrolment_id}" in each.path]
BODIES: dict[str, Any] = {
    "publishModule": {"source": SHORT_MODULE.replace("id: moving-people", "id: resting")},
    "createEnrolment": {
        "candidate_id": NOWHERE,
        "assessor_id": NOBODY,
        "module_id": "moving-people",
        "module_version": 1,
    },
    "changeEnrolment": {"assessor_id": NOBODY},
    "saveDraft": {"answers": {}},
    "signPage": SIGNATURE,
    "recordVerification": {
        "enrolment_id": NOWHERE,
        "page_id": "kn-1",
        "attempt": 1,
        "outcome": "upheld",
    },
    "countersign": {},
    "setAside": {"reason": "Not enough."},
    "judgePage": {"content_hash": "0" * 64, "competent": True, "initials": "AE"},
}


@pytest.fixture(scope="module")
def work(shared: Door, standing: Enrolment) -> dict[str, str]:
    """Sign and judge every page, and certify it: there is something behind every route."""
    world = shared.world
    world.complete(standing)
    assert world.finalise(standing)
    return {
        "centre_id": standing.centre_id,
        "enrolment_id": standing.id,
        "page_id": "kn-1",
        "number": "1",
        "module_id": standing.module_id,
        "version": "1",
    }


@pytest.fixture(scope="module")
def elsewhere(shared: Door) -> Centre:
    return shared.world.new_centre("Hilltop Care Training")


def ask(door: Door, each: Operation, who: Actor, ids: Mapping[str, str]) -> str:
    """Send what an operation takes, and return the answer, but for the address in it."""
    path = each.path.format(**ids)
    body = BODIES.get(each.id)
    assert (body is None) == (each.body is None), f"a body for {each.id}"
    written = door.written.count
    reply = door.send(each.method, path, who, body, if_match='"0"')
    assert door.written.count == written
    answer = re.sub(r'"instance": "[^"]*"', "", reply.text)
    return f"{reply.status} {answer} {sorted(reply.headers.items())}"


def others(door: Door, at: Centre) -> Iterator[Actor]:
    """Make one person for every role, and one for all, at a centre."""
    for role in Role:
        yield door.world.person(f"{role} of {at.name}", role, centre=at)
    yield door.world.person(f"All of {at.name}", *Role, centre=at)


@pytest.fixture(scope="module")
def strangers(shared: Door, elsewhere: Centre) -> list[Actor]:
    return list(others(shared, elsewhere))


def not_found(door: Door, each: Operation, who: Actor, work: dict[str, str]) -> None:
    """Check that what is there is not told from a centre that is nowhere."""
    there = ask(door, each, who, work)
    nowhere = ask(door, each, who, work | {"centre_id": NOWHERE})
    assert there.startswith("404 ")
    assert there == nowhere


@pytest.mark.parametrize("each", OF_A_CENTRE, ids=lambda each: each.id)
def test_nothing_of_a_centre_is_visible_from_another(
    shared: Door, each: Operation, work: dict[str, str], strangers: list[Actor]
) -> None:
    for who in strangers:
        not_found(shared, each, who, work)


@pytest.mark.parametrize("each", OF_SOMETHING, ids=lambda each: each.id)
def test_the_ids_of_another_centre_are_nobodys_at_ones_own(
    shared: Door, each: Operation, work: dict[str, str], strangers: list[Actor]
) -> None:
    own = {"centre_id": strangers[0].centre_id}
    for who in strangers:
        there = ask(shared, each, who, work | own)
        nowhere = ask(shared, each, who, work | own | NO_IDS)
        assert there == nowhere
        assert there.startswith("404 ") or "role-not-allowed" in there


@pytest.fixture(scope="module")
def former(shared: Door) -> list[Actor]:
    """Make people of every role, whose memberships end while the function is warm."""
    world = shared.world
    start, end = world.clock() - timedelta(days=9), world.clock() + timedelta(seconds=1)
    people = [
        world.person(f"{role} until now", role, valid_from=start, valid_until=end) for role in Role
    ]
    world.clock.forward(seconds=1)
    return people


@pytest.mark.parametrize("each", OF_A_CENTRE, ids=lambda each: each.id)
def test_a_membership_that_has_ended_opens_nothing(
    shared: Door, each: Operation, work: dict[str, str], former: list[Actor]
) -> None:
    for who in former:
        not_found(shared, each, who, work)


@pytest.fixture(scope="module")
def colleagues(shared: Door) -> list[Actor]:
    """Make people of the same centre who have no part in the enrolment."""
    roles = (Role.CANDIDATE, Role.ASSESSOR, Role.EXTERNAL_VERIFIER)
    return [shared.world.person(f"Another {role}", role) for role in roles]


@pytest.mark.parametrize("each", OF_AN_ENROLMENT, ids=lambda each: each.id)
def test_colleagues_find_no_enrolment_that_is_not_theirs(
    shared: Door, each: Operation, work: dict[str, str], colleagues: list[Actor]
) -> None:
    for who in colleagues:
        there = ask(shared, each, who, work)
        nowhere = ask(shared, each, who, work | NO_IDS)
        assert there == nowhere
        assert there.startswith("404 ") or "role-not-allowed" in there


def test_a_candidate_here_who_is_an_administrator_there(
    shared: Door, work: dict[str, str], elsewhere: Centre
) -> None:
    """The powers of somebody's membership end at its centre."""
    world = shared.world
    who = world.person("Cam Bination", Role.CANDIDATE)
    there = world.person("Cam Bination", Role.ADMINISTRATOR, centre=elsewhere)
    assert there.id == who.id
    me = shared.done("GET", "/v1/me", who).json
    assert {each["centre_id"]: each["roles"] for each in me["memberships"]} == {
        work["centre_id"]: ["candidate"],
        elsewhere.id: ["administrator"],
    }
    base = f"/v1/centres/{work['centre_id']}"
    shared.refused("not-found", "GET", f"{base}/enrolments/{work['enrolment_id']}", who)
    shared.refused("role-not-allowed", "POST", f"{base}/modules", who, BODIES["publishModule"])
    assert (
        "PLANTED-GUIDANCE"
        not in shared.done("GET", f"{base}/modules/moving-people/versions/1", who).text
    )
    modules = f"/v1/centres/{elsewhere.id}/modules"
    assert shared.send("POST", modules, who, BODIES["publishModule"]).status == 201


def test_an_identity_opens_nothing_where_it_is_not_linked(shared: Door, elsewhere: Centre) -> None:
    """An administrator cannot become somebody else elsewhere by linking an identity to them."""
    world = shared.world
    victim = world.person("Vic Tim", Role.ADMINISTRATOR)
    world.person("Vic Tim", Role.CANDIDATE, centre=elsewhere)
    own = keys.identity(ISSUER.issuer, "Mal Icious", elsewhere.id)
    shared.runtime.table.write(create(own, {"person_id": victim.id}))
    malicious = tokens.token("Mal Icious")
    me = shared.send("GET", "/v1/me", malicious).json
    assert [each["centre_id"] for each in me["memberships"]] == [elsewhere.id]
    path = f"/v1/centres/{world.centre.id}/modules/moving-people/versions/1"
    shared.refused("not-found", "GET", path, malicious)


def test_people_of_another_centre_cannot_be_enrolled(shared: Door, strangers: list[Actor]) -> None:
    world = shared.world
    path = f"/v1/centres/{world.centre.id}/enrolments"
    body = BODIES["createEnrolment"]
    unknown = shared.refused("invalid-enrolment", "POST", path, world.administrator, body)
    for stranger in strangers:
        named = body | {"candidate_id": stranger.id}
        refusal = shared.refused("invalid-enrolment", "POST", path, world.administrator, named)
        assert refusal.json["errors"] == unknown.json["errors"]
        named = body | {"assessor_id": stranger.id}
        refusal = shared.refused("invalid-enrolment", "POST", path, world.administrator, named)
        assert refusal.json["errors"] == unknown.json["errors"]


def test_a_link_does_not_cross_the_wall(shared: Door, elsewhere: Centre) -> None:
    """An assessor of both centres gets a link for each page, and each opens its own alone."""
    world = shared.world
    enrolment = world.enrol(candidate_id=world.candidate.id)
    receipt = sign(shared, enrolment, "plan-1")
    link = mail(shared, enrolment, "plan-1")
    assert shared.send("GET", link).status == 200
    body = {"content_hash": receipt.json["content_hash"], "competent": True, "initials": "AE"}
    path = f"/v1/centres/{elsewhere.id}/enrolments/{enrolment.id}/pages/plan-1/attempts/1"
    shared.refused("not-found", "POST", f"{path}/judgements", world.assessor, body)
