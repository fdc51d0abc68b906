"""Evidence through the door: in drafts, under a signature, and judged."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.domain.attachments import Attachment
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.errors import Forbidden
from chalicelib.domain.people import Role
from chalicelib.usecases import attachments
from tests.api.door import SIGNATURE, Door, Reply, judgements, open_door, page_path, save
from tests.attachments import captioned, noise
from tests.world import EVIDENCE_MODULE, World, new_world, request

PAGE = "show-1"
FULL_PAGE = """---
format: 1
id: full
number: M3
title: A page as full as can be
version: 1
language: en-GB
---

# Element: All of it {#all}

## Page: Everything at once {#all-1}

!! Twenty. {#first files: 20}

!! Twenty more. {#second files: 20}

!! Ten. {#third files: 10}
""" + "".join(f"\n?? Say more. {{#more-{number}}}\n" for number in range(13))
ALL_FIVE = {"valid": 1, "authentic": 1, "current": 1, "sufficient": 1, "reliable": 1}
FINE = {"pictures": dict.fromkeys(ALL_FIVE, True)}


@pytest.fixture
def world() -> Iterator[World]:
    with new_world(EVIDENCE_MODULE) as world:
        yield world


@pytest.fixture
def door(world: World) -> Iterator[Door]:
    with open_door(world) as opened:
        yield opened


@pytest.fixture
def photo(door: Door) -> Attachment:
    return door.world.attach(b"The room, prepared.")


@pytest.fixture
def path(enrolment: Enrolment) -> str:
    return page_path(enrolment, PAGE)


def not_saved(door: Door, path: str, answers: Any) -> dict[str, str]:
    """Save what is refused; return what is wrong with it."""
    who, etag = door.world.candidate, door.etag(path)
    body = {"answers": answers}
    return door.refused("invalid-answers", "PUT", path, who, body, if_match=etag).flaws


def not_signed(door: Door, path: str, etag: str) -> dict[str, str]:
    """Sign what is refused as incomplete; return what is missing."""
    who = door.world.candidate
    refusal = door.refused(
        "page-incomplete", "POST", f"{path}/attempts", who, SIGNATURE, if_match=etag
    )
    return refusal.flaws


def sign(door: Door, path: str, answers: Any) -> Reply:
    etag = save(door, path, answers)
    return door.done("POST", f"{path}/attempts", door.world.candidate, SIGNATURE, if_match=etag)


def departing(door: Door, photo: Attachment, reason: str = "Nobody was on shift.") -> Any:
    """Answer the page with a record that departs from the one rule of its form."""
    answers = door.world.answers(PAGE, photo)
    answers["handed"]["values"]["present"] = False
    answers["handed"]["reasons"] = {"with-a-colleague": reason} if reason else {}
    return answers


def test_a_draft_keeps_files_and_forms_as_they_were_sent(
    door: Door, path: str, photo: Attachment
) -> None:
    answers: dict[str, dict[str, Any]] = {
        "pictures": {"attachments": [photo.id]},
        "handed": {
            "attachments": [],
            "values": {"day": "", "minutes": 15, "present": False, "how": ["b"], "said": "Z\r\nA"},
            "reasons": {"with-a-colleague": "Why."},
        },
    }
    save(door, path, answers)
    kept = door.done("GET", path, door.world.candidate).json["answers"]
    answers["handed"]["values"]["said"] = "Z\nA"
    assert kept == answers
    assert door.done("GET", path, door.world.assessor).json["answers"] == {}


def test_what_no_draft_can_hold(door: Door, path: str, photo: Attachment) -> None:
    ids = [photo.id] * 4
    assert not_saved(door, path, {"pictures": {"attachments": ids, "values": {}}}) == {
        "/answers/pictures/values": "wrong-kind",
        "/answers/pictures/attachments": "attached-twice",
    }
    values = {"nothing": "x", "minutes": "ten", "how": ["c"]}
    assert not_saved(door, path, {"handed": {"values": values, "reasons": {"x": "y"}}}) == {
        "/answers/handed/values/nothing": "unknown-field",
        "/answers/handed/values/minutes": "wrong-kind",
        "/answers/handed/values/how": "unknown-option",
        "/answers/handed/reasons/x": "unknown-rule",
    }


@pytest.mark.parametrize("value", [None, 1.5, {"a": 1}, [1], ["a"] * 101, "\u0000", 10**30])
def test_values_that_no_field_takes(door: Door, path: str, value: Any) -> None:
    body = {"answers": {"handed": {"values": {"minutes": value}}}}
    etag = door.etag(path)
    refused = door.send("PUT", path, door.world.candidate, body, if_match=etag)
    assert refused.status == 422
    assert set(refused.flaws) == {"/answers/handed/values/minutes"}


def test_nobody_answers_for_whoever_observed(door: Door, enrolment: Enrolment) -> None:
    path = page_path(enrolment, "show-2")
    assert not_saved(door, path, {"observed": {"values": {}}}) == {"/answers/observed": "not-yours"}


def test_files_of_others_are_as_unknown_as_those_that_are_not_there(
    door: Door, path: str, photo: Attachment
) -> None:
    world = door.world
    other = world.person("Oda Other", Role.CANDIDATE)
    theirs, gone = world.attach(b"Theirs.", who=other), world.attach(b"Gone.")
    attachments.delete_attachment(world.runtime, world.candidate, gone.id)
    for unknown in (theirs.id, gone.id, "01" * 13):
        ids = [photo.id, unknown]
        assert not_saved(door, path, {"pictures": {"attachments": ids}}) == {
            "/answers/pictures/attachments/1": "unknown-attachment"
        }


def test_a_page_lacks_its_files_and_its_form(door: Door, path: str) -> None:
    missing = not_signed(door, path, save(door, path, {}))
    assert missing["/answers/pictures/attachments"] == "unanswered"
    assert missing["/answers/handed/values/day"] == "unanswered"


def test_a_signature_binds_the_files_by_digest_and_version(
    door: Door, enrolment: Enrolment, path: str, photo: Attachment
) -> None:
    other = door.world.attach(b"Another.", name="another.txt", caption="Later", alt_text="A note")
    sign(door, path, door.world.answers(PAGE, other, photo))

    read = door.done("GET", f"{path}/attempts/1", door.world.assessor).json["document"]

    assert [each["number"] for each in read["attachments"]] == [1, 2], "by evidence number"
    assert read["attachments"][1] == {
        "id": other.id,
        "number": 2,
        "name": "another.txt",
        "media_type": "text/plain",
        "size": 8,
        "sha256": hashlib.sha256(b"Another.").hexdigest(),
        "version": other.version,
        "caption": "Later",
        "alt_text": "A note",
    }
    assert "contributions" not in read
    of = f"/v1/centres/{enrolment.centre_id}/attachments/{photo.id}"
    door.refused("evidence-bound", "DELETE", of, door.world.candidate)


def test_one_file_serves_pages_of_several_enrolments(door: Door, photo: Attachment) -> None:
    world = door.world
    first = world.enrol()
    world.module = world.publish(EVIDENCE_MODULE.replace("id: showing-work", "id: another"))
    second = world.enrol()
    for enrolment in (first, second):
        sign(door, page_path(enrolment, PAGE), world.answers(PAGE, photo))
    listed = f"/v1/centres/{world.centre.id}/attachments/{photo.id}"
    assert door.done("GET", listed, world.assessor).json["number"] == 1


def test_nothing_is_signed_before_its_files_are_clean(door: Door, path: str) -> None:
    world = door.world
    pending = world.start_upload(b"Not sent yet.").attachment
    flagged = world.attach(b"Somebody's name.")
    place = f"/v1/centres/{world.centre.id}/attachments/{flagged.id}/flags"
    door.done("POST", place, world.candidate, {"reason": "A name can be read."})
    etag = save(door, path, world.answers(PAGE, pending, flagged))
    assert not_signed(door, path, etag) == {
        "/answers/pictures/attachments/0": "attachment-pending",
        "/answers/pictures/attachments/1": "attachment-flagged",
    }


def test_a_departure_needs_a_reason_and_a_review_before_it_can_be_competent(
    door: Door, enrolment: Enrolment, path: str, photo: Attachment
) -> None:
    world = door.world
    etag = save(door, path, departing(door, photo, ""))
    assert not_signed(door, path, etag) == {
        "/answers/handed/reasons/with-a-colleague": "reason-required"
    }
    receipt = sign(door, path, departing(door, photo))
    judging = judgements(enrolment, 1, PAGE)
    body = {"content_hash": receipt.json["content_hash"], "initials": "AE", "evidence": FINE}
    yes = body | {"competent": True}
    door.refused("departure-not-reviewed", "POST", judging, world.assessor, yes)
    stale = yes | {"content_hash": "0" * 64}
    door.refused("attempt-changed", "POST", judging, world.assessor, stale)

    reviews = f"{path}/attempts/1/departure-reviews"
    door.refused("invalid-verification", "POST", reviews, world.verifier, {"note": " "})
    note = {"note": "Right, as nobody was there."}
    made = door.done("POST", reviews, world.verifier, note).json
    assert (made["note"], made["reviewed_by"]) == (note["note"], world.verifier.id)
    door.refused("departures-reviewed", "POST", reviews, world.verifier, note)

    notes = {
        who: door.done("GET", f"{path}/attempts/1", who).json["departures_note"]
        for who in (world.candidate, world.assessor, world.verifier, world.administrator)
    }
    assert notes.pop(world.candidate) is None
    assert set(notes.values()) == {note["note"]}
    read = door.done("GET", f"{path}/attempts/1", world.candidate).json
    assert read["departures"] == 1
    assert read["departures_reviewed_at"] == made["reviewed_at"]
    assert door.done("POST", judging, world.assessor, yes).json["competent"]


def test_what_departs_is_returned_without_a_review(
    door: Door, enrolment: Enrolment, path: str, photo: Attachment
) -> None:
    receipt = sign(door, path, departing(door, photo))
    body = {
        "content_hash": receipt.json["content_hash"],
        "competent": False,
        "initials": "AE",
        "feedback": "Ask somebody to be there.",
        "evidence": {"pictures": dict.fromkeys(ALL_FIVE, False)},
    }
    door.done("POST", judgements(enrolment, 1, PAGE), door.world.assessor, body)
    reviews = f"{path}/attempts/1/departure-reviews"
    door.refused("attempt-not-waiting", "POST", reviews, door.world.verifier, {"note": "Late."})


def test_who_reviews_no_departures(
    door: Door, enrolment: Enrolment, path: str, photo: Attachment
) -> None:
    world, note = door.world, {"note": "Fine."}
    reviews = f"{path}/attempts/1/departure-reviews"
    door.refused("not-found", "POST", reviews, world.verifier, note)
    sign(door, path, departing(door, photo))
    both = world.person("Bo Both", Role.ASSESSOR, Role.INTERNAL_VERIFIER)
    unauthorised = world.person("Una", Role.INTERNAL_VERIFIER, authorisation=None)
    world.reassign(enrolment, both.id)
    door.refused("own-work", "POST", reviews, both, note)
    door.refused("not-authorised", "POST", reviews, unauthorised, note)
    door.refused("role-not-allowed", "POST", reviews, world.assessor, note)


def test_nobody_comes_to_judge_what_they_reviewed_themselves(
    door: Door, enrolment: Enrolment, path: str, photo: Attachment
) -> None:
    world = door.world
    sign(door, path, departing(door, photo))
    both = world.person("Bo Both", Role.ASSESSOR, Role.INTERNAL_VERIFIER)
    world.authorise(both.membership, world.authorisation(role=Role.INTERNAL_VERIFIER))
    note, reviews = {"note": "Fine."}, f"{path}/attempts/1/departure-reviews"
    door.done("POST", reviews, world.actor(both.id), note)
    with pytest.raises(Forbidden):
        world.reassign(enrolment, both.id)
    assert world.reassign(enrolment, world.person("Ada", Role.ASSESSOR).id)


def test_what_departs_from_nothing_is_not_reviewed(
    door: Door, path: str, photo: Attachment
) -> None:
    sign(door, path, door.world.answers(PAGE, photo))
    reviews = f"{path}/attempts/1/departure-reviews"
    door.refused("no-departures", "POST", reviews, door.world.verifier, {"note": "Fine."})


LACKING = FINE["pictures"] | {"current": False}


@pytest.mark.parametrize(
    ("competent", "evidence", "flaws"),
    [
        (True, {}, {"/evidence/pictures": "not-appraised"}),
        (False, {}, {"/evidence/pictures": "not-appraised"}),
        (True, {"pictures": LACKING}, {"/evidence/pictures": "evidence-lacking"}),
        (True, FINE | {"handed": LACKING}, {"/evidence/handed": "unknown-item"}),
    ],
)
def test_evidence_is_appraised_where_the_module_asks(
    door: Door,
    enrolment: Enrolment,
    path: str,
    photo: Attachment,
    competent: bool,  # noqa: FBT001 (a parameter of the test)
    evidence: Any,
    flaws: dict[str, str],
) -> None:
    world = door.world
    receipt = sign(door, path, world.answers(PAGE, photo)).json
    judging = judgements(enrolment, 1, PAGE)
    body = {
        "content_hash": receipt["content_hash"],
        "competent": competent,
        "initials": "AE",
        "feedback": "Newer ones, please.",
        "evidence": evidence,
    }
    refusal = door.refused("invalid-judgement", "POST", judging, world.assessor, body)
    assert refusal.flaws == flaws
    stranger = world.person("Oda Other", Role.ASSESSOR)
    door.refused("not-found", "POST", judging, stranger, body)


def test_what_was_found_is_kept_with_the_judgement(
    door: Door, enrolment: Enrolment, path: str, photo: Attachment
) -> None:
    world = door.world
    receipt = sign(door, path, world.answers(PAGE, photo)).json
    body = {
        "content_hash": receipt["content_hash"],
        "competent": False,
        "initials": "AE",
        "feedback": "Newer ones, please.",
        "evidence": {"pictures": LACKING},
    }
    judging, key = judgements(enrolment, 1, PAGE), "k" * 32
    made = door.done("POST", judging, world.assessor, body, key=key)
    assert made.json["evidence"] == {"pictures": LACKING}
    assert door.done("POST", judging, world.assessor, body, key=key).json == made.json
    attempt = door.done("GET", f"{path}/attempts/1", world.candidate).json
    assert attempt["judgement"]["evidence"] == {"pictures": LACKING}
    assert attempt["judgement"]["feedback"] == body["feedback"]
    latest = door.done("GET", path, world.candidate).json["latest_attempt"]
    assert latest["judgement"]["evidence"] == {"pictures": LACKING}
    (listed,) = door.done("GET", f"{path}/attempts", world.candidate).json["items"]
    assert listed["judgement"]["evidence"] is None


def test_a_page_waits_for_what_others_contribute(door: Door, enrolment: Enrolment) -> None:
    path = page_path(enrolment, "show-2")
    assert not_signed(door, path, save(door, path, {})) == {
        "/answers/observed": "contribution-missing"
    }
    part = door.world.contribute(enrolment, "show-2", "observed")
    receipt = sign(door, path, {})
    read = door.done("GET", f"{path}/attempts/1", door.world.candidate).json["document"]
    assert read["contributions"] == [
        {"item_id": "observed", "number": 1, "content_hash": part.content_hash}
    ]
    assert receipt.status == 201


def test_the_same_review_twice_is_one(door: Door, path: str, photo: Attachment) -> None:
    world = door.world
    sign(door, path, departing(door, photo))
    reviews, note = f"{path}/attempts/1/departure-reviews", {"note": "Fine."}
    same = request(world.verifier).key
    first = door.done("POST", reviews, world.verifier, note, key=same)
    assert door.done("POST", reviews, world.verifier, note, key=same).json == first.json


def test_more_than_is_kept_of_a_page_is_refused_in_words(door: Door) -> None:
    """An item of the table takes 400 KiB; whatever is more must not end in a 5xx."""
    world = door.world
    world.module = world.publish(FULL_PAGE)
    path = page_path(world.enrol(), "all-1")
    of = {"candidate_id": world.candidate.id}
    ids = [captioned(world.runtime, world.centre.id, **of, number=n).id for n in range(50)]
    split = {"first": ids[:20], "second": ids[20:40], "third": ids[40:]}
    files = {item_id: {"attachments": some} for item_id, some in split.items()}
    texts = {f"more-{number}": {"text": noise(19_500)} for number in range(13)}
    who, etag = world.candidate, save(door, path, files | texts)
    door.refused("too-much-to-sign", "POST", f"{path}/attempts", who, SIGNATURE, if_match=etag)
    assert door.done("GET", path, who).json["answers"] == files | texts, "the draft survives"
    assert sign(door, path, files | {each: {"text": "Shorter."} for each in texts}).status == 201
