"""Scenes: webhooks."""

from typing import Any

from tests.api.door import centre_path
from tests.play.stage import Stage, scene

URL = "https://hooks.example/testamur"
PRIVATE = "https://intranet.example/testamur"


def create(stage: Stage) -> tuple[str, Any]:
    """Make a webhook; return its path and what was answered."""
    path = f"{centre_path(stage.door)}/webhooks"
    made = stage.door.done("POST", path, stage.world.administrator, {"url": URL})
    return f"{path}/{made.json['id']}", made


@scene("createWebhook")
def create_webhook(stage: Stage) -> None:
    path, who = f"{centre_path(stage.door)}/webhooks", stage.world.administrator
    body = {"url": URL, "kinds": ["attempt.judged", "certificate.issued"]}
    stage.shows("The secret is in this answer, and in no other.", "POST", path, who, body)
    stage.world.inboxes.addresses["intranet.example"] = ("10.0.0.1",)
    stage.refused("webhook-address-refused", "POST", path, who, {"url": PRIVATE})


@scene("listWebhooks")
def list_webhooks(stage: Stage) -> None:
    create(stage)
    path = f"{centre_path(stage.door)}/webhooks"
    stage.shows("All of the centre's.", "GET", path, stage.world.administrator)
    stage.refused("role-not-allowed", "GET", path, stage.world.verifier)


@scene("getWebhook")
def get_webhook(stage: Stage) -> None:
    path, _ = create(stage)
    stage.shows("Nothing has failed.", "GET", path, stage.world.administrator)
    stage.refused("role-not-allowed", "GET", path, stage.world.assessor)


@scene("changeWebhook")
def change_webhook(stage: Stage) -> None:
    path, made = create(stage)
    who, read = stage.world.administrator, made.headers["etag"]
    stage.shows("It is paused.", "PATCH", path, who, {"state": "paused"}, if_match=read)
    stage.refused("stale-webhook", "PATCH", path, who, {"state": "active"}, if_match=read)


@scene("rotateWebhookSecret")
def rotate_webhook_secret(stage: Stage) -> None:
    path, _ = create(stage)
    stage.shows(
        "For a day both secrets sign.", "POST", f"{path}/secrets", stage.world.administrator
    )
    stage.refused("role-not-allowed", "POST", f"{path}/secrets", stage.world.candidate)


@scene("deleteWebhook")
def delete_webhook(stage: Stage) -> None:
    path, _ = create(stage)
    stage.shows("It is gone.", "DELETE", path, stage.world.administrator)
    stage.refused("not-found", "DELETE", path, stage.world.administrator)


@scene("replayEvent")
def replay_event(stage: Stage) -> None:
    world = stage.world
    path, _ = create(stage)
    enrolment = world.enrol()
    world.sign(enrolment, "plan-1")
    signed = f"attempt-signed:{enrolment.id}:plan-1:1"
    who, replays = world.administrator, f"{path}/replays"
    stage.shows("The news of a signature comes again.", "POST", replays, who, {"event_id": signed})
    unknown = {"event_id": signed.replace("signed", "judged")}
    stage.refused("unknown-event", "POST", replays, who, unknown)
