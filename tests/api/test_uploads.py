"""Uploads over HTTP: begun, sent to S3, resumed and completed; what is not taken is refused.

What S3 itself refuses is shown against the local cloud, which checks signatures and policies.
"""

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.access import Actor
from chalicelib.domain.attachments import NUMBER_LIMIT, PART_SIZE, PARTS_LIMIT, WHOLE_LIMIT
from chalicelib.domain.people import Role
from chalicelib.storage import keys
from chalicelib.storage.changes import Update
from tests.api.door import Door, Reply, centre_path
from tests.attachments import picture
from tests.world import QUARANTINE

NOTE = b"The plan was read.\n"
DIGEST = hashlib.sha256(NOTE).hexdigest()
FILE: dict[str, Any] = {
    "name": "notes.txt",
    "media_type": "text/plain; charset=utf-8",
    "size": len(NOTE),
    "sha256": DIGEST,
    "caption": "What I noted.",
    "alt_text": "",
}
LARGE: dict[str, Any] = FILE | {"size": 2 * PART_SIZE + 7, "sha256": None, "in_parts": True}


@pytest.fixture
def path(door: Door) -> str:
    return f"{centre_path(door)}/uploads"


def start(door: Door, path: str, who: Actor | None = None, **more: Any) -> Reply:
    key = more.pop("key", "")
    return door.done("POST", path, who or door.world.candidate, FILE | more, key=key)


def send(door: Door, begun: Reply, content: bytes = NOTE) -> None:
    door.world.send_file(door.world.attachment(begun.json["id"]), content)


def send_part(door: Door, begun: Reply, number: int, content: bytes) -> None:
    door.world.send_part(door.world.attachment(begun.json["id"]), number, content)


def promote(door: Door, begun: Reply) -> None:
    door.world.promote(door.world.attachment(begun.json["id"]))


def test_a_file_in_three_steps(door: Door, path: str) -> None:
    world = door.world
    begun = start(door, path)
    at = f"{path}/{begun.json['id']}"
    assert begun.headers["location"].endswith(at.removeprefix("/v1"))
    shown = begun.json["attachment"]
    assert (shown["state"], shown["number"], shown["media_type"]) == ("pending", 1, "text/plain")
    assert (shown["candidate_id"], shown["created_by"]) == (world.candidate.id,) * 2
    form = begun.json["form"]
    assert QUARANTINE in form["url"]
    assert form["fields"]["key"] == f"{world.centre.id}/{begun.json['id']}"
    assert form["fields"]["Content-Type"] == "text/plain"
    assert (form["expires_at"], begun.json["expires_at"]) == (
        "2026-03-02T10:30:00Z",
        "2026-03-09T09:30:00Z",
    )
    assert begun.json["parts"] is None

    send(door, begun)
    completed = door.done("POST", f"{at}/completion", world.candidate, key=None)
    assert completed.status == 202
    assert completed.json == shown

    promote(door, begun)
    assert door.done("POST", f"{at}/completion", world.candidate).json["state"] == "clean"
    after = door.done("GET", at, world.candidate).json
    assert (after["form"], after["parts"]) == (None, None)


def test_completing_twice_does_nothing_twice(door: Door, path: str) -> None:
    begun = start(door, path)
    send(door, begun)
    at = f"{path}/{begun.json['id']}/completion"
    first = door.done("POST", at, door.world.candidate)
    written = door.written.count
    assert door.done("POST", at, door.world.candidate).text == first.text
    assert door.written.count == written


def test_a_rejected_file_stays_rejected_however_often_it_is_completed(
    door: Door, path: str
) -> None:
    begun = start(door, path, name="photo.jpg", media_type="image/jpg")
    send(door, begun)
    promote(door, begun)
    shown = door.done("POST", f"{path}/{begun.json['id']}/completion", door.world.candidate).json
    assert (shown["state"], shown["reason"]) == ("rejected", "wrong-type")
    assert "Send it as what it is" in shown["reason_text"]


def test_a_repeat_gets_the_same_upload_with_a_form(door: Door, path: str) -> None:
    first = start(door, path, key="once")
    again = start(door, path, key="once")
    assert again.json["attachment"] == first.json["attachment"]
    assert again.json["form"]["fields"]["key"] == first.json["form"]["fields"]["key"]
    other = FILE | {"caption": "Another."}
    door.refused("idempotency-key-reused", "POST", path, door.world.candidate, other, key="once")


def test_the_key_of_a_file_is_the_servers_and_of_each_its_own(door: Door, path: str) -> None:
    begun = [start(door, path).json for _ in range(3)]
    assert len({each["form"]["fields"]["key"] for each in begun}) == 3
    assert [each["attachment"]["number"] for each in begun] == [1, 2, 3]


@pytest.mark.parametrize("content", [None, NOTE + b"x", b""])
def test_what_has_not_arrived_as_declared_is_not_complete(
    door: Door, path: str, content: bytes | None
) -> None:
    begun = start(door, path)
    if content is not None:
        send(door, begun, content)
    at = f"{path}/{begun.json['id']}/completion"
    door.refused("upload-not-arrived", "POST", at, door.world.candidate)
    send(door, begun)
    door.done("POST", at, door.world.candidate)


def test_an_upload_that_was_begun_too_long_ago_is_over(door: Door, path: str) -> None:
    whole, parts = start(door, path), start(door, path, **LARGE)
    door.world.clock.forward(days=7)
    who, wanted = door.world.candidate, {"parts": [{"number": 1, "sha256": DIGEST}]}
    for begun in (whole, parts):
        at = f"{path}/{begun.json['id']}"
        shown = door.done("GET", at, who).json
        assert (shown["form"], shown["parts"]) == (None, None)
        door.refused("upload-expired", "POST", f"{at}/completion", who)
    door.refused("upload-expired", "POST", f"{path}/{parts.json['id']}/parts", who, wanted)


class TestInParts:
    """A file is cut, sent as the network allows, and put together."""

    def test_a_file_is_resumed_and_put_together(self, door: Door, path: str) -> None:
        who, begun = door.world.candidate, start(door, path, **LARGE)
        at = f"{path}/{begun.json['id']}"
        assert begun.json["form"] is None
        assert begun.json["parts"] == {"size": PART_SIZE, "count": 3, "arrived": []}
        assert begun.json["attachment"]["sha256"] is None

        contents = [b"a" * PART_SIZE, b"b" * PART_SIZE, b"c" * 7]
        digests = [hashlib.sha256(each).hexdigest() for each in contents]
        wanted = [{"number": 1 + place, "sha256": each} for place, each in enumerate(digests)]
        links = door.done("POST", f"{at}/parts", who, {"parts": wanted}, key=None).json
        assert [each["number"] for each in links["parts"]] == [1, 2, 3]
        assert {*links["parts"][0]["headers"]} == {"x-amz-checksum-sha256"}
        assert links["expires_at"] == "2026-03-02T10:30:00Z"

        send_part(door, begun, 1, contents[0])
        send_part(door, begun, 3, contents[2])
        refusal = door.refused("upload-incomplete", "POST", f"{at}/completion", who)
        assert refusal.json["current"] == {"missing": [2]}
        shown = door.done("GET", at, who).json["parts"]["arrived"]
        # moto's list lacks the digests of the parts.
        assert [(each["number"], each["size"]) for each in shown] == [(1, PART_SIZE), (3, 7)]

        send_part(door, begun, 2, contents[1])
        door.done("POST", f"{at}/completion", who)
        promote(door, begun)
        again = door.done("POST", f"{at}/completion", who).json
        assert again["state"] == "clean"
        assert again["sha256"] == hashlib.sha256(b"".join(contents)).hexdigest()
        wanted = [{"number": 1, "sha256": digests[0]}]
        door.refused("upload-over", "POST", f"{at}/parts", who, {"parts": wanted})

    def test_a_part_of_another_size_has_not_arrived(self, door: Door, path: str) -> None:
        begun = start(door, path, **LARGE | {"size": 9})
        at = f"{path}/{begun.json['id']}"
        send_part(door, begun, 1, b"12345678")
        send_part(door, begun, 2, b"9")
        assert door.done("GET", at, door.world.candidate).json["parts"]["arrived"] == []
        refusal = door.refused(
            "upload-incomplete", "POST", f"{at}/completion", door.world.candidate
        )
        assert refusal.json["current"] == {"missing": [1]}

    def test_what_was_put_together_before_a_crash_is_completed(self, door: Door, path: str) -> None:
        """Whoever put it together did not come to write it down."""
        begun = start(door, path, **LARGE | {"size": 9})
        send_part(door, begun, 1, b"123456789")
        at = f"{path}/{begun.json['id']}/completion"
        door.done("POST", at, door.world.candidate)
        key = keys.attachment(door.world.centre.id, begun.json["id"])
        door.runtime.table.write(Update(key, remove=("completed_at",)))
        assert door.done("POST", at, door.world.candidate).json["state"] == "pending"
        promote(door, begun)
        assert door.done("POST", at, door.world.candidate).json["state"] == "clean"

    def test_parts_that_the_file_does_not_have(self, door: Door, path: str) -> None:
        at = f"{path}/{start(door, path, **LARGE).json['id']}/parts"
        wanted = [{"number": number, "sha256": DIGEST} for number in (1, 4, 1)]
        refusal = door.refused("invalid-parts", "POST", at, door.world.candidate, {"parts": wanted})
        assert refusal.flaws == {
            "/parts/1/number": "unknown-part",
            "/parts/2/number": "given-twice",
        }

    def test_a_file_in_one_piece_has_none(self, door: Door, path: str) -> None:
        at = f"{path}/{start(door, path).json['id']}/parts"
        body = {"parts": [{"number": 1, "sha256": DIGEST}]}
        door.refused("upload-in-one-piece", "POST", at, door.world.candidate, body)


REFUSED: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "too large for one piece": ({"size": WHOLE_LIMIT + 1}, {"/size": "too-large"}),
    "too large in parts": (
        {"size": PARTS_LIMIT + 1, "in_parts": True},
        {"/size": "too-large"},
    ),
    "empty": ({"size": 0}, {"/size": "too-small"}),
    "HTML": ({"media_type": "text/html"}, {"/media_type": "type-not-taken"}),
    "SVG": ({"media_type": "image/svg+xml"}, {"/media_type": "type-not-taken"}),
    "no digest": ({"sha256": None}, {"/sha256": "invalid-digest"}),
    "a digest in capitals": ({"sha256": DIGEST.upper()}, {"/sha256": "invalid-digest"}),
    "no name": ({"name": "  "}, {"/name": "required"}),
    "a path": ({"name": "../../etc/passwd"}, {"/name": "name-with-path"}),
    "a path of Windows": ({"name": "C:\\notes.txt"}, {"/name": "name-with-path"}),
    "a long name": ({"name": "n" * 1_000}, {"/name": "too-long"}),
    "a name that runs backwards": (
        {"name": "notes\u202etxt.exe"},
        {"/name": "invisible-characters"},
    ),
    "a name of two lines": ({"name": "notes\n.txt"}, {"/name": "invisible-characters"}),
    "a long caption": ({"caption": "c" * 501}, {"/caption": "too-long"}),
    "a long alternative text": ({"alt_text": "a" * 1_001}, {"/alt_text": "too-long"}),
    "all at once": (
        {"size": 0, "name": "a/b", "media_type": "x"},
        {"/size": "too-small", "/name": "name-with-path", "/media_type": "type-not-taken"},
    ),
    "a redaction of nothing": (
        {"redaction": "A face."},
        {"/redacts": "unknown-attachment"},
    ),
    "a redaction of what is not there": (
        {"redacts": "NOWHERE"},
        {"/redacts": "unknown-attachment", "/redaction": "required"},
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_files_that_are_not_taken(door: Door, path: str, case: str) -> None:
    fields, flaws = REFUSED[case]
    refusal = door.refused("invalid-upload", "POST", path, door.world.candidate, FILE | fields)
    assert refusal.flaws == flaws


def test_a_control_character_is_no_text(door: Door, path: str) -> None:
    body = FILE | {"name": "notes\x07.txt"}
    refusal = door.refused("invalid-body", "POST", path, door.world.candidate, body)
    assert refusal.flaws == {"/name": "invalid-text"}


def test_a_stage_may_take_less(door: Door, path: str) -> None:
    settings = replace(door.runtime.settings, whole_limit=5, parts_limit=10)
    door.runtime = replace(door.runtime, settings=settings)
    who = door.world.candidate
    door.refused("invalid-upload", "POST", path, who, FILE | {"size": 6})
    start(door, path, size=6, in_parts=True)
    door.refused("invalid-upload", "POST", path, who, FILE | {"size": 11, "in_parts": True})


def test_numbers_end(door: Door, path: str) -> None:
    world = door.world
    key = keys.evidence_count(world.candidate.id, world.centre.id)
    door.runtime.table.write(Update(key, set={"count": NUMBER_LIMIT - 1}))
    assert start(door, path).json["attachment"]["number"] == NUMBER_LIMIT
    reply = door.send("POST", path, world.candidate, FILE)
    assert (reply.status, reply.json["code"]) == (409, "too-much-evidence")


class TestForWhom:
    """Whose evidence it is, and who may upload it."""

    def test_an_assessor_uploads_for_a_candidate_of_theirs(self, door: Door, path: str) -> None:
        world = door.world
        enrolment = world.enrol()
        begun = start(door, path, world.assessor, enrolment_id=enrolment.id)
        shown = begun.json["attachment"]
        assert shown["candidate_id"] == world.candidate.id
        assert shown["created_by"] == world.assessor.id
        for who in (world.assessor, world.candidate):
            door.done("GET", f"{path}/{begun.json['id']}", who)

    def test_an_administrator_uploads_for_any(self, door: Door, path: str) -> None:
        enrolment = door.world.enrol()
        begun = start(door, path, door.world.administrator, enrolment_id=enrolment.id)
        assert begun.json["attachment"]["candidate_id"] == door.world.candidate.id

    def test_others_do_not(self, door: Door, path: str) -> None:
        world = door.world
        body = FILE | {"enrolment_id": world.enrol().id}
        for role in (Role.ASSESSOR, Role.CANDIDATE):
            door.refused("not-found", "POST", path, world.person(f"Another {role}", role), body)
        verifier = world.person("Vera Both", Role.INTERNAL_VERIFIER, Role.CANDIDATE)
        door.refused("role-not-allowed", "POST", path, verifier, body)

    def test_who_is_no_candidate_names_one(self, door: Door, path: str) -> None:
        refusal = door.refused("invalid-upload", "POST", path, door.world.assessor, FILE)
        assert refusal.flaws == {"/enrolment_id": "required"}

    def test_the_upload_of_another_candidate_is_not_there(self, door: Door, path: str) -> None:
        world = door.world
        at = f"{path}/{start(door, path, **LARGE).json['id']}"
        peer = world.person("Pia Peer", Role.CANDIDATE)
        for who in (peer, world.assessor, world.administrator):
            door.refused("not-found", "GET", at, who)
            door.refused("not-found", "POST", f"{at}/completion", who)
            body = {"parts": [{"number": 1, "sha256": DIGEST}]}
            door.refused("not-found", "POST", f"{at}/parts", who, body)


class TestRedaction:
    """A copy in which people are unrecognisable takes the place of the original."""

    def test_it_takes_the_place_of_what_is_flagged(self, door: Door, path: str) -> None:
        world = door.world
        photo = picture()
        original = world.attach(photo, name="ward.jpg", media_type="image/jpeg")
        at = f"{centre_path(door)}/attachments/{original.id}"
        door.done("POST", f"{at}/flags", world.candidate, {"reason": "A face."})
        redacted = picture(size=(320, 240))
        begun = start(
            door,
            path,
            name="ward.jpg",
            media_type="image/jpeg",
            size=len(redacted),
            sha256=hashlib.sha256(redacted).hexdigest(),
            redacts=original.id,
            redaction="The face is covered.",
        )
        send(door, begun, redacted)
        promote(door, begun)
        own = at.replace(original.id, begun.json["id"])
        shown = door.done("GET", own, world.candidate).json
        assert (shown["redacts"], shown["redaction"]) == (original.id, "The face is covered.")
        assert shown["url"]
        assert door.done("GET", at, world.candidate).json["replaced_by"] is None

        self.put_in_its_place(door, original.id, begun.json["id"])
        assert door.done("GET", at, world.candidate).json["replaced_by"] == begun.json["id"]
        door.send("DELETE", own, world.candidate)
        assert door.done("GET", at, world.candidate).json["replaced_by"] is None

    @staticmethod
    def put_in_its_place(door: Door, original_id: str, replacement: str) -> Reply:
        path = f"{centre_path(door)}/attachments/{original_id}/resolutions"
        body = {"outcome": "withheld", "note": "A face.", "replacement": replacement}
        return door.send("POST", path, door.world.administrator, body)

    def test_only_an_administrator_puts_it_there(self, door: Door) -> None:
        """Or a candidate could have another file shown in place of what was judged."""
        world, enrolment = door.world, door.world.enrol()
        original = world.attach()
        world.bind(original, enrolment)
        other = world.attach(b"Other.", redacts=original.id, redaction="A name.")
        at = f"{centre_path(door)}/attachments/"
        door.done("POST", f"{at}{original.id}/flags", world.assessor, {"reason": "A name."})
        shown = door.done("GET", at + original.id, world.assessor).json
        assert (shown["url"], shown["replaced_by"]) == (None, None)
        door.refused("not-found", "GET", at + other.id, world.assessor)

        put = self.put_in_its_place(door, original.id, other.id)
        assert (put.status, put.json["replaced_by"]) == (201, other.id)
        assert door.done("GET", at + other.id, world.assessor).json["url"], "bound as well"
        door.refused("evidence-bound", "DELETE", at + other.id, world.candidate)

        released = {"outcome": "released", "note": "Nobody can be known."}
        door.done("POST", f"{at}{original.id}/resolutions", world.administrator, released)
        shown = door.done("GET", at + original.id, world.assessor).json
        assert shown["url"]
        assert shown["replaced_by"] is None

    def test_nothing_else_takes_its_place(self, door: Door) -> None:
        world = door.world
        original, stranger = world.attach(), world.attach(b"Other.")
        at = f"{centre_path(door)}/attachments/"
        door.done("POST", f"{at}{original.id}/flags", world.candidate, {"reason": "A name."})
        withheld = world.attach(b"A copy.", redacts=original.id, redaction="A name.")
        door.done("POST", f"{at}{withheld.id}/flags", world.candidate, {"reason": "A name."})
        for other in (stranger.id, original.id, withheld.id, "0" * 26):
            refused = self.put_in_its_place(door, original.id, other)
            assert refused.json["code"] == "invalid-attachment"
            assert refused.flaws == {"/replacement": "unknown-attachment"}

    def test_of_what_is_another_candidates(self, door: Door, path: str) -> None:
        world = door.world
        peer = world.person("Pia Peer", Role.CANDIDATE)
        other = world.attach(who=peer)
        body = FILE | {"redacts": other.id, "redaction": "A face."}
        refusal = door.refused("invalid-upload", "POST", path, world.candidate, body)
        assert refusal.flaws == {"/redacts": "unknown-attachment"}

    def test_of_what_is_neither_clean_nor_flagged(self, door: Door, path: str) -> None:
        pending = start(door, path).json["id"]
        body = FILE | {"redacts": pending, "redaction": "A face."}
        refusal = door.refused("invalid-upload", "POST", path, door.world.candidate, body)
        assert refusal.flaws == {"/redacts": "unknown-attachment"}
