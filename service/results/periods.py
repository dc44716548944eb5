"""Periods. In: 2026-W47, 2026-11, 2026-Q4, 2026 or all. Out: first and last day, and the period before it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from scoring import weeks
from scoring.results import periods_of

_FIRST = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Period:
    """A span of whole days in the programme's zone."""

    key: str
    begins: date
    ends: date
    """The last day."""
    before: str | None
    """The period before it; None for all of them."""

    @property
    def kind(self) -> str:
        """week, month, quarter, year or all."""
        return kind_of(self.key)

    def weeks(self, most: int = 13) -> list[str]:
        """Return the last `most` weeks that end with this period, in order."""
        last = weeks.week_of_day(self.ends)
        return [weeks.shift(last, n) for n in range(1 - most, 1)]


def kind_of(key: str) -> str:
    """Return what kind of a period this key names. Raises ValueError where it names none."""
    for kind, form in (
        ("week", r"[0-9]{4}-W[0-9]{2}"),
        ("month", r"[0-9]{4}-(0[1-9]|1[0-2])"),
        ("quarter", r"[0-9]{4}-Q[1-4]"),
        ("year", r"[0-9]{4}"),
        ("all", r"all"),
    ):
        if re.fullmatch(form, key):
            return kind
    raise ValueError(f"{key!r} is no period like 2026-W47, 2026-11, 2026-Q4, 2026 or all")


def is_kept(key: str) -> bool:
    """Tell whether people are counted by this period (`kind_of`); a campaign's own days are none."""
    try:
        return bool(kind_of(key))
    except ValueError:
        return False


def period(key: str, today: date) -> Period:
    """Return the period with this key; `today` ends the one that has no end. Raises ValueError."""
    kind = kind_of(key)
    if kind == "week":
        begins = weeks.monday(key)
        return Period(key, begins, begins + timedelta(days=6), weeks.shift(key, -1))
    if kind == "all":
        return Period(key, _FIRST, today, None)
    year = int(key[:4])
    if year < 1:
        raise ValueError(f"{key!r} is no period")
    months = {"month": 1, "quarter": 3, "year": 12}[kind]
    first = {"month": int(key[5:] or 0) if kind == "month" else 0, "quarter": 3 * int(key[-1]) - 2, "year": 1}[kind]
    begins = date(year, first, 1)
    ends = _months_later(begins, months) - timedelta(days=1)
    before = dict(zip(("week", "month", "quarter", "year"), periods_of(begins - timedelta(days=1)), strict=False))
    return Period(key, begins, ends, before[kind])


def _months_later(day: date, months: int) -> date:
    month = day.year * 12 + day.month - 1 + months
    return date(month // 12, month % 12 + 1, 1)
