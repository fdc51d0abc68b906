"""Visits by the API: what an external verifier reads by token, and what is kept of their looks."""

from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib.domain.access import Actor
from chalicelib.domain.attachments import Attachment
from chalicelib.domain.attempts import Attempt
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.people import Role
from chalicelib.domain.visits import Visit
from chalicelib.usecases import attachments, trail, visits
from tests.api.door import Door, Reply, attempt_path, centre_path, page_path
from tests.contributions import CONTRIBUTED_MODULE, PAGE, SEEN
from tests.faults import ENDPOINT, hooked
from tests.visits import body_of, external, facts_of, grant, traces
from tests.world import SHORT_MODULE, request


@dataclass(frozen=True)
class Shown:
    """An enrolment that a visit shows, and one beside it that none does."""

    who: Actor
    visit: Visit
    enrolment: Enrolment
    hidden: Enrolment
    attempt: Attempt
    file: Attachment


@pytest.fixture
def shown(door: Door) -> Shown:
    world = door.world
    enrolment = world.enrol()
    world.judge(enrolment, world.sign(enrolment, "plan-1"))
    attempt = world.sign(enrolment, "kn-1")
    world.judge(enrolment, attempt)
    world.verify(enrolment, "kn-1")
    file = world.attach()
    world.bind(file, enrolment)
    hidden = world.enrol(candidate_id=world.person("Cai Other", Role.CANDIDATE).id)
    who = external(world)
    visit = grant(world, who, enrolment)
    return Shown(who, visit, enrolment, hidden, attempt, file)


def path_of(door: Door, enrolment: Enrolment) -> str:
    return f"{centre_path(door)}/enrolments/{enrolment.id}"


def visit_path(door: Door, visit: Visit) -> str:
    return f"{centre_path(door)}/visits/{visit.id}"


def reads(door: Door, shown: Shown) -> dict[str, str]:
    """Name everything that a visit shows, by operation."""
    base, enrolment = centre_path(door), path_of(door, shown.enrolment)
    return {
        "getEnrolment": enrolment,
        "listAttempts": f"{page_path(shown.enrolment, 'kn-1')}/attempts",
        "getAttempt": attempt_path(shown.enrolment, shown.attempt),
        "getAttachment": f"{base}/attachments/{shown.file.id}",
        "listTrail": f"{enrolment}/trail",
        "listVerifications": f"{base}/verifications?enrolment_id={shown.enrolment.id}",
    }


def listed(reply: Reply) -> list[str]:
    return [each["id"] for each in reply.json["items"]]


def test_what_is_granted_is_read_and_each_look_is_on_record(door: Door, shown: Shown) -> None:
    for operation, path in reads(door, shown).items():
        reply = door.done("GET", path, shown.who)
        assert reply.operation == operation
    kept = traces(door.world, shown.enrolment)
    assert {each["kind"] for each in kept} == {"portfolio.viewed"}
    assert {(each["by"], each["method"]) for each in kept} == {(shown.who.id, "token")}
    assert {each["facts"]["visit_id"] for each in kept} == {shown.visit.id}
    # How it stands, its trail and what was found of it are one look, at the whole of it.
    expected: list[dict[str, Any]] = [
        {},
        {"page_id": "kn-1"},
        {"page_id": "kn-1", "number": 1},
        {"attachment_id": shown.file.id},
    ]
    named = [{"visit_id": shown.visit.id, **each} for each in expected]
    assert sorted(map(str, named)) == sorted(map(str, facts_of(kept)))
    assert {each["on"] for each in kept} == {"", shown.attempt.content_hash, shown.file.sha256}
    for each in kept:
        name = each["sk"].removeprefix("TRACE#")
        assert each["event"] == f"portfolio-viewed:{shown.enrolment.id}:{name}"


def test_the_attempt_comes_with_what_was_found_of_it(door: Door, shown: Shown) -> None:
    read = door.done("GET", attempt_path(shown.enrolment, shown.attempt), shown.who).json
    assert read["judgement"]["qualification"] == "CAVA"
    assert read["verification"]["outcome"] == "upheld"
    file = door.done("GET", f"{centre_path(door)}/attachments/{shown.file.id}", shown.who).json
    assert file["url"]


def test_the_same_look_again_is_on_record_once_for_ten_minutes(door: Door, shown: Shown) -> None:
    path = attempt_path(shown.enrolment, shown.attempt)
    for _ in range(3):
        door.done("GET", path, shown.who)
    assert len(traces(door.world, shown.enrolment)) == 1
    door.world.clock.forward(minutes=10)
    door.done("GET", path, shown.who)
    assert len(traces(door.world, shown.enrolment)) == 2


def test_nobody_elses_look_is_on_record(door: Door, shown: Shown) -> None:
    world = door.world
    for who in (world.candidate, world.assessor, world.verifier, world.administrator):
        for operation, path in reads(door, shown).items():
            if operation not in {"listVerifications", "listTrail"}:
                door.done("GET", path, who)
    assert traces(world, shown.enrolment) == []


def test_nothing_is_shown_whose_look_cannot_be_put_on_record(door: Door, shown: Shown) -> None:
    def fail(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url=ENDPOINT)

    for path in reads(door, shown).values():
        with hooked(door.world.client, "before-call.dynamodb.PutItem", fail):
            refusal = door.send("GET", path, shown.who)
        assert (refusal.status, refusal.json["code"]) == (503, "busy")
    assert traces(door.world, shown.enrolment) == []


def test_lists_hold_what_is_granted_and_nothing_else(door: Door, shown: Shown) -> None:
    path = f"{centre_path(door)}/enrolments"
    assert listed(door.done("GET", path, shown.who)) == [shown.enrolment.id]
    second = grant(door.world, shown.who, shown.hidden)
    first = door.done("GET", f"{path}?limit=1", shown.who)
    rest = door.done("GET", f"{path}?limit=1&cursor={first.json['next']}", shown.who)
    assert (listed(first), listed(rest)) == ([shown.hidden.id], [shown.enrolment.id])
    assert rest.json["next"] is None
    named = door.done("GET", f"{path}?candidate_id={shown.hidden.candidate_id}", shown.who)
    assert listed(named) == [shown.hidden.id]
    assert listed(door.done("GET", f"{path}?state=complete", shown.who)) == []
    judged = door.done("GET", f"{path}?assessor_id={shown.enrolment.assessor_id}", shown.who)
    assert len(listed(judged)) == 2
    visits_ = f"{centre_path(door)}/visits"
    assert listed(door.done("GET", visits_, shown.who)) == [second.id, shown.visit.id]
    assert listed(door.done("GET", visits_, door.world.administrator)) == [
        second.id,
        shown.visit.id,
    ]
    assert listed(door.done("GET", visits_, external(door.world, "Other"))) == []


def test_what_is_not_granted_is_not_there(door: Door, shown: Shown) -> None:
    base, hidden = centre_path(door), path_of(door, shown.hidden)
    other = door.world.attach()
    door.world.bind(other, shown.hidden)
    for path in (
        hidden,
        f"{hidden}/pages/kn-1/attempts",
        f"{hidden}/pages/kn-1/attempts/1",
        f"{hidden}/certificate",
        f"{hidden}/trail",
        f"{base}/verifications?enrolment_id={shown.hidden.id}",
        f"{base}/attachments/{other.id}",
        f"{base}/attachments/{door.world.attach().id}",  # that nobody has signed for
    ):
        door.refused("not-found", "GET", path, shown.who)
    door.refused("invalid-query", "GET", f"{base}/verifications", shown.who)


def test_drafts_are_not_evidence(door: Door, shown: Shown) -> None:
    """Nor for somebody whose other role lets them ask for drafts of their own work."""
    world = door.world
    both = world.person("Bo Both", Role.EXTERNAL_VERIFIER, Role.ASSESSOR)
    grant(world, both, shown.enrolment)
    path = page_path(shown.enrolment, "plan-2")
    door.refused("role-not-allowed", "GET", path, shown.who)
    door.refused("not-found", "GET", path, both)
    flags = f"{centre_path(door)}/attachments/{shown.file.id}/flags"
    door.refused("not-found", "POST", flags, both, {"reason": "A face."})
    door.done("GET", path_of(door, shown.enrolment), both)


def test_a_flagged_file_is_withheld(door: Door, shown: Shown) -> None:
    world = door.world
    of = (world.runtime, world.assessor, shown.file.id, "A face.")
    attachments.flag_attachment(*of, request(world.assessor))
    path = f"{centre_path(door)}/attachments/{shown.file.id}"
    assert door.done("GET", path, shown.who).json["url"] is None


def test_a_role_beside_it_opens_no_more_than_it_did(door: Door) -> None:
    """What was found of an enrolment is not for whoever judges in it and visits others."""
    world = door.world
    both = world.person("Bo Both", Role.EXTERNAL_VERIFIER, Role.ASSESSOR)
    candidate = world.person("Ci Other", Role.CANDIDATE)
    theirs = world.enrol(candidate_id=candidate.id, assessor_id=both.id)
    door.done("GET", path_of(door, theirs), both)
    door.refused("not-found", "GET", f"{path_of(door, theirs)}/trail", both)
    found = f"{centre_path(door)}/verifications?enrolment_id={theirs.id}"
    door.refused("not-found", "GET", found, both)


def test_looks_come_into_the_trail(door: Door, shown: Shown) -> None:
    door.done("GET", attempt_path(shown.enrolment, shown.attempt), shown.who)
    trail.catch_up(door.runtime, shown.enrolment.centre_id, shown.enrolment.id)
    listed = door.done("GET", f"{path_of(door, shown.enrolment)}/trail", shown.who).json["items"]
    (entry,) = (each for each in listed if each["kind"] == "portfolio.viewed")
    assert (entry["by"], entry["method"]) == (shown.who.id, "token")
    assert entry["on"] == shown.attempt.content_hash
    assert entry["facts"] == {"visit_id": shown.visit.id, "page_id": "kn-1", "number": 1}


def test_the_key_comes_with_the_modules_of_what_is_granted(door: Door, shown: Shown) -> None:
    world = door.world
    world.publish(SHORT_MODULE.replace("version: 1", "version: 2"))
    path = f"{centre_path(door)}/modules/moving-people/versions"
    assert "PLANTED-GUIDANCE" in door.done("GET", f"{path}/1", shown.who).text
    assert "PLANTED-GUIDANCE" not in door.done("GET", f"{path}/2", shown.who).text
    both = world.person("Bo Both", Role.EXTERNAL_VERIFIER, Role.CANDIDATE)
    grant(world, both, shown.enrolment)
    assert "PLANTED-GUIDANCE" not in door.done("GET", f"{path}/1", both).text


def test_parts_that_others_signed_are_shown(door: Door, shown: Shown) -> None:
    world = door.world
    world.module = world.publish(CONTRIBUTED_MODULE)
    enrolment = world.enrol()
    world.contribute(enrolment, PAGE, SEEN)
    grant(world, shown.who, enrolment)
    path = f"{page_path(enrolment, PAGE)}/contributions/{SEEN}"
    door.done("GET", f"{path}/signatures/1", shown.who)
    door.refused("role-not-allowed", "GET", path, shown.who)
    (kept,) = traces(world, enrolment)
    assert kept["facts"]["item_id"] == SEEN


def test_certificates_are_shown(door: Door, shown: Shown) -> None:
    world = door.world
    world.judge(shown.enrolment, world.sign(shown.enrolment, "plan-2"))
    path = f"{path_of(door, shown.enrolment)}/certificate"
    door.refused("not-found", "GET", path, shown.who)
    world.finalise(shown.enrolment)
    assert door.done("GET", path, shown.who).json["record"]["holder"]["name"] == "Zoë Nguyễn"
    door.done("GET", f"{path}/pdf", shown.who)
    assert len(traces(world, shown.enrolment)) == 1


def test_ending_it_works_at_once(door: Door, shown: Shown) -> None:
    paths = reads(door, shown).values()
    for path in paths:
        door.done("GET", path, shown.who)
    ended = door.done("POST", f"{visit_path(door, shown.visit)}/end", door.world.administrator)
    assert (ended.json["live"], ended.json["ended_by"]) == (False, door.world.administrator.id)
    for path in paths:
        door.refused("not-found", "GET", path, shown.who)
    again = door.done("POST", f"{visit_path(door, shown.visit)}/end", door.world.administrator)
    assert again.json == ended.json
    assert door.done("GET", visit_path(door, shown.visit), shown.who).json["live"] is False


def test_it_ends_with_its_day_at_the_centre(door: Door, shown: Shown) -> None:
    """Until the end of 31 March in London, where it is summer by then."""
    world, path = door.world, path_of(door, shown.enrolment)
    world.clock.time = shown.visit.ends_at
    assert world.clock().isoformat() == "2026-03-31T23:00:00+00:00"
    door.refused("not-found", "GET", path, shown.who)
    world.clock.forward(seconds=-1)
    door.done("GET", path, shown.who)


def test_a_lost_role_shows_nothing_within_a_minute(door: Door, shown: Shown) -> None:
    world, path = door.world, path_of(door, shown.enrolment)
    door.done("GET", path, shown.who)
    person = f"{centre_path(door)}/people/{shown.who.id}"
    etag = door.done("GET", person, world.administrator).headers["etag"]
    body = {"roles": ["candidate"]}
    door.done("PATCH", person, world.administrator, body, if_match=etag)
    world.clock.forward(seconds=60)
    door.refused("not-found", "GET", path, shown.who)


def test_what_can_be_granted(door: Door, shown: Shown) -> None:
    world, path = door.world, f"{centre_path(door)}/visits"
    other = world.new_centre("Hilltop Care Training")
    stranger = world.person("Ex Elsewhere", Role.EXTERNAL_VERIFIER, centre=other)
    for who in (world.candidate, world.administrator, stranger):
        body = body_of(who, shown.hidden)
        refused = door.refused("invalid-visit", "POST", path, world.administrator, body)
        assert refused.flaws["/person_id"] == "not-an-external-verifier"
    nowhere = body_of(shown.who, shown.hidden) | {"enrolment_ids": [shown.hidden.id, "01" * 13]}
    refused = door.refused("invalid-visit", "POST", path, world.administrator, nowhere)
    assert refused.flaws == {"/enrolment_ids/1": "unknown-enrolment"}
    for until in ("2026-03-01", "2027-03-04", "9999-12-31", "0001-01-01"):
        body = body_of(shown.who, shown.hidden, until=until)
        refused = door.refused("invalid-visit", "POST", path, world.administrator, body)
        assert refused.flaws == {"/until": "impossible-end"}
    for body in (
        body_of(shown.who),
        body_of(shown.who, shown.hidden, enrolment_ids=[shown.hidden.id] * 101),
        body_of(shown.who, shown.hidden, purpose="p" * 501),
        body_of(shown.who, shown.hidden, until="tomorrow"),
    ):
        door.refused("invalid-body", "POST", path, world.administrator, body)
    twice = body_of(shown.who, shown.hidden, enrolment_ids=[shown.hidden.id] * 2)
    made = door.done("POST", path, world.administrator, twice)
    assert made.json["enrolment_ids"] == [shown.hidden.id]


def test_nobody_visits_what_they_judge(door: Door) -> None:
    world, path = door.world, f"{centre_path(door)}/visits"
    both = world.person("Bo Both", Role.EXTERNAL_VERIFIER, Role.ASSESSOR)
    theirs = world.enrol(assessor_id=both.id)
    body = body_of(both, theirs)
    refused = door.refused("invalid-visit", "POST", path, world.administrator, body)
    assert refused.flaws == {"/enrolment_ids/0": "own-enrolment"}


def test_of_several_visits_each_shows_until_its_own_end(door: Door, shown: Shown) -> None:
    second = grant(door.world, shown.who, shown.enrolment, shown.hidden)
    visits.end_visit(door.runtime, door.world.administrator, shown.visit.id)
    door.done("GET", path_of(door, shown.enrolment), shown.who)
    (kept,) = traces(door.world, shown.enrolment)
    assert kept["facts"] == {"visit_id": second.id}
