"""Periods contain their start and not their end; what makes no sense is refused by name."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given

from chalicelib.domain.errors import Invalid
from chalicelib.domain.people import (
    ADDRESS_LIMIT,
    ALL_MODULES,
    MODULES_LIMIT,
    NAME_LIMIT,
    QUALIFICATION_LIMIT,
    Authorisation,
    Member,
    Membership,
    Role,
    check_authorisation,
    check_membership,
)
from tests.domain import values
from tests.domain.values import SIGNED_AT as START

END = START + timedelta(days=1)
TICK = timedelta(milliseconds=1)
MEMBERSHIP = Membership(
    centre_id="centre",
    person_id="person",
    name="Zoë Nguyễn",
    roles=frozenset({Role.ASSESSOR}),
    valid_from=START,
    valid_until=END,
    address="zoe@example.org",
)
AUTHORISATION = Authorisation(
    id="a", qualification="CAVA", modules=("m1", "m2"), valid_from=START, valid_until=END
)


@pytest.mark.parametrize(
    ("now", "valid"),
    [(START - TICK, False), (START, True), (END - TICK, True), (END, False), (END + TICK, False)],
)
def test_a_period_contains_its_start_and_not_its_end(now: datetime, *, valid: bool) -> None:
    assert MEMBERSHIP.valid_at(now) is valid
    assert AUTHORISATION.covers("m1", now) is valid


@given(values.moments, values.moments)
def test_a_period_without_an_end_goes_on(start: datetime, now: datetime) -> None:
    assume(start <= now)
    assert replace(MEMBERSHIP, valid_from=start, valid_until=None).valid_at(now)


@pytest.mark.parametrize(
    ("modules", "covered"),
    [(("m1",), True), (("m2", "m1"), True), ((ALL_MODULES,), True), (("m",), False), ((), False)],
)
def test_an_authorisation_covers_the_modules_it_names(
    modules: tuple[str, ...], *, covered: bool
) -> None:
    assert replace(AUTHORISATION, modules=modules).covers("m1", START) is covered


def test_an_authorisation_is_for_what_one_role_does() -> None:
    member = Member(MEMBERSHIP, (AUTHORISATION,))
    assert member.authorisation(Role.ASSESSOR) == AUTHORISATION
    assert member.authorisation(Role.INTERNAL_VERIFIER) is None


def flaws(refusal: pytest.ExceptionInfo[Invalid]) -> list[tuple[str, str]]:
    return [(flaw.pointer, flaw.code) for flaw in refusal.value.flaws]


@pytest.mark.parametrize(
    "name", ["", " \u00a0\n", "x" * (NAME_LIMIT + 1), "Ann\r\nBcc: b@example.org", "A\u2028B"]
)
def test_bad_names_are_refused(name: str) -> None:
    with pytest.raises(Invalid) as member:
        check_membership(replace(MEMBERSHIP, name=name))
    assert flaws(member) == [("/name", "invalid-name")]


@pytest.mark.parametrize(
    "address",
    [
        *("zoe", "zoe@", "@example.org", "zoe@example", "zoe@@example.org", "zoe@example.org "),
        *("zoe@example.org\nBcc: x@example.org", "Zoë <zoe@example.org>", "a@b.org,c@d.org"),
        "z" * (ADDRESS_LIMIT - len("@example.org") + 1) + "@example.org",
    ],
)
def test_bad_addresses_are_refused(address: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_membership(replace(MEMBERSHIP, address=address))
    assert flaws(refusal) == [("/address", "invalid-address")]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"name": "x" * NAME_LIMIT},
        {"name": "李"},
        {"address": "z" * (ADDRESS_LIMIT - len("@example.org")) + "@example.org"},
        {"address": "zoë+work@пример.example"},
        {"address": "", "roles": frozenset({Role.CANDIDATE})},
        {"valid_until": None},
    ],
)
def test_good_members_are_taken(change: dict[str, Any]) -> None:
    check_membership(replace(MEMBERSHIP, **change))


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"roles": frozenset()}, "/roles", "no-role"),
        ({"address": ""}, "/address", "address-required"),
        ({"valid_until": START}, "/valid_until", "ends-before-start"),
    ],
)
def test_memberships_that_make_no_sense(change: dict[str, Any], pointer: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_membership(replace(MEMBERSHIP, **change))
    assert flaws(refusal) == [(pointer, code)]


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"qualification": " "}, "/qualification", "required"),
        ({"qualification": "é" * (QUALIFICATION_LIMIT // 2) + "x"}, "/qualification", "too-long"),
        ({"modules": ()}, "/modules", "count"),
        ({"modules": ("m",) * (MODULES_LIMIT + 1)}, "/modules", "count"),
        ({"valid_until": START}, "/valid_until", "ends-before-start"),
    ],
)
def test_authorisations_that_make_no_sense(change: dict[str, Any], pointer: str, code: str) -> None:
    check_authorisation(AUTHORISATION, {Role.ASSESSOR})
    with pytest.raises(Invalid) as refusal:
        check_authorisation(replace(AUTHORISATION, **change), {Role.ASSESSOR})
    assert flaws(refusal) == [(f"/authorisation{pointer}", code)]


def test_only_who_has_the_role_is_authorised() -> None:
    with pytest.raises(Invalid) as refusal:
        check_authorisation(AUTHORISATION, {Role.CANDIDATE, Role.ADMINISTRATOR})
    assert flaws(refusal) == [("/authorisation/role", "role-not-held")]
