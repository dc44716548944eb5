"""Tickets. In: when shares of one person were first visited, and what a draw counts. Out: how many tickets she holds.

The order of the shares and whatever else is known of them make no difference.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from scoring import weeks

WEEK, SHARE = "week", "share"


@dataclass(frozen=True, slots=True)
class Count:
    """What a draw counts: one ticket for each active `week`, or for each confirmed `share`, at most `at_most`."""

    zone: str
    per: str = WEEK
    at_most: int = 5
    month: str | None = None
    """Weeks (and shares of weeks) that belong to this month; None: the days count."""
    first: date | None = None
    last: date | None = None
    """Days in `zone`, both of them included; None: without a begin, without an end."""

    def holds(self, moment: datetime) -> str | None:
        """Return the week of a first visit at this moment (aware) if it counts."""
        week = weeks.week_of(moment, self.zone)
        if self.month is not None:
            return week if week in weeks.weeks_of_month(self.month) else None
        day = weeks.day_of(moment, self.zone)
        outside = (self.first is not None and day < self.first) or (self.last is not None and day > self.last)
        return None if outside else week


def held(confirmed: Iterable[datetime], count: Count) -> int:
    """Return the tickets of one person; `confirmed` has the first visit (aware) of each of her shares."""
    inside = [week for at in confirmed if (week := count.holds(at)) is not None]
    return min(count.at_most, len(set(inside)) if count.per == WEEK else len(inside))
