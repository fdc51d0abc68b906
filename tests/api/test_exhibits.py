"""Evidence on the page behind a signed link: seen, downloaded, appraised, and withheld."""

import hashlib
import html
import re
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.api.exhibits import NO_DESCRIPTION, PICTURES
from chalicelib.api.http import HTML
from chalicelib.domain.attachments import Attachment
from chalicelib.domain.centres import LinkPolicy
from chalicelib.domain.enrolments import Enrolment
from chalicelib.domain.judgements import QUALITIES
from chalicelib.usecases import centres
from chalicelib.usecases.centres import CentreSettings
from tests.api.door import SIGNATURE, Door, Reply, centre_path, mail, open_door, page_path, save
from tests.attachments import picture
from tests.world import EVIDENCE_MODULE, World, new_world

PAGE = "show-1"
WEIGHT = 20_000  # bytes
BUCKET = "https://testamur-evidence.s3.amazonaws.com"
JPEG = {"name": "room.jpg", "media_type": "image/jpeg"}
YES = {"competent": "Y", "initials": "AE"}
ASKED = {"evidence/pictures": "asked"}
TICKED = ASKED | {f"evidence/pictures/{quality}": "on" for quality in QUALITIES}


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
    return door.world.attach(picture(), **JPEG, caption="The room", alt_text="A clear <floor>")


def signed(door: Door, enrolment: Enrolment, answers: Any, page_id: str = PAGE) -> str:
    """Sign a page, and return the path of the link that was mailed."""
    path = page_path(enrolment, page_id)
    etag = save(door, path, answers)
    door.done("POST", f"{path}/attempts", door.world.candidate, SIGNATURE, if_match=etag)
    return mail(door, enrolment, page_id)


@pytest.fixture
def link(door: Door, enrolment: Enrolment, photo: Attachment) -> str:
    return signed(door, enrolment, door.world.answers(PAGE, photo))


def flag(door: Door, attachment: Attachment, **more: Any) -> None:
    place = f"/v1/centres/{attachment.centre_id}/attachments/{attachment.id}/flags"
    reason = {"reason": "A name can be read."} | more
    door.done("POST", place, door.world.assessor, reason)


def place_of(link: str, attachment: Attachment) -> str:
    return f"{link}/attachments/{attachment.id}"


def is_nowhere(reply: Reply) -> None:
    """Check for the one answer to all that is not there."""
    assert (reply.status, reply.media) == (404, HTML)
    assert "X-Amz" not in reply.text


def is_closed(reply: Reply) -> None:
    """Check for a kind page that gives no evidence away."""
    assert (reply.status, reply.media) == (410, HTML)
    assert "X-Amz" not in reply.text


def test_a_picture_is_seen_described_and_downloaded(
    door: Door, link: str, photo: Attachment
) -> None:
    opened = door.send("GET", link)
    thumbnail = door.send("GET", f"{place_of(link, photo)}/thumbnail")
    original = door.send("GET", place_of(link, photo))

    place = f"{link.removeprefix('/v1/review/')}/attachments/{photo.id}"
    assert f'<img src="{place}/thumbnail" alt="A clear &lt;floor&gt;"' in opened.text
    assert f'<a href="{place}">Evidence 1: room.jpg</a>' in opened.text
    digest = hashlib.sha256(picture()).hexdigest()
    assert f"JPEG picture, {len(picture()) / 1024:.0f} kB, SHA-256 {digest[:12]}" in opened.text
    policy = opened.headers["content-security-policy"]
    assert f"default-src 'none'; img-src 'self' {BUCKET}; style-src" in policy
    for reply, name in ((thumbnail, "thumbnail.jpg"), (original, "original")):
        assert reply.status == 303
        assert reply.headers["location"].startswith(f"{BUCKET}/{photo.centre_id}/{photo.id}/{name}")
        assert reply.headers["referrer-policy"] == "no-referrer"
    assert f"versionId={photo.version}" in original.headers["location"]


def test_looking_changes_nothing(door: Door, link: str, photo: Attachment) -> None:
    written = door.written.count
    for path in (link, place_of(link, photo), f"{place_of(link, photo)}/thumbnail"):
        for method in ("GET", "HEAD"):
            door.send(method, path)
    assert door.written.count == written


def test_a_date_that_is_left_blank_is_no_line(door: Door, photo: Attachment) -> None:
    source = EVIDENCE_MODULE.replace("type: date", "type: date optional: yes")
    door.world.module = door.world.publish(source.replace("showing-work", "showing-more"))
    answers = door.world.answers(PAGE, photo)
    answers["handed"]["values"]["day"] = "  "
    opened = door.send("GET", signed(door, door.world.enrol(), answers))
    assert opened.status == 200
    assert "Place" in opened.text
    assert ">Day<" not in opened.text


def test_a_page_without_pictures_allows_none(door: Door, enrolment: Enrolment) -> None:
    note = door.world.attach(b"A note.", alt_text="What it says")
    link = signed(door, enrolment, door.world.answers(PAGE, note))
    opened = door.send("GET", link)
    assert "img" not in opened.headers["content-security-policy"]
    assert "<img" not in opened.text
    assert "What it says" in opened.text
    is_nowhere(door.send("GET", f"{place_of(link, note)}/thumbnail"))


@pytest.mark.parametrize(
    ("caption", "alt_text", "alt"),
    [("The room", "", "The room"), (" ", " ", NO_DESCRIPTION), ("The room", "A bed", "A bed")],
)
def test_every_picture_is_described(
    door: Door, enrolment: Enrolment, caption: str, alt_text: str, alt: str
) -> None:
    photo = door.world.attach(picture(), **JPEG, caption=caption, alt_text=alt_text)
    opened = door.send("GET", signed(door, enrolment, door.world.answers(PAGE, photo)))
    assert f'alt="{alt}"' in opened.text


def test_only_what_was_signed_for_is_behind_the_link_while_it_is_live(
    door: Door, link: str, photo: Attachment
) -> None:
    other = door.world.attach(b"Not for this page.")
    is_nowhere(door.send("GET", place_of(link, other)))
    is_nowhere(door.send("GET", f"{link}/attachments/nothing/thumbnail"))
    is_nowhere(door.send("GET", f"/v1/review/forged/attachments/{photo.id}"))
    door.world.clock.forward(days=15)
    for path in (place_of(link, photo), f"{place_of(link, photo)}/thumbnail"):
        is_closed(door.send("GET", path))
    door.world.clock.forward(days=-15)
    assert door.send("GET", place_of(link, photo)).status == 303
    assert door.form(link, YES | TICKED).status == 303
    is_closed(door.send("GET", place_of(link, photo)))


def test_what_is_flagged_is_withheld_from_the_link(
    door: Door, link: str, photo: Attachment
) -> None:
    flag(door, photo)
    opened = door.send("GET", link)
    assert "Withheld</span> Evidence 1 may identify somebody" in opened.text
    for said in ("room.jpg", "The room", "<img", "A clear"):
        assert said not in opened.text
    for path in (place_of(link, photo), f"{place_of(link, photo)}/thumbnail"):
        is_nowhere(door.send("GET", path))


class TestFlagging:
    """Whoever holds the link may say that a file identifies somebody."""

    @staticmethod
    def send(door: Door, link: str, number: object = 1, reason: str = "A face.") -> Reply:
        return door.form(f"{link}/flags", {"number": str(number), "reason": reason})

    def test_it_is_withheld_at_once(self, door: Door, link: str, photo: Attachment) -> None:
        assert f'action="{link.rpartition("/")[2]}/flags"' in door.send("GET", link).text
        for _ in range(2):
            assert self.send(door, link).status == 303, "and again the same"
        shown = door.send("GET", link).text
        assert "Withheld</span> Evidence 1 may identify somebody" in shown
        assert "/flags" not in shown, "nothing is left to withhold"
        path = f"{centre_path(door)}/attachments/{photo.id}"
        known = door.done("GET", path, door.world.administrator).json["flag"]
        assert (known["reason"], known["flagged_by"]) == ("A face.", door.world.assessor.id)

    @pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "a\x00b"])
    @pytest.mark.usefixtures("photo")
    def test_it_needs_a_reason(self, door: Door, link: str, reason: str) -> None:
        assert self.send(door, link, 1, reason).status == 422
        assert "room.jpg" in door.send("GET", link).text

    def test_nothing_but_what_was_signed_for(self, door: Door, link: str) -> None:
        other = door.world.attach(b"Not signed for.")
        for number in (other.number, "none", ""):
            refused = self.send(door, link, number)
            assert (refused.status, "No evidence on this page" in refused.text) == (422, True)

    @pytest.mark.usefixtures("photo")
    def test_it_has_no_other_fields(self, door: Door, link: str) -> None:
        assert (
            door.form(f"{link}/flags", {"number": "1", "reason": "A face.", "x": ""}).status == 422
        )
        assert "room.jpg" in door.send("GET", link).text

    @pytest.mark.usefixtures("photo")
    def test_a_link_that_is_used_withholds_nothing(self, door: Door, link: str) -> None:
        door.form(link, YES | TICKED)
        assert self.send(door, link).status == 410
        assert self.send(door, "/v1/review/forged").status == 404


def test_a_redaction_takes_the_place_of_what_is_flagged(
    door: Door, link: str, photo: Attachment
) -> None:
    flag(door, photo)
    redaction = door.world.attach(
        picture(size=(64, 48)),
        **JPEG | {"name": "blurred.jpg"},
        redacts=photo.id,
        redaction="A face",
    )
    put = {"outcome": "withheld", "note": "A face.", "replacement": redaction.id}
    path = f"{centre_path(door)}/attachments/{photo.id}/resolutions"
    door.done("POST", path, door.world.administrator, put)
    opened = door.send("GET", link)
    assert "Evidence 2: blurred.jpg" in opened.text
    assert "In place of evidence 1, which is withheld" in opened.text
    below = place_of(link, photo).removeprefix("/v1/review/")
    assert f'<a href="{below}">' in opened.text, "by what was signed for: nothing else opens"
    assert f'<img src="{below}/thumbnail"' in opened.text
    assert "A face" in opened.text
    assert "room.jpg" not in opened.text
    for below in ("", "/thumbnail"):
        led = door.send("GET", f"{place_of(link, photo)}{below}").headers["location"]
        assert redaction.id in led
        assert photo.id not in led
    flag(door, redaction)
    assert "Evidence 1 may identify somebody" in door.send("GET", link).text
    is_nowhere(door.send("GET", place_of(link, photo)))


def test_twenty_pictures_weigh_no_more_than_a_page_may(door: Door) -> None:
    """Without what the candidate writes beside them; with the code that a centre may ask for."""
    source = EVIDENCE_MODULE.replace("files: 1-3", "files: 1-20")
    world = door.world
    world.module = world.publish(source.replace("id: showing-work", "id: showing-all"))
    photos = [
        world.attach(
            picture(size=(8, 8)), **JPEG | {"name": f"IMG_{4000 + number}.jpg", "caption": ""}
        )
        for number in range(20)
    ]
    with_code = CentreSettings(links=LinkPolicy.WITH_CODE)
    centres.change_centre(world.runtime, world.centre.id, with_code)
    opened = door.send("GET", signed(door, world.enrol(), world.answers(PAGE, *photos)))
    assert opened.text.count("<img") == PICTURES
    assert len(re.findall(r'<a href="[^"]+/attachments/', opened.text)) == 20
    assert len(opened.text.encode()) <= WEIGHT


def test_a_form_is_shown_in_the_words_of_its_fields(
    door: Door, enrolment: Enrolment, photo: Attachment
) -> None:
    answers = door.world.answers(PAGE, photo)
    answers["handed"]["values"] |= {"how": ["a", "b"], "minutes": 45, "said": "One.\n<Two>."}
    text = door.send("GET", signed(door, enrolment, answers)).text
    shown = dict(re.findall(r"<dt[^>]*>(.*?)</dt><dd[^>]*>(.*?)</dd>", text, re.DOTALL))
    assert shown["Day"] == "27 February 2026"
    assert shown["Minutes"] == "45"
    assert shown["Colleague present"] == "Yes"
    assert shown["How it was done"] == "aloud\nin writing"
    assert shown["What was said"] == "One.\n&lt;Two&gt;."


def departing(door: Door, photo: Attachment) -> Any:
    answers = door.world.answers(PAGE, photo)
    answers["handed"]["values"]["present"] = False
    answers["handed"]["reasons"] = {"with-a-colleague": "Nobody was on shift."}
    return answers


def test_the_page_says_what_departs_from_a_rule_and_what_follows(
    door: Door, enrolment: Enrolment, photo: Attachment
) -> None:
    link = signed(door, enrolment, departing(door, photo))
    text = html.unescape(door.send("GET", link).text)
    assert "A colleague is present." in text
    assert "The reason given: Nobody was on shift." in text
    assert "Yes cannot be recorded yet" in text

    refused = door.form(link, YES | TICKED | {"feedback": "Well done."})
    assert refused.status == 409
    assert "an internal verifier has to review" in refused.text
    assert "Well done." in refused.text
    assert 'name="evidence/pictures/valid" value="on"' in refused.text

    reviews = f"{page_path(enrolment, PAGE)}/attempts/1/departure-reviews"
    door.done("POST", reviews, door.world.verifier, {"note": "Right in this case."})
    text = door.send("GET", link).text
    assert "Yes cannot be recorded yet" not in text
    assert "Right in this case." in text
    assert door.form(link, YES | TICKED).status == 303


def test_evidence_is_appraised_in_the_form(door: Door, link: str, enrolment: Enrolment) -> None:
    opened = door.send("GET", link)
    assert opened.text.count('type="checkbox"') == 5
    assert " checked" not in opened.text

    missing = door.form(link, {"initials": "AE"})
    assert missing.status == 422
    assert 'href="#evidence/pictures"' in missing.text
    half = {name: value for name, value in TICKED.items() if not name.endswith("current")}
    refused = door.form(link, YES | half)
    assert refused.status == 422
    assert "You do not find it current" in refused.text
    assert refused.text.count(" checked") == 5, "four boxes, and Yes"

    assert door.form(link, YES | half | {"competent": "N", "feedback": "Newer."}).status == 303
    path = f"{page_path(enrolment, PAGE)}/attempts/1"
    found = door.done("GET", path, door.world.candidate).json["judgement"]["evidence"]
    assert found == {"pictures": dict.fromkeys(QUALITIES, True) | {"current": False}}


@pytest.mark.parametrize("name", ["evidence", "evidence/pictures/good", "evidence/a/b/c"])
def test_a_field_that_no_form_has(door: Door, link: str, name: str) -> None:
    assert door.form(link, YES | TICKED | {name: "Y"}).status == 422


def test_what_others_contribute_is_seen_with_who_they_are(door: Door, enrolment: Enrolment) -> None:
    seen = door.world.attach(picture(), **JPEG, alt_text="A hoist")
    door.world.contribute(enrolment, "show-2", "observed", seen)
    text = html.unescape(door.send("GET", signed(door, enrolment, {}, "show-2")).text)
    assert "Asa Essor, CAVA; signed 2 March 2026, 09:30 GMT" in text
    assert "What was observed" in text
    assert 'name="evidence/observed"' in text
