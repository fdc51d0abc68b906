"""What moto cannot show of samples: who draws at once has drawn the same, on the table itself."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any
from uuid import uuid4

from chalicelib.domain.people import Role
from chalicelib.domain.sampling import Rate, Risk, Sample, Scope, Stage
from chalicelib.formats.modules import read_module
from chalicelib.storage.sealing import LocalSealer
from chalicelib.usecases import people, sampling
from chalicelib.usecases.requests import Request
from chalicelib.usecases.sampling import NewPlan
from cli.cast import create_cast, operator_runtime
from cli.playing import Play
from cli.stack import Stack
from tests.domain.test_sampling import recomputed
from tests.stack.test_promises import judge_by_token
from tests.world import SHORT_MODULE

AT_ONCE = 20


def test_of_twenty_who_draw_while_pages_are_judged_all_have_drawn_the_same(stack: Stack) -> None:
    play = Play(
        stack, create_cast(stack, f"{uuid4().hex}.example"), read_module(SHORT_MODULE).module
    )
    play.publish(SHORT_MODULE)
    play.enrol()
    for page_id in ("plan-1", "plan-2", "kn-1"):
        play.sign(page_id)
    judge_by_token(play, "plan-1")
    runtime = replace(operator_runtime(stack), sealer=LocalSealer(b"s" * 32))
    verifier = people.act(runtime, play.cast.people[Role.INTERNAL_VERIFIER], play.cast.centre_id)
    rates = dict.fromkeys(Risk, Rate(50, 1))
    plan_of: dict[str, Any] = {"title": "A race", "stage": Stage.INTERIM, "scope": Scope()}
    new = NewPlan(**plan_of, by=(), risks={}, rates=rates)
    plan = sampling.create_plan(runtime, verifier, new, Request(verifier.id, "/race", "1", ""))
    start = Barrier(AT_ONCE + 2)

    def draw() -> Sample:
        start.wait()
        return sampling.draw_sample(runtime, verifier, plan.id)

    def judge(page_id: str) -> None:
        start.wait()
        judge_by_token(play, page_id)

    with ThreadPoolExecutor(AT_ONCE + 2) as pool:
        drawing = [pool.submit(draw) for _ in range(AT_ONCE)]
        judging = [pool.submit(judge, page_id) for page_id in ("plan-2", "kn-1")]
        samples = [each.result() for each in drawing]
        for each in judging:
            each.result()

    assert samples == [samples[0]] * AT_ONCE
    drawn = recomputed(list(samples[0].frame), plan.seed, {"risk:medium": Rate(50, 1)})
    assert [each.id for each in samples[0].drawn] == drawn
    reader = play.client(Role.ADMINISTRATOR)
    shown = reader.ask("GET", f"{play.centre}/sampling-plans/{plan.id}/draw").json()
    assert (shown["drawn"], shown["seed"]) == (drawn, plan.seed)
