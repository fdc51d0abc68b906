"""Many candidates are enrolled at once: nobody twice, nothing overwritten, all errors at once."""

from typing import Any

from chalicelib.domain.access import Actor
from chalicelib.domain.details import Details
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.people import Role
from chalicelib.usecases import enrolments, memberships
from tests.api.door import Door, Reply, centre_path
from tests.api.test_imports import counts
from tests.world import SHORT_MODULE, request

HEAD = "candidate,assessor,module_id,module_version,due_on,occurred_on"


def send(door: Door, *lines: str, **more: Any) -> Reply:
    body = {"csv": "\n".join([HEAD, *lines]), "dry_run": False} | more
    path = f"{centre_path(door)}/enrolments/imports"
    return door.done("POST", path, door.world.administrator, body)


def learner(door: Door, name: str, number: str) -> Actor:
    world = door.world
    details = Details(name=name, roles=frozenset({Role.CANDIDATE}), learner_number=number)
    made = memberships.add_person(
        world.runtime, world.administrator, details, request(world.administrator)
    )
    return world.actor(made.member.membership.person_id)


def three(door: Door) -> tuple[str, ...]:
    """Name the people of three lines in the three ways that there are."""
    world = door.world
    other = world.person("Otto Other", Role.CANDIDATE)
    learner(door, "Lea Rner", "L-1")
    assessor = world.assessor
    return (
        f"{world.candidate.id},{assessor.membership.address.upper()},moving-people,1,2026-06-30,",
        f"{other.membership.address},{assessor.id},moving-people,1,,2026-02-27",
        f"L-1,{assessor.id},moving-people,1,,",
    )


def test_a_dry_run_enrols_nobody_and_the_same_list_again_changes_nothing(door: Door) -> None:
    lines = three(door)
    written = door.written.count
    dry = send(door, *lines, dry_run=True)
    assert (counts(dry), dry.json["applied"]) == ((3, 0, 0, 0), False)
    assert door.written.count == written + 1, "the request, to be known again"

    first = send(door, *lines[:1])
    rest = send(door, *lines)
    assert (counts(first), counts(rest)) == ((1, 0, 0, 0), (2, 1, 0, 0))
    ids = [line["enrolment_id"] for line in rest.json["lines"]]
    written = door.written.count
    again = send(door, *lines)
    assert counts(again) == (0, 3, 0, 0)
    assert [line["enrolment_id"] for line in again.json["lines"]] == ids
    assert door.written.count == written + 1

    path = f"{centre_path(door)}/enrolments"
    shown = [door.done("GET", f"{path}/{each}", door.world.administrator).json for each in ids]
    assert [each["due_on"] for each in shown] == ["2026-06-30", None, None]
    assert [each["occurred_on"] for each in shown] == [None, "2026-02-27", None]
    assert {each["created_by"] for each in shown} == {door.world.administrator.id}
    assert door.done("GET", path, door.world.assessor).json["items"]


def test_an_old_list_undoes_nothing(door: Door) -> None:
    world = door.world
    lines = three(door)
    ids = [line["enrolment_id"] for line in send(door, *lines).json["lines"]]
    second = world.person("Sam Second", Role.ASSESSOR)

    first = world.change(_load(door, ids[0]), assessor_id=second.id, due_on="2026-07-31")
    world.change(_load(door, ids[1]), state="withdrawn", reason="Has moved away.")
    world.publish(SHORT_MODULE.replace("version: 1", "version: 2"))
    newer = lines[2].replace("moving-people,1", "moving-people,2")
    written = door.written.count
    again = send(door, lines[0], lines[1], newer)
    assert counts(again) == (0, 0, 3, 0)
    assert [line["fields"] for line in again.json["lines"]] == [
        ["assessor", "due_on"],
        ["state"],
        ["module_version"],
    ]
    assert [line["enrolment_id"] for line in again.json["lines"]] == ids
    assert door.written.count == written + 1
    assert _load(door, ids[0]) == first


def test_with_one_error_nobody_is_enrolled_and_all_are_told(door: Door) -> None:
    world = door.world
    both = world.person("Bo Th", Role.CANDIDATE, Role.ASSESSOR)
    learner(door, "Con Fusing", world.candidate.id)
    written = door.written.count
    lea, asa = learner(door, "Lea Rner", "L-1").id, world.assessor.id
    written = door.written.count
    reply = send(
        door,
        f"L-1,{asa},moving-people,1,,",
        f"{lea},{asa},moving-people,1,,",
        f"nobody@example.org,{asa},moving-people,1,,",
        f"{world.candidate.id},{asa},moving-people,1,,",
        f"{both.id},{both.id},moving-people,1,,",
        f"{asa},{lea},moving-people,9,,",
        f"=L-1,{asa},moving-people,1,,",
        f"L-1,{asa},moving#people,one,30/06/2026,",
        f"{both.id},{asa},moving-people,first,,",
    )
    assert not reply.json["applied"]
    assert [(e["line"], e["column"], e["code"]) for e in reply.json["errors"]] == [
        (3, "candidate", "given-twice"),
        (4, "candidate", "unknown-person"),
        (5, "candidate", "different-people"),
        (6, "assessor", "own-work"),
        (7, "candidate", "not-a-candidate"),
        (7, "module_version", "not-published"),
        (7, "assessor", "not-an-assessor"),
        (8, "candidate", "formula"),
        (9, "module_id", "not-published"),
        (10, "module_version", "not-published"),
    ]
    assert door.written.count == written + 1
    early = send(door, f"{lea},{asa},moving-people,1,,2026-03-03")
    assert [(e["column"], e["code"]) for e in early.json["errors"]] == [
        ("occurred_on", "impossible-date")
    ]


def test_somebody_who_was_quicker_is_left_for_the_next_time(door: Door) -> None:
    world = door.world
    lines = three(door)
    world.table.interruption = world.enrol
    cut = send(door, *lines)
    assert counts(cut) == (2, 0, 0, 1)
    assert [line["outcome"] for line in cut.json["lines"]] == ["failed", "created", "created"]
    assert counts(send(door, lines[1], lines[2])) == (0, 2, 0, 0)


def test_people_of_another_centre_are_nobody(door: Door) -> None:
    world = door.world
    elsewhere = world.new_centre("Hilltop Care Training")
    there = world.person("Siân there", Role.CANDIDATE, centre=elsewhere, address="s@example.org")
    for named in (there.id, "s@example.org"):
        reply = send(door, f"{named},{world.assessor.id},moving-people,1,,")
        assert [each["code"] for each in reply.json["errors"]] == ["unknown-person"]


def test_looking_a_list_up_costs_little(door: Door) -> None:
    world = door.world
    lines = three(door)
    send(door, *lines)
    world.calls.take()
    send(door, *lines)
    calls = world.calls.take()
    assert calls.count("BatchGetItem") == 3, "the people, their places, and what is open"
    assert calls.count("Query") == 0


def _load(door: Door, enrolment_id: str) -> Enrolment:
    return enrolments.load(door.runtime, door.world.centre.id, enrolment_id)
