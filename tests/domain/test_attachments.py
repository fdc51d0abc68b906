"""What may be uploaded, and what is said of it since."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.attachments import (
    MEDIA_TYPES,
    MIB,
    PART_SIZE,
    PARTS_LIMIT,
    PICTURE_LIMIT,
    UPLOAD_LIFETIME,
    WHOLE_LIMIT,
    Attachment,
    AttachmentState,
    NewFile,
    file_flaws,
    media_type_of,
    part_count,
    part_size,
)
from tests.domain.values import EPOCH

SECOND = timedelta(seconds=1)


def attachment(**more: Any) -> Attachment:
    """Make a plain text whose upload has just begun."""
    fields: dict[str, Any] = {
        "id": "a",
        "centre_id": "c",
        "candidate_id": "p",
        "number": 1,
        "name": "notes.txt",
        "media_type": "text/plain",
        "size": 1,
        "sha256": "0" * 64,
        "caption": "",
        "alt_text": "",
        "state": AttachmentState.PENDING,
        "created_at": EPOCH,
        "created_by": "p",
    }
    return Attachment(**fields | more)


def flaws(**more: Any) -> set[str]:
    """Say what is wrong with a plain text but for what is told."""
    fields: dict[str, Any] = {
        "name": "notes.txt",
        "media_type": "text/plain",
        "size": 1,
        "sha256": "0" * 64,
        "caption": "",
        "alt_text": "",
    }
    found = file_flaws(NewFile(**fields | more), WHOLE_LIMIT, PARTS_LIMIT)
    return {f"{each.pointer} {each.code}" for each in found}


@given(st.integers(1, PARTS_LIMIT))
def test_the_parts_of_a_file_are_all_of_it(size: int) -> None:
    sizes = [part_size(size, 1 + number) for number in range(part_count(size))]
    assert sum(sizes) == size
    assert set(sizes[:-1]) <= {PART_SIZE}
    assert 0 < sizes[-1] <= PART_SIZE


@pytest.mark.parametrize(
    ("declared", "meant"),
    [
        ("text/plain; charset=utf-8", "text/plain"),
        (" IMAGE/JPG ", "image/jpeg"),
        ("audio/x-m4a", "audio/mp4"),
        ("text/html", "text/html"),
    ],
)
def test_types_have_one_spelling(declared: str, meant: str) -> None:
    assert media_type_of(declared) == meant


@given(st.sampled_from(sorted(MEDIA_TYPES)))
def test_every_type_that_is_taken_is_one_spelling_already(media_type: str) -> None:
    assert media_type_of(media_type) == media_type
    assert not flaws(media_type=media_type)


@pytest.mark.parametrize(
    "name", ["Über uns.txt", "日本語.txt", "می‌خواهم.txt", "👩‍🔧.txt", "a.b.c", "..txt", "n" * 255]
)
def test_names_in_any_script(name: str) -> None:
    assert not flaws(name=name)


@pytest.mark.parametrize(
    "name", ["..", ".", "a/b", "a\\b", "", "a\u202eb", "a\u2066b", "\ufeffa", "n" * 256]
)
def test_names_that_mislead(name: str) -> None:
    assert flaws(name=name)


def test_pictures_are_smaller_than_other_files() -> None:
    png = {"media_type": "image/png"}
    for more in ({}, {"in_parts": True}):
        assert not flaws(**png, **more, size=PICTURE_LIMIT)
        assert flaws(**png, **more, size=PICTURE_LIMIT + 1) == {"/size too-large"}
    assert not flaws(size=PICTURE_LIMIT + MIB)


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("notes.txt", "notes.txt"),
        ("Notes.TXT", "Notes.TXT"),
        ("notes", "notes.txt"),
        ("notes.exe", "notes.exe.txt"),
        ("txt", "txt.txt"),
        ("n" * 251 + ".txt", "n" * 100 + ".txt"),
    ],
)
def test_a_download_is_called_what_it_is(name: str, called: str) -> None:
    assert attachment(name=name).download_name == called


def test_a_file_is_awaited_until_it_comes_or_the_time_is_up() -> None:
    begun = attachment()
    assert begun.awaited_at(EPOCH + UPLOAD_LIFETIME - SECOND)
    assert not begun.awaited_at(EPOCH + UPLOAD_LIFETIME)
    for over in (
        {"completed_at": EPOCH},
        {"deleted_at": EPOCH},
        {"state": AttachmentState.SCANNING},
        {"state": AttachmentState.REJECTED},
    ):
        assert not attachment(**over).awaited_at(EPOCH)
