"""What has been signed for cannot change: not by its owner, not by any role of the stack."""

from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from chalicelib.domain.people import Role
from chalicelib.formats.modules import read_module
from cli.cast import create_cast
from cli.cloud import http
from cli.playing import Play, wait_for
from cli.stack import Stack
from cli.uploading import TAKEN, Uploader, digest, post
from tests.attachments import NOTE
from tests.stack.grants import ROLES
from tests.stack.roles import s3_of

SOURCE = """---
format: 1
id: signed-evidence
title: Signed evidence
---

# Element: Show it {#show}

## Page: A note of yours {#show-1}

!! A note, as you wrote it. {#note files: 1-1}
"""
PAGE, ITEM = "show-1", "note"


@pytest.fixture(scope="module")
def play(stack: Stack) -> Play:
    """Enrol a candidate in a module that asks for a note."""
    play = Play(stack, create_cast(stack, f"{uuid4().hex}.example"), read_module(SOURCE).module)
    play.publish(SOURCE)
    play.enrol()
    return play


@pytest.fixture(scope="module")
def uploader(play: Play) -> Uploader:
    return Uploader(play.client(Role.CANDIDATE), play.centre)


def test_what_was_signed_for_never_changes(stack: Stack, play: Play, uploader: Uploader) -> None:
    upload = uploader.start(NOTE, "text/plain", "note.txt")
    assert post(upload["form"], NOTE).status == TAKEN
    of = upload["id"]
    found = uploader.settled(of)
    candidate = play.client(Role.CANDIDATE)
    attempt = candidate.ask("GET", play.sign(PAGE, {ITEM: {"attachments": [of]}})).json()

    # The digest that was signed is that of the pinned version of the object.
    (signed,) = attempt["document"]["attachments"]
    assert (signed["id"], signed["sha256"]) == (of, digest(NOTE))
    s3 = stack.cloud.client("s3")
    place = {
        "Bucket": stack.resources["Evidence"],
        "Key": f"{play.cast.centre_id}/{of}/original",
    }
    pinned = place | {"VersionId": signed["version"]}
    assert digest(s3.get_object(**pinned)["Body"].read()) == signed["sha256"]

    # Its owner can neither describe nor delete it, nor send another file in its place.
    path = f"{play.centre}/attachments/{of}"
    changed = candidate.send("PATCH", path, {"caption": "Another"}, if_match="*")
    deleted = candidate.send("DELETE", path)
    for refused in (changed, deleted):
        assert (refused.status, refused.json()["code"]) == (409, "evidence-bound")
    again = NOTE.swapcase()
    assert post(upload["form"], again).status in {TAKEN, 400, 403}, "the form still works"
    quarantined = {"Bucket": stack.resources["Quarantine"], "Prefix": f"{play.cast.centre_id}/{of}"}
    wait_for(lambda: not s3.list_object_versions(**quarantined).get("Versions"), "the clearing")
    assert versions(s3, place) == [signed["version"]]

    # Nor can any role but that of the promotion step touch an object of evidence.
    for function in ROLES.keys() - {"promote"}:
        own = s3_of(stack, function)
        for act in (own.put_object, own.delete_object, own.put_object_tagging):
            more: dict[str, Any] = {"Tagging": {"TagSet": []}} if "tagging" in act.__name__ else {}
            with pytest.raises(ClientError, match="AccessDenied"):
                act(**place, **more)
        with pytest.raises(ClientError, match="AccessDenied"):
            own.delete_object(**pinned)
    assert uploader.attachment(of)["sha256"] == found["sha256"] == digest(NOTE)
    assert http.request("GET", uploader.attachment(of)["url"]).data == NOTE


def versions(s3: Any, place: dict[str, str]) -> list[str]:
    """Name the versions of an object, and its markers."""
    listed = s3.list_object_versions(Bucket=place["Bucket"], Prefix=place["Key"])
    found = [*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())]
    return [each["VersionId"] for each in found]
