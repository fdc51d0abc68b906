"""Deliveries: one for each webhook that wants the event, tried until it is taken or given up."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.deliveries import WAITS
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.events import Event, EventId, Kind, envelope
from chalicelib.domain.webhooks import Webhook, WebhookState, signature_headers
from chalicelib.events import deliver
from chalicelib.usecases import webhooks
from chalicelib.usecases.webhooks import WebhookChange
from tests.world import World, request

URL = "https://hooks.example/in"


def create(world: World, url: str = URL, kinds: Sequence[Kind] = ()) -> Webhook:
    of = (world.runtime, world.administrator, url, tuple(kinds))
    return webhooks.create_webhook(*of, request(world.administrator))


def told(world: World, kind: Kind = Kind.ATTEMPT_SIGNED) -> dict[str, Any]:
    return envelope(Event(EventId(kind, "e1", ("kn-1", "1")), world.centre.id, world.clock()))


def handle(world: World, *messages: Any) -> None:
    records = [{"body": json.dumps(message)} for message in messages]
    deliver.handle(world.runtime, {"Records": records})


def run(world: World) -> list[float]:
    """Handle what is queued now, and return the waits that it had."""
    taken = world.queue.take()
    handle(world, *(message for message, _ in taken))
    return [wait for _, wait in taken]


def now(world: World, webhook: Webhook) -> Webhook:
    return webhooks.get_webhook(world.runtime, world.administrator, webhook.id)


def change(world: World, webhook: Webhook, **more: Any) -> Webhook:
    etag = [webhooks.etag(now(world, webhook))]
    of = (world.runtime, world.administrator, webhook.id, WebhookChange(**more), etag)
    return webhooks.change_webhook(*of)


def fail_for(world: World, **by: float) -> None:
    """Have new events fail for so long."""
    end = world.clock() + timedelta(**by)
    while world.clock() < end:
        handle(world, told(world))
        run(world)
        world.queue.take()
        world.clock.forward(hours=12)


def test_an_event_goes_to_every_webhook_that_wants_it(world: World) -> None:
    everything = create(world, f"{URL}/all")
    create(world, f"{URL}/judged", [Kind.ATTEMPT_JUDGED])
    change(world, create(world, f"{URL}/paused"), state=WebhookState.PAUSED)
    world.calls.take()
    event = told(world)
    handle(world, event)
    assert world.calls.take() == ["Query"]
    assert run(world) == [0]
    assert world.calls.take() == ["GetItem"], "a delivery that goes well writes nothing"
    ((url, body, headers),) = world.inboxes.got
    assert url == everything.url
    assert json.loads(body) == event
    signed = signature_headers(event["id"], body, [everything.secret], world.clock())
    assert signed.items() <= headers.items()
    assert headers["Content-Type"] == "application/cloudevents+json"


def test_a_centre_without_webhooks_costs_one_query(world: World) -> None:
    world.calls.take()
    handle(world, told(world))
    assert world.calls.take() == ["Query"]
    assert world.queue.take() == []


def test_nothing_goes_to_the_webhooks_of_another_centre(world: World) -> None:
    create(world)
    handle(world, told(world) | {"data": {"centre_id": world.new_centre("Hilltop").id}})
    assert world.queue.take() == []


def test_a_failure_is_tried_again_with_growing_waits_and_then_given_up(world: World) -> None:
    webhook = create(world)
    world.inboxes.status = 503
    start = world.clock()
    handle(world, told(world))
    for number, wait in enumerate((timedelta(), *WAITS), 1):
        world.clock.forward(seconds=wait.total_seconds())
        run(world)
        assert len(world.inboxes.got) == number
    assert world.queue.take() == [], "given up"
    assert len({body for _, body, _ in world.inboxes.got}) == 1
    assert len({headers["webhook-id"] for *_, headers in world.inboxes.got}) == 1
    failing = now(world, webhook)
    assert (failing.failing_since, failing.last_status) == (start, 503)
    assert failing.state is WebhookState.ACTIVE


def test_one_that_is_not_due_is_put_back_untried(world: World) -> None:
    create(world)
    world.inboxes.status = 500
    handle(world, told(world))
    run(world)
    assert [wait for _, wait in world.queue.messages] == [5]
    world.clock.forward(seconds=2)
    assert run(world) == [5]
    assert [wait for _, wait in world.queue.messages] == [3]
    assert len(world.inboxes.got) == 1


def test_a_success_ends_the_failing(world: World) -> None:
    webhook = create(world)
    world.inboxes.status = 0
    handle(world, told(world))
    run(world)
    assert now(world, webhook).last_status == 0
    world.inboxes.status = 200
    world.clock.forward(seconds=5)
    run(world)
    assert now(world, webhook) == webhook
    assert world.queue.take() == []


def test_one_failure_after_another_writes_once(world: World) -> None:
    create(world)
    world.inboxes.status = 500
    for _ in range(3):
        handle(world, told(world))
    world.calls.take()
    run(world)
    assert world.calls.take().count("UpdateItem") == 1


@pytest.mark.parametrize("status", [300, 301, 307, 400, 404, 429, 500])
def test_whatever_is_no_success_is_a_failure(world: World, status: int) -> None:
    create(world)
    world.inboxes.status = status
    handle(world, told(world))
    run(world)
    assert len(world.queue.take()) == 1


def test_a_receiver_that_is_gone_is_asked_no_more(world: World) -> None:
    webhook = create(world)
    world.inboxes.status = 410
    handle(world, told(world))
    run(world)
    assert world.queue.take() == []
    gone = now(world, webhook)
    assert (gone.state, gone.last_status) == (WebhookState.DISABLED, 410)
    assert webhooks.etag(gone) != webhooks.etag(webhook)
    handle(world, told(world))
    assert world.queue.take() == []


def test_after_five_days_of_failures_a_webhook_is_paused(world: World) -> None:
    webhook = create(world)
    world.inboxes.status = 500
    fail_for(world, days=4.9)
    assert now(world, webhook).state is WebhookState.ACTIVE
    fail_for(world, days=1)
    assert now(world, webhook).state is WebhookState.PAUSED
    revived = change(world, webhook, state=WebhookState.ACTIVE)
    assert (revived.failing_since, revived.last_status) == (None, None)
    world.inboxes.status = 204
    handle(world, told(world))
    assert run(world) == [0]
    assert now(world, webhook).failing_since is None


def test_what_is_on_its_way_to_a_deleted_or_paused_webhook_is_dropped(world: World) -> None:
    deleted, paused = create(world), create(world)
    handle(world, told(world))
    webhooks.delete_webhook(world.runtime, world.administrator, deleted.id)
    change(world, paused, state=WebhookState.PAUSED)
    run(world)
    assert world.inboxes.got == []
    assert world.queue.take() == []


def test_a_delivery_goes_where_the_webhook_is_now(world: World) -> None:
    webhook = create(world)
    world.inboxes.status = 500
    handle(world, told(world))
    run(world)
    change(world, webhook, url=f"{URL}/moved")
    world.clock.forward(seconds=5)
    run(world)
    assert [url for url, *_ in world.inboxes.got] == [URL, f"{URL}/moved"]


def test_for_a_day_after_a_rotation_both_secrets_sign(world: World) -> None:
    webhook = create(world)
    rotated = webhooks.rotate_secret(
        world.runtime, world.administrator, webhook.id, request(world.administrator)
    )
    for hours, secrets in ((23, [rotated.secret, webhook.secret]), (2, [rotated.secret])):
        world.clock.forward(hours=hours)
        event = told(world)
        handle(world, event)
        run(world)
        _, body, headers = world.inboxes.got[-1]
        assert signature_headers(event["id"], body, secrets, world.clock()).items() <= (
            headers.items()
        )


def test_a_failure_of_ours_has_the_message_come_again_and_tells_nothing(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    create(world)

    def fail() -> None:
        raise Unavailable("busy", "PLANTED words")

    handle(world, told(world))
    world.inboxes.status = 500
    world.table.interruption = fail
    with pytest.raises(RuntimeError, match="comes again") as failure:
        run(world)
    assert failure.value.__suppress_context__
    assert world.queue.take() == [], "nothing is queued twice"
    printed = capfd.readouterr()
    assert "delivery-failed" in printed.out
    assert "PLANTED" not in printed.out + printed.err
    assert "hooks.example" not in printed.out + printed.err
