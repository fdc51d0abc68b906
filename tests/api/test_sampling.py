"""Sampling over HTTP: what is planned, what is drawn, and that nobody could know it before."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from chalicelib.domain.access import Actor
from chalicelib.domain.errors import Invalid
from chalicelib.domain.people import Role
from chalicelib.domain.sampling import CHOICES_LIMIT
from chalicelib.storage import keys
from chalicelib.storage.changes import Update
from chalicelib.usecases import sampling
from chalicelib.usecases.sampling import Limits
from tests.api.door import Door, Reply, centre_path
from tests.sampling import PLAN, judged, planned, trainee
from tests.world import SHORT_MODULE, World


def plans(door: Door) -> str:
    return f"{centre_path(door)}/sampling-plans"


def make(door: Door, **more: Any) -> str:
    """Make a plan, and return its path."""
    made = door.done("POST", plans(door), door.world.verifier, PLAN | more)
    return f"{plans(door)}/{made.json['id']}"


def draw(door: Door, path: str, who: Actor | None = None) -> Reply:
    return door.done("POST", f"{path}/draw", who or door.world.verifier)


def sample(door: Door, path: str, who: Actor | None = None) -> Any:
    return door.done("GET", path, who or door.world.verifier).json


def choose(door: Door, path: str, *units: str, reason: str = "A new assessor.") -> Reply:
    body = {"units": list(units), "reason": reason}
    return door.send("POST", f"{path}/choices", door.world.verifier, body)


def recomputed(shown: Any) -> list[str]:
    """Draw again, as docs/sampling.md says that anybody can."""
    key = bytes.fromhex(shown["seed"])
    drawn = []
    for stratum in shown["strata"]:
        units = [each["unit"] for each in shown["frame"] if each["stratum"] == stratum["name"]]
        units.sort(key=lambda unit: hmac.new(key, unit.encode(), hashlib.sha256).hexdigest())
        drawn += units[: max(stratum["least"], -(-len(units) * stratum["rate"] // 100))]
    return sorted(drawn)


def payload(statement: str) -> Any:
    part = statement.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_a_plan_commits_to_a_seed_that_the_draw_reveals(door: Door) -> None:
    world = door.world
    enrolments = [judged(world, name=f"Candidate {number}") for number in range(3)]
    before = door.done("POST", plans(door), world.verifier, PLAN | {"by": ["module"]})
    path = f"{plans(door)}/{before.json['id']}"
    assert (before.json["seed"], before.json["drawn_at"]) == (None, None)
    assert sample(door, path)["strata"] == []
    door.refused("not-found", "GET", f"{path}/draw", world.verifier)

    world.clock.forward(days=1)
    shown = draw(door, path).json
    assert shown["commitment"] == before.json["commitment"]
    said = f"testamur-draw-1\n{before.json['id']}\n{shown['seed']}".encode()
    assert hashlib.sha256(said).hexdigest() == shown["commitment"]
    units = sorted(f"{e.id}/{page}/1" for e in enrolments for page in ("plan-1", "plan-2", "kn-1"))
    stratum = "risk:medium/module:moving-people"
    assert shown["frame"] == [{"unit": unit, "stratum": stratum} for unit in units]
    assert shown["strata"] == [{"name": stratum, "rate": 50, "least": 1}]
    assert len(shown["drawn"]) == 5, "half of nine, rounded up"
    assert shown["drawn"] == recomputed(shown)
    assert door.done("GET", f"{path}/draw", world.administrator).json == shown


def test_the_statement_is_sealed_by_the_stage(door: Door) -> None:
    world = door.world
    made = door.done("POST", plans(door), world.verifier, PLAN).json
    header = made["statement"].partition(".")[0]
    assert payload(made["statement"]) == {
        "centre_id": world.centre.id,
        "commitment": made["commitment"],
        "committed_at": "2026-03-02T09:30:00.000Z",
        "format": 1,
        "plan_id": made["id"],
    }
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {
        "alg": "EdDSA",
        "kid": world.runtime.sealer.jwk["kid"],
        "typ": "testamur-draw+jws",
    }
    again = world.runtime.sealer.seal("testamur-draw+jws", payload(made["statement"]))
    assert again == made["statement"], "Ed25519 is deterministic"


def test_drawing_again_changes_nothing(door: Door) -> None:
    world = door.world
    judged(world)
    path = make(door)
    first = draw(door, path)
    written = door.written.count
    world.clock.forward(days=1)
    judged(world, name="Lea Later")
    other = world.person("Vic Verifier", Role.INTERNAL_VERIFIER)
    written = door.written.count
    assert draw(door, path, other).text == first.text
    assert door.written.count == written


def test_of_two_who_draw_at_once_one_has_drawn(door: Door) -> None:
    """Although the second has seen a judgement more, and would have drawn from it."""
    world = door.world
    judged(world)
    path = make(door)
    quicker: list[Reply] = []
    world.table.interruption = lambda: quicker.append(draw(door, path))
    slower = draw(door, path)
    assert slower.text == quicker[0].text
    assert door.done("GET", f"{path}/draw", world.verifier).text == slower.text


def test_nothing_is_drawn_where_nothing_fits(door: Door) -> None:
    world = door.world
    path = make(door)
    refused = door.refused("nothing-to-draw", "POST", f"{path}/draw", world.verifier)
    assert sample(door, path)["seed"] is None
    assert "seed" not in refused.json
    enrolment = judged(world, "kn-1")
    assert draw(door, path).json["drawn"] == [f"{enrolment.id}/kn-1/1"]


def test_what_is_judged_and_in_force_is_the_frame(door: Door) -> None:
    world = door.world
    enrolment = judged(world, "plan-1")
    returned = world.sign(enrolment, "plan-2")
    world.judge(enrolment, returned, competent=False, feedback="Say more.")
    world.set_aside(enrolment, "plan-1")
    world.sign(enrolment, "plan-2")
    world.sign(enrolment, "kn-1")
    frame = draw(door, make(door)).json["frame"]
    assert [each["unit"] for each in frame] == [f"{enrolment.id}/plan-2/1"]


def test_filters_and_strata(door: Door) -> None:
    world = door.world
    first = judged(world, "plan-1", "kn-1")
    world.publish(SHORT_MODULE.replace("id: moving-people", "id: resting"))
    new = trainee(world)
    other = world.enrol(assessor_id=new.id, module_id="resting", candidate_id=world.candidate.id)
    world.judge(other, world.sign(other, "kn-1"), actor=new)
    everything = {f"{first.id}/plan-1/1", f"{first.id}/kn-1/1", f"{other.id}/kn-1/1"}

    def frame(**more: Any) -> dict[str, str]:
        shown = draw(door, make(door, **more)).json["frame"]
        return {each["unit"]: each["stratum"] for each in shown}

    assert frame().keys() == everything
    assert set(frame(modules=["resting"])) == {f"{other.id}/kn-1/1"}
    assert set(frame(assessors=[new.id])) == {f"{other.id}/kn-1/1"}
    assert frame(methods=["token"], starts_on="2026-03-02", ends_on="2026-03-02").keys() == (
        everything
    )
    for nothing in ({"methods": ["link"]}, {"ends_on": "2026-03-01"}, {"starts_on": "2026-03-03"}):
        path = make(door, **nothing)
        door.refused("nothing-to-draw", "POST", f"{path}/draw", world.verifier)
    named = frame(by=["method", "assessor"], risks={world.assessor.id: "low"})
    assert named == {
        f"{first.id}/plan-1/1": f"risk:low/assessor:{world.assessor.id}/method:token",
        f"{first.id}/kn-1/1": f"risk:low/assessor:{world.assessor.id}/method:token",
        f"{other.id}/kn-1/1": f"risk:high/assessor:{new.id}/method:token",
    }
    shown = draw(door, make(door, risks={world.assessor.id: "low"})).json
    assert shown["drawn"] == [f"{other.id}/kn-1/1"], "all of high risk, nothing of low"


def test_planned_and_actual(door: Door) -> None:
    world = door.world
    enrolment = judged(world)
    world.verify(enrolment, "plan-1", "Looked at before there was a plan.")
    world.clock.forward(seconds=1)
    path = make(door)
    drawn = draw(door, path).json["drawn"]
    units = [f"{enrolment.id}/{page_id}/1" for page_id in ("kn-1", "plan-1", "plan-2")]
    (left,) = (unit for unit in units if unit not in drawn)
    assert choose(door, path, left).status == 201
    numbers = {"size": 3, "drawn": 2, "chosen": 1}
    (stratum,) = sample(door, path)["strata"]
    assert stratum == {
        "name": "risk:medium",
        "rate": 50,
        "least": 1,
        "planned": 2,
        **numbers,
        **dict.fromkeys(("looked_at", "upheld", "action_required", "set_aside"), 0),
    }
    objected = world.verify(enrolment, drawn[0].split("/")[1], "Ask for an example.")
    world.verify(enrolment, left.split("/")[1])
    world.set_aside(enrolment, drawn[1].split("/")[1])
    shown = sample(door, path, world.administrator)
    done = {"looked_at": 2, "upheld": 1, "action_required": 1, "set_aside": 1}
    assert shown["by_assessor"] == [{"name": world.assessor.id, **numbers, **done}]
    assert shown["by_module"] == [{"name": "moving-people", **numbers, **done}]
    (found,) = (each for each in shown["sampled"] if each["unit"] == drawn[0])
    assert (found["verification_id"], found["outcome"]) == (objected.id, "action-required")
    assert {each["unit"] for each in shown["sampled"]} == {drawn[0], left}


def test_what_is_chosen_is_said_to_be_chosen(door: Door) -> None:
    world = door.world
    enrolment = judged(world)
    waiting = world.enrol(candidate_id=world.person("Wai Ting", Role.CANDIDATE).id)
    path = make(door, rates=PLAN["rates"] | {"medium": {"rate": 1}})
    early = f"{enrolment.id}/kn-1/1"
    made = choose(door, path, early, reason=" New. ").json["items"]
    assert [(each["unit"], each["reason"], each["by"]) for each in made] == [
        (early, "New.", world.verifier.id)
    ]
    shown = draw(door, path).json
    assert len(shown["drawn"]) == 1
    assert shown["drawn"] == recomputed(shown), "the draw knows nothing of what was chosen"
    (stratum,) = sample(door, path)["strata"]
    assert (stratum["drawn"], stratum["chosen"]) == (1, 1)

    late = next(
        each["unit"] for each in shown["frame"] if each["unit"] not in {early, *shown["drawn"]}
    )
    wrong = [early, *shown["drawn"], late, late, f"{waiting.id}/kn-1/1", "nothing", early + "0"]
    body = {"units": wrong, "reason": "New."}
    refused = door.refused("invalid-sampling", "POST", f"{path}/choices", world.verifier, body)
    in_sample = {f"/units/{place}": "in-sample" for place in range(len(wrong) - 5)}
    assert refused.flaws == in_sample | {
        f"/units/{len(wrong) - 4}": "given-twice",
        f"/units/{len(wrong) - 3}": "not-in-plan",
        f"/units/{len(wrong) - 2}": "not-in-plan",
        f"/units/{len(wrong) - 1}": "not-in-plan",
    }
    assert choose(door, path, late, reason=" ").json["errors"][0]["pointer"] == "/reason"
    assert choose(door, path, late).status == 201
    assert [each["unit"] for each in sample(door, path)["chosen"]] == sorted([early, late])


def test_two_who_choose_at_once(door: Door) -> None:
    enrolment = judged(door.world)
    path, unit = make(door), f"{enrolment.id}/kn-1/1"
    door.world.table.interruption = lambda: choose(door, path, unit)
    assert choose(door, path, unit).json["code"] == "busy"
    assert choose(door, path, unit).json["code"] == "invalid-sampling"
    assert len(sample(door, path)["chosen"]) == 1


def test_one_choice_sent_twice_at_once(door: Door) -> None:
    enrolment = judged(door.world)
    path = make(door)
    body = {"units": [f"{enrolment.id}/kn-1/1"], "reason": "New."}
    sent = ("POST", f"{path}/choices", door.world.verifier, body)
    door.world.table.interruption = lambda: door.done(*sent, key="one")
    assert door.done(*sent, key="one").text == door.done(*sent, key="one").text
    assert len(sample(door, path)["chosen"]) == 1


def test_a_plan_takes_so_many_choices(door: Door) -> None:
    world = door.world
    enrolment = judged(world)
    path = make(door)
    key = keys.sampling_plan(world.centre.id, path.rpartition("/")[2])
    world.table.write(Update(key, set={"choices": CHOICES_LIMIT - 1}))
    assert choose(door, path, f"{enrolment.id}/kn-1/1").status == 201
    assert choose(door, path, f"{enrolment.id}/plan-1/1").json["code"] == "too-many-choices"


@pytest.mark.parametrize("limits", [Limits(centre=1), Limits(enrolments=1), Limits(units=5)])
def test_more_than_one_request_can_take_is_refused(world: World, limits: Limits) -> None:
    for name in ("One", "Two"):
        judged(world, name=name)
    plan = planned(world)
    with pytest.raises(Invalid) as refused:
        sampling.draw_sample(world.runtime, world.verifier, plan.id, limits)
    assert refused.value.code == "frame-too-large"
    drawn = sampling.draw_sample(world.runtime, world.verifier, plan.id, Limits(2, 2, 6))
    assert len(drawn.frame) == 6


def test_the_seed_is_in_no_answer_and_no_log_before_the_draw(
    door: Door, capfd: pytest.CaptureFixture[str]
) -> None:
    world = door.world
    enrolment = judged(world)
    plan = planned(world)
    path = f"{plans(door)}/{plan.id}"
    choose(door, path, f"{enrolment.id}/kn-1/1")
    door.done("GET", path, world.verifier)
    door.done("GET", plans(door), world.administrator)
    door.done("GET", f"{path}/sheet", world.verifier)
    found = sampling.documents(world.runtime, world.centre.id, {enrolment.id})
    assert plan.seed not in "".join(reply.text for reply in door.replies)
    assert plan.seed not in capfd.readouterr().out
    assert plan.seed.encode() not in found[plan.id]
    assert draw(door, path).json["seed"] == plan.seed
    assert door.done("GET", path, world.verifier).json["seed"] == plan.seed


def test_what_was_found_of_ones_own_work_is_left_out(door: Door) -> None:
    world = door.world
    enrolment = judged(world, "kn-1", name="Bo Both")
    path = make(door)
    draw(door, path)
    world.verify(enrolment, "kn-1", "Ask for an example.")
    both = world.person("Bo Learner", Role.CANDIDATE, Role.ADMINISTRATOR)
    own = world.enrol(candidate_id=both.id)
    world.candidate = both
    world.judge(own, world.sign(own, "kn-1"))
    second = make(door)
    draw(door, second)
    world.verify(own, "kn-1", "Ask for an example.")
    drawn = {unit.partition("/")[0] for unit in draw(door, second).json["drawn"]}
    if own.id not in drawn:
        choose(door, second, f"{own.id}/kn-1/1")
    assert own.id in {each["unit"].partition("/")[0] for each in sample(door, second)["sampled"]}
    seen = sample(door, second, both)
    assert own.id not in {each["unit"].partition("/")[0] for each in seen["sampled"]}
    assert len(sample(door, path, both)["sampled"]) == 1


def test_lists_have_the_newest_first(door: Door) -> None:
    world = door.world
    made = []
    for number in range(3):
        world.clock.forward(seconds=1)
        made.append(make(door, title=f"Plan {number}").rpartition("/")[2])
    first = door.done("GET", f"{plans(door)}?limit=2", world.administrator).json
    rest = door.done("GET", f"{plans(door)}?cursor={first['next']}", world.administrator).json
    listed = [each["id"] for each in (*first["items"], *rest["items"])]
    assert sorted(listed) == sorted(made)
    assert listed == sorted(made, reverse=True)
    assert rest["next"] is None


def test_a_plan_that_makes_no_sense(door: Door) -> None:
    body = PLAN | {"title": " ", "starts_on": "2026-03-02", "ends_on": "2026-03-01"}
    refused = door.refused("invalid-sampling", "POST", plans(door), door.world.verifier, body)
    assert refused.flaws == {"/title": "invalid-name", "/ends_on": "ends-before-start"}
    body = PLAN | {"rates": PLAN["rates"] | {"high": {"rate": 101}}, "by": ["risk"]}
    refused = door.refused("invalid-body", "POST", plans(door), door.world.verifier, body)
    assert refused.flaws == {"/rates/high/rate": "less-than-equal", "/by/0": "enum"}


def test_reading_and_drawing_cost_little(door: Door) -> None:
    world = door.world
    for number in range(3):
        judged(world, name=f"Candidate {number}")
    path = make(door)
    sample(door, path)  # warm: who they are has been read
    world.calls.take()
    draw(door, path)
    assert world.calls.take() == [
        "GetItem",
        *("Query", "BatchGetItem"),
        *("Query", "Query", "Query"),
        "TransactWriteItems",
        *("GetItem", "GetItem"),
    ]
    sample(door, path)
    assert world.calls.take() == ["GetItem", "GetItem", "BatchGetItem"]


def test_what_goes_into_archives(world: World) -> None:
    first, other = judged(world, name="One"), judged(world, name="Two")
    plan = planned(world)
    elsewhere = planned(world, title="Of nothing")
    sampling.draw_sample(world.runtime, world.verifier, plan.id)
    drawn = sampling.get_draw(world.runtime, world.verifier, plan.id).drawn[0].id
    world.verify(first if drawn.startswith(first.id) else other, drawn.split("/")[1])
    for asked in ({first.id}, {other.id}, [first.id, "nobody"]):
        found = sampling.documents(world.runtime, world.centre.id, asked)
        assert found.keys() == {plan.id}
    assert sampling.documents(world.runtime, world.centre.id, {"nobody"}) == {}
    document = json.loads(found[plan.id])
    assert {each["unit"].partition("/")[0] for each in document["frame"]} == {first.id, other.id}
    assert document["drawn"] == recomputed(document)
    assert [each["unit"] for each in document["sampled"]] == [drawn]
    assert payload(document["statement"])["commitment"] == document["commitment"]
    assert elsewhere.id not in found
