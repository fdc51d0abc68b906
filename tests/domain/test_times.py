"""Moments as text sort as moments, and people read them in their centre's time."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import Invalid
from chalicelib.domain.times import check_occurred_on, local, local_date, moment, parse, stamp

LONDON = "Europe/London"
anywhere = st.datetimes(
    datetime(1000, 1, 2),  # noqa: DTZ001 (the time zone is drawn)
    datetime(9999, 12, 30),  # noqa: DTZ001 (as above)
    timezones=st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(timezone),
)


@given(anywhere, anywhere)
def test_the_order_of_stamps_is_the_order_of_moments(one: datetime, other: datetime) -> None:
    assert (stamp(one) < stamp(other)) == (moment(one) < moment(other))
    assert (stamp(one) == stamp(other)) == (moment(one) == moment(other))


@given(anywhere)
def test_a_stamp_is_read_back_to_the_millisecond(value: datetime) -> None:
    read = parse(stamp(value))
    assert read == moment(value)
    assert read.tzinfo == UTC
    assert timedelta() <= value - read < timedelta(milliseconds=1)
    assert len(stamp(value)) == len("2026-03-01T09:30:00.000Z")
    assert stamp(value).endswith("Z")


@pytest.mark.parametrize(
    ("utc", "read"),
    [
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "29 March 2026, 00:59 GMT"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "29 March 2026, 02:00 BST"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "25 October 2026, 01:30 BST"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "25 October 2026, 01:30 GMT"),
        (datetime(2026, 6, 30, 23, 30, tzinfo=UTC), "1 July 2026, 00:30 BST"),
    ],
)
def test_times_follow_the_clocks_of_the_centre(utc: datetime, read: str) -> None:
    assert local(utc, LONDON) == read
    assert local_date(utc, LONDON) == read.partition(",")[0]


def test_a_date_is_the_one_on_the_centres_wall() -> None:
    midnight = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert local_date(midnight, LONDON) == "31 December 2026"
    assert local_date(midnight, "Asia/Tokyo") == "1 January 2027"


@pytest.mark.parametrize(
    ("zone", "today"),
    [(LONDON, date(2026, 6, 2)), ("Asia/Tokyo", date(2026, 6, 2)), ("UTC", date(2026, 6, 1))],
)
def test_an_act_is_recorded_on_its_day_or_later_as_days_are_at_the_centre(
    zone: str, today: date
) -> None:
    now = datetime(2026, 6, 1, 23, 30, tzinfo=UTC)
    for possible in (today, today - timedelta(days=1), date(1950, 1, 1)):
        check_occurred_on(possible, now, zone)
    for impossible in (today + timedelta(days=1), date(1949, 12, 31), date.min, date.max):
        with pytest.raises(Invalid) as refusal:
            check_occurred_on(impossible, now, zone)
        assert refusal.value.code == "invalid-date"
        assert [flaw.pointer for flaw in refusal.value.flaws] == ["/occurred_on"]
