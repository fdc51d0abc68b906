"""What counts as standing, and what a signature covers: everything."""

from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given, settings

from chalicelib.domain.answers import Answer
from chalicelib.domain.attempts import (
    CURRENT_DECLARATION,
    Attempt,
    Signing,
    check_signature,
    signed_document,
)
from chalicelib.domain.digests import canonical, digest
from chalicelib.domain.errors import Invalid
from chalicelib.domain.people import NAME_LIMIT
from chalicelib.domain.verifications import Countersignature, SettingAside
from tests.domain import values
from tests.domain.values import SIGNED_AT, attempt, judgement

SIGNING = Signing(
    salt="00" * 32,
    centre_id="centre",
    candidate_id="candidate",
    enrolment_id="enrolment",
    page_id="p1",
    attempt=1,
    module_id="module",
    module_version=1,
    page_digest="11" * 32,
    declaration=CURRENT_DECLARATION,
    signature="Zoë Nguyễn",
    signed_at=SIGNED_AT,
    occurred_on=date(2026, 2, 27),
    attachments=({"id": "attachment", "sha256": "22" * 32},),
    contributions=({"item_id": "seen", "number": 1, "content_hash": "33" * 32},),
)
ANSWERS = {"s": Answer(understood=True, initials="ZN"), "q": Answer(text="Because.")}
OTHERS: dict[type, Any] = {
    str: "another",
    int: 2,
    datetime: SIGNED_AT + timedelta(milliseconds=1),
    date: None,
    tuple: (),
}


def content_hash(signing: Signing = SIGNING, answers: dict[str, Answer] = ANSWERS) -> str:
    return digest(canonical(signed_document(signing, answers)))


@pytest.mark.parametrize(
    ("competent", "needed", "given_", "set_aside"), list(product([True, False], repeat=4))
)
def test_an_attempt_stands_if_competent_countersigned_where_needed_and_in_force(
    *, competent: bool, needed: bool, given_: bool, set_aside: bool
) -> None:
    found = attempt(
        judgement=judgement(competent=competent, countersigner_id="cora" if needed else ""),
        countersignature=Countersignature("cora", SIGNED_AT) if given_ else None,
        set_aside=SettingAside("ivy", SIGNED_AT) if set_aside else None,
    )
    assert found.standing is (competent and (given_ or not needed) and not set_aside)
    assert not found.waiting


def test_an_unjudged_attempt_waits_until_it_is_withdrawn() -> None:
    assert attempt().waiting
    assert not attempt(withdrawn_at=SIGNED_AT).waiting
    assert not attempt().standing


@given(values.attempts)
def test_nothing_both_waits_and_stands(found: Attempt) -> None:
    assert not (found.waiting and found.standing)


@pytest.mark.parametrize("name", [field.name for field in fields(Signing)])
def test_the_content_hash_covers_every_field(name: str) -> None:
    other = OTHERS[type(getattr(SIGNING, name))]
    assert content_hash(replace(SIGNING, **{name: other})) != content_hash()


@given(values.answers, values.answers)
@settings(max_examples=50, deadline=None)
def test_the_content_hash_covers_every_answer(
    one: dict[str, Answer], other: dict[str, Answer]
) -> None:
    assume(one != other)
    assert content_hash(answers=one) != content_hash(answers=other)


def test_the_order_in_which_answers_were_given_does_not_matter() -> None:
    assert content_hash(answers=dict(reversed(ANSWERS.items()))) == content_hash()


def test_the_same_answers_under_another_salt_have_another_hash() -> None:
    hashes = {content_hash(replace(SIGNING, salt=f"{number:064x}")) for number in range(100)}
    assert len(hashes) == 100


def test_the_signed_document_holds_what_the_contract_says() -> None:
    document = signed_document(SIGNING, ANSWERS)
    assert document["format"] == 1
    assert document["attachments"] == list(SIGNING.attachments)
    assert document["contributions"] == list(SIGNING.contributions)
    assert document["signed_at"] == "2026-03-02T09:30:00.000Z"
    assert document["occurred_on"] == "2026-02-27"
    assert "occurred_on" not in signed_document(replace(SIGNING, occurred_on=None), ANSWERS)
    alone = signed_document(replace(SIGNING, attachments=(), contributions=()), ANSWERS)
    assert alone["attachments"] == []
    assert "contributions" not in alone
    assert document.keys() == {field.name for field in fields(Signing)} | {"format", "answers"}


@pytest.mark.parametrize(
    ("declaration", "signature", "codes"),
    [
        (CURRENT_DECLARATION, "Zoë Nguyễn", []),
        (CURRENT_DECLARATION, "x" * NAME_LIMIT, []),
        ("", "Zoë Nguyễn", ["declaration-not-current"]),
        ("2", "Zoë Nguyễn", ["declaration-not-current"]),
        (CURRENT_DECLARATION, " \t", ["signature-required"]),
        (CURRENT_DECLARATION, "x" * (NAME_LIMIT + 1), ["signature-required"]),
        ("0", "", ["declaration-not-current", "signature-required"]),
    ],
)
def test_the_declaration_is_accepted_and_signed(
    declaration: str, signature: str, codes: list[str]
) -> None:
    found = []
    try:
        check_signature(declaration, signature)
    except Invalid as refusal:
        found = [flaw.code for flaw in refusal.flaws]
    assert found == codes
