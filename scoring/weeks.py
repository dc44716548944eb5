"""Weeks. In: moments and the programme's zone. Out: ISO weeks, months, streaks and draw tickets.

A week is written `2026-W47` (ISO 8601), a month `2026-11`. A week belongs to the month of its Thursday, as ISO weeks
belong to years: so each week gives its draw ticket to exactly one month, and a month has four or five weeks.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo


def day_of(moment: datetime, zone: str) -> date:
    """Return the calendar day of an aware moment in this zone (IANA name)."""
    return moment.astimezone(ZoneInfo(zone)).date()


def week_of(moment: datetime, zone: str) -> str:
    """Return the ISO week of an aware moment in this zone, like `2026-W47`."""
    # Every zone has been some quarters of an hour from UTC since 1972: so all moments of a quarter share its week.
    return _week_of_quarter(int(moment.timestamp() // 900), zone)


@lru_cache(maxsize=1 << 14)
def _week_of_quarter(quarter: int, zone: str) -> str:
    return week_of_day(day_of(datetime.fromtimestamp(quarter * 900, UTC), zone))


def week_of_day(day: date) -> str:
    """Return the ISO week of a calendar day."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def month_of(moment: datetime, zone: str) -> str:
    """Return the month of an aware moment in this zone, like `2026-11`."""
    return f"{day_of(moment, zone):%Y-%m}"


def monday(week: str) -> date:
    """Return the first day of a week.

    Raises ValueError for anything but `YYYY-Www` with a week that the year has.
    """
    if not re.fullmatch(r"[0-9]{4}-W[0-9]{2}", week):
        raise ValueError(f"{week!r} is not an ISO week like 2026-W47")
    return date.fromisocalendar(int(week[:4]), int(week[6:]), 1)


def begin(week: str, zone: str) -> datetime:
    """Return the moment (UTC) at which a week begins in this zone."""
    return datetime.combine(monday(week), time(), ZoneInfo(zone)).astimezone(UTC)


@lru_cache(maxsize=1024)
def shift(week: str, weeks: int) -> str:
    """Return the week that lies so many weeks later (negative: earlier)."""
    return week_of_day(monday(week) + timedelta(weeks=weeks))


def month_of_week(week: str) -> str:
    """Return the month that a week belongs to: its Thursday's."""
    return f"{monday(week) + timedelta(days=3):%Y-%m}"


@lru_cache(maxsize=256)
def weeks_of_month(month: str) -> tuple[str, ...]:
    """Return the four or five weeks that belong to a month, in order.

    Raises ValueError if `month` is not like `2026-11`.
    """
    first = date.fromisoformat(f"{month}-01")
    thursday = first + timedelta(days=(3 - first.weekday()) % 7)
    days = (thursday + timedelta(weeks=n) for n in range(5))
    return tuple(week_of_day(day) for day in days if day.month == first.month)


def streak(weeks: Iterable[str], current: str, rest: Collection[str] = ()) -> int:
    """Return how many weeks in a row were active up to now.

    The current week is not over: it lengthens a streak but does not break one. Nor does a week of `rest`, which
    counts only if it was active all the same.
    """
    active = set(weeks)
    first = min(active, default=current)
    last = current if current in active else shift(current, -1)
    length = 0
    while last >= first and (last in active or last in rest):
        length, last = length + (last in active), shift(last, -1)
    return length


def rows(weeks: Iterable[str], rest: Collection[str] = ()) -> list[list[str]]:
    """Return the active weeks, sorted, in rows that no other week parts but those of `rest`."""
    found: list[list[str]] = []
    for week in sorted(set(weeks)):
        before = shift(week, -1)
        while found and before in rest and before > found[-1][-1]:
            before = shift(before, -1)
        if found and found[-1][-1] == before:
            found[-1].append(week)
        else:
            found.append([week])
    return found


def tickets(weeks: Iterable[str], month: str, at_most: int = 5) -> int:
    """Return the draw tickets of a month: one for each active week that belongs to it, at most `at_most`."""
    return min(at_most, len(set(weeks) & set(weeks_of_month(month))))
