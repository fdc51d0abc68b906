"""Webhooks of a centre: its administrators make them, change them, and have events sent again."""

import contextlib
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.access import Actor, require_role
from chalicelib.domain.deliveries import Delivery, to_message
from chalicelib.domain.errors import Conflict, Stale, Unavailable, not_found
from chalicelib.domain.events import Kind, envelope
from chalicelib.domain.people import Role
from chalicelib.domain.times import parse, stamp
from chalicelib.domain.webhooks import (
    ROTATION,
    WEBHOOKS_LIMIT,
    Webhook,
    WebhookState,
    new_webhook_secret,
)
from chalicelib.runtime import Runtime
from chalicelib.storage import items, keys
from chalicelib.storage.changes import Delete, Put, Update, absent, create, equals
from chalicelib.storage.table import ConditionFailedError
from chalicelib.usecases import events, people
from chalicelib.usecases.requests import Request, answered, remember

PREFIX = "WEBHOOK#"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChange:
    """What is to change of a webhook; None leaves as it is."""

    url: str | None = None
    kinds: tuple[Kind, ...] | None = None
    state: WebhookState | None = None


@dataclass(frozen=True, slots=True)
class NewSecret:
    """The new secret of a webhook, and until when the one before it signs as well."""

    secret: str
    previous_until: datetime


def create_webhook(
    runtime: Runtime, actor: Actor, url: str, kinds: tuple[Kind, ...], request: Request
) -> Webhook:
    """Make a webhook with a secret of its own; a repeat gets the same one, secret and all.

    Raises Invalid for an address that is not called, and Conflict where the centre has as many
    webhooks as it may have.
    """
    require_role(actor, Role.ADMINISTRATOR)
    if made := _made(runtime, actor, url, kinds, request):
        return made
    runtime.receivers.require(url)
    webhook = Webhook(
        id=runtime.new_id(),
        centre_id=actor.centre_id,
        url=url,
        kinds=kinds,
        secret=new_webhook_secret(runtime.new_secret()),
        created_at=runtime.now(),
    )
    counted = keys.webhook_count(actor.centre_id)
    count = int((runtime.table.get(counted) or {}).get("count", 0))
    if count >= WEBHOOKS_LIMIT:
        detail = f"A centre has at most {WEBHOOKS_LIMIT} webhooks; delete one first."
        raise Conflict("too-many-webhooks", detail)
    known = equals("count", count) if count else absent("count")
    # The secret is remembered with the request, so that a lost answer can be had again.
    given = {
        "webhook_id": webhook.id,
        "secret": webhook.secret,
        "created_at": stamp(webhook.created_at),
    }
    try:
        runtime.table.write(
            create(keys.webhook(actor.centre_id, webhook.id), items.from_webhook(webhook)),
            Update(counted, (known,), set={"count": count + 1}),
            remember(request, given, webhook.created_at),
            people.still(actor),
        )
    except ConditionFailedError as failure:
        people.require_still(runtime, actor, failure)
        if made := _made(runtime, actor, url, kinds, request):
            return made
        detail = "Another webhook was made in this moment; send the same request again."
        raise Unavailable("busy", detail) from None
    return webhook


def list_webhooks(
    runtime: Runtime, actor: Actor, limit: int, after: str
) -> tuple[tuple[Webhook, ...], str]:
    """Return a page of the centre's webhooks, oldest first, and where it ended."""
    require_role(actor, Role.ADMINISTRATOR)
    pk = keys.centre(actor.centre_id).pk
    page = runtime.table.page(pk, PREFIX, limit, after)
    return tuple(map(items.to_webhook, page.items)), page.end


def get_webhook(runtime: Runtime, actor: Actor, webhook_id: str) -> Webhook:
    """Return a webhook of the centre."""
    require_role(actor, Role.ADMINISTRATOR)
    item = runtime.table.get(keys.webhook(actor.centre_id, webhook_id))
    if item is None:
        raise not_found()
    return items.to_webhook(item)


def of_centre(runtime: Runtime, centre_id: str) -> Iterator[Webhook]:
    """Yield all webhooks of a centre."""
    yield from map(items.to_webhook, runtime.table.query(keys.centre(centre_id).pk, PREFIX))


def change_webhook(
    runtime: Runtime, actor: Actor, webhook_id: str, change: WebhookChange, if_match: Container[str]
) -> Webhook:
    """Change a webhook; one that is made active again starts without failures.

    Raises Stale where it was changed since it was read, unless it is as asked for already.
    """
    webhook = get_webhook(runtime, actor, webhook_id)
    wanted = replace(
        webhook,
        url=webhook.url if change.url is None else change.url,
        kinds=webhook.kinds if change.kinds is None else change.kinds,
        state=webhook.state if change.state is None else change.state,
    )
    if wanted == webhook:
        return webhook
    if etag(webhook) not in if_match:
        raise _stale(webhook)
    if wanted.url != webhook.url:
        runtime.receivers.require(wanted.url)
    if wanted.state is WebhookState.ACTIVE:
        wanted = replace(wanted, failing_since=None, last_status=None)
    return _replace(runtime, actor, webhook, wanted)


def rotate_secret(runtime: Runtime, actor: Actor, webhook_id: str, request: Request) -> NewSecret:
    """Give a webhook a new secret; the one before it signs as well for another day."""
    require_role(actor, Role.ADMINISTRATOR)
    if made := answered(runtime, request):
        return NewSecret(made["secret"], parse(made["previous_until"]))
    webhook = get_webhook(runtime, actor, webhook_id)
    now = runtime.now()
    secret = new_webhook_secret(runtime.new_secret())
    rotated = replace(
        webhook,
        secret=secret,
        previous_secret=webhook.secret,
        previous_until=now + ROTATION,
    )
    given = {"secret": secret, "previous_until": stamp(now + ROTATION)}
    try:
        _replace(runtime, actor, webhook, rotated, remember(request, given, now))
    except Stale:
        if made := answered(runtime, request):
            return NewSecret(made["secret"], parse(made["previous_until"]))
        detail = "The webhook was changed in this moment; send the same request again."
        raise Unavailable("busy", detail) from None
    return NewSecret(secret, now + ROTATION)


def delete_webhook(runtime: Runtime, actor: Actor, webhook_id: str) -> None:
    """Delete a webhook; what is on its way to it is dropped."""
    webhook = get_webhook(runtime, actor, webhook_id)
    try:
        runtime.table.write(
            Delete(keys.webhook(webhook.centre_id, webhook.id), (equals("id", webhook.id),)),
            Update(keys.webhook_count(webhook.centre_id), add={"count": -1}),
            people.still(actor),
        )
    except ConditionFailedError as failure:
        people.require_still(runtime, actor, failure)
        raise not_found() from None


def replay(
    runtime: Runtime, actor: Actor, webhook_id: str, event_id: str, request: Request
) -> None:
    """Queue an event of the centre for a webhook once more, of whatever kind and age.

    Raises Invalid where nothing at this centre goes by the id, and Conflict where the webhook is
    not active.
    """
    webhook = get_webhook(runtime, actor, webhook_id)
    if answered(runtime, request) is not None:
        return
    event = events.derive(runtime, actor.centre_id, event_id)
    if webhook.state is not WebhookState.ACTIVE:
        detail = "Nothing is sent to a webhook that is paused; make it active first."
        raise Conflict("webhook-not-active", detail)
    # Queued before it is remembered: a crash in between sends it twice, under one id.
    runtime.deliveries.send(to_message(Delivery(actor.centre_id, webhook.id, envelope(event))))
    with contextlib.suppress(ConditionFailedError):
        runtime.table.write(remember(request, {}, runtime.now()))


def etag(webhook: Webhook) -> str:
    """Give the strong validator of what an administrator sets of a webhook."""
    return f'"{webhook.revision}"'


def _made(
    runtime: Runtime, actor: Actor, url: str, kinds: tuple[Kind, ...], request: Request
) -> Webhook | None:
    """Return the webhook that the same request has made, as it was then."""
    made = answered(runtime, request)
    if made is None:
        return None
    return Webhook(
        id=made["webhook_id"],
        centre_id=actor.centre_id,
        url=url,
        kinds=kinds,
        secret=made["secret"],
        created_at=parse(made["created_at"]),
    )


def _replace(
    runtime: Runtime, actor: Actor, before: Webhook, after: Webhook, *more: Put
) -> Webhook:
    changed = replace(after, revision=before.revision + 1)
    unchanged = equals("revision", before.revision)
    key = keys.webhook(before.centre_id, before.id)
    try:
        put = Put(key, items.from_webhook(changed), (unchanged,))
        runtime.table.write(put, *more, people.still(actor))
    except ConditionFailedError as failure:
        people.require_still(runtime, actor, failure)
        current = runtime.table.get(key)
        if current is None:
            raise not_found() from None
        raise _stale(items.to_webhook(current)) from None
    return changed


def _stale(webhook: Webhook) -> Stale:
    detail = "The webhook was changed in between. Read it, then send again."
    return Stale("stale-webhook", detail, (), current={"etag": etag(webhook)})
