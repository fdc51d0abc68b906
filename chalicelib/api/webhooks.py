"""Webhooks: where a centre is told what was done."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.http import Answer, AnswerModel, Call, Operation, RequestModel, answer
from chalicelib.api.lists import ListQuery, Next, next_cursor
from chalicelib.api.rules import ADMINISTRATORS
from chalicelib.domain.events import Kind
from chalicelib.domain.webhooks import URL_LIMIT, Webhook, WebhookState
from chalicelib.usecases import webhooks
from chalicelib.usecases.webhooks import WebhookChange

WEBHOOKS = "/v1/centres/{centre_id}/webhooks"
WEBHOOK = WEBHOOKS + "/{webhook_id}"
EVENT_ID_LIMIT = 300

Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=URL_LIMIT,
        description="An https address on the public internet, without user, password or fragment.",
    ),
]
Kinds = Annotated[
    list[Kind],
    Field(
        max_length=len(Kind),
        description="The kinds of events to be told of; none named: all, and those still to come.",
    ),
]


class WebhookIn(RequestModel):
    """Where to tell, and of what."""

    url: Url
    kinds: Kinds = Field(default_factory=list)


class WebhookPatch(RequestModel):
    """What is to change of a webhook; what is left out stays."""

    url: Url | None = None
    kinds: Kinds | None = None
    state: Literal["active", "paused"] | None = None


class ReplayIn(RequestModel):
    """The event to be sent again."""

    event_id: Annotated[
        str,
        Field(
            min_length=1,
            max_length=EVENT_ID_LIMIT,
            description="The `id` of an event of this centre, of whatever age.",
        ),
    ]


class WebhookOut(AnswerModel):
    """An address that is told what is done at the centre."""

    id: str
    url: str
    kinds: list[Kind] = Field(description="What it is told of; none named: everything.")
    state: WebhookState = Field(
        description="`disabled` after its receiver has answered 410, `paused` by an administrator "
        "or after five days of failures. Set it to `active` to go on."
    )
    created_at: datetime
    failing_since: datetime | None = Field(
        description="When the first delivery failed that no success has followed; else null."
    )
    last_status: int | None = Field(
        description="What the latest failure was answered with, 0 where no answer came in time; "
        "null where nothing fails."
    )
    previous_secret_until: datetime | None = Field(
        description="Until then, deliveries are signed with the secret before as well."
    )


class NewWebhookOut(WebhookOut):
    """A webhook just made, with the secret that signs its deliveries: it is not shown again."""

    secret: str = Field(description="What verifies deliveries: `whsec_` and 32 bytes in base64.")


class WebhookList(AnswerModel):
    """Webhooks of the centre, oldest first."""

    items: list[WebhookOut]
    next: Next


class NewSecretOut(AnswerModel):
    """The new secret, not shown again; the one before signs as well for some time."""

    secret: str = Field(description="What verifies deliveries from now on.")
    previous_secret_until: datetime = Field(description="Until then the one before signs as well.")


class ReplayOut(AnswerModel):
    """What is on its way."""

    event_id: str


@Operation(
    "createWebhook",
    "POST",
    WEBHOOKS,
    summary="Have an address told of what is done at the centre.",
    rule=ADMINISTRATORS,
    body=WebhookIn,
    answer=NewWebhookOut,
    status=201,
    headers=("Location", "ETag"),
    idempotent=True,
    problems=("webhook-address-refused", "too-many-webhooks"),
)
def create_webhook(call: Call) -> Answer:
    """Make the webhook. A repeat of the request gets the same secret; nothing else shows it."""
    actor = call.actor()
    body = call.body(WebhookIn)
    request = call.request(actor, body)
    made = webhooks.create_webhook(call.runtime, actor, body.url, tuple(body.kinds), request)
    where = call.address(WEBHOOK.format(centre_id=actor.centre_id, webhook_id=made.id))
    shown = NewWebhookOut(**_out(made).model_dump(), secret=made.secret)
    return answer(shown, 201, location=where, etag=webhooks.etag(made))


@Operation(
    "listWebhooks",
    "GET",
    WEBHOOKS,
    summary="The centre's webhooks.",
    rule=ADMINISTRATORS,
    query=ListQuery,
    answer=WebhookList,
)
def list_webhooks(call: Call) -> Answer:
    """List the webhooks, oldest first."""
    actor = call.actor()
    query = call.query(ListQuery)
    found, end = webhooks.list_webhooks(call.runtime, actor, query.limit, query.after)
    return answer(WebhookList(items=[_out(each) for each in found], next=next_cursor(end)))


@Operation(
    "getWebhook",
    "GET",
    WEBHOOK,
    summary="A webhook, and whether its deliveries fail.",
    rule=ADMINISTRATORS,
    answer=WebhookOut,
    headers=("ETag",),
)
def get_webhook(call: Call) -> Answer:
    """Answer with the webhook."""
    found = webhooks.get_webhook(call.runtime, call.actor(), call["webhook_id"])
    return answer(_out(found), etag=webhooks.etag(found))


@Operation(
    "changeWebhook",
    "PATCH",
    WEBHOOK,
    summary="Change the address or the kinds of a webhook; pause it, or make it active again.",
    rule=ADMINISTRATORS,
    body=WebhookPatch,
    answer=WebhookOut,
    headers=("ETag",),
    if_match=True,
    problems=("webhook-address-refused", "stale-webhook"),
)
def change_webhook(call: Call) -> Answer:
    """Change what the body names. Events of the time while it is paused are not sent."""
    actor = call.actor()
    body = call.body(WebhookPatch)
    change = WebhookChange(
        url=body.url,
        kinds=None if body.kinds is None else tuple(body.kinds),
        state=None if body.state is None else WebhookState(body.state),
    )
    changed = webhooks.change_webhook(
        call.runtime, actor, call["webhook_id"], change, call.if_match()
    )
    return answer(_out(changed), etag=webhooks.etag(changed))


@Operation(
    "rotateWebhookSecret",
    "POST",
    WEBHOOK + "/secrets",
    summary="Give a webhook a new secret; for 24 hours both sign.",
    rule=ADMINISTRATORS,
    answer=NewSecretOut,
    status=201,
    idempotent=True,
)
def rotate_webhook_secret(call: Call) -> Answer:
    """Answer with the new secret. A repeat of the request gets the same one."""
    actor = call.actor()
    call.no_body()
    made = webhooks.rotate_secret(call.runtime, actor, call["webhook_id"], call.request(actor))
    shown = NewSecretOut(secret=made.secret, previous_secret_until=made.previous_until)
    return answer(shown, 201)


@Operation(
    "deleteWebhook",
    "DELETE",
    WEBHOOK,
    summary="Delete a webhook.",
    rule=ADMINISTRATORS,
    status=204,
    media=(),
)
def delete_webhook(call: Call) -> Answer:
    """Delete the webhook; what is on its way to it is dropped."""
    webhooks.delete_webhook(call.runtime, call.actor(), call["webhook_id"])
    return Answer(204)


@Operation(
    "replayEvent",
    "POST",
    WEBHOOK + "/replays",
    summary="Have an event sent to a webhook again.",
    rule=ADMINISTRATORS,
    body=ReplayIn,
    answer=ReplayOut,
    status=202,
    idempotent=True,
    problems=("unknown-event", "webhook-not-active"),
)
def replay_event(call: Call) -> Answer:
    """Derive the event from what stands in the table, and queue it under the same id."""
    actor = call.actor()
    body = call.body(ReplayIn)
    request = call.request(actor, body)
    webhooks.replay(call.runtime, actor, call["webhook_id"], body.event_id, request)
    return answer(ReplayOut(event_id=body.event_id), 202)


def _out(webhook: Webhook) -> WebhookOut:
    return WebhookOut(
        id=webhook.id,
        url=webhook.url,
        kinds=list(webhook.kinds),
        state=webhook.state,
        created_at=webhook.created_at,
        failing_since=webhook.failing_since,
        last_status=webhook.last_status,
        previous_secret_until=webhook.previous_until,
    )
