"""Scopes. In: a period, a team, a campaign. Out: the part of the figures that they name, and its sums."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import sqlalchemy as sa

from scoring.results import MEASURES
from scoring.weeks import day_of
from service import clock
from service.database import db
from service.models import CountedShare, Crowd, DayFigure, PeriodFigure, Programme, Story
from service.models.results import EVERYBODY, WHATEVER
from service.results.periods import Period, is_kept, period

FEWEST = 5
"""In works-council mode nothing is shown of fewer people (service.boards has the same number for teams)."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is looked at. Stories belong to the campaign and topics that they have today."""

    period: Period
    team: int | None = None
    campaign: int | None = None

    def within(self, table: Any) -> list[sa.ColumnElement[bool]]:
        """Return the conditions on DayFigure, HourFigure or ReasonFigure."""
        found = [table.team_id == (self.team or EVERYBODY), table.day.between(self.period.begins, self.period.ends)]
        return [*found, *self._of_campaign(table)]

    def shares(self) -> list[sa.ColumnElement[bool]]:
        """Return the conditions on CountedShare."""
        found = [CountedShare.day.between(self.period.begins, self.period.ends), *self._of_campaign(CountedShare)]
        return [*found, CountedShare.team_id == self.team] if self.team else found

    def _of_campaign(self, table: Any) -> list[sa.ColumnElement[bool]]:
        if self.campaign is None:
            return []
        return [table.story_id.in_(sa.select(Story.id).where(Story.campaign_id == self.campaign))]

    def of(self, table: Any) -> list[sa.ColumnElement[bool]]:
        """Return the conditions on Activity or PeriodFigure, the period aside."""
        return [table.team_id == (self.team or EVERYBODY), table.campaign_id == (self.campaign or WHATEVER)]

    def before(self) -> Scope | None:
        """Return the same of the period before; None where there is none."""
        earlier = self.period.before
        return replace(self, period=period(earlier, self.period.begins)) if earlier else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What shares brought (scoring.results.SUMMED): counts of things."""

    shares: int = 0
    declared: int = 0
    seen: int = 0
    confirmed: int = 0
    engaged: int = 0
    own_words: int = 0
    reach: int = 0
    readers: int = 0
    human: int = 0
    suspected: int = 0
    bot: int = 0


@dataclass(frozen=True, slots=True)
class Figures(Sums):
    """The sums of a scope; `people` are different persons who shared."""

    period: str
    begins: date
    ends: date
    members: int
    """People in the programme at the period's end (of the team, if one was asked for)."""
    people: int
    ever: int
    """People who have shared at least once, whenever."""
    opened: int = 0

    @property
    def adoption(self) -> float | None:
        """People who ever shared, of those in the programme: 0 to 1; None without anybody."""
        return min(1.0, self.ever / self.members) if self.members else None

    @property
    def participation(self) -> float | None:
        """People who shared in the period, of those in the programme: 0 to 1; None without anybody."""
        return min(1.0, self.people / self.members) if self.members else None


def today() -> date:
    """Return today in the programme's zone."""
    return day_of(clock.now(), zone())


def zone() -> str:
    """Return the programme's zone."""
    return db.session.scalar(sa.select(Programme.zone)) or "UTC"


def figures(period_key: str, team: int | None = None, campaign: int | None = None) -> Figures:
    """Return the sums of a period (`2026-W47`, `2026-11`, `2026-Q4`, `2026`, `all`), of a team or campaign if wanted.

    Reads aggregates, which are counted every minute. In works-council mode who shows them leaves out those of one to
    four people (FEWEST). Raises ValueError for a period that is none.
    """
    return of(Scope(period(period_key, today()), team, campaign))


def of(scope: Scope) -> Figures:
    """Return the sums of a scope."""
    sums = sa.select(*(sa.func.coalesce(sa.func.sum(getattr(DayFigure, m)), 0) for m in MEASURES))
    row = db.session.execute(sums.where(*scope.within(DayFigure))).one()
    return Figures(
        scope.period.key,
        scope.period.begins,
        scope.period.ends,
        members(scope.period.ends, scope.team),
        people(scope),
        _ever(scope),
        **dict(zip(MEASURES, map(int, row), strict=True)),
    )


def people(scope: Scope) -> int:
    """Return how many different people shared: as kept, or of days that are no period of the calendar, counted now."""
    if is_kept(scope.period.key):
        asked = sa.select(PeriodFigure.people).where(PeriodFigure.period == scope.period.key, *scope.of(PeriodFigure))
        return db.session.scalar(asked) or 0
    hers = sa.select(CountedShare.subject).where(*scope.shares()).distinct().subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(hers)) or 0


def _ever(scope: Scope) -> int:
    asked = sa.select(PeriodFigure.people).where(
        PeriodFigure.period == "all", *replace(scope, campaign=None).of(PeriodFigure)
    )
    return db.session.scalar(asked) or 0


def members(day: date, team: int | None = None) -> int:
    """Return how many people belonged to the programme on this day, as of the nearest week that was noted."""
    week = f"{day.isocalendar().year}-W{day.isocalendar().week:02d}"
    of = sa.select(Crowd.people).where(Crowd.team_id == (team or EVERYBODY))
    earlier = db.session.scalar(of.where(Crowd.week <= week).order_by(Crowd.week.desc()).limit(1))
    if earlier is not None:
        return int(earlier)
    return db.session.scalar(of.order_by(Crowd.week).limit(1)) or 0
