"""The Chalice application: registers the routes and the event handlers, and decides nothing."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chalice.app import Chalice, Response

import chalicelib.api.addresses
import chalicelib.api.attachments
import chalicelib.api.attempts
import chalicelib.api.caseload
import chalicelib.api.centres
import chalicelib.api.certificates
import chalicelib.api.contributions
import chalicelib.api.departures
import chalicelib.api.docs
import chalicelib.api.enrolments
import chalicelib.api.exports
import chalicelib.api.imports
import chalicelib.api.judgements
import chalicelib.api.me
import chalicelib.api.modules
import chalicelib.api.pages
import chalicelib.api.people
import chalicelib.api.review
import chalicelib.api.sampling
import chalicelib.api.sampling_sheets
import chalicelib.api.testimony
import chalicelib.api.trail
import chalicelib.api.uploads
import chalicelib.api.verifications
import chalicelib.api.visiting
import chalicelib.api.visits
import chalicelib.api.webhooks  # noqa: F401 (importing a module of routes declares its operations)
from chalicelib.api.http import Call, Operation, respond, routes
from chalicelib.events import deliver as deliver_events
from chalicelib.events import export as export_events
from chalicelib.events import finalise as finalise_events
from chalicelib.events import notify as notify_events
from chalicelib.events import promote as promote_events
from chalicelib.events import sweep as sweep_events
from chalicelib.runtime import Runtime, runtime


def build_app(runtime: Callable[[], Runtime]) -> Chalice:
    """Make an application whose views work with the runtime that they are handed."""
    application = Chalice(app_name="testamur")

    def view_of(operation: Operation) -> Callable[..., Response]:
        def view(**parameters: str) -> Response:
            request: Any = application.current_request  # shared state: read once, here
            answered = respond(
                Call(
                    runtime=runtime(),
                    operation=operation,
                    method=request.method,
                    path=request.context["path"],
                    parameters=parameters,
                    headers=request.headers,
                    query_parameters=_query(request.query_params),
                    read_body=lambda: request.raw_body,
                )
            )
            body = "" if request.method == "HEAD" else answered.body
            return Response(body, dict(answered.headers), answered.status)

        return view

    for method, each in routes():
        route = application.route(each.path, methods=[method], name=each.id, content_types=["*/*"])
        route(view_of(each))
    return application


def _query(given: Any) -> Mapping[str, Sequence[str]]:  # noqa: ANN401 (Chalice's own map, or None)
    return {name: given.getlist(name) for name in given} if given else {}


app = build_app(runtime)


@app.lambda_function(name="finalise")
def finalise(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take a batch of the table's stream: finalise what is complete."""
    return finalise_events.handle(runtime(), event)


@app.lambda_function(name="notify")
def notify(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take a batch of the table's stream: tell people and other systems."""
    return notify_events.handle(runtime(), event)


@app.lambda_function(name="deliver")
def deliver(event: dict[str, Any], _context: object) -> None:
    """Take a batch of the queue of deliveries: bring events to webhooks."""
    deliver_events.handle(runtime(), event)


@app.lambda_function(name="promote")
def promote(event: dict[str, Any], _context: object) -> None:
    """Take a batch of the queue of uploads: look at files that have arrived."""
    promote_events.handle(runtime(), event)


@app.lambda_function(name="export")
def export(event: dict[str, Any], context: Any) -> None:  # noqa: ANN401 (Lambda's own)
    """Take a batch of the queue of exports: gather portfolios, and put archives together."""
    export_events.handle(runtime(), event, context.get_remaining_time_in_millis)


@app.lambda_function(name="sweep")
def sweep(_event: dict[str, Any], context: Any) -> dict[str, int]:  # noqa: ANN401 (Lambda's own)
    """Do, on a schedule, what a lost stream left undone."""
    return sweep_events.handle(runtime(), context.get_remaining_time_in_millis)
