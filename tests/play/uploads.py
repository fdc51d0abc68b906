"""Scenes: files on their way."""

import hashlib
from typing import Any

from chalicelib.domain.attachments import PART_SIZE
from tests.api.door import centre_path
from tests.play.stage import Stage, scene

NOTE = b"I read the plan, and asked Rowan to help.\n"
FILE: dict[str, Any] = {
    "name": "Shift notes.txt",
    "media_type": "text/plain",
    "size": len(NOTE),
    "sha256": hashlib.sha256(NOTE).hexdigest(),
    "caption": "What I wrote down after the shift.",
    "alt_text": "",
}
VIDEO: dict[str, Any] = {
    "name": "Handover.mp4",
    "media_type": "video/mp4",
    "size": 2 * PART_SIZE + 512,
    "caption": "I hand over at the end of the shift.",
    "alt_text": "Two people at a desk; one reads the plan aloud, the other asks about lunch.",
    "in_parts": True,
}


def path(stage: Stage) -> str:
    return f"{centre_path(stage.door)}/uploads"


def begin(stage: Stage, file: dict[str, Any]) -> str:
    """Begin an upload as the candidate, and return its path."""
    begun = stage.door.done("POST", path(stage), stage.world.candidate, file)
    return f"{path(stage)}/{begun.json['id']}"


@scene("startUpload")
def start_upload(stage: Stage) -> None:
    who = stage.world.candidate
    stage.shows("A file in one piece.", "POST", path(stage), who, FILE)
    stage.shows("A video, in parts.", "POST", path(stage), who, VIDEO, name="in_parts")
    page = FILE | {"name": "../notes.html", "media_type": "text/html"}
    stage.refused("invalid-upload", "POST", path(stage), who, page)


@scene("getUpload")
def get_upload(stage: Stage) -> None:
    world = stage.world
    stage.shows("A fresh form.", "GET", begin(stage, FILE), world.candidate)
    video = begin(stage, VIDEO)
    world.send_part(world.attachment(video.rpartition("/")[2]), 1, b"\0" * PART_SIZE)
    stage.shows("One part has arrived.", "GET", video, world.candidate, name="resumed")
    stage.refused("not-found", "GET", video, world.assessor)


@scene("uploadParts")
def upload_parts(stage: Stage) -> None:
    digests = [hashlib.sha256(each).hexdigest() for each in (b"first", b"second")]
    parts = [{"number": 1 + place, "sha256": each} for place, each in enumerate(digests)]
    who, video = stage.world.candidate, begin(stage, VIDEO)
    body = {"parts": parts}
    stage.shows("Links for two parts.", "POST", f"{video}/parts", who, body, key=None)
    beyond = {"parts": [{"number": 4, "sha256": digests[0]}]}
    stage.refused("invalid-parts", "POST", f"{video}/parts", who, beyond, key=None)


@scene("completeUpload")
def complete_upload(stage: Stage) -> None:
    who, upload, video = stage.world.candidate, begin(stage, FILE), begin(stage, VIDEO)
    stage.refused("upload-not-arrived", "POST", f"{upload}/completion", who, key=None)
    stage.world.send_file(stage.world.attachment(upload.rpartition("/")[2]), NOTE)
    stage.shows("The file is there.", "POST", f"{upload}/completion", who, key=None)
    stage.refused("upload-incomplete", "POST", f"{video}/completion", who, key=None)
