"""Periods contain their start and not their end; what makes no sense is refused by name."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given

from chalicelib.domain.addresses import ADDRESS_LIMIT
from chalicelib.domain.errors import Invalid
from chalicelib.domain.people import (
    ALL_MODULES,
    MODULES_LIMIT,
    NAME_LIMIT,
    QUALIFICATION_LIMIT,
    Authorisation,
    Member,
    Membership,
    Role,
    check_member,
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
    "name",
    [
        "",
        " \u00a0\n",
        "x" * (NAME_LIMIT + 1),
        "Ann\r\nBcc: b@example.org",
        *("\u200b", "\u3164", "Ann\u200b", "Ann\u202egnA", "\ufeffAnn", "Ann\u200d", "A\u200d 1"),
        "A\u2028B",
        "Z" + "\u0301" * 200,
    ],
)
def test_bad_names_are_refused(name: str) -> None:
    with pytest.raises(Invalid) as member:
        check_member(Member(replace(MEMBERSHIP, name=name)))
    assert flaws(member) == [("/name", "invalid-name")]


@pytest.mark.parametrize(
    "address",
    [
        *("zoe", "zoe@", "@example.org", "zoe@example", "zoe@@example.org", "zoe@example.org "),
        *("zoe@example.org\nBcc: x@example.org", "Zoe <zoe@example.org>", "a@b.org,c@d.org"),
        *("zoe@a..org", ".zoe@a.org", "zoe.@a.org", "z..oe@a.org", "zoe@-a.org", "zoe@a-.org"),
        *("zoe@a.org.", "zoe@a_b.org", "zoe@127.0.0.1", f"zoe@{'a' * 64}.org", f"{'z' * 65}@a.org"),
        f"zoe@{'a.' * (ADDRESS_LIMIT // 2)}org",
    ],
)
def test_bad_addresses_are_refused(address: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_member(Member(replace(MEMBERSHIP, address=address)))
    assert flaws(refusal) == [("/address", "invalid-address")]


@pytest.mark.parametrize(
    "address", ["zoë@example.org", "zoe@пример.example", "zoe\u200b@a.org", "zoe@a.org\u2060"]
)
def test_addresses_that_mail_does_not_reach_are_refused(address: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_member(Member(replace(MEMBERSHIP, address=address)))
    assert flaws(refusal) == [("/address", "address-not-ascii")]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"name": "x" * NAME_LIMIT},
        {"name": "李"},
        {"name": "علی\u200cرضا"},  # noqa: RUF001 (Persian)
        {"name": "ක්\u200dෂ"},
        {"address": f"{'z' * 64}@{'a' * 63}.{'b' * 63}.{'c' * 56}.org"},
        {"address": "Zoe.O'Neil+work@xn--e1afmkfd.example"},
        {"address": "", "roles": frozenset({Role.CANDIDATE})},
        {"valid_until": None},
    ],
)
def test_good_members_are_taken(change: dict[str, Any]) -> None:
    check_member(Member(replace(MEMBERSHIP, **change)))


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"roles": frozenset()}, "/roles", "no-role"),
        ({"address": ""}, "/address", "address-required"),
        ({"valid_until": START}, "/ends_on", "ends-before-start"),
    ],
)
def test_memberships_that_make_no_sense(change: dict[str, Any], pointer: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_member(Member(replace(MEMBERSHIP, **change)))
    assert flaws(refusal) == [(pointer, code)]


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"qualification": " "}, "/qualification", "required"),
        ({"qualification": "é" * (QUALIFICATION_LIMIT // 2) + "x"}, "/qualification", "too-long"),
        ({"modules": ()}, "/modules", "count"),
        ({"modules": ("m",) * (MODULES_LIMIT + 1)}, "/modules", "count"),
        ({"valid_until": START}, "/ends_on", "ends-before-start"),
    ],
)
def test_authorisations_that_make_no_sense(change: dict[str, Any], pointer: str, code: str) -> None:
    check_member(Member(MEMBERSHIP, (AUTHORISATION,)))
    with pytest.raises(Invalid) as refusal:
        check_member(Member(MEMBERSHIP, (replace(AUTHORISATION, **change),)))
    assert flaws(refusal) == [(f"/authorisations/0{pointer}", code)]


def test_only_who_has_the_role_is_authorised_and_once() -> None:
    roles = frozenset({Role.CANDIDATE, Role.ADMINISTRATOR})
    with pytest.raises(Invalid) as refusal:
        check_member(Member(replace(MEMBERSHIP, roles=roles), (AUTHORISATION,)))
    assert flaws(refusal) == [("/authorisations/0/role", "role-not-held")]
    with pytest.raises(Invalid) as refusal:
        check_member(Member(MEMBERSHIP, (AUTHORISATION, AUTHORISATION)))
    assert flaws(refusal) == [("/authorisations/1/role", "role-not-held")]
