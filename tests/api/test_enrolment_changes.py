"""The life of an enrolment: breaks, leaving, coming back, other assessors, paper from before."""

from typing import Any

import pytest

from chalicelib.domain.access import Actor
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.people import Role
from chalicelib.storage import keys
from chalicelib.usecases import enrolments, sweep
from tests.api.door import (
    SIGNATURE,
    Door,
    Reply,
    centre_path,
    decision,
    judgements,
    mail,
    page_path,
    save,
    sign,
)
from tests.api.test_enrolments import asked
from tests.world import SHORT_MODULE


def path_of(enrolment: Enrolment) -> str:
    return f"/v1/centres/{enrolment.centre_id}/enrolments/{enrolment.id}"


def change(door: Door, enrolment: Enrolment, **body: Any) -> Reply:
    path, who = path_of(enrolment), door.world.administrator
    return door.done("PATCH", path, who, body, if_match=door.etag(path, who))


def refused(door: Door, code: str, enrolment: Enrolment, **body: Any) -> Reply:
    path, who = path_of(enrolment), door.world.administrator
    return door.refused(code, "PATCH", path, who, body, if_match=door.etag(path, who))


def refused_to_sign(door: Door, code: str, enrolment: Enrolment, page_id: str = "plan-1") -> None:
    path = page_path(enrolment, page_id)
    etag = door.etag(path)
    who = door.world.candidate
    door.refused(code, "POST", f"{path}/attempts", who, SIGNATURE, if_match=etag)


def test_on_a_break_drafts_are_kept_and_what_was_signed_is_judged(
    door: Door, enrolment: Enrolment
) -> None:
    world = door.world
    receipt = sign(door, enrolment, "kn-1")
    changed = change(door, enrolment, state="on-break", reason="Ill.", occurred_on="2026-02-27")
    assert changed.json["state"] == "on-break"
    save(door, page_path(enrolment, "plan-1"), world.answers("plan-1"))
    refused_to_sign(door, "enrolment-on-break", enrolment)
    door.done("POST", judgements(enrolment), world.assessor, decision(receipt))

    back = change(door, enrolment, state="active")
    sign(door, enrolment, "plan-1")
    assert back.json["changes"] == [
        {
            "changed_at": "2026-03-02T09:30:00Z",
            "changed_by": world.administrator.id,
            "occurred_on": occurred_on,
            "reason": reason,
            "before": {"assessor_id": None, "page_assessors": None, "due_on": None, "state": was},
            "after": {"assessor_id": None, "page_assessors": None, "due_on": None, "state": now},
        }
        for was, now, reason, occurred_on in (
            ("on-break", "active", "", None),
            ("active", "on-break", "Ill.", "2026-02-27"),
        )
    ]


def test_what_was_judged_on_a_break_is_certified_when_it_ends(
    door: Door, enrolment: Enrolment
) -> None:
    world = door.world
    signed = [world.sign(enrolment, page.id) for page in world.module.pages]
    change(door, enrolment, state="on-break")
    for attempt in signed:
        world.judge(enrolment, attempt)
    assert world.finalise(enrolment) is None
    change(door, enrolment, state="active")
    shard = int(keys.open_index(world.centre.id, enrolment.id)["open_shard"])
    assert sweep.sweep(door.runtime, shard).certificates == 1
    refusal = refused(door, "enrolment-complete", enrolment, state="active")
    assert "sealed" in refusal.json["detail"]


@pytest.mark.parametrize("state", ["withdrawn", "transferred"])
def test_a_closed_enrolment_takes_no_work_but_what_waits_is_judged(
    door: Door, enrolment: Enrolment, state: str
) -> None:
    world = door.world
    receipt = sign(door, enrolment, "kn-1")
    assert refused(door, "invalid-enrolment", enrolment, state=state).flaws == {
        "/reason": "required"
    }
    change(door, enrolment, state=state, reason="Moved to another town.")
    path = page_path(enrolment, "plan-1")
    answers = {"answers": world.answers("plan-1")}
    door.refused(
        f"enrolment-{state}", "PUT", path, world.candidate, answers, if_match=door.etag(path)
    )
    refused_to_sign(door, f"enrolment-{state}", enrolment)
    door.done("POST", judgements(enrolment), world.assessor, decision(receipt))


def test_who_has_left_can_come_back_unless_they_began_anew(
    door: Door, enrolment: Enrolment
) -> None:
    path, administrator = f"{centre_path(door)}/enrolments", door.world.administrator
    busy = door.refused("enrolment-open", "POST", path, administrator, asked(door))
    assert busy.json["current"] == {"enrolment_id": enrolment.id}
    unrenewable = asked(door, renews=enrolment.id)
    refusal = door.refused("invalid-enrolment", "POST", path, administrator, unrenewable)
    assert refusal.flaws == {"/renews": "not-renewable"}

    change(door, enrolment, state="withdrawn", reason="Gone.")
    assert change(door, enrolment, state="active").json["state"] == "active"
    change(door, enrolment, state="withdrawn", reason="Gone again.")
    new = door.done("POST", path, administrator, asked(door, renews=enrolment.id))
    assert new.json["renews"] == enrolment.id
    refusal = refused(door, "enrolment-open", enrolment, state="active")
    assert refusal.json["current"] == {"enrolment_id": new.json["id"]}


def test_a_renewal_is_of_the_same_candidate_and_module(door: Door, enrolment: Enrolment) -> None:
    world, path = door.world, f"{centre_path(door)}/enrolments"
    change(door, enrolment, state="transferred", reason="To another centre.")
    world.publish(SHORT_MODULE.replace("version: 1", "version: 2"))
    world.publish(SHORT_MODULE.replace("id: moving-people", "id: resting"))
    other = world.person("Otto Other", Role.CANDIDATE)
    for wrong in (
        {"candidate_id": other.id, "renews": enrolment.id},
        {"module_id": "resting", "renews": enrolment.id},
        {"renews": "01" * 13},
    ):
        body = asked(door, **wrong)
        refusal = door.refused("invalid-enrolment", "POST", path, world.administrator, body)
        assert refusal.flaws == {"/renews": "not-renewable"}
    body = asked(door, module_version=2, renews=enrolment.id)
    door.done("POST", path, world.administrator, body)


def test_a_move_that_does_not_follow_says_which_would(door: Door, enrolment: Enrolment) -> None:
    for state in ("complete", "awaiting-verification"):
        refusal = refused(door, "enrolment-state", enrolment, state=state, reason="Please.")
        moves = ["on-break", "transferred", "withdrawn"]
        assert refusal.json["current"] == {"state": "active", "moves": moves}
    change(door, enrolment, state="transferred", reason="To another centre.")
    refusal = refused(door, "enrolment-state", enrolment, state="active")
    assert refusal.json["current"]["moves"] == []


def test_pages_have_assessors_of_their_own(door: Door) -> None:
    world, path = door.world, f"{centre_path(door)}/enrolments"
    second, third = (world.person(name, Role.ASSESSOR) for name in ("Sec Ond", "Thi Rd"))
    body = asked(door, page_assessors={"kn-1": second.id})
    made = door.done("POST", path, world.administrator, body)
    assert made.json["page_assessors"] == {"kn-1": second.id}
    enrolment = enrolments.load(world.runtime, world.centre.id, made.json["id"])
    receipts = {page: sign(door, enrolment, page) for page in ("plan-1", "plan-2", "kn-1")}
    assert waiting_on(door, enrolment) == [world.assessor.id, world.assessor.id, second.id]
    link = mail(door, enrolment)
    body = decision(receipts["kn-1"])
    door.refused("not-found", "POST", judgements(enrolment), third, body)

    door.done("GET", path_of(enrolment), second)
    change(door, enrolment, page_assessors={"kn-1": third.id, "plan-2": third.id})
    assert waiting_on(door, enrolment) == [world.assessor.id, third.id, third.id]
    door.refused("not-found", "GET", path_of(enrolment), second)
    assert door.send("GET", link).status in {404, 410}
    assert mail(door, enrolment) != link
    assert world.outbox.sent[-1][0] == third.membership.address
    door.done("POST", judgements(enrolment), third, body)

    change(door, enrolment, page_assessors={})
    assert waiting_on(door, enrolment) == [world.assessor.id, world.assessor.id, None]


def waiting_on(door: Door, enrolment: Enrolment) -> list[str | None]:
    shown = door.done("GET", path_of(enrolment), door.world.administrator)
    return [page["waits_on"] for page in shown.json["pages"]]


def test_every_assessor_named_has_to_fit(door: Door, enrolment: Enrolment) -> None:
    world = door.world
    elsewhere = world.person(
        "Els Ewhere", Role.ASSESSOR, authorisation=world.authorisation(modules=("resting",))
    )
    wrong = {
        "plan-1": elsewhere.id,
        "plan-2": world.verifier.id,
        "unheard-of": world.assessor.id,
    }
    flaws = {
        "/page_assessors/plan-1": "not-authorised",
        "/page_assessors/plan-2": "not-an-assessor",
        "/page_assessors/unheard-of": "unknown-page",
    }
    assert refused(door, "invalid-enrolment", enrolment, page_assessors=wrong).flaws == flaws
    path, body = f"{centre_path(door)}/enrolments", asked(door, page_assessors=wrong)
    refusal = door.refused("invalid-enrolment", "POST", path, world.administrator, body)
    assert refusal.flaws == flaws
    refused(door, "own-work", enrolment, page_assessors={"plan-1": world.candidate.id})


def test_what_is_as_asked_already_is_not_changed_again(door: Door, enrolment: Enrolment) -> None:
    first = change(door, enrolment, due_on="2026-12-31")
    assert first.json["due_on"] == "2026-12-31"
    path, who, written = path_of(enrolment), door.world.administrator, door.written.count
    for body in ({"due_on": "2026-12-31"}, {}, {"state": "active", "reason": "Why?"}):
        again = door.done("PATCH", path, who, body, if_match='"0-0-active"')
        assert (again.text, again.headers) == (first.text, first.headers)
    assert door.written.count == written
    assert change(door, enrolment, due_on=None).json["due_on"] is None


def test_reasons_are_short_and_days_possible(door: Door, enrolment: Enrolment) -> None:
    world = door.world
    refused(door, "invalid-body", enrolment, state="on-break", reason="x" * 501)
    refused(door, "invalid-date", enrolment, state="on-break", occurred_on="2026-03-03")
    path, body = f"{centre_path(door)}/enrolments", asked(door, occurred_on="1949-12-31")
    door.refused("invalid-date", "POST", path, world.administrator, body)


def test_acts_that_were_on_paper_first_keep_their_day(door: Door) -> None:
    world, path = door.world, f"{centre_path(door)}/enrolments"
    body = asked(door, occurred_on="2026-01-12")
    made = door.done("POST", path, world.administrator, body)
    assert made.json["occurred_on"] == "2026-01-12"
    enrolment = enrolments.load(world.runtime, world.centre.id, made.json["id"])

    page = page_path(enrolment, "kn-1")
    etag = save(door, page, world.answers("kn-1"))
    attempts, signed = f"{page}/attempts", SIGNATURE | {"occurred_on": "2026-02-02"}
    late = SIGNATURE | {"occurred_on": "2026-03-03"}
    door.refused("invalid-date", "POST", attempts, world.candidate, late, if_match=etag)
    receipt = door.done("POST", attempts, world.candidate, signed, if_match=etag)
    assert receipt.json["occurred_on"] == "2026-02-02"
    tomorrow = decision(receipt, occurred_on="2026-03-03")
    door.refused("invalid-date", "POST", judgements(enrolment), world.assessor, tomorrow)
    judged = decision(receipt, occurred_on="2026-02-05")
    door.done("POST", judgements(enrolment), world.assessor, judged)

    shown = door.done("GET", f"{attempts}/1", world.candidate).json
    assert shown["occurred_on"] == shown["document"]["occurred_on"] == "2026-02-02"
    assert shown["judgement"]["occurred_on"] == "2026-02-05"
    today = sign(door, enrolment, "plan-1").json
    assert today["occurred_on"] is None
    shown = door.done("GET", f"{page_path(enrolment, 'plan-1')}/attempts/1", world.candidate).json
    assert "occurred_on" not in shown["document"]


def revoke(door: Door, who: Actor) -> None:
    nothing = door.world.authorisation(modules=("another-module",))
    door.world.authorise(who.membership, nothing)
    door.world.clock.forward(minutes=2)


def stuck(door: Door, enrolment: Enrolment) -> list[bool]:
    shown = door.done("GET", path_of(enrolment), door.world.administrator)
    return [page["stuck"] for page in shown.json["pages"]]


def test_a_page_whose_assessor_has_lost_the_authorisation_is_stuck_until_somebody_else_is_named(
    door: Door, enrolment: Enrolment
) -> None:
    world = door.world
    receipt = sign(door, enrolment, "kn-1")
    assert stuck(door, enrolment) == [False, False, False]
    revoke(door, world.assessor)
    door.refused("not-authorised", "POST", judgements(enrolment), world.assessor, decision(receipt))
    assert stuck(door, enrolment) == [False, False, True]
    other = world.person("Otto Other", Role.ASSESSOR)
    change(door, enrolment, assessor_id=other.id)
    assert stuck(door, enrolment) == [False, False, False]
    door.done("POST", judgements(enrolment), other, decision(receipt))


def test_an_enrolment_whose_candidate_has_gone_is_judged_and_closed(door: Door) -> None:
    world = door.world
    leaver = world.person(
        "Lea Ver", Role.CANDIDATE, valid_until=world.clock().replace(hour=12, minute=0)
    )
    world.candidate = leaver
    enrolment = world.enrol()
    receipt = sign(door, enrolment, "kn-1")
    world.clock.forward(hours=3)
    door.refused("not-found", "GET", path_of(enrolment), leaver)
    assert stuck(door, enrolment) == [True, True, False]
    listed = door.done("GET", f"{centre_path(door)}/enrolments", world.administrator).json
    assert listed["items"][0]["candidate_name"] == "Lea Ver"
    door.done("POST", judgements(enrolment), world.assessor, decision(receipt))
    change(door, enrolment, state="withdrawn", reason="Left the centre.")
