"""Pages and their drafts: what a draft may hold, and that no save is lost."""

from chalicelib.domain.enrolments import Enrolment
from tests.api.door import Door, page_path

LONGEST = 20_000


def test_texts_are_kept_in_any_script_in_one_form(door: Door, enrolment: Enrolment) -> None:
    path = page_path(enrolment, "kn-1")
    text = "Un re\u0301sume\u0301.\r\nशांति\rไทย\t你好 \N{CANDLE}"
    body = {"answers": {"kn-q1": {"text": text}}}
    saved = door.done("PUT", path, door.world.candidate, body, if_match=door.etag(path))
    stored = {"kn-q1": {"text": "Un résumé.\nशांति\nไทย\t你好 \N{CANDLE}"}}
    assert saved.json["answers"] == stored
    assert door.done("GET", path, door.world.candidate).json["answers"] == stored


def test_the_longest_answer_is_kept(door: Door, enrolment: Enrolment) -> None:
    path = page_path(enrolment, "kn-1")
    answers = {"kn-q1": {"text": "\N{CANDLE}" * LONGEST}}
    body = {"answers": answers}
    door.done("PUT", path, door.world.candidate, body, if_match=door.etag(path))
    assert door.done("GET", path, door.world.candidate).json["answers"] == answers


def test_an_untouched_page_has_an_etag_too(door: Door, enrolment: Enrolment) -> None:
    path = page_path(enrolment, "plan-1")
    first = door.etag(path)
    assert first.startswith('"'), "strong validators only"
    assert door.etag(path) == first


def test_a_stale_save_brings_the_current_version_and_loses_nothing(
    door: Door, enrolment: Enrolment
) -> None:
    candidate, path = door.world.candidate, page_path(enrolment, "kn-1")
    first, second = ({"answers": {"kn-q1": {"text": text}}} for text in ("First.", "Second."))
    opened = door.etag(path)
    door.done("PUT", path, candidate, first, if_match=opened)

    stale = door.refused("stale-page", "PUT", path, candidate, second, if_match=opened)

    assert stale.json["current"]["answers"] == first["answers"]
    assert door.done("GET", path, candidate).json["answers"] == first["answers"]
    current = stale.json["current"]["etag"]
    assert (
        door.done("PUT", path, candidate, second, if_match=current).json["answers"]
        == (second["answers"])
    )


def test_an_identical_save_again_is_fine(door: Door, enrolment: Enrolment) -> None:
    candidate, path = door.world.candidate, page_path(enrolment, "kn-1")
    body = {"answers": {"kn-q1": {"text": "First."}}}
    opened = door.etag(path)
    saved = door.done("PUT", path, candidate, body, if_match=opened)
    written = door.written.count

    again = door.done("PUT", path, candidate, body, if_match=opened)

    assert (again.text, again.headers["etag"]) == (saved.text, saved.headers["etag"])
    assert door.written.count == written


def test_a_signed_page_cannot_be_saved(door: Door, enrolment: Enrolment) -> None:
    candidate, path = door.world.candidate, page_path(enrolment, "plan-1")
    body = {"answers": door.world.answers("plan-1")}
    door.world.sign(enrolment, "plan-1")
    etag = door.etag(path)
    refusal = door.refused("page-signed", "PUT", path, candidate, body, if_match=etag)
    current = refusal.json["current"]["etag"]
    assert current.strip('"') == etag.strip('"').partition(".")[0]


def test_a_competent_page_cannot_be_saved(door: Door, enrolment: Enrolment) -> None:
    candidate, path = door.world.candidate, page_path(enrolment, "plan-1")
    body = {"answers": door.world.answers("plan-1")}
    door.world.judge(enrolment, door.world.sign(enrolment, "plan-1"))
    etag = door.etag(path)
    door.refused("page-competent", "PUT", path, candidate, body, if_match=etag)


def test_a_returned_page_goes_on_from_what_was_signed(door: Door, enrolment: Enrolment) -> None:
    world, path = door.world, page_path(enrolment, "kn-1")
    feedback = "Say what is missing, at length. " * 20
    world.judge(enrolment, world.sign(enrolment, "kn-1"), competent=False, feedback=feedback)
    before = door.done("GET", path, world.candidate)
    assert before.json["state"] == "not-yet-competent"
    assert before.json["answers"] == world.answers("kn-1")
    assert before.json["latest_attempt"]["judgement"]["feedback"] == feedback

    body = {"answers": {"kn-q1": {"text": "Better now."}}}
    etag = before.headers["etag"]
    assert (
        door.done("PUT", path, world.candidate, body, if_match=etag).json["answers"]
        == (body["answers"])
    )


def test_a_draft_is_the_candidates_alone(door: Door, enrolment: Enrolment) -> None:
    world, path = door.world, page_path(enrolment, "kn-1")
    body = {"answers": {"kn-q1": {"text": "Not for others yet."}}}
    etag = door.etag(path)
    door.done("PUT", path, world.candidate, body, if_match=etag)
    for reader in (world.assessor, world.administrator, world.verifier):
        assert door.done("GET", path, reader).json["answers"] == {}
        door.refused("role-not-allowed", "PUT", path, reader, body, if_match=etag)
