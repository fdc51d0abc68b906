"""Section 8: draws that the seed does not make."""

import copy
from functools import partial

from chalicelib.domain.seals import DRAW, HEAD
from tests.archives import (
    STRANGER,
    Draft,
    build,
    draw,
)
from tests.forgeries.changes import (
    BOTH_KEYS,
    Named,
    copied,
    drop,
    edit,
    put,
    put_file,
    settled,
    together,
    told,
    twice,
)
from tests.forgeries.spellings import forged_jws, odd_json, sealed_by

DRAWN, UNDRAWN = "plans/plan-1", "plans/plan-2"


def samples() -> Named:
    where = "data/sampling/plan-1.json"
    frame, strata = f"{DRAWN}/frame", f"{DRAWN}/strata"
    for name, raw in odd_json(b'"plan_id":"plan-1"').items():
        yield f"a plan {name}", build(files=edit(where, *raw))
    for name, change in {
        "a plan of another centre": put(f"{DRAWN}/centre_id", "centre-2"),
        "a plan of another name": put(f"{DRAWN}/plan_id", "plan-2"),
        "a plan with another commitment": put(f"{DRAWN}/commitment", "0" * 64),
        "a plan with another statement": copied(
            f"{UNDRAWN}/statement", partial(put, f"{DRAWN}/statement")
        ),
        "a plan with another seed": together(put(f"{DRAWN}/seed", "0" * 64), _redrawn),
        "a plan with a seed in upper case": together(put(f"{DRAWN}/seed", str.upper), _redrawn),
        "a plan whose seed is a number": put(f"{DRAWN}/seed", 1),
        "a plan without a seed, but drawn": put(f"{DRAWN}/seed", ""),
        "a plan without a seed, but a frame": copied(frame, partial(put, f"{UNDRAWN}/frame")),
        "a statement of another centre": put(f"{DRAWN}/statement/centre_id", "centre-2"),
        "a statement of another format": put(f"{DRAWN}/statement/format", 2),
        "a statement at no moment": put(f"{DRAWN}/statement/committed_at", ""),
        "a statement with more": put(f"{DRAWN}/statement/note", ""),
        "a statement of another commitment": put(f"{DRAWN}/statement/commitment", "0" * 64),
        "a statement of another plan": put(f"{DRAWN}/statement/plan_id", "plan-2"),
        "a frame in no order": put(frame, lambda each: each[::-1]),
        "a unit twice": twice(f"{frame}/0"),
        "a unit that is no judgement": together(put(f"{frame}/0/unit", "enrolment-0"), _redrawn),
        "a unit that is a number": put(f"{frame}/0/unit", 1),
        "a stratum unknown": together(put(f"{frame}/0/stratum", "x"), _redrawn),
        "a stratum left out": together(drop(f"{strata}/0"), _redrawn),
        "a stratum twice": twice(f"{strata}/2"),
        "a rate of 101": together(put(f"{strata}/2/rate", 101), _redrawn),
        "a rate of -1": put(f"{strata}/2/rate", -1),
        "a rate that is a text": put(f"{strata}/2/rate", "100"),
        "a rate that is true": put(f"{strata}/2/rate", value=True),
        "a least of -1": put(f"{strata}/2/least", -1),
        "a higher rate": put(f"{strata}/0/rate", 60),
        "a lower rate": put(f"{strata}/0/rate", 20),
        "a higher least": put(f"{strata}/1/least", 3),
        "a lower least": put(f"{strata}/1/least", 1),
        "one drawn too few": drop(f"{DRAWN}/drawn/0"),
        "one drawn too many": put(f"{DRAWN}/drawn", _one_more),
        "one drawn twice": twice(f"{DRAWN}/drawn/0"),
        "one drawn for another": put(f"{DRAWN}/drawn/0", "enrolment-0/page-1/1"),
        "drawn in no order": put(f"{DRAWN}/drawn", lambda each: each[::-1]),
        "drawn as objects": put(f"{DRAWN}/drawn", lambda each: [{"unit": unit} for unit in each]),
        "a frame cut after the draw": drop(f"{frame}/1"),
        "a unit in another stratum": _moved_unit,
    }.items():
        yield name, build(papers=change)
    for name in ("strata", "frame", "drawn", "seed", "commitment", "statement", "plan_id"):
        yield f"a plan without {name}", build(files=told(drop(name), where))
    payload = copy.deepcopy(settled().plans["plan-1"]["statement"])
    for name, forged in forged_jws(DRAW, HEAD, payload):
        change = put(f"{DRAWN}/statement", forged.decode("latin-1"))
        yield f"a statement {name}", build(papers=change)
    stranger = sealed_by(STRANGER, "draw")
    yield "a statement by a stranger's key", build(papers=BOTH_KEYS, files=stranger)
    yield "a file that is no plan", build(files=put_file("data/sampling/x.txt", b"x"))
    yield "a plan in a folder", build(files=put_file("data/sampling/x/y.json", b"{}"))
    yield "a plan under another name", build(files=_renamed_plan)


def _redrawn(draft: Draft) -> None:
    draw(draft.plans["plan-1"])


def _moved_unit(draft: Draft) -> None:
    plan = draft.plans["plan-1"]
    others = [each for each in plan["frame"] if each["stratum"] == "others"]
    next(each for each in others if each["unit"] in plan["drawn"])["stratum"] = "new assessors"


def _one_more(drawn: list[str]) -> list[str]:
    return sorted({*drawn, "enrolment-0/page-1/1"})


def _renamed_plan(files: dict[str, bytes]) -> None:
    files["data/sampling/plan-3.json"] = files.pop("data/sampling/plan-1.json")
