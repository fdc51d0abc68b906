"""Looks of external verifiers into a portfolio: each is on record before anything is shown."""

import contextlib

from chalicelib.domain.access import Actor
from chalicelib.domain.judgements import Method
from chalicelib.domain.visits import Look, Visit, look_act
from chalicelib.runtime import Runtime
from chalicelib.storage.table import ConditionFailedError
from chalicelib.storage.trail import trace


def note(runtime: Runtime, actor: Actor, enrolment_id: str, look: Look) -> None:
    """Put on record what is about to be shown to somebody by a visit; others' looks are not."""
    if visit := actor.visit_to(enrolment_id):
        put_on_record(runtime, visit, enrolment_id, Method.TOKEN, look)


def put_on_record(
    runtime: Runtime, visit: Visit, enrolment_id: str, method: Method, look: Look
) -> None:
    """Write down what somebody is about to be shown, by token or by link.

    Raises where that fails, so that nothing is shown. The very same look within ten minutes is on
    record already.
    """
    act = look_act(visit, enrolment_id, method, look, runtime.now())
    trace_id = act.event.rpartition(":")[2]
    with contextlib.suppress(ConditionFailedError):
        runtime.table.write(trace(visit.centre_id, enrolment_id, trace_id, act))
