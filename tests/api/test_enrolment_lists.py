"""Lists of enrolments: whose, in which order, and what walking through a long one costs."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from chalicelib.domain.access import Actor
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.people import Role
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Change, Put, Update
from tests.api.door import Door, Reply, centre_path
from tests.world import SHORT_MODULE

MANY = 250


def listed(door: Door, who: Actor, query: str = "") -> Reply:
    return door.done("GET", f"{centre_path(door)}/enrolments{query}", who)


def ids(reply: Reply) -> list[str]:
    return [each["id"] for each in reply.json["items"]]


def walk(door: Door, who: Actor, query: str) -> Iterator[Reply]:
    """Follow `next` to the end."""
    page = listed(door, who, query)
    yield page
    while page.json["next"]:
        page = listed(door, who, f"{query}&cursor={page.json['next']}")
        yield page


def test_everybody_sees_what_is_theirs(door: Door) -> None:
    world = door.world
    other = world.person("Otto Other", Role.CANDIDATE)
    second = world.person("Sec Ond", Role.ASSESSOR)
    first = world.enrol(due_on=None)
    world.clock.forward(hours=1)
    last = world.enrol(candidate_id=other.id, assessor_id=second.id)
    for who in (world.administrator, world.verifier):
        assert ids(listed(door, who)) == [last.id, first.id]
        assert ids(listed(door, who, f"?candidate_id={other.id}")) == [last.id]
        assert ids(listed(door, who, f"?assessor_id={world.assessor.id}")) == [first.id]
    for who, own, name in (
        (world.candidate, first, "candidate_id"),
        (world.assessor, first, "assessor_id"),
        (other, last, "candidate_id"),
        (second, last, "assessor_id"),
    ):
        assert ids(listed(door, who)) == [own.id]
        assert ids(listed(door, who, f"?{name}={who.id}")) == [own.id]
    assert listed(door, second).json["items"][0] == {
        "id": last.id,
        "candidate_id": other.id,
        "candidate_name": "Otto Other",
        "assessor_id": second.id,
        "assessor_name": "Sec Ond",
        "module_id": "moving-people",
        "module_version": 1,
        "module_title": "Moving people safely",
        "state": "active",
        "created_at": "2026-03-02T10:30:00Z",
        "due_on": None,
        "completed_at": None,
        "renews": None,
    }


def test_who_is_candidate_and_assessor_sees_either(door: Door) -> None:
    world = door.world
    both = world.person("Bo Th", Role.CANDIDATE, Role.ASSESSOR)
    studied = world.enrol(candidate_id=both.id)
    judged = world.enrol(assessor_id=both.id)
    assert ids(listed(door, both)) == [studied.id]
    assert ids(listed(door, both, f"?candidate_id={both.id}")) == [studied.id]
    assert ids(listed(door, both, f"?assessor_id={both.id}")) == [judged.id]


def test_nobody_lists_what_is_somebody_elses(door: Door) -> None:
    world = door.world
    path = f"{centre_path(door)}/enrolments"
    for who, query in (
        (world.candidate, f"?candidate_id={world.assessor.id}"),
        (world.candidate, f"?assessor_id={world.assessor.id}"),
        (world.candidate, f"?assessor_id={world.candidate.id}"),
        (world.assessor, f"?candidate_id={world.candidate.id}"),
        (world.assessor, f"?candidate_id={world.assessor.id}"),
        (world.assessor, f"?assessor_id={world.administrator.id}"),
    ):
        door.refused("role-not-allowed", "GET", path + query, who)
    unvisited = world.person("Exa Miner", Role.EXTERNAL_VERIFIER)
    assert door.done("GET", path, unvisited).json == {"items": [], "next": None}


def test_questions_that_do_not_fit(door: Door) -> None:
    refused = {
        "?limit=10000": ("?limit", "less-than-equal"),
        "?limit=0": ("?limit", "greater-than-equal"),
        "?state=asleep": ("?state", "enum"),
        "?candidate_id=a%23b": ("?candidate_id", "string-pattern-mismatch"),
        "?candidate_id=a&assessor_id=b": ("?assessor_id", "one-too-many"),
        "?cursor=IQ": ("?cursor", "unknown-cursor"),
        "?cursor=!": ("?cursor", "unknown-cursor"),
    }
    for query, flaw in refused.items():
        path = f"{centre_path(door)}/enrolments{query}"
        refusal = door.refused("invalid-query", "GET", path, door.world.administrator)
        assert list(refusal.flaws.items()) == [flaw]


def test_a_name_is_shown_as_it_is_now(door: Door) -> None:
    world = door.world
    world.enrol()
    key = keys.membership(world.candidate.id, world.centre.id)
    world.table.write(Update(key, set={"name": "Zoë Okafor"}))
    (found,) = listed(door, world.administrator).json["items"]
    assert found["candidate_name"] == "Zoë Okafor"


def test_a_long_list_is_walked_at_the_same_cost_from_end_to_end(door: Door) -> None:
    world = door.world
    expected = enrol_many(door, world.enrol())
    door.done("GET", "/v1/me", world.administrator)  # warm: who they are has been read
    world.calls.take()
    found, costs = list[str](), set[tuple[str, ...]]()
    for page in walk(door, world.administrator, "?limit=50"):
        found += ids(page)
        costs.add(tuple(world.calls.take()))
    assert found == expected
    assert costs == {("Query", "BatchGetItem", "BatchGetItem")}

    found = [one for page in walk(door, world.administrator, "?limit=100") for one in ids(page)]
    assert found == expected
    assert world.calls.take().count("Query") == 3


def test_a_state_leaves_out_what_stands_elsewhere(door: Door) -> None:
    world = door.world
    first = world.enrol()
    world.table.write(Update(keys.enrolment(world.centre.id, first.id), set={"state": "on-break"}))
    world.publish(SHORT_MODULE.replace("id: moving-people", "id: resting"))
    second = world.enrol(module_id="resting")
    pages = list(walk(door, world.candidate, "?limit=1&state=on-break"))
    assert [ids(page) for page in pages] == [[], [first.id]]
    assert ids(listed(door, world.candidate, "?state=active")) == [second.id]


def enrol_many(door: Door, first: Enrolment) -> list[str]:
    """Put many enrolments of one candidate each into the table; return all ids, newest first."""
    world = door.world
    changes: list[Change] = []
    made = [first.id]
    for number in range(1, MANY):
        more: Any = {"id": world.runtime.new_id(), "candidate_id": f"candidate-{number}"}
        enrolment = replace(first, **more)
        made.append(enrolment.id)
        changes += [
            Put(keys.enrolment(world.centre.id, enrolment.id), items.from_enrolment(enrolment)),
            Put(keys.centre_enrolment(world.centre.id, enrolment.id), {}),
            Put(keys.membership(enrolment.candidate_id, world.centre.id), {"name": str(number)}),
        ]
    for change in changes:  # one by one: moto copies its tables for every transaction
        world.table.write(change)
    return sorted(made, reverse=True)
