"""Sheets of samples: out to a spreadsheet, and back as verifications, all of them or none."""

import csv
import io
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin

import pytest

from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.people import Role
from chalicelib.storage import keys
from chalicelib.storage.changes import Update
from chalicelib.usecases import people
from tests.api.door import Door, Reply, centre_path
from tests.api.test_imports import counts
from tests.api.test_sampling import choose, draw, make
from tests.sampling import PLAN, judged

ALL = PLAN["rates"] | {"medium": {"rate": 100}}
Rows = list[dict[str, str]]
NEXT = re.compile(r'<([^>]+)>; rel="next"')


def drawn(door: Door) -> str:
    """Make a plan of all there is, draw from it, and return its path."""
    path = make(door, rates=ALL)
    draw(door, path)
    return path


def read(door: Door, path: str, query: str = "") -> Reply:
    return door.done("GET", f"{path}/sheet{query}", door.world.verifier)


def rows(reply: Reply) -> Rows:
    assert reply.text.startswith("\ufeffunit,candidate,")
    assert reply.text.count("\n") == reply.text.count("\r\n")
    return list(csv.DictReader(io.StringIO(reply.text.removeprefix("\ufeff"), newline="")))


def written(filled: Rows, separator: str = ",", end: str = "\r\n") -> str:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(filled[0]), delimiter=separator, lineterminator=end)
    writer.writeheader()
    writer.writerows(filled)
    return file.getvalue()


def send(door: Door, path: str, filled: Rows | str, **more: Any) -> Reply:
    text = filled if isinstance(filled, str) else written(filled)
    body = {"csv": text, "dry_run": False} | more
    return door.done("POST", f"{path}/sheet", door.world.verifier, body)


def errors(reply: Reply) -> list[tuple[int, str, str]]:
    assert not reply.json["applied"]
    return [(each["line"], each["column"], each["code"]) for each in reply.json["errors"]]


def recorded(door: Door) -> list[Any]:
    path = f"{centre_path(door)}/verifications"
    found: list[Any] = door.done("GET", path, door.world.administrator).json["items"]
    return found


def test_a_line_has_what_the_verifier_looks_at(door: Door) -> None:
    world = door.world
    enrolment = judged(world, "kn-1")
    key = keys.membership(world.candidate.id, world.centre.id)
    world.table.write(Update(key, set={"name": '=HYPERLINK("x")'}))
    reply = read(door, drawn(door))
    assert reply.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert reply.headers["content-disposition"] == 'attachment; filename="sample.csv"'
    attempt = f"{centre_path(door)}/enrolments/{enrolment.id}/pages/kn-1/attempts/1"
    shown = door.done("GET", attempt, world.verifier).json
    assert rows(reply) == [
        {
            "unit": f"{enrolment.id}/kn-1/1",
            "candidate": '\'=HYPERLINK("x")',
            "module": "Moving people safely",
            "page": "Questions",
            "attempt": "1",
            "content_hash": shown["content_hash"],
            "assessor": "Asa Essor",
            "method": "token",
            "competent": "Y",
            "outcome": "",
            "note": "",
            "occurred_on": "",
        }
    ]


def test_long_samples_come_in_pages(door: Door) -> None:
    judged(door.world)
    path, found, pages = drawn(door), [], 0
    where = f"{path}/sheet?limit=2"
    while where:
        page = door.done("GET", where, door.world.administrator)
        found += [row["unit"] for row in rows(page)]
        pages += 1
        onwards = NEXT.fullmatch(page.headers.get("link", ""))
        where = urljoin(where, onwards[1]) if onwards else ""
    assert (len(found), pages) == (3, 2)
    assert found == sorted(set(found))


def test_before_the_draw_there_is_what_was_chosen(door: Door) -> None:
    enrolment = judged(door.world)
    path, unit = make(door), f"{enrolment.id}/kn-1/1"
    assert rows(read(door, path)) == []
    choose(door, path, unit)
    filled = rows(read(door, path))
    assert [row["unit"] for row in filled] == [unit]
    filled[0]["outcome"] = "accept"
    assert counts(send(door, path, filled)) == (1, 0, 0, 0)


def test_a_filled_sheet_is_recorded_once(door: Door) -> None:
    world = door.world
    enrolment = judged(world)
    path = drawn(door)
    filled = rows(read(door, path))
    filled[0] |= {"outcome": "accept"}
    filled[2] |= {
        "outcome": "Action-Required",
        "note": "Ask for an example,\nthen look again.",
        "occurred_on": "2026-03-01",
    }
    before = door.written.count
    dry = send(door, path, filled, dry_run=True)
    assert (counts(dry), dry.json["applied"]) == ((2, 0, 0, 0), False)
    assert door.written.count == before + 1, "the request, to be known again"
    assert recorded(door) == []

    done = send(door, path, filled)
    assert (counts(done), done.json["applied"]) == ((2, 0, 0, 0), True)
    assert [each["line"] for each in done.json["lines"]] == [2, 4]
    assert [each["id"] for each in reversed(recorded(door))] == [
        each["verification_id"] for each in done.json["lines"]
    ]
    newest = recorded(door)[0]
    assert (newest["enrolment_id"], newest["outcome"], newest["note"], newest["occurred_on"]) == (
        enrolment.id,
        "action-required",
        "Ask for an example,\nthen look again.",
        "2026-03-01",
    )
    assert newest["verified_by"] == world.verifier.id

    again = send(door, path, filled)
    assert counts(again) == (0, 2, 0, 0)
    assert again.json["lines"][0]["verification_id"] == done.json["lines"][0]["verification_id"]
    filled[0] |= {"outcome": "action-required", "note": "After all."}
    other = send(door, path, filled)
    assert counts(other) == (0, 1, 1, 0)
    assert other.json["lines"][0]["fields"] == ["outcome", "note"]
    assert len(recorded(door)) == 2


def test_two_who_import_one_sheet_at_once_record_it_once(door: Door) -> None:
    judged(door.world)
    path = drawn(door)
    filled = rows(read(door, path))
    for row in filled:
        row["outcome"] = "accept"
    door.world.table.interruption = lambda: send(door, path, filled)
    assert counts(send(door, path, filled)) == (3, 0, 0, 0)
    assert len(recorded(door)) == 3


def excel(text: str) -> str:
    """Save as Excel does in many places: semicolons, a byte order mark, CR LF."""
    return "\ufeff" + written(list(csv.DictReader(io.StringIO(text))), ";")


def libre(text: str) -> str:
    """Save with tabs and line feeds alone."""
    return written(list(csv.DictReader(io.StringIO(text))), "\t", "\n")


def executed(text: str) -> str:
    """Save without the apostrophe that kept a name from being executed."""
    return text.replace("'=", "=")


def fewer(text: str) -> str:
    """Save the columns that count, in another order."""
    kept = ("outcome", "content_hash", "unit")
    return written(
        [{name: row[name] for name in kept} for row in csv.DictReader(io.StringIO(text))]
    )


@pytest.mark.parametrize("saved", [str, excel, libre, executed, fewer])
def test_what_spreadsheets_make_of_it(door: Door, saved: Callable[[str], str]) -> None:
    world = door.world
    judged(world)
    key = keys.membership(world.candidate.id, world.centre.id)
    world.table.write(Update(key, set={"name": "=1+1; Zoë"}))
    path = drawn(door)
    filled = rows(read(door, path))
    for row in filled:
        row["outcome"] = "accept"
    assert counts(send(door, path, saved(written(filled)))) == (3, 0, 0, 0)


def test_with_one_error_nothing_is_recorded_and_all_are_told(door: Door) -> None:
    world = door.world
    enrolment = judged(world)
    judged(world, "kn-1", "plan-1", "plan-2", name="Two")
    other = judged(world, "plan-1", "plan-2", name="Three")
    path = drawn(door)
    filled = sorted(rows(read(door, path)), key=lambda row: row["unit"])
    elsewhere = judged(world, "kn-1", name="Judged later")
    world.set_aside(other, "plan-1")
    aside = next(row for row in filled if row["unit"] == f"{other.id}/plan-1/1")
    wrong = [row | {"outcome": "accept"} for row in filled if row["unit"].startswith(enrolment.id)]
    fine = [row for row in filled if row["unit"].split("/")[0] not in {enrolment.id, other.id}]
    sheet = [
        fine[0] | {"outcome": "accept"},
        fine[0] | {"outcome": "accept"},
        fine[1] | {"outcome": "fine"},
        fine[1] | {"note": "A note alone."},
        fine[1] | {"outcome": "action-required"},
        fine[2] | {"outcome": "accept", "occurred_on": "01/03/2026"},
        fine[2] | {"outcome": "accept", "occurred_on": "2026-03-03"},
        wrong[0] | {"content_hash": "0" * 64},
        wrong[1] | {"unit": f"{elsewhere.id}/kn-1/1"},
        wrong[1] | {"unit": "=1+1"},
        wrong[1] | {"note": "-1"},
        aside | {"outcome": "accept"},
        fine[2] | {"outcome": "accept", "note": "n" * 2001},
    ]
    assert errors(send(door, path, sheet)) == [
        (3, "unit", "given-twice"),
        (4, "outcome", "unknown-outcome"),
        (5, "outcome", "unknown-outcome"),
        (6, "note", "required"),
        (7, "occurred_on", "invalid-date"),
        (8, "occurred_on", "impossible-date"),
        (9, "content_hash", "attempt-changed"),
        (10, "unit", "not-in-sample"),
        (11, "unit", "formula"),
        (12, "note", "formula"),
        (13, "unit", "judgement-changed"),
        (14, "unit", "given-twice"),
    ]
    assert recorded(door) == []
    assert errors(send(door, path, "unit,outcome,score\r\n")) == [
        (1, "score", "unknown-column"),
        (1, "content_hash", "missing"),
    ]


def test_nobody_records_what_they_could_not_record_one_by_one(
    door: Door, enrolment: Enrolment
) -> None:
    world = door.world
    both = world.person("Bo Both", Role.ASSESSOR, Role.INTERNAL_VERIFIER)
    world.authorise(both.membership, world.authorisation(role=Role.INTERNAL_VERIFIER))
    both = world.actor(both.id)
    own = world.enrol(assessor_id=both.id, candidate_id=world.person("Own", Role.CANDIDATE).id)
    world.judge(enrolment, world.sign(enrolment, "kn-1"))
    world.candidate = world.actor(own.candidate_id)
    world.judge(own, world.sign(own, "kn-1"), actor=both)
    path = drawn(door)
    filled = [row | {"outcome": "accept"} for row in rows(read(door, path))]
    world.verifier = both
    (mine,) = (place for place, row in enumerate(filled, 2) if row["unit"].startswith(own.id))
    assert errors(send(door, path, filled)) == [(mine, "unit", "own-work")]
    narrow = world.authorisation(role=Role.INTERNAL_VERIFIER, modules=("resting",))
    world.authorise(both.membership, narrow)
    people.forget_member(door.runtime, world.centre.id, both.id)
    (other,) = (row for row in filled if not row["unit"].startswith(own.id))
    assert errors(send(door, path, [other])) == [(2, "unit", "not-authorised")]
    assert recorded(door) == []


def test_a_sheet_tells_nobody_what_was_found_of_their_own_work(door: Door) -> None:
    world = door.world
    both = world.person("Bo Both", Role.CANDIDATE, Role.INTERNAL_VERIFIER)
    own = world.enrol(candidate_id=both.id)
    world.candidate = both
    world.judge(own, world.sign(own, "kn-1"))
    path = drawn(door)
    world.verify(own, "kn-1", "A second person was not asked.")
    world.verifier = both
    for guess in ({"outcome": "accept"}, {"outcome": "action-required", "note": "Hm."}):
        reply = send(door, path, [row | guess for row in rows(read(door, path))])
        assert errors(reply) == [(2, "unit", "own-work")]


def test_what_was_found_before_the_plan_is_looked_at_anew(door: Door) -> None:
    world = door.world
    enrolment = judged(world, "kn-1")
    world.verify(enrolment, "kn-1", "Ask for an example.")
    world.clock.forward(seconds=1)
    path = drawn(door)
    filled = [row | {"outcome": "accept"} for row in rows(read(door, path))]
    assert counts(send(door, path, filled)) == (1, 0, 0, 0)
    assert [each["outcome"] for each in recorded(door)] == ["upheld", "action-required"]


def test_somebody_who_was_quicker_is_left_for_the_next_time(door: Door) -> None:
    world = door.world
    enrolment = judged(world, "kn-1")
    path = drawn(door)
    filled = [row | {"outcome": "accept"} for row in rows(read(door, path))]
    world.table.interruption = lambda: world.verify(enrolment, "kn-1", "Ask for an example.")
    assert counts(send(door, path, filled)) == (0, 0, 0, 1)
    assert counts(send(door, path, filled)) == (0, 0, 1, 0)


def test_a_sheet_costs_three_calls_a_line(door: Door) -> None:
    world = door.world
    judged(world)
    path = drawn(door)
    filled = [row | {"outcome": "accept"} for row in rows(read(door, path))]
    world.calls.take()
    read(door, path)
    assert world.calls.take() == ["GetItem", "GetItem", *["BatchGetItem"] * 3]
    send(door, path, filled, dry_run=True)
    world.calls.take()
    send(door, path, filled)
    line = ["GetItem", "GetItem", "TransactWriteItems"]
    looked_up = ["GetItem", "GetItem", "GetItem", "BatchGetItem"]
    assert world.calls.take() == [*looked_up, *line * 3, "PutItem"]
