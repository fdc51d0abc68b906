"""Many people are made known at once: nothing twice, nothing overwritten, all errors at once."""

from typing import Any

from chalicelib.domain.people import Role
from chalicelib.usecases.imports import FLAWS_LISTED, import_people
from tests.api.door import Door, Reply
from tests.api.test_people import change, people_path
from tests.world import ISSUER

HEAD = "name,roles,address,issuer,subject,learner_number,registration,qualification"
LINES = (
    f"Siân Kowalska,assessor,sian@example.org,{ISSUER.issuer},sian,,,CAVA",
    "Zoë Nguyễn,candidate,,,,L-1,R-1,",
    "Ann Other,candidate administrator,ann@example.org,,,,,",
)
NEW = 3


def send(door: Door, *lines: str, **more: Any) -> Reply:
    body = {"csv": "\n".join([HEAD, *lines]), "dry_run": False} | more
    return door.done("POST", f"{people_path(door)}/imports", door.world.administrator, body)


def counts(reply: Reply) -> tuple[int, int, int, int]:
    report = reply.json
    return report["created"], report["unchanged"], report["different"], report["failed"]


def test_a_dry_run_writes_nothing_but_its_answer(door: Door) -> None:
    written = door.written.count
    body = {"csv": "\n".join([HEAD, *LINES])}
    path = f"{people_path(door)}/imports"
    dry = door.done("POST", path, door.world.administrator, body)
    assert not dry.json["applied"]
    assert counts(dry) == (NEW, 0, 0, 0)
    assert door.written.count == written + 1, "the request, to be known again"
    assert counts(send(door, *LINES)) == (NEW, 0, 0, 0)


def test_the_same_list_again_changes_nothing(door: Door) -> None:
    first = send(door, *LINES)
    assert first.json["applied"]
    ids = [line["person_id"] for line in first.json["lines"]]
    written = door.written.count
    again = send(door, *LINES)
    assert counts(again) == (0, NEW, 0, 0)
    assert [line["person_id"] for line in again.json["lines"]] == ids
    assert door.written.count == written + 1
    assessor = door.done("GET", people_path(door, ids[0]), door.world.administrator).json
    assert assessor["authorisations"][0]["modules"] == ["*"]
    assert assessor["address_verified_at"] is None


def test_an_import_goes_on_where_one_ended(door: Door) -> None:
    send(door, *LINES[:1])
    assert counts(send(door, *LINES)) == (NEW - 1, 1, 0, 0)


def test_an_old_list_undoes_nothing(door: Door) -> None:
    ids = [line["person_id"] for line in send(door, *LINES).json["lines"]]
    change(door, ids[1], name="Zoë Married", registration="R-2")
    again = send(door, *LINES)
    assert counts(again) == (0, NEW - 1, 1, 0)
    assert again.json["lines"][1]["fields"] == ["name", "registration"]
    shown = door.done("GET", people_path(door, ids[1]), door.world.administrator).json
    assert shown["name"] == "Zoë Married"


def test_with_one_error_nothing_is_done_and_all_are_told(door: Door) -> None:
    written = door.written.count
    reply = send(
        door,
        *LINES,
        "=cmd|' /C calc'!A0,candidate,,,,L-2,,",
        "No Way To Know,candidate,,,,,,",
        "Twice,candidate,SIAN@example.org,,,,,",
        "No Address,assessor,,,,L-3,,",
        "Elsewhere,candidate,,https://elsewhere.example,1,,,",
        "Bad Address,candidate,nobody,,,,,",
    )
    assert not reply.json["applied"]
    assert [(e["line"], e["column"], e["code"]) for e in reply.json["errors"]] == [
        (5, "name", "formula"),
        (6, None, "no-identity"),
        (7, "address", "given-twice"),
        (8, "address", "address-required"),
        (9, "issuer", "unknown-issuer"),
        (10, "address", "invalid-address"),
    ]
    assert door.written.count == written + 1


def test_a_line_that_names_two_people_is_refused(door: Door) -> None:
    send(door, *LINES)
    reply = send(door, "Who,candidate,ann@example.org,,,L-1,,")
    assert [each["code"] for each in reply.json["errors"]] == ["different-people"]


def test_people_of_another_centre_are_not_looked_up(door: Door) -> None:
    world = door.world
    elsewhere = world.new_centre("Hilltop Care Training")
    there = world.person("Siân there", Role.CANDIDATE, centre=elsewhere, address="sian@example.org")
    reply = send(door, *LINES)
    assert counts(reply) == (NEW, 0, 0, 0)
    assert there.id not in [line["person_id"] for line in reply.json["lines"]]


def test_more_errors_than_anybody_reads_are_counted(door: Door) -> None:
    world = door.world
    text = "name,roles\n" + "=1,candidate\n" * 1_000
    report = import_people(
        world.runtime, world.centre.id, None, text.encode(), limit=1_000, apply=True
    )
    assert (len(report.flaws), report.more_flaws) == (FLAWS_LISTED, 1_000 - FLAWS_LISTED)
    too_many = send(door, *(f"Candidate {n},candidate,,,,L-{n},," for n in range(201)))
    assert [each["code"] for each in too_many.json["errors"]] == ["too-many-rows"]
