"""Moments: UTC, to the millisecond, written so that their order as text is their order in time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib.domain.errors import Flaw, Invalid

EARLIEST = date(1950, 1, 1)  # that anything happened of which there is a record


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


def first_moment(day: date, time_zone: str) -> datetime:
    """Return the moment at which a date begins in a time zone, where it may begin after midnight.

    A date that a zone has skipped begins, and ends, with the date after it.
    """
    return datetime.combine(day, time.min, ZoneInfo(time_zone)).astimezone(UTC)


def end_of(day: date, time_zone: str) -> datetime:
    """Return the first moment after a date in a time zone."""
    return first_moment(day + timedelta(days=1), time_zone)


def last_day(end: datetime, time_zone: str) -> date:
    """Return the last date that a period which ends so has a moment of."""
    return date_at(end - timedelta(milliseconds=1), time_zone)


def check_occurred_on(occurred_on: date, now: datetime, time_zone: str) -> None:
    """Raise Invalid where an act cannot have happened on that day, as days are at the centre."""
    today = date_at(now, time_zone)
    if not EARLIEST <= occurred_on <= today:
        detail = f"Name a day from {EARLIEST} to today, {today} at the centre; or leave it out."
        flaw = Flaw("/occurred_on", "impossible-date", detail)
        raise Invalid("invalid-date", "Nothing was recorded; mend what is listed.", [flaw])
