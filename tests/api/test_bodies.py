"""Bodies that no operation takes: each is refused by name, and nothing is written."""

from typing import Any

import pytest

from chalicelib.api.http import BODY_LIMIT, FORM
from chalicelib.domain.enrolments import Enrolment
from tests.api.door import Door, centre_path, page_path

DEEP = 1_000
DRAFT = '{"answers": {"plan-s1": {"understood": true, "initials": "%s"}}}'
UNREADABLE = {
    "nothing": ("", "malformed-json"),
    "not JSON": ("answers=none", "malformed-json"),
    "cut short": ('{"answers": {', "malformed-json"),
    "invalid UTF-8": (b'{"answers": "\xff"}', "malformed-json"),
    "half a pair in UTF-8": (DRAFT.encode() % b"\xed\xa0\x80", "malformed-json"),
    "half a pair, raw": (DRAFT % "\ud800", "half-a-character"),
    "half a pair, escaped": (DRAFT % "\\ud800", "half-a-character"),
    "the halves of a pair in the wrong order": (DRAFT % "\\udc00\\ud800", "half-a-character"),
    "a raw control character": (DRAFT % "\x01", "malformed-json"),
    "a field twice": ('{"answers": {}, "answers": {}}', "duplicate-field"),
    "a field twice, deep inside": (
        '{"answers": {"plan-s1": {"understood": true, "understood": false}}}',
        "duplicate-field",
    ),
    "a field twice, once escaped": ('{"answers": {}, "\\u0061nswers": {}}', "duplicate-field"),
    "NaN": ('{"answers": NaN}', "not-a-number"),
    "Infinity": ('{"answers": {"plan-s1": {"understood": -Infinity}}}', "not-a-number"),
    "lists, 101 deep": ("[" * 101 + "]" * 101, "nested-too-deep"),
    "lists, 1,000 deep": ("[" * DEEP + "]" * DEEP, "nested-too-deep"),
    "objects, 1,000 deep": ('{"answers":' * DEEP + "1" + "}" * DEEP, "nested-too-deep"),
    "lists, 130,000 deep": ("[" * 130_000 + "]" * 130_000, "nested-too-deep"),
    "a number of 5,000 digits": ('{"answers": ' + "9" * 5_000 + "}", "malformed-json"),
    "more than 256 KiB": (" " * BODY_LIMIT + "{}", "body-too-large"),
}
MISFITS = {
    "a list": ([], ""),
    "text": ('"answers"', ""),
    "null": ("null", ""),
    "an unknown field": ({"answers": {}, "role": "administrator"}, "/role"),
    "an unknown field, deep inside": (
        {"answers": {"plan-s1": {"key": "a"}}},
        "/answers/plan-s1/key",
    ),
    "a field missing": ({}, "/answers"),
    "a list for an object": ({"answers": []}, "/answers"),
    "text for yes or no": (
        {"answers": {"plan-s1": {"understood": "yes"}}},
        "/answers/plan-s1/understood",
    ),
    "a number for yes or no": (
        {"answers": {"plan-s1": {"understood": 1}}},
        "/answers/plan-s1/understood",
    ),
    "a number for text": ({"answers": {"plan-s1": {"initials": 7}}}, "/answers/plan-s1/initials"),
    "text for a list": ({"answers": {"plan-c1": {"chosen": "a"}}}, "/answers/plan-c1/chosen"),
    "27 options": ({"answers": {"plan-c1": {"chosen": ["a"] * 27}}}, "/answers/plan-c1/chosen"),
    "a number beyond all bounds": ('{"answers": {"plan-s1": 1e999}}', "/answers/plan-s1"),
}


@pytest.fixture(scope="module")
def page(standing: Enrolment) -> str:
    return page_path(standing, "plan-1")


@pytest.mark.parametrize("case", UNREADABLE)
def test_unreadable_bodies(shared: Door, page: str, case: str) -> None:
    body, code = UNREADABLE[case]
    etag = shared.etag(page)
    shared.refused(code, "PUT", page, shared.world.candidate, body, if_match=etag)


@pytest.mark.parametrize("case", MISFITS)
def test_bodies_that_do_not_fit(shared: Door, page: str, case: str) -> None:
    body, pointer = MISFITS[case]
    etag = shared.etag(page)
    refusal = shared.refused(
        "invalid-body", "PUT", page, shared.world.candidate, body, if_match=etag
    )
    assert pointer in refusal.flaws


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x1f", "\x7f", "\x85", "\ud83d"])
def test_characters_that_are_no_text(shared: Door, page: str, character: str) -> None:
    for field in ("initials", "text"):
        body = {"answers": {"plan-s1": {field: f"A{character}B"}}}
        code = "half-a-character" if character == "\ud83d" else "invalid-body"
        given: Any = {"if_match": shared.etag(page)}
        refusal = shared.refused(code, "PUT", page, shared.world.candidate, body, **given)
        if code == "invalid-body":
            assert refusal.flaws == {f"/answers/plan-s1/{field}": "invalid-text"}


@pytest.mark.parametrize("media", ["text/plain", FORM, "application/jsonp", "", None])
def test_content_types_that_are_not_taken(shared: Door, page: str, media: str | None) -> None:
    shared.refused(
        "unsupported-media-type",
        "PUT",
        page,
        shared.world.candidate,
        {"answers": {}},
        media=media,
        if_match=shared.etag(page),
    )


def test_a_refusal_stays_small_however_much_is_wrong(shared: Door, page: str) -> None:
    body = {"answers": {"k" * 20_000: {str(number): 0 for number in range(2_000)}}}
    etag = shared.etag(page)
    refusal = shared.refused(
        "invalid-body", "PUT", page, shared.world.candidate, body, if_match=etag
    )
    assert len(refusal.text) < 20_000


def test_the_same_holds_wherever_a_body_is_taken(shared: Door, page: str) -> None:
    world = shared.world
    places = {
        f"{centre_path(shared)}/modules": world.administrator,
        f"{centre_path(shared)}/enrolments": world.administrator,
        f"{page}/attempts": world.candidate,
        f"{page}/attempts/1/judgements": world.assessor,
    }
    for path, who in places.items():
        for body, code in UNREADABLE.values():
            shared.refused(code, "POST", path, who, body, if_match='"0"')
        shared.refused("invalid-body", "POST", path, who, {"unheard-of": 1}, if_match='"0"')
        shared.refused("unsupported-media-type", "POST", path, who, "{}", media="text/plain")
