"""Scenes: the files of a candidate's evidence."""

from chalicelib.domain.attachments import Attachment
from tests.api.door import centre_path
from tests.attachments import picture
from tests.play.stage import Stage, scene

REASON = {"reason": "The name of a resident stands on the board behind me."}


def attach(stage: Stage) -> tuple[Attachment, str]:
    """Upload a picture that is found clean, and return it with its path."""
    attachment = stage.world.attach(
        picture(),
        name="Hoist.jpg",
        media_type="image/jpeg",
        caption="The hoist, checked before the move.",
        alt_text="A hoist beside a bed; the label says that it was serviced in January.",
    )
    return attachment, f"{centre_path(stage.door)}/attachments/{attachment.id}"


def flagged(stage: Stage) -> str:
    """Upload a picture that somebody flags, and return its path."""
    _, path = attach(stage)
    stage.door.done("POST", f"{path}/flags", stage.world.candidate, REASON)
    return path


@scene("listAttachments")
def list_attachments(stage: Stage) -> None:
    world, path = stage.world, f"{centre_path(stage.door)}/attachments"
    attach(stage)
    rejected = world.start_upload(b"Noted.", name="Notes.txt").attachment
    world.send_file(rejected, b"\0\1\2\3\4\5")
    world.promote(rejected)
    stage.shows("One is clean, one was rejected.", "GET", path, world.candidate)
    of_one = f"{path}?candidate_id={world.candidate.id}"
    stage.shows("The same.", "GET", of_one, world.verifier, name="of_a_candidate")
    stage.refused("role-not-allowed", "GET", path, world.assessor)


@scene("getAttachment")
def get_attachment(stage: Stage) -> None:
    _, path = attach(stage)
    stage.shows("A picture that is clean.", "GET", path, stage.world.candidate)
    withheld = flagged(stage)
    stage.shows("One that is withheld.", "GET", withheld, stage.world.candidate, name="withheld")
    stage.refused("not-found", "GET", path, stage.world.assessor)


@scene("changeAttachment")
def change_attachment(stage: Stage) -> None:
    _, path = attach(stage)
    who, read = stage.world.candidate, '"0"'
    body = {"caption": "The hoist, which I checked before the move."}
    stage.shows("Another caption.", "PATCH", path, who, body, if_match=read)
    other = {"caption": "The hoist, checked."}
    stage.refused("stale-attachment", "PATCH", path, who, other, if_match=read)


@scene("deleteAttachment")
def delete_attachment(stage: Stage) -> None:
    _, path = attach(stage)
    stage.shows("It is gone.", "DELETE", path, stage.world.candidate)
    bound, path = attach(stage)
    stage.world.bind(bound, stage.world.enrol())
    stage.refused("evidence-bound", "DELETE", path, stage.world.candidate)


@scene("flagAttachment")
def flag_attachment(stage: Stage) -> None:
    _, path = attach(stage)
    stage.shows("It is withheld.", "POST", f"{path}/flags", stage.world.verifier, REASON)
    stage.refused("not-found", "POST", f"{path}/flags", stage.world.assessor, REASON)


@scene("resolveFlag")
def resolve_flag(stage: Stage) -> None:
    path, who = f"{flagged(stage)}/resolutions", stage.world.administrator
    kept = {"outcome": "withheld", "note": "The name can be read. A redacted copy is needed."}
    stage.shows("It stays withheld.", "POST", path, who, kept)
    flagged_id = path.split("/")[-2]
    redacted = stage.world.attach(b"Covered.", redacts=flagged_id, redaction="The name.")
    put = kept | {"note": "The name is covered in the copy.", "replacement": redacted.id}
    stage.shows("A copy stands in its place.", "POST", path, who, put, name="replaced")
    released = {"outcome": "released", "note": "The board is blank in this one."}
    stage.shows("It can be read again.", "POST", path, who, released, name="released")
    stage.refused("not-flagged", "POST", path, who, released)
