"""Weeks and slots. In: moments, ISO weeks, wishes, zones. Out: a moment's week, a wish's moment, whose week it is."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

_WEEK = re.compile(r"(\d{4})-W(\d{2})")


class Rhythm(StrEnum):
    """How often somebody wants her mail."""

    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"


def monday(week: str) -> date:
    """Return the Monday of an ISO week written like `2026-W47` (ISO 8601).

    Raises ValueError for anything else, also for a week that its year does not have.
    """
    found = _WEEK.fullmatch(week)
    if found is None:
        raise ValueError(f"{week!r} is not a week; write it like 2026-W47")
    return date.fromisocalendar(int(found[1]), int(found[2]), 1)


def week_of(moment: datetime, zone: str) -> str:
    """Return the ISO week in which an aware moment falls on the calendars of `zone`."""
    if moment.tzinfo is None:
        raise ValueError("the moment needs a time zone")
    year, number, _ = moment.astimezone(ZoneInfo(zone)).isocalendar()
    return f"{year:04}-W{number:02}"


def shifted(week: str, by: int) -> str:
    """Return the ISO week `by` weeks after (before, if negative)."""
    year, number, _ = (monday(week) + timedelta(weeks=by)).isocalendar()
    return f"{year:04}-W{number:02}"


def slot(week: str, weekday: int, hour: int, zone: str) -> datetime:
    """Return the one moment, in UTC, at which it is `hour` o'clock on ISO `weekday` (1 to 7) of `week` in `zone`.

    Two hours of a year are odd, and each still gives exactly one moment (PEP 495, fold 0): an hour that the clocks
    repeat means its first pass; an hour that they skip is read with the offset from before the change, so it comes
    as much later on the clock as the clock jumped.
    Raises ValueError for a weekday or an hour that does not exist, ZoneInfoNotFoundError for an unknown zone.
    """
    if not 1 <= weekday <= 7:
        raise ValueError(f"weekday is {weekday}; use 1 (Monday) to 7 (Sunday)")
    wall = datetime.combine(monday(week) + timedelta(days=weekday - 1), time(hour), ZoneInfo(zone))
    return wall.replace(fold=0).astimezone(UTC)


def day_in(moment: datetime, zone: str) -> date:
    """Return the calendar day of an aware moment in `zone`."""
    return moment.astimezone(ZoneInfo(zone)).date()


def week_of_month(week: str) -> int:
    """Return which week of its month this is, 1 to 5; a week belongs to the month of its Thursday, as to its year."""
    return ((monday(week) + timedelta(days=3)).day - 1) // 7 + 1


def her_week(week: str, rhythm: str, anchor: str | None) -> bool:
    """Tell whether a mail of this rhythm comes in `week`, if one came (or was to come) in the week `anchor`.

    Fortnightly: every second week, counted from the anchor on both sides. Monthly: exactly one week of every month,
    the one that the anchor is of its own; a fifth counts as the fourth, which every month has. Without an anchor
    every week is hers. Raises ValueError for what is no week, or no Rhythm.
    """
    if Rhythm(rhythm) == Rhythm.WEEKLY or anchor is None:
        return True
    if rhythm == Rhythm.FORTNIGHTLY:
        return (monday(week) - monday(anchor)).days % 14 == 0
    return week_of_month(week) == min(week_of_month(anchor), 4)


def her_next_week(week: str, rhythm: str, anchor: str | None) -> str:
    """Return the first week, from `week` on, that is hers; at most five weeks away. Raises ValueError as `her_week`."""
    while not her_week(week, rhythm, anchor):
        week = shifted(week, 1)
    return week
