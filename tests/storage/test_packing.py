"""What is packed comes back, for ever, and prose takes little room."""

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.storage.packing import CURRENT, DICTIONARIES, pack, unpack

# Packed in 2026. Whatever changes, these bytes have to be readable: rows like them are stored.
PACKED = {
    1: ("AUOJnuw8XUOkKMIRz1H5h1eDY7gYVMJAWkePGqYoPJu+9NmcNS9WzVP4MH9mEyh+QfkfYiJSgEf5YYuXWiTf1wIA"),
}
TEXT = (
    '{"answers":{"kn-1":{"text":"I would make sure that Zoë is asked first — 日本語 🙂"},'
    '"plan-1":{"initials":"ZN","understood":true}},"format":1}'
)


@given(st.binary())
def test_any_bytes_come_back(content: bytes) -> None:
    assert unpack(pack(content)) == content


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back(content: str) -> None:
    assert unpack(pack(content.encode())).decode() == content


def test_a_long_text_comes_back() -> None:
    content = bytes(range(256)) * 4_000
    assert unpack(pack(content)) == content


@pytest.mark.parametrize("number", DICTIONARIES)
def test_every_dictionary_there_ever_was_stays_readable(number: int) -> None:
    packed = base64.b64decode(PACKED[number])
    assert packed[0] == number
    assert unpack(packed) == TEXT.encode()


def test_new_texts_name_the_current_dictionary() -> None:
    assert pack(b"")[0] == CURRENT


def test_a_page_of_real_prose_takes_two_write_units() -> None:
    prose = Path("tests/storage/answers.txt").read_bytes()[:4_750]
    assert len(prose) == 4_750
    assert len(pack(prose)) < 1_800
