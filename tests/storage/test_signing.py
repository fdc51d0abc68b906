"""A token is opened exactly as it was made, or not at all."""

import base64
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.addresses import AddressLink
from chalicelib.domain.links import ReviewLink
from chalicelib.domain.testimony import WitnessLink
from chalicelib.domain.visits import VisitLink
from chalicelib.storage.signing import CODE_BYTES, FORM, HEADER, LinkSigner
from tests.domain import values
from tests.domain.values import SIGNED_AT

OLD, NEW = b"o" * 32, b"n" * 32
LINK = ReviewLink(
    centre_id="01JNB0000000000000000000C1",
    enrolment_id="01JNB0000000000000000000E1",
    page_id="plan-1",
    attempt=1,
    content_hash="ab" * 32,
    assessor_id="01JNB0000000000000000000A1",
    generation=1,
    expires_at=SIGNED_AT,
    address="cd" * 16,
)
BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def signer(current: int, **keys: bytes) -> LinkSigner:
    live: Mapping[int, bytes] = {int(name[1:]): key for name, key in keys.items()}
    return LinkSigner(lambda: (current, live))


ONE = signer(1, k1=OLD)
TOKEN = ONE.token(LINK)


@given(values.links)
def test_any_link_comes_back(link: ReviewLink) -> None:
    token = ONE.token(link)
    assert ONE.read(token) == link
    assert set(token) <= set(BASE64URL)


@given(values.address_links)
def test_any_link_to_verify_by_comes_back_and_judges_nothing(link: AddressLink) -> None:
    token = ONE.address_token(link)
    assert ONE.read_address(token) == link
    assert ONE.read(token) is None


@given(values.links)
def test_a_link_to_judge_by_verifies_nothing(link: ReviewLink) -> None:
    assert ONE.read_address(ONE.token(link)) is None


def test_every_flip_of_a_bit_of_a_link_to_verify_by_is_refused() -> None:
    link = AddressLink(
        centre_id=LINK.centre_id,
        person_id=LINK.assessor_id,
        address=LINK.address,
        expires_at=LINK.expires_at,
    )
    token = ONE.address_token(link)
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for place in range(len(raw) * 8):
        flipped = bytearray(raw)
        flipped[place // 8] ^= 1 << place % 8
        assert ONE.read_address(base64.urlsafe_b64encode(flipped).rstrip(b"=").decode()) is None


@given(values.witness_links)
def test_any_link_of_a_witness_comes_back_and_does_nothing_else(link: WitnessLink) -> None:
    token = ONE.testimony_token(link)
    assert ONE.read_testimony(token) == link
    assert (ONE.read(token), ONE.read_address(token)) == (None, None)
    assert set(token) <= set(BASE64URL)


@given(values.links, values.address_links)
def test_no_other_link_gives_testimony(link: ReviewLink, other: AddressLink) -> None:
    assert ONE.read_testimony(ONE.token(link)) is None
    assert ONE.read_testimony(ONE.address_token(other)) is None


@given(values.witness_links, values.witness_links)
def test_another_link_of_a_witness_is_another_token(one: WitnessLink, other: WitnessLink) -> None:
    assert (ONE.testimony_token(one) == ONE.testimony_token(other)) == (one == other)


def test_every_flip_of_a_bit_of_a_link_of_a_witness_is_refused() -> None:
    link = WitnessLink(
        centre_id=LINK.centre_id,
        enrolment_id=LINK.enrolment_id,
        page_id="work-1",
        item_id="work-w1",
        generation=1,
        address=LINK.address,
        expires_at=LINK.expires_at,
    )
    token = ONE.testimony_token(link)
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for place in range(len(raw) * 8):
        flipped = bytearray(raw)
        flipped[place // 8] ^= 1 << place % 8
        assert ONE.read_testimony(base64.urlsafe_b64encode(flipped).rstrip(b"=").decode()) is None
    for more in (token[:-1], token + "A", token + "=", token + "\n", ""):
        assert ONE.read_testimony(more) is None


@given(values.visit_links)
def test_any_link_of_a_visit_comes_back_and_does_nothing_else(link: VisitLink) -> None:
    token = ONE.visit_token(link)
    assert ONE.read_visit(token) == link
    assert {ONE.read(token), ONE.read_address(token), ONE.read_testimony(token)} == {None}
    assert set(token) <= set(BASE64URL)


@given(values.links, values.address_links, values.witness_links)
def test_no_other_link_opens_a_visit(
    link: ReviewLink, other: AddressLink, witness: WitnessLink
) -> None:
    others = (ONE.token(link), ONE.address_token(other), ONE.testimony_token(witness))
    assert {ONE.read_visit(token) for token in others} == {None}


@given(values.visit_links, values.visit_links)
def test_another_link_of_a_visit_is_another_token(one: VisitLink, other: VisitLink) -> None:
    assert (ONE.visit_token(one) == ONE.visit_token(other)) == (one == other)


def test_every_flip_of_a_bit_of_a_link_of_a_visit_is_refused() -> None:
    link = VisitLink(
        centre_id=LINK.centre_id,
        visit_id=LINK.enrolment_id,
        person_id=LINK.assessor_id,
        generation=1,
        address=LINK.address,
        expires_at=LINK.expires_at,
    )
    token = ONE.visit_token(link)
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for place in range(len(raw) * 8):
        flipped = bytearray(raw)
        flipped[place // 8] ^= 1 << place % 8
        assert ONE.read_visit(base64.urlsafe_b64encode(flipped).rstrip(b"=").decode()) is None
    for more in (token[:-1], token + "A", token + "=", token + "\n", ""):
        assert ONE.read_visit(more) is None


@given(values.links)
def test_the_same_link_is_the_same_token(link: ReviewLink) -> None:
    assert ONE.token(link) == signer(1, k1=OLD).token(replace(link))


@given(values.links, values.links)
def test_another_link_is_another_token(one: ReviewLink, other: ReviewLink) -> None:
    assert (ONE.token(one) == ONE.token(other)) == (one == other)


def test_a_page_id_of_any_length_is_told_from_the_code_after_it() -> None:
    for length in range(1, 61):
        link = replace(LINK, page_id="p" * length)
        assert ONE.read(ONE.token(link)) == link


def test_every_flip_of_a_bit_is_refused() -> None:
    raw = base64.urlsafe_b64decode(TOKEN + "=" * (-len(TOKEN) % 4))
    for place in range(len(raw) * 8):
        flipped = bytearray(raw)
        flipped[place // 8] ^= 1 << place % 8
        token = base64.urlsafe_b64encode(flipped).rstrip(b"=").decode()
        assert ONE.read(token) is None


@pytest.mark.parametrize("link", [replace(LINK, page_id="p" * length) for length in (6, 7, 8)])
def test_every_other_character_is_refused(link: ReviewLink) -> None:
    token = ONE.token(link)
    for place, character in enumerate(token):
        for other in (*BASE64URL, "+", "/", "=", " ", "\n", "é", "\0"):
            if other != character:
                assert ONE.read(token[:place] + other + token[place + 1 :]) is None


def test_every_truncation_and_extension_is_refused() -> None:
    for place in range(len(TOKEN)):
        assert ONE.read(TOKEN[:place]) is None
        assert ONE.read(TOKEN[place + 1 :]) is None
    for more in (*BASE64URL, "AA", "AAAA", TOKEN):
        assert ONE.read(TOKEN + more) is None
        assert ONE.read(more + TOKEN) is None


@pytest.mark.parametrize("more", ["=", "==", "====", " ", "\n", "\t", "\r\n", "\u00a0", "."])
def test_nothing_may_stand_around_or_within_a_token(more: str) -> None:
    for place in (0, 1, len(TOKEN) // 2, len(TOKEN)):
        assert ONE.read(TOKEN[:place] + more + TOKEN[place:]) is None


def test_the_other_alphabet_is_refused() -> None:
    links = (replace(LINK, generation=number) for number in range(100))
    tokens = [ONE.token(link) for link in links]
    for old, new in (("-", "+"), ("_", "/")):
        token = next(token for token in tokens if old in token)
        assert ONE.read(token.replace(old, new)) is None


@given(st.text())
def test_any_other_text_is_refused(token: str) -> None:
    assert ONE.read(token) is None


def test_a_well_formed_token_of_nothing_is_refused() -> None:
    for size in (0, CODE_BYTES, HEADER.size + CODE_BYTES, FORM.size + HEADER.size + CODE_BYTES):
        token = base64.urlsafe_b64encode(b"\2" * size).rstrip(b"=").decode()
        assert ONE.read(token) is None


def test_a_link_made_with_the_key_before_still_opens() -> None:
    both = signer(2, k1=OLD, k2=NEW)
    assert both.read(TOKEN) == LINK
    assert both.token(LINK) != TOKEN
    assert both.read(both.token(LINK)) == LINK


def test_a_key_that_is_not_ours_any_more_opens_nothing() -> None:
    assert signer(2, k2=NEW).read(TOKEN) is None
    assert signer(2, k2=OLD).read(TOKEN) is None, "the same secret by another id"
    assert signer(1, k1=NEW).read(TOKEN) is None, "another secret by the same id"


def test_keys_are_loaded_when_they_are_first_needed_and_once() -> None:
    loads = []

    def load() -> tuple[int, dict[int, bytes]]:
        loads.append(1)
        return 1, {1: OLD}

    lazy = LinkSigner(load)
    assert loads == []
    assert lazy.read(lazy.token(LINK)) == LINK
    assert loads == [1]
