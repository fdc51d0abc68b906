"""Second looks over HTTP: who may have them, what they are told, and what others read of them."""

from typing import Any

import pytest

from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.people import Role
from tests.api.door import Door, Reply, centre_path, decision, judgements, page_path, sign


@pytest.fixture
def judged(door: Door, enrolment: Enrolment) -> Reply:
    receipt = sign(door, enrolment, "kn-1")
    door.done("POST", judgements(enrolment), door.world.assessor, decision(receipt))
    return receipt


def finding(enrolment: Enrolment, **more: Any) -> dict[str, Any]:
    given = {"enrolment_id": enrolment.id, "page_id": "kn-1", "attempt": 1}
    return {**given, "outcome": "action-required", "note": "PLANTED NOTE", **more}


def verifications(door: Door) -> str:
    return f"{centre_path(door)}/verifications"


def test_a_finding_is_read_by_all_but_the_candidate(
    door: Door, enrolment: Enrolment, judged: Reply
) -> None:
    world, path = door.world, verifications(door)
    body = finding(enrolment, content_hash=judged.json["content_hash"], occurred_on="2026-03-01")
    made = door.done("POST", path, world.verifier, body, key="one")
    assert made.status == 201
    assert door.done("POST", path, world.verifier, body, key="one").text == made.text

    attempt = f"{page_path(enrolment, 'kn-1')}/attempts/1"
    for who in (world.assessor, world.administrator, world.verifier):
        shown = door.done("GET", attempt, who).json["verification"]
        assert (shown["outcome"], shown["note"]) == ("action-required", "PLANTED NOTE")
        assert shown["occurred_on"] == "2026-03-01"
    for page in (attempt, page_path(enrolment, "kn-1"), attempt.rpartition("/")[0]):
        seen = door.done("GET", page, world.candidate).text
        assert "PLANTED" not in seen
        assert world.verifier.id not in seen

    for query in ("", f"?enrolment_id={enrolment.id}"):
        listed = door.done("GET", path + query, world.administrator).json
        assert (listed["items"], listed["next"]) == ([made.json], None)
    assert door.done("GET", f"{path}?enrolment_id={'01' * 13}", world.verifier).json["items"] == []
    door.refused("role-not-allowed", "GET", path, world.assessor)
    door.refused("role-not-allowed", "GET", path, world.candidate)


@pytest.mark.usefixtures("judged")
def test_a_finding_that_is_refused(door: Door, enrolment: Enrolment) -> None:
    path, verifier = verifications(door), door.world.verifier
    bodies = {
        "invalid-verification": finding(enrolment, note=" "),
        "judgement-changed": finding(enrolment, content_hash="0" * 64),
        "not-found": finding(enrolment, attempt=2),
        "invalid-body": finding(enrolment, outcome="fine"),
    }
    for code, body in bodies.items():
        door.refused(code, "POST", path, verifier, body)
    late = finding(enrolment, occurred_on="2026-03-03")
    assert door.refused("invalid-verification", "POST", path, verifier, late).flaws == {
        "/occurred_on": "impossible-date"
    }
    door.refused("idempotency-key-required", "POST", path, verifier, finding(enrolment), key=None)


@pytest.mark.usefixtures("judged")
def test_setting_aside_gives_the_page_back_with_the_reason(
    door: Door, enrolment: Enrolment
) -> None:
    world, path = door.world, f"{judgements(enrolment)}/set-aside"
    reason = "The answer is somebody else's. " * 300
    door.refused("invalid-verification", "POST", path, world.verifier, {"reason": " "})
    done = door.done("POST", path, world.verifier, {"reason": reason}, key="one")
    again = door.done("POST", path, world.verifier, {"reason": reason}, key="one")
    assert (done.status, done.text) == (201, again.text)
    door.refused("judgement-changed", "POST", path, world.verifier, {"reason": reason})
    page = door.done("GET", page_path(enrolment, "kn-1"), world.candidate).json
    assert page["state"] == "open"
    attempt = f"{page_path(enrolment, 'kn-1')}/attempts/1"
    for who in (world.candidate, world.assessor):
        assert door.done("GET", attempt, who).json["set_aside_reason"] == reason.strip()
    door.refused(
        "judgement-changed", "POST", verifications(door), world.verifier, finding(enrolment)
    )


def test_a_countersigner_stands_for_a_judgement(door: Door) -> None:
    world = door.world
    second = world.person("Cora Countersigner", Role.ASSESSOR)
    held = world.authorisation(countersigner_id=second.id)
    world.assessor = world.person("Tom Trainee", Role.ASSESSOR, authorisation=held)
    enrolment = world.enrol()
    receipt = sign(door, enrolment, "kn-1")
    path = f"{judgements(enrolment)}/countersignature"
    door.refused("not-found", "POST", path, second, {})
    door.refused("attempt-not-judged", "POST", path, world.assessor, {})
    door.done("POST", judgements(enrolment), world.assessor, decision(receipt))
    door.refused("not-the-countersigner", "POST", path, world.assessor, {})
    done = door.done("POST", path, second, {"occurred_on": "2026-03-02"}, key="one")
    again = door.done("POST", path, second, {"occurred_on": "2026-03-02"}, key="one")
    assert (done.text, done.json["countersigned_by"]) == (again.text, second.id)
    door.refused("judgement-changed", "POST", path, second, {})
    door.done("GET", f"{page_path(enrolment, 'kn-1')}/attempts/1", second)


def test_both_public_pages_say_in_words_what_holds(door: Door, enrolment: Enrolment) -> None:
    world = door.world
    world.complete(enrolment)
    first = world.finalise(enrolment)
    assert first
    path = f"/v1/certificates/{first.id}"
    world.set_aside(enrolment, "kn-1", "PLANTED REASON")
    suspended = [door.send("GET", path), door.send("GET", path, accept="text/html")]
    for reply in suspended:
        assert "This certificate is suspended: do not rely on it." in reply.text
        assert "under review" in reply.text
        assert "PLANTED" not in reply.text
    world.judge(enrolment, world.sign(enrolment, "kn-1"))
    second = world.finalise(enrolment)
    assert second
    old, page = door.send("GET", path), door.send("GET", path, accept="text/html")
    assert (old.json["state"], old.json["issue"]) == ("superseded", 1)
    assert old.json["superseded_by"].endswith(f"v1/certificates/{second.id}")
    assert f'href="{old.json["superseded_by"]}"' in page.text
    new = door.send("GET", f"/v1/certificates/{second.id}").json
    assert (new["state"], new["issue"], new["superseded_by"]) == ("valid", 2, None)
