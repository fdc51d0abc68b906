"""Canonical JSON by the examples of RFC 8785, and SHA-256 by that of FIPS 180-4."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rfc8785 import CanonicalizationError

from chalicelib.domain.digests import canonical, digest

WHOLE = 2**53 - 1  # the integers that every reader of JSON can hold
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
documents = st.dictionaries(
    names,
    st.recursive(
        st.none() | st.booleans() | st.integers(-WHOLE, WHOLE) | names,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=5,
)


def test_the_example_of_section_3_2_2() -> None:
    source = (
        r'{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],'
        r'"string": "\u20ac$\u000F\u000aA\u0027\u0042\u0022\u005c\\\"\/",'
        r'"literals": [null, true, false]}'
    )
    expected = (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        r'"string":"€$\u000f\nA' + "'" + r'B\"\\\\\"/"}'
    )
    assert canonical(json.loads(source)) == expected.encode()


def test_names_are_sorted_by_utf_16_as_in_section_3_2_3() -> None:
    names_in_order = ["\r", "1", "\u0080", "ö", "€", "😀", "\ufb33"]
    found = canonical(dict.fromkeys(sorted(names_in_order), 0))
    assert list(json.loads(found)) == names_in_order


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (9007199254740992.0, "9007199254740992"),
        (295147905179352830000.0, "295147905179352830000"),
        (9.999999999999997e22, "9.999999999999997e+22"),
        (1e21, "1e+21"),
        (999999999999999900000.0, "999999999999999900000"),
        (1e-7, "1e-7"),
        (0.000001, "0.000001"),
        (WHOLE, str(WHOLE)),
    ],
)
def test_numbers_are_written_as_in_appendix_b(number: float, written: str) -> None:
    assert canonical({"n": number}) == f'{{"n":{written}}}'.encode()


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf"), 2**53])
def test_what_not_every_reader_can_hold_is_refused(number: float) -> None:
    with pytest.raises(CanonicalizationError):
        canonical({"n": number})


def test_text_is_not_normalised() -> None:
    assert canonical({"a": "e\u0301"}) != canonical({"a": "é"})


@given(documents)
def test_there_is_one_form_and_it_says_the_same(document: dict[str, object]) -> None:
    found = canonical(document)
    assert json.loads(found) == document
    assert canonical(dict(reversed(document.items()))) == found


def test_the_digest_of_abc() -> None:
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert digest(b"abc") == expected
