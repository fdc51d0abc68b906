"""The audit trail and the keys, as the API shows them."""

import rfc8785

from chalicelib.domain.people import Role
from chalicelib.usecases import trail
from tests.api.door import Door, centre_path
from tests.trails import check_chain, check_heads


def test_a_trail_is_read_page_by_page_as_it_is_in_the_chain(door: Door) -> None:
    world = door.world
    enrolment = world.enrol()
    world.complete(enrolment)
    of = (world.runtime, world.centre.id, enrolment.id)
    trail.catch_up(*of)
    trail.anchor(*of)
    path = f"{centre_path(door)}/enrolments/{enrolment.id}/trail"
    found, cursor = list[bytes](), ""
    for _ in range(4):
        page = door.done("GET", f"{path}?limit=2{cursor}", world.verifier).json
        found += (rfc8785.dumps(entry) for entry in page["items"])
        cursor = f"&cursor={page['next']}"
    assert page["next"] is None
    recorded = trail.read(*of)
    assert b"".join(line + b"\n" for line in found) == recorded.lines
    assert len(check_chain(recorded.lines)) == 7


def test_nobody_reads_what_was_found_of_their_own_work(door: Door) -> None:
    world = door.world
    world.candidate = world.person("Vera Both", Role.CANDIDATE, Role.INTERNAL_VERIFIER)
    path = f"{centre_path(door)}/enrolments/{world.enrol().id}/trail"
    door.refused("own-work", "GET", path, world.candidate)
    door.done("GET", path, world.verifier)


def test_the_keys_are_those_that_heads_are_signed_with(door: Door) -> None:
    world = door.world
    enrolment = world.enrol()
    of = (world.runtime, world.centre.id, enrolment.id)
    trail.catch_up(*of)
    trail.anchor(*of)
    reply = door.send("GET", "/v1/keys")
    assert reply.headers["cache-control"] == "public, max-age=3600"
    (key,) = reply.json["keys"]
    recorded = trail.read(*of)
    assert check_heads(recorded.heads, recorded.lines, key)
