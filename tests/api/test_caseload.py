"""A caseload is a file that spreadsheets open and do not execute; long ones come in pages."""

import csv
import re
from urllib.parse import urljoin

from chalicelib.domain.access import Actor
from chalicelib.domain.people import Role
from chalicelib.storage import keys
from chalicelib.storage.changes import Delete, Update
from tests.api.door import Door, Reply, centre_path

NEXT = re.compile(r'<([^>]+)>; rel="next"')


def export(door: Door, who: Actor, query: str = "") -> Reply:
    return door.done("GET", f"{centre_path(door)}/caseload{query}", who)


def lines(reply: Reply) -> list[dict[str, str]]:
    assert reply.text.startswith("\ufeffenrolment_id,")
    assert reply.text.count("\n") == reply.text.count("\r\n")
    return list(csv.DictReader(reply.text.removeprefix("\ufeff").splitlines()))


def test_a_line_has_the_names_the_numbers_and_the_progress(door: Door) -> None:
    world = door.world
    enrolment = world.enrol()
    world.judge(enrolment, world.sign(enrolment, "plan-1"))
    back = world.sign(enrolment, "plan-2")
    world.judge(enrolment, back, competent=False, feedback="Say more.")
    key = keys.membership(world.candidate.id, world.centre.id)
    world.table.write(Update(key, set={"name": '=HYPERLINK("x")', "learner_number": "-17"}))
    reply = export(door, world.assessor)
    assert reply.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert reply.headers["content-disposition"] == 'attachment; filename="caseload.csv"'
    assert "link" not in reply.headers
    assert lines(reply) == [
        {
            "enrolment_id": enrolment.id,
            "candidate_id": world.candidate.id,
            "candidate_name": '\'=HYPERLINK("x")',
            "learner_number": "'-17",
            "assessor_id": world.assessor.id,
            "assessor_name": "Asa Essor",
            "module_id": "moving-people",
            "module_version": "1",
            "module_title": "Moving people safely",
            "state": "active",
            "created_at": "2026-03-02T09:30:00.000Z",
            "due_on": "",
            "completed_at": "",
            "pages": "3",
            "pages_open": "1",
            "pages_signed": "0",
            "pages_not_yet_competent": "1",
            "pages_competent": "1",
        }
    ]


def test_pages_are_linked_and_cost_one_call_more_for_each_enrolment(door: Door) -> None:
    world = door.world
    expected = list[str]()
    for number in range(5):
        world.clock.forward(seconds=1)
        candidate = world.person(f"Candidate {number}", Role.CANDIDATE)
        expected.insert(0, world.enrol(candidate_id=candidate.id).id)
    export(door, world.verifier)  # warm: who they are has been read
    path, found, costs = f"{centre_path(door)}/caseload?limit=2&state=active", [], []
    while path:
        world.calls.take()
        page = door.done("GET", path, world.verifier)
        found += [line["enrolment_id"] for line in lines(page)]
        costs.append(world.calls.take())
        onwards = NEXT.fullmatch(page.headers.get("link", ""))
        path = urljoin(path, onwards[1]) if onwards else ""
    assert found == expected
    once = ["Query", "BatchGetItem", "BatchGetItem"]
    assert costs == [[*once, "Query", "Query"]] * 2 + [[*once, "Query"]]


def test_assessors_see_their_own_alone(door: Door) -> None:
    world = door.world
    enrolment = world.enrol()
    other = world.person("Bo Th", Role.ASSESSOR, Role.CANDIDATE)
    for who in (world.administrator, world.verifier, world.assessor):
        assert [line["enrolment_id"] for line in lines(export(door, who))] == [enrolment.id]
    assert lines(export(door, other)) == []
    assert lines(export(door, world.administrator, f"?assessor_id={other.id}")) == []
    path = f"{centre_path(door)}/caseload"
    theirs = f"{path}?assessor_id={world.assessor.id}"
    door.refused("role-not-allowed", "GET", theirs, other)
    door.refused("role-not-allowed", "GET", path, world.candidate)
    unknown = door.refused("invalid-query", "GET", f"{path}?candidate_id=a", world.administrator)
    assert unknown.flaws == {"?candidate_id": "extra-forbidden"}


def test_a_defect_is_a_problem_for_programs(door: Door) -> None:
    world = door.world
    world.enrol()
    world.table.write(Delete(keys.centre_module(world.centre.id, "moving-people", 1)))
    door.refused("internal-error", "GET", f"{centre_path(door)}/caseload", world.assessor)
