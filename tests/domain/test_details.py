"""What becomes of a member: days are whole days where the centre is, and nothing else moves."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.addresses import DueMail, MailKind
from chalicelib.domain.details import (
    AuthorisationDetails,
    Details,
    applied,
    changed_fields,
    ended,
    verified,
)
from chalicelib.domain.people import Authorisation, Member, Membership, Role
from chalicelib.domain.times import date_at, end_of, first_moment, last_day

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TICK = timedelta(milliseconds=1)
MEMBER = Member(
    Membership(
        centre_id="centre",
        person_id="person",
        name="Asa Essor",
        roles=frozenset({Role.ASSESSOR, Role.INTERNAL_VERIFIER}),
        valid_from=NOW - timedelta(days=9),
        address="asa@example.org",
        address_verified_at=NOW - timedelta(days=8),
    ),
    (
        Authorisation(id="a", qualification="CAVA", modules=("*",), valid_from=NOW),
        Authorisation(
            id="v",
            role=Role.INTERNAL_VERIFIER,
            qualification="TAQA",
            modules=("*",),
            valid_from=NOW,
        ),
    ),
)

zones = st.sampled_from(sorted(available_timezones()))
days = st.dates(date(1950, 1, 1), date(2999, 12, 31))
# Samoa went from 29 to 31 December 2011; Cairo's clocks have gone forward at midnight.
ODD = [("Pacific/Apia", date(2011, 12, 30)), ("Africa/Cairo", date(2026, 4, 24))]


@given(zones, days)
def test_a_day_begins_where_the_day_before_ends(zone: str, day: date) -> None:
    start, end = first_moment(day, zone), end_of(day, zone)
    assert end == first_moment(day + timedelta(days=1), zone)
    assert date_at(start - TICK, zone) < day
    if start < end:  # no zone has skipped it
        assert date_at(start, zone) == day
        assert last_day(end, zone) == day


@pytest.mark.parametrize(("zone", "day"), ODD)
def test_days_that_begin_oddly(zone: str, day: date) -> None:
    start = first_moment(day, zone)
    assert date_at(start - TICK, zone) < day <= date_at(start, zone)


@given(zones, days, days)
def test_whoever_is_here_from_one_day_to_another_is_here_on_both(
    zone: str, one: date, other: date
) -> None:
    first, last = sorted((one, other))
    after = applied(Details(starts_on=first, ends_on=last), MEMBER, zone, NOW).membership
    assert after.valid_until
    for moment in (first_moment(first, zone), first_moment(last, zone)):
        assert after.valid_at(moment) or first_moment(last, zone) == end_of(last, zone)
    assert not after.valid_at(first_moment(first, zone) - TICK)
    assert not after.valid_at(end_of(last, zone))


@given(
    zones,
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(  # noqa: DTZ001 (below)
        lambda value: value.replace(tzinfo=UTC, microsecond=0)
    ),
)
def test_days_that_are_sent_back_as_they_were_read_move_nothing(zone: str, end: datetime) -> None:
    member = replace(MEMBER, membership=replace(MEMBER.membership, valid_until=end))
    shown = Details(
        starts_on=date_at(member.membership.valid_from, zone), ends_on=last_day(end, zone)
    )
    assert applied(shown, member, zone, NOW) == member


def test_nothing_said_changes_nothing() -> None:
    assert applied(Details(), MEMBER, "Europe/London", NOW) == MEMBER
    assert changed_fields(MEMBER, MEMBER) == ()


def test_a_new_address_is_to_be_verified_and_the_verified_one_is_told() -> None:
    after = applied(Details(address="new@example.org"), MEMBER, "Europe/London", NOW)
    assert after.membership.address_verified_at is None
    assert after.membership.due == (
        DueMail(MailKind.CHANGED, "asa@example.org"),
        DueMail(MailKind.VERIFY, "new@example.org"),
    )
    assert {each.id for each in after.authorisations} == {""}
    again = applied(Details(address="newer@example.org"), after, "Europe/London", NOW)
    assert again.membership.due == (
        DueMail(MailKind.CHANGED, "asa@example.org"),
        DueMail(MailKind.VERIFY, "newer@example.org"),
    ), "what nobody has verified is not told"
    assert verified(again, NOW).membership.due == again.membership.due[:1]
    assert ended(again, NOW).membership.due == again.membership.due[:1]


def test_authorisations_go_with_their_roles() -> None:
    after = applied(Details(roles=frozenset({Role.ASSESSOR})), MEMBER, "Europe/London", NOW)
    assert [each.role for each in after.authorisations] == [Role.ASSESSOR]
    named = AuthorisationDetails(role=Role.ASSESSOR, qualification="CAVA", modules=("*",))
    after = applied(Details(authorisations=(named,)), MEMBER, "Europe/London", NOW)
    assert after.authorisations == MEMBER.authorisations[:1]
    assert changed_fields(MEMBER, after) == ("authorisations",)
