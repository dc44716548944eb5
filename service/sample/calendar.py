"""The sample's calendar. In: the present moment. Out: the weeks it plays, its digests and last month's draw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from emails import slots
from scoring import weeks
from service.sample.content_programme import PROGRAMME, ZONES

ZONE = str(PROGRAMME["zone"])


def slot_of(week: str) -> datetime:
    """Return the last moment at which a digest of this week leaves, in any office."""
    wish = int(str(PROGRAMME["slot_weekday"])), int(str(PROGRAMME["slot_hour"]))
    return max(slots.slot(week, *wish, zone) for zone in ZONES.values())


@dataclass(frozen=True, slots=True)
class Calendar:
    """When the sample's history happens."""

    weeks: tuple[str, ...]
    """Weeks with an edition, the last one is this week."""
    month: str
    """The newest month that was over before the draw was frozen."""

    @property
    def first(self) -> datetime:
        """When the programme begins: Friday before its first edition."""
        return weeks.begin(self.weeks[0], ZONE) - timedelta(days=2, hours=14)

    @property
    def anchor(self) -> datetime:
        """When this week's digest has left."""
        return slot_of(self.weeks[-1])

    def released(self, week: str) -> datetime:
        """Return when the liaison releases a week's edition: Monday, half past ten."""
        return weeks.begin(week, ZONE) + timedelta(hours=10, minutes=30)

    @property
    def next_month(self) -> str:
        """The month after the draw's, whose tickets enter the next one."""
        return weeks.month_of_week(weeks.shift(weeks.weeks_of_month(self.month)[-1], 1))

    def in_draw_week(self, days: float) -> datetime:
        """Return a moment so many days into last week, the one in which the draw happens."""
        return weeks.begin(self.weeks[-2], ZONE) + timedelta(days=days)

    def published(self, days: float) -> datetime:
        """Return when a story of this age was published; older ones stretch over all the weeks that are played."""
        span = (self.anchor - self.first).total_seconds() / 86400 + 6
        return self.anchor - timedelta(days=days if days <= 7 else 7 + (days - 7) * max(span - 7, 1) / 26)


def calendar(now: datetime) -> Calendar:
    """Return the calendar that ends in the week of `now` (aware): five weeks, or more where last month needs them."""
    this = weeks.week_of(now, ZONE)
    month = weeks.month_of_week(this)
    while not weeks.weeks_of_month(month)[-1] < weeks.shift(this, -1):
        month = weeks.month_of_week(weeks.shift(weeks.weeks_of_month(month)[0], -1))
    week = min(weeks.shift(this, -4), weeks.weeks_of_month(month)[-2])
    found = []
    while week <= this:
        found.append(week)
        week = weeks.shift(week, 1)
    return Calendar(tuple(found), month)
