"""Moments: UTC, to the millisecond, written so that their order as text is their order in time."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from chalicelib.domain.errors import Flaw

FIRST_YEAR = 1950  # no act that is entered from paper is older


def moment(value: datetime) -> datetime:
    """Return the moment in UTC, cut to the millisecond that is stored and signed."""
    value = value.astimezone(UTC)
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def stamp(value: datetime) -> str:
    """Write a moment by RFC 3339, in UTC with three decimals: `2026-03-01T09:30:00.000Z`."""
    return moment(value).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text: str) -> datetime:
    """Read what `stamp` wrote."""
    return datetime.fromisoformat(text)


def local(value: datetime, time_zone: str) -> str:
    """Write a moment for people, in the centre's time zone: `1 March 2026, 09:30 GMT`."""
    there = value.astimezone(ZoneInfo(time_zone))
    return f"{there.day} {there:%B %Y, %H:%M %Z}"


def date_at(value: datetime, time_zone: str) -> date:
    """Return the date of a moment in the centre's time zone."""
    return value.astimezone(ZoneInfo(time_zone)).date()


def printed(day: date) -> str:
    """Write a date for people: `1 March 2026`."""
    return f"{day.day} {day:%B %Y}"


def local_date(value: datetime, time_zone: str) -> str:
    """Write the date of a moment for people, in the centre's time zone: `1 March 2026`."""
    return printed(date_at(value, time_zone))


def occurrence_flaws(occurred_on: date | None, today: date) -> Iterator[Flaw]:
    """Say what is wrong with the day on which an act is said to have been done."""
    if occurred_on and not FIRST_YEAR <= occurred_on.year <= today.year:
        yield Flaw("/occurred_on", "not-then", f"Name a day from {FIRST_YEAR} to today.")
    elif occurred_on and occurred_on > today:
        yield Flaw("/occurred_on", "not-then", "This day has not come yet; leave it out for today.")
