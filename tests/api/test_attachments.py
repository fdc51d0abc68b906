"""Attachments over HTTP: who sees them, how they are read, described, deleted and withheld."""

import urllib.parse
from typing import Any

import pytest

from chalicelib.domain.attachments import Attachment
from chalicelib.domain.people import Role
from chalicelib.events import finalise
from chalicelib.storage import keys
from chalicelib.usecases import promotions
from tests.api.door import Door, centre_path, page_path
from tests.attachments import picture
from tests.events.records import head_record
from tests.world import EVIDENCE, EVIDENCE_MODULE

REASON = {"reason": "A face is to be seen."}
WITHHELD = {"outcome": "withheld", "note": "It is a face indeed."}
RELEASED = {"outcome": "released", "note": "It is the candidate's own."}


def at(attachment: Attachment) -> str:
    return f"/v1/centres/{attachment.centre_id}/attachments/{attachment.id}"


def content(door: Door, url: str) -> bytes:
    """Read what a link names, by the key and version that stand in it."""
    parts = urllib.parse.urlsplit(url)
    named = {"Bucket": EVIDENCE, "Key": parts.path.lstrip("/")}
    if version := urllib.parse.parse_qs(parts.query).get("versionId"):
        named["VersionId"] = version[0]
    body: bytes = door.world.s3.get_object(**named)["Body"].read()
    return body


def deeds(door: Door, attachment: Attachment) -> list[Any]:
    """List what is on record of an attachment."""
    key = keys.deed(attachment.centre_id, attachment.id, "")
    return [(each["what"], each["by"]) for each in door.runtime.table.query(key.pk, key.sk)]


def test_a_clean_file_is_downloaded_as_it_was_uploaded(door: Door) -> None:
    attachment = door.world.attach(b"Noted.", name="My notes", caption="Notes of the day.")
    shown = door.done("GET", at(attachment), door.world.candidate).json
    assert content(door, shown["url"]) == b"Noted."
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(shown["url"]).query)
    (disposition,) = query["response-content-disposition"]
    assert disposition.startswith('attachment; filename="My notes.txt"')
    assert shown["expires_at"] == "2026-03-02T09:35:00Z"
    assert (shown["state"], shown["scanned_by"]) == ("clean", "off")
    assert (shown["caption"], shown["bound"], shown["flagged"]) == (
        "Notes of the day.",
        False,
        False,
    )
    assert (shown["rendering_url"], shown["thumbnail_url"], shown["flag"]) == (None,) * 3


def test_a_link_has_room_for_its_signature_whatever_the_name(door: Door) -> None:
    """S3 takes 8 KiB of address and headers; a role's session token takes up to two of them."""
    attachment = door.world.attach(name="\U0001f600" * 251 + ".txt")
    shown = door.done("GET", at(attachment), door.world.candidate).json
    assert len(shown["url"]) < 4096


def test_a_picture_can_be_shown(door: Door) -> None:
    photo = picture()
    attachment = door.world.attach(photo, name="Ward.JPG", media_type="image/jpeg")
    shown = door.done("GET", at(attachment), door.world.candidate).json
    assert content(door, shown["url"]) == photo
    assert "Ward.JPG%22" in shown["url"]
    for name in ("rendering_url", "thumbnail_url"):
        assert content(door, shown[name]).startswith(b"\xff\xd8\xff")


def test_what_is_not_clean_has_no_link(door: Door) -> None:
    world = door.world
    pending = world.start_upload(b"Noted.").attachment
    shown = door.done("GET", at(pending), world.candidate).json
    assert (shown["state"], shown["url"], shown["expires_at"]) == ("pending", None, None)
    world.send_file(pending, b"Other.")
    world.promote(pending)
    shown = door.done("GET", at(pending), world.candidate).json
    assert (shown["state"], shown["url"], shown["scanned_by"]) == ("rejected", None, None)
    assert shown["reason"] == "checksum-differs"
    assert shown["reason_text"].endswith("Send the file again.")


def test_who_sees_it(door: Door) -> None:
    world, enrolment = door.world, door.world.enrol()
    attachment = world.attach()
    for who in (world.candidate, world.administrator, world.verifier):
        assert door.done("GET", at(attachment), who).json["url"]
    door.refused("not-found", "GET", at(attachment), world.assessor)
    world.bind(attachment, enrolment)
    assert door.done("GET", at(attachment), world.assessor).json["url"]
    for role in (Role.CANDIDATE, Role.ASSESSOR):
        door.refused("not-found", "GET", at(attachment), world.person(f"Another {role}", role))


def test_who_has_lost_the_role_sees_nothing_of_what_they_uploaded(door: Door) -> None:
    world, enrolment = door.world, door.world.enrol()
    person = f"{centre_path(door)}/people/{world.assessor.id}"
    attachment = world.attach(who=world.assessor, enrolment_id=enrolment.id)
    assert door.done("GET", at(attachment), world.assessor).json["url"]
    etag = door.etag(person, world.administrator)
    fields = {"roles": ["candidate"], "authorisations": []}
    door.done("PATCH", person, world.administrator, fields, if_match=etag)
    for method in ("GET", "DELETE"):
        door.refused("not-found", method, at(attachment), world.assessor)
    door.refused("not-found", "POST", f"{at(attachment)}/flags", world.assessor, REASON)


def test_a_countersigner_sees_what_a_judgement_rests_on(door: Door) -> None:
    world = door.world
    world.countersigner = world.person("Cora Countersigner", Role.ASSESSOR)
    held = world.authorisation(countersigner_id=world.countersigner.id)
    world.assessor = world.person("Tom Trainee", Role.ASSESSOR, authorisation=held)
    asked = ("form: observation, vacsr: yes", "form: observation, files: 1")
    world.module = world.publish(EVIDENCE_MODULE.replace(*asked))
    enrolment = world.enrol()
    attachment = world.attach(who=world.assessor, enrolment_id=enrolment.id)
    world.contribute(enrolment, "show-2", "observed", attachment)
    part = f"{page_path(enrolment, 'show-2')}/contributions/observed/signatures/1"
    attempt = world.sign(enrolment, "show-2")
    for path in (at(attachment), part):
        door.refused("not-found", "GET", path, world.countersigner)
    world.judge(enrolment, attempt)
    judged = {"Records": [head_record(enrolment, "show-2")]}
    finalise.handle(world.runtime, judged)
    assert door.done("GET", at(attachment), world.countersigner).json["url"]
    assert door.done("GET", part, world.countersigner).json["number"] == 1
    world.countersign(enrolment, "show-2")
    finalise.handle(world.runtime, judged)
    for path in (at(attachment), part):
        door.refused("not-found", "GET", path, world.countersigner)


def test_they_are_listed_page_by_page_newest_last(door: Door) -> None:
    world, made = door.world, []
    path = f"{centre_path(door)}/attachments"
    for number in range(3):
        made.append(world.start_upload(b"x" * (1 + number)).attachment.id)
        world.clock.forward(seconds=1)
    world.attach(who=world.person("Pia Peer", Role.CANDIDATE))
    for who, whose in ((world.candidate, ""), (world.verifier, world.candidate.id)):
        query = f"{path}?limit=2" + (f"&candidate_id={whose}" if whose else "")
        first = door.done("GET", query, who).json
        rest = door.done("GET", f"{query}&cursor={first['next']}", who).json
        assert [each["id"] for each in first["items"] + rest["items"]] == made
        assert rest["next"] is None


def test_whose_are_listed(door: Door) -> None:
    world, path = door.world, f"{centre_path(door)}/attachments"
    peer = world.person("Pia Peer", Role.CANDIDATE)
    own = f"{path}?candidate_id={world.candidate.id}"
    assert door.done("GET", own, world.candidate).json["items"] == []
    door.refused("not-found", "GET", own, peer)
    for who in (world.administrator, world.verifier):
        refusal = door.refused("invalid-query", "GET", path, who)
        assert refusal.flaws == {"?candidate_id": "required"}
    door.refused("role-not-allowed", "GET", own, world.assessor)


class TestDescribing:
    """Caption and alternative text, until somebody has signed for the file."""

    def test_they_are_changed_with_care(self, door: Door) -> None:
        world = door.world
        attachment = world.attach()
        read = door.etag(at(attachment))
        patch = {"caption": "On\r\nthe day."}
        changed = door.done("PATCH", at(attachment), world.candidate, patch, if_match=read)
        assert (changed.json["caption"], changed.json["alt_text"]) == ("On\nthe day.", "")
        again = door.done("PATCH", at(attachment), world.candidate, patch, if_match=read)
        assert again.text == changed.text
        other = {"alt_text": "A list."}
        given = ("PATCH", at(attachment), world.candidate, other)
        refusal = door.refused("stale-attachment", *given, if_match=read)
        etag = refusal.json["current"]["etag"]
        assert door.done(*given, if_match=etag).json["alt_text"] == "A list."
        assert door.done(*given, if_match="*").json["caption"] == "On\nthe day."
        door.refused("if-match-required", *given)

    def test_long_ones_are_refused(self, door: Door) -> None:
        attachment = door.world.attach()
        patch = {"caption": "c" * 501, "alt_text": "a" * 1_001}
        given = ("PATCH", at(attachment), door.world.candidate, patch)
        refusal = door.refused("invalid-attachment", *given, if_match="*")
        assert refusal.flaws == {"/caption": "too-long", "/alt_text": "too-long"}

    def test_not_once_a_page_rests_on_it(self, door: Door) -> None:
        world = door.world
        attachment = world.attach()
        world.bind(attachment, world.enrol())
        for who in (world.candidate, world.assessor, world.administrator):
            given = ("PATCH", at(attachment), who, {"caption": "Other."})
            door.refused("evidence-bound", *given, if_match="*")
            door.refused("evidence-bound", "DELETE", at(attachment), who)

    def test_not_by_somebody_else(self, door: Door) -> None:
        world = door.world
        attachment = world.attach()
        both = world.person("Vera Both", Role.INTERNAL_VERIFIER, Role.ASSESSOR)
        given = ("PATCH", at(attachment), both, {"caption": "Other."})
        door.refused("not-your-evidence", *given, if_match="*")
        door.refused("not-your-evidence", "DELETE", at(attachment), both)


class TestDeleting:
    """What nobody has signed for can be deleted."""

    def test_it_is_gone_and_its_objects_follow(self, door: Door) -> None:
        world = door.world
        attachment, kept = world.attach(), world.attach()
        for _ in range(2):
            assert door.send("DELETE", at(attachment), world.candidate).status == 204
        for who in (world.candidate, world.administrator):
            door.refused("not-found", "GET", at(attachment), who)
        listed = door.done("GET", f"{centre_path(door)}/attachments", world.candidate).json
        assert [each["id"] for each in listed["items"]] == [kept.id]
        promotions.promote(door.runtime, attachment.centre_id, attachment.id)
        name = keys.upload(attachment.centre_id, attachment.id)
        found = world.s3.list_object_versions(Bucket=EVIDENCE, Prefix=name)
        assert not found.get("Versions")

    def test_an_upload_is_given_up(self, door: Door) -> None:
        world = door.world
        attachment = world.start_upload(b"Noted.").attachment
        assert door.send("DELETE", at(attachment), world.candidate).status == 204
        upload = at(attachment).replace("attachments", "uploads")
        door.refused("not-found", "GET", upload, world.candidate)
        door.refused("not-found", "POST", f"{upload}/completion", world.candidate)

    def test_by_whoever_uploaded_it_or_an_administrator(self, door: Door) -> None:
        world, enrolment = door.world, door.world.enrol()
        for who in (world.assessor, world.administrator):
            attachment = world.attach(who=world.assessor, enrolment_id=enrolment.id)
            assert door.send("DELETE", at(attachment), who).status == 204

    def test_a_verifier_who_assesses_learns_nothing_of_what_is_gone(self, door: Door) -> None:
        world = door.world
        attachment = world.attach()
        door.send("DELETE", at(attachment), world.candidate)
        both = world.person("Vera Both", Role.INTERNAL_VERIFIER, Role.ASSESSOR)
        door.refused("not-found", "DELETE", at(attachment), both)


class TestFlags:
    """A file that identifies somebody who uses services is withheld at once."""

    @pytest.fixture
    def flagged(self, door: Door) -> Attachment:
        attachment = door.world.attach(picture(), name="w.jpg", media_type="image/jpeg")
        door.done("POST", f"{at(attachment)}/flags", door.world.candidate, REASON)
        return attachment

    def test_everybody_but_administrators_is_shown_nothing(
        self, door: Door, flagged: Attachment
    ) -> None:
        world = door.world
        world.bind(flagged, world.enrol())
        for who in (world.candidate, world.assessor, world.verifier):
            shown = door.done("GET", at(flagged), who).json
            assert shown["flagged"]
            withheld = ("url", "expires_at", "rendering_url", "thumbnail_url", "flag")
            assert [shown[name] for name in withheld] == [None] * 5

    def test_every_look_of_an_administrator_is_on_record(
        self, door: Door, flagged: Attachment
    ) -> None:
        world = door.world
        for _ in range(2):
            shown = door.done("GET", at(flagged), world.administrator).json
            assert shown["url"]
            assert shown["flag"] == REASON | {
                "flagged_by": world.candidate.id,
                "flagged_at": "2026-03-02T09:30:00Z",
            }
        seen = ("seen", world.administrator.id)
        assert sorted(deeds(door, flagged)) == [("flagged", world.candidate.id), seen, seen]

    def test_a_second_flag_is_put_on_record(self, door: Door, flagged: Attachment) -> None:
        world = door.world
        again = door.done("POST", f"{at(flagged)}/flags", world.verifier, {"reason": "A name."})
        assert again.json["flagged"]
        assert sorted(deeds(door, flagged)) == sorted(
            [("flagged", world.candidate.id), ("flagged", world.verifier.id)]
        )
        flag = door.done("GET", at(flagged), world.administrator).json["flag"]
        assert flag["reason"] == REASON["reason"]

    def test_an_administrator_decides(self, door: Door, flagged: Attachment) -> None:
        world, path = door.world, f"{at(flagged)}/resolutions"
        kept = door.done("POST", path, world.administrator, WITHHELD)
        assert kept.json["flagged"]
        assert door.done("GET", at(flagged), world.candidate).json["url"] is None
        released = door.done("POST", path, world.administrator, RELEASED)
        assert not released.json["flagged"]
        assert door.done("GET", at(flagged), world.candidate).json["url"]
        door.refused("not-flagged", "POST", path, world.administrator, RELEASED)
        whats = {what for what, _ in deeds(door, flagged)}
        assert whats == {"flagged", "withheld", "released"}

    def test_reasons_are_needed(self, door: Door, flagged: Attachment) -> None:
        who = door.world.administrator
        blank = door.refused("invalid-body", "POST", f"{at(flagged)}/flags", who, {"reason": " "})
        assert blank.flaws == {"/reason": "string-pattern-mismatch"}
        body = WITHHELD | {"note": ""}
        short = door.refused("invalid-body", "POST", f"{at(flagged)}/resolutions", who, body)
        assert short.flaws == {"/note": "too-short"}
