"""Uploads as they really are: forms, parts, the two buckets, the scanner, and who can read what."""

import subprocess
import sys
import wave
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from chalicelib.domain.attachments import PART_SIZE, Attachment
from chalicelib.domain.people import Role
from chalicelib.domain.times import stamp
from chalicelib.runtime import build_runtime, read_settings
from chalicelib.storage import keys
from chalicelib.storage.changes import Update
from chalicelib.storage.quarantine import Quarantine
from cli.cast import create_cast, create_newcomer, operator_runtime
from cli.cloud import http, running
from cli.evidence import SAMPLES
from cli.playing import Client, wait_for
from cli.stack import Stack, deploy
from cli.uploading import TAKEN, Uploader, digest, post
from infra.package import ROOT, package
from tests.attachments import begin, in_index, name_of, read, stored
from tests.clamd import EICAR, scanning
from tests.stack.grants import ROLES
from tests.stack.roles import s3_of
from tests.stack.streams import stream_off

NOTE = b"The plan was read, and a second person was asked.\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><html><body onload='alert(1)'>Hello</body></html>"
BUCKETS = ("Quarantine", "Evidence")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Deploy to a cloud of its own, where everything is scanned."""
    home = tmp_path_factory.mktemp("scanned")
    with scanning() as clamd, running(home, keep=False) as cloud:
        yield deploy(cloud, package(), Scanner=clamd.setting)


@pytest.fixture(scope="module")
def uploader(stack: Stack) -> Uploader:
    """Sign a candidate in, at a centre of their own."""
    cast = create_cast(stack, f"{uuid4().hex}.example")
    client = Client(stack.api, stack.sign_in(cast.username(Role.CANDIDATE)))
    return Uploader(client, f"/v1/centres/{cast.centre_id}")


@pytest.fixture(scope="module")
def other(stack: Stack) -> Uploader:
    """Sign in somebody who has nothing to do with the candidate, at the same centre."""
    cast = create_cast(stack, f"{uuid4().hex}.example")
    create_newcomer(stack, cast)
    client = Client(stack.api, stack.sign_in(cast.username("newcomer")))
    return Uploader(client, f"/v1/centres/{cast.centre_id}")


def lying(stack: Stack, uploader: Uploader, upload_id: str) -> dict[str, list[str]]:
    """List what lies in each bucket of an upload, in any version."""
    s3 = stack.cloud.client("s3")
    place = f"{uploader.centre.rpartition('/')[2]}/{upload_id}"
    found = {}
    for bucket in BUCKETS:
        listed = s3.list_object_versions(Bucket=stack.resources[bucket], Prefix=place)
        found[bucket] = sorted(
            each["Key"].removeprefix(place).removeprefix("/")
            for each in (*listed.get("Versions", ()), *listed.get("DeleteMarkers", ()))
        )
    return found


def assert_lies(stack: Stack, uploader: Uploader, upload_id: str, *names: str) -> None:
    """Check that in the end this is all that lies anywhere, each in one version.

    In the end, because what is settled is cleared up next, also by whoever came second.
    """
    wanted = {"Quarantine": [], "Evidence": sorted(names)}
    wait_for(lambda: lying(stack, uploader, upload_id) == wanted, f"the end of all but {names}")


def assert_nothing_readable(stack: Stack, uploader: Uploader, upload_id: str) -> None:
    assert_lies(stack, uploader, upload_id)
    shown = uploader.attachment(upload_id)
    assert (shown["url"], shown["rendering_url"], shown["thumbnail_url"]) == (None, None, None)


# ---- what is clean


def test_a_file_of_every_type_comes_back_byte_for_byte(stack: Stack, uploader: Uploader) -> None:
    sent: dict[str, tuple[str, bytes]] = {}
    for media_type, sample in SAMPLES.items():
        content = sample.make()
        upload = uploader.start(content, media_type, sample.name, alt_text=sample.alt_text)
        assert post(upload["form"], content).status == TAKEN
        assert uploader.complete(upload["id"]).status == 202
        sent[upload["id"]] = media_type, content

    for upload_id, (media_type, content) in sent.items():
        found = uploader.settled(upload_id)
        assert (found["state"], found["reason"]) == ("clean", None), media_type
        assert (found["sha256"], found["scanned_by"]) == (digest(content), "clamd")
        download = http.request("GET", found["url"])
        assert download.data == content, media_type
        assert download.headers["content-type"] == "application/octet-stream"
        assert download.headers["content-disposition"].startswith("attachment")
        pictured = media_type.startswith("image/")
        names = ["original", *(["rendering.jpg", "thumbnail.jpg"] if pictured else [])]
        assert_lies(stack, uploader, upload_id, *names)
        if pictured:
            for link in ("rendering_url", "thumbnail_url"):
                shown = http.request("GET", found[link])
                assert shown.headers["content-type"] == "image/jpeg"
                assert b"Exif" not in shown.data


def test_the_event_of_s3_is_enough(uploader: Uploader) -> None:
    upload = uploader.start(NOTE, "text/plain", "note.txt")
    assert post(upload["form"], NOTE).status == TAKEN
    assert uploader.settled(upload["id"])["state"] == "clean"


def test_what_is_completed_twice_is_there_once(stack: Stack, uploader: Uploader) -> None:
    upload = uploader.start(NOTE, "text/plain", "note.txt")
    post(upload["form"], NOTE)
    assert [uploader.complete(upload["id"]).status for _ in range(2)] == [202, 202]
    found = uploader.settled(upload["id"])
    again = uploader.complete(upload["id"])
    assert (again.status, again.json()["state"]) == (202, "clean")
    assert post(upload["form"], NOTE).status == TAKEN, "the form works until it expires"
    assert_lies(stack, uploader, upload["id"], "original")
    assert uploader.attachment(upload["id"])["settled_at"] == found["settled_at"]


def test_what_is_sent_once_all_is_settled_changes_nothing(stack: Stack, uploader: Uploader) -> None:
    other = NOTE.swapcase()
    whole = uploader.start(NOTE, "text/plain", "note.txt")
    cut = uploader.start(NOTE, "text/plain", "note.txt", in_parts=True)
    wanted = {"parts": [{"number": 1, "sha256": digest(NOTE)}]}
    path = f"{uploader.centre}/uploads/{cut['id']}/parts"
    (link,) = uploader.client.ask("POST", path, wanted).json()["parts"]
    put = {"headers": link["headers"], "body": NOTE}
    assert post(whole["form"], NOTE).status == TAKEN
    assert http.request("PUT", link["url"], **put).status == 200
    for upload in (whole, cut):
        assert uploader.complete(upload["id"]).status == 202
        uploader.settled(upload["id"])

    post(whole["form"], other)  # S3 refuses other bytes at the door, the local cloud does not
    assert http.request("PUT", link["url"], **put).status == 404
    for upload in (whole, cut):
        assert_lies(stack, uploader, upload["id"], "original")
        found = uploader.attachment(upload["id"])
        assert (found["sha256"], http.request("GET", found["url"]).data) == (digest(NOTE), NOTE)


# ---- what S3 refuses


@pytest.mark.parametrize(
    ("content", "changed"),
    [
        (NOTE + b"x", {}),
        (NOTE[:-1], {}),
        (NOTE, {"Content-Type": "text/html"}),
        (NOTE, {"key": "somewhere/else"}),
        (NOTE, {"x-amz-checksum-sha256": "A" * 43 + "="}),
        (NOTE, {"tagging": "<Tagging><TagSet/></Tagging>"}),
        (NOTE, {"acl": "public-read"}),
    ],
    ids=["larger", "smaller", "type", "key", "checksum", "tags", "acl"],
)
def test_s3_takes_nothing_but_what_was_declared(
    stack: Stack, uploader: Uploader, content: bytes, changed: dict[str, str]
) -> None:
    upload = uploader.start(NOTE, "text/plain", "note.txt")
    assert post(upload["form"], content, **changed).status in {400, 403}
    assert uploader.complete(upload["id"]).json()["code"] == "upload-not-arrived"
    assert_nothing_readable(stack, uploader, upload["id"])


def test_an_expired_form_takes_nothing(stack: Stack, uploader: Uploader) -> None:
    upload = uploader.start(NOTE, "text/plain", "note.txt")
    place = f"{uploader.centre.rpartition('/')[2]}/{upload['id']}"
    quarantine = Quarantine(s3_of(stack, "api"), stack.resources["Quarantine"])
    expired = quarantine.form(place, "text/plain", len(NOTE), digest(NOTE), -1)
    refused = post({"url": expired.url, "fields": expired.fields}, NOTE)
    assert refused.status == 403
    assert b"expired" in refused.body
    assert_nothing_readable(stack, uploader, upload["id"])
    assert post(uploader.get(upload["id"])["form"], NOTE).status == TAKEN, "a fresh one does"


# ---- what the promotion step refuses


def archive() -> bytes:
    with BytesIO() as written:
        with zipfile.ZipFile(written, "w") as opened:
            opened.writestr("evil.txt", "Hello")
        return written.getvalue()


def declared(media_type: str) -> bytes:
    return SAMPLES[media_type].make()


@pytest.mark.parametrize(
    ("media_type", "content", "reason"),
    [
        ("image/jpeg", declared("image/png"), "wrong-type"),
        ("image/png", SVG, "wrong-type"),
        ("image/jpeg", HTML, "wrong-type"),
        ("text/plain", HTML, "wrong-type"),
        ("text/plain", SVG, "wrong-type"),
        ("application/pdf", declared("application/pdf") + archive(), "polyglot"),
        ("image/jpeg", declared("image/jpeg") + HTML, "polyglot"),
        ("image/jpeg", declared("image/jpeg") + archive(), "polyglot"),
        ("image/jpeg", declared("image/jpeg")[:200], "damaged"),
        ("text/plain", EICAR, "malware"),
    ],
    ids=[
        "a PNG as JPEG",
        "SVG as PNG",
        "HTML as JPEG",
        "HTML as text",
        "SVG as text",
        "PDF and archive",
        "JPEG and HTML",
        "JPEG and archive",
        "half a JPEG",
        "EICAR",
    ],
)
def test_what_it_is_not_is_refused_and_nothing_stays(
    stack: Stack, uploader: Uploader, media_type: str, content: bytes, reason: str
) -> None:
    upload = uploader.start(content, media_type, "file")
    assert post(upload["form"], content).status == TAKEN
    refused = uploader.settled(upload["id"])
    assert (refused["state"], refused["reason"]) == ("rejected", reason)
    assert refused["reason_text"]
    assert_nothing_readable(stack, uploader, upload["id"])


def test_other_bytes_of_the_same_size_are_refused(stack: Stack, uploader: Uploader) -> None:
    # AWS refuses them at the door; the local cloud does not, and the promotion step always does.
    upload = uploader.start(NOTE, "text/plain", "note.txt")
    assert post(upload["form"], NOTE.swapcase()).status == TAKEN
    refused = uploader.settled(upload["id"])
    assert (refused["state"], refused["reason"]) == ("rejected", "checksum-differs")
    assert_nothing_readable(stack, uploader, upload["id"])


# ---- what the API refuses


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"media_type": "image/svg+xml"}, "type-not-taken"),
        ({"media_type": "text/html"}, "type-not-taken"),
        ({"size": 0}, "too-small"),
        ({"size": 101 * 1024**2}, "too-large"),
        ({"sha256": "0" * 63}, "invalid-digest"),
        ({"name": "../note.txt"}, "name-with-path"),
        ({"name": "C:\\note.txt"}, "name-with-path"),
        ({"name": "note\x07.txt"}, "invalid-text"),
        ({"name": "note\u202etxt.exe"}, "invisible-characters"),
        ({"name": "n" * 1000}, "too-long"),
    ],
)
def test_what_is_declared_wrongly_gets_no_form(
    uploader: Uploader, more: dict[str, object], code: str
) -> None:
    body = {
        "name": "note.txt",
        "media_type": "text/plain",
        "size": len(NOTE),
        "sha256": digest(NOTE),
        "caption": "",
        "alt_text": "",
    }
    answer = uploader.client.send("POST", f"{uploader.centre}/uploads", body | more)
    assert answer.status in {400, 422}
    assert code in {error["code"] for error in answer.json()["errors"]}


def test_nobody_completes_the_upload_of_another(uploader: Uploader, other: Uploader) -> None:
    upload = uploader.start(NOTE, "text/plain", "note.txt")
    post(upload["form"], NOTE)
    assert other.complete(upload["id"]).status == 404
    there = Uploader(other.client, uploader.centre)
    assert there.complete(upload["id"]).status in {403, 404}
    assert uploader.settled(upload["id"])["state"] == "clean"


# ---- what never arrives, and what arrives in parts


def test_what_never_arrived_is_refused_in_the_end(stack: Stack, uploader: Uploader) -> None:
    upload = uploader.start(NOTE * 1000, "text/plain", "note.txt", in_parts=True)
    assert uploader.complete(upload["id"]).json()["code"] == "upload-incomplete"
    runtime = operator_runtime(stack)
    centre_id = uploader.centre.rpartition("/")[2]
    long_ago = stamp(datetime.now(UTC) - timedelta(days=8))
    key = keys.attachment(centre_id, upload["id"])
    runtime.table.write(Update(key, set={"created_at": long_ago}))
    stack.invoke("sweep")
    refused = uploader.settled(upload["id"])
    assert (refused["state"], refused["reason"]) == ("rejected", "never-arrived")
    assert_nothing_readable(stack, uploader, upload["id"])
    left = stack.cloud.client("s3").list_multipart_uploads(Bucket=stack.resources["Quarantine"])
    assert upload["id"] not in str(left.get("Uploads", ()))


def test_a_large_file_is_resumed_where_it_stopped(stack: Stack, uploader: Uploader) -> None:
    content = (NOTE * (2 * PART_SIZE // len(NOTE) + 1))[: 2 * PART_SIZE + 5]
    first, second, third = (content[at * PART_SIZE :][:PART_SIZE] for at in range(3))
    upload = uploader.start(content, "text/plain", "long.txt", in_parts=True, sha256=None)
    of = upload["id"]
    assert (upload["form"], upload["parts"]["count"]) == (None, 3)

    assert uploader.put_part(of, 2, second).status == 200
    assert uploader.put_part(of, 1, first, sent=second).status == 400, "another part's bytes"
    assert uploader.put_part(of, 3, third, sent=third + b"x").status in {400, 403}
    resumed = uploader.get(of)["parts"]["arrived"]
    assert resumed == [{"number": 2, "size": PART_SIZE, "sha256": digest(second)}]
    incomplete = uploader.complete(of)
    assert (incomplete.status, incomplete.json()["code"]) == (409, "upload-incomplete")

    for number, part in ((1, first), (3, third)):
        assert uploader.put_part(of, number, part).status == 200
    assert uploader.complete(of).status == 202
    found = uploader.settled(of)
    assert (found["state"], found["sha256"]) == ("clean", digest(content))
    assert http.request("GET", found["url"]).data == content
    assert_lies(stack, uploader, of, "original")


# ---- who can read what


def statuses(s3: Any, bucket: str, key: str, version: str) -> set[int]:
    """Try to read an object with an identity, in every way there is."""
    of = {"Bucket": bucket, "Key": key}
    links = [
        s3.generate_presigned_url("get_object", Params=of),
        s3.generate_presigned_url("get_object", Params=of | {"VersionId": version}),
        s3.generate_presigned_url("head_object", Params=of, HttpMethod="GET"),
    ]
    tried = {http.request("GET", link).status for link in links}
    for operation in (s3.get_object, s3.head_object):
        for more in ({}, {"VersionId": version}):
            try:
                tried.add(operation(**of, **more)["ResponseMetadata"]["HTTPStatusCode"])
            except ClientError as error:
                tried.add(error.response["ResponseMetadata"]["HTTPStatusCode"])
    return tried


def test_what_is_not_scanned_yet_nobody_can_read(stack: Stack, uploader: Uploader) -> None:
    bucket = stack.resources["Quarantine"]
    with stream_off(stack, "promote"):
        upload = uploader.start(NOTE, "text/plain", "note.txt")
        assert post(upload["form"], NOTE).status == TAKEN
        assert uploader.complete(upload["id"]).json()["state"] == "pending"
        shown = uploader.attachment(upload["id"])
        assert (shown["state"], shown["url"]) == ("pending", None)
        key = upload["form"]["fields"]["key"]
        version = Quarantine(stack.cloud.client("s3"), bucket).find(key)
        assert version, "it is there"
        for function in ROLES.keys() - {"promote"}:
            assert statuses(s3_of(stack, function), bucket, key, version.version) == {403}, function
        # That this can fail: the step that has to read it, can.
        assert 200 in statuses(s3_of(stack, "promote"), bucket, key, version.version)
        # Nor can anybody but that step bring it to where it could be read.
        source = {"Bucket": bucket, "Key": key, "VersionId": version.version}
        for function in ROLES.keys() - {"promote"}:
            with pytest.raises(ClientError, match="AccessDenied"):
                s3_of(stack, function).copy_object(
                    Bucket=stack.resources["Evidence"], Key=f"{key}/original", CopySource=source
                )
        unsigned = f"{stack.cloud.endpoint}/{bucket}/{key}"
        assert http.request("GET", unsigned).status == 403
    assert uploader.settled(upload["id"])["state"] == "clean"


def test_a_link_to_evidence_opens_that_version_alone(uploader: Uploader) -> None:
    upload = uploader.start(NOTE, "text/plain", "note.txt")
    post(upload["form"], NOTE)
    link = uploader.settled(upload["id"])["url"]
    assert http.request("GET", link).data == NOTE
    assert http.request("GET", link.replace("versionId=", "versionId=0")).status == 403
    assert http.request("PUT", link, body=b"changed").status == 403
    assert http.request("DELETE", link).status == 403
    assert http.request("GET", link).data == NOTE


def test_a_deleted_file_is_gone(stack: Stack, uploader: Uploader) -> None:
    upload = uploader.start(NOTE, "text/plain", "note.txt")
    post(upload["form"], NOTE)
    link = uploader.settled(upload["id"])["url"]
    path = f"{uploader.centre}/attachments/{upload['id']}"
    assert uploader.client.send("DELETE", path).status == 204
    wait_for(lambda: http.request("GET", link).status == 404, "the end of a file")
    assert_lies(stack, uploader, upload["id"])


# ---- memory

# The peak of this process alone: `ru_maxrss` would begin with what its parent had.
MEASURE = """
import re, sys
from pathlib import Path
from chalicelib.runtime import runtime
from chalicelib.usecases.promotions import promote
promote(runtime(), *sys.argv[1:])
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


def test_memory_stays_flat_whatever_the_size(stack: Stack, tmp_path: Path) -> None:
    runtime = build_runtime(read_settings(stack.environment("promote")), stack.cloud.client)
    centre_id = "01" * 13
    used = []
    with stream_off(stack, "promote"):
        for mebibytes in (3, 300):
            file = tmp_path / "recording.wav"
            size = _write_wav(file, mebibytes)
            attachment = begin(
                runtime, centre_id, media_type="audio/wav", size=size, sha256="", parts="none"
            )
            s3 = stack.cloud.client("s3")
            with file.open("rb") as content:
                s3.put_object(
                    Bucket=stack.resources["Quarantine"], Key=name_of(attachment), Body=content
                )
            used.append(_kibibytes(stack, attachment))
            assert read(runtime, attachment).state == "clean"
            assert not in_index(runtime, attachment)
            assert len(stored(s3, stack.resources["Evidence"], attachment)) == 1
    small, large = used
    assert small < 200 * 1024, "it is this process that was measured"
    assert large - small < 16 * 1024, f"{small} KiB for 3 MiB, {large} KiB for 300 MiB"


def _write_wav(file: Path, mebibytes: int) -> int:
    with wave.open(str(file), "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(44100)
        for _ in range(mebibytes):
            recording.writeframes(bytes(1024 * 1024))
    return file.stat().st_size


def _kibibytes(stack: Stack, attachment: Attachment) -> int:
    """Promote in a process of its own, and say how much memory it took."""
    done = subprocess.run(  # noqa: S603 (the lines above)
        [sys.executable, "-c", MEASURE, attachment.centre_id, attachment.id],
        env=stack.environment("promote") | {"SCANNER": "off"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])
