"""Text in any script, in one form, without what controls."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.text import MARKS_LIMIT, clean

ALLOWED = {"\t", "\n", "\r"}
CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in ALLOWED]


@pytest.mark.parametrize(
    ("given_text", "cleaned"),
    [
        ("", ""),
        ("a\r\nb\rc\nd\te", "a\nb\nc\nd\te"),
        ("\r\r\n\n", "\n\n\n"),
        ("Zoe\u0308 Nguye\u0302\u0303n", "Zoë Nguyễn"),
        ("\u212b", "\u00c5"),
        ("日本語 עברית 🙂 \u200d\u2028", "日本語 עברית 🙂 \u200d\u2028"),
    ],
)
def test_one_form(given_text: str, cleaned: str) -> None:
    assert clean(given_text) == cleaned


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: f"U+{ord(control):04X}")
def test_controls_are_refused_by_name(control: str) -> None:
    with pytest.raises(ValueError, match=f"U\\+{ord(control):04X}"):
        clean(f"a{control}b")


@given(st.lists(st.characters(categories=["Cs"]), min_size=1).map("".join))
def test_half_a_surrogate_pair_is_refused(halves: str) -> None:
    with pytest.raises(ValueError, match="surrogate"):
        clean(f"a{halves}")


def test_marks_without_end_are_refused_at_once() -> None:
    # Putting them in order would take minutes: the time grows with the square of their number.
    with pytest.raises(ValueError, match="marks"):
        clean("a" + "\u0315" * 100_000 + "\u0300" * 100_000)
    assert clean("a" + "\u0316" * MARKS_LIMIT)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from("\t\n\r")))
def test_cleaning_twice_is_cleaning_once(given_text: str) -> None:
    cleaned = clean(given_text)
    assert clean(cleaned) == cleaned
    assert "\r" not in cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert cleaned.encode().decode() == cleaned
