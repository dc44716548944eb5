"""Results. In: nothing. Out: what shares brought, added up by day and by period, as tables that nobody writes by hand.

`service.results.counting` keeps them: it takes the shares that triggers named (service.marking), works out what each
brought, and adds the difference to what was counted of it before.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service import clock
from service.database import Base, Json, Moment
from service.models.arrivals import BigId

EVERYBODY = 0
"""The team under which the figures of all people stand, those without a team included."""

WHATEVER = 0
"""The campaign under which the figures of all stories stand, those without a campaign included."""


_OF_ALL: dict[str, Any] = {"postgresql_where": sa.text("team_id = 0"), "sqlite_where": sa.text("team_id = 0")}
"""For an index by which the first of all people are found; a team's are few enough to be put in order."""


class ChangedShare(Base):
    """A share whose row or evidence changed and that is not counted since: written by the database's own triggers."""

    __tablename__ = "changed_share"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    share_id: Mapped[int]


class CountedShare(Base):
    """What the figures hold of one share: the next counting adds the difference."""

    __tablename__ = "counted_share"
    __table_args__ = (
        sa.Index("ix_counted_share_story", "story_id", "day", "subject", "team_id"),
        sa.Index("ix_counted_share_campaign", "story_id", "campaign_id"),
        sa.Index("ix_counted_share_team", "team_id", "day"),
        sa.Index("ix_counted_share_subject", "subject"),
    )
    share_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    subject: Mapped[str] = mapped_column(sa.String(32))
    story_id: Mapped[int]
    network: Mapped[str]
    team_id: Mapped[int] = mapped_column(default=EVERYBODY)
    """The sharer's team when this share was first counted; 0: none. It stays, so that a move changes no past."""
    campaign_id: Mapped[int] = mapped_column(default=WHATEVER)
    """The campaign of its story, 0: none, under which it stands in `activity`. When the story moves, it moves."""
    audience: Mapped[int] = mapped_column(default=0)
    """How many people she reaches on this network, as stated or on average, when this share was first counted."""
    day: Mapped[date | None]
    """The day of its first proof, in the programme's zone; None: it was opened and nothing more is known."""
    hour: Mapped[int | None]
    """The hour of its first proof, there."""
    opened_on: Mapped[date | None]
    state: Mapped[str] = mapped_column(default="opened")
    words: Mapped[str] = mapped_column(default="title")
    """What it says: the number of a suggestion, `own` or `title`."""
    own_words: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))
    readers: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    """How many different people it first brought, by day (2026-11-17)."""
    visits: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    """What its visits brought on days whose visits are all kept still: by day, hour of people's, verdict and reason,
    like `2026-11-17|09|human:browser` and `2026-11-17|--|bot:crawler`."""


class DayFigure(Base):
    """Figures of one day, team (0: everybody), network and story."""

    __tablename__ = "day_figure"
    __table_args__ = (sa.Index("ix_day_figure_story", "story_id", "team_id", "day"),)
    team_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    network: Mapped[str] = mapped_column(primary_key=True)
    story_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    opened: Mapped[int] = mapped_column(default=0)
    shares: Mapped[int] = mapped_column(default=0)
    declared: Mapped[int] = mapped_column(default=0)
    """Of the shares, those that are declared and nothing more; likewise the next three."""
    seen: Mapped[int] = mapped_column(default=0)
    confirmed: Mapped[int] = mapped_column(default=0)
    engaged: Mapped[int] = mapped_column(default=0)
    own_words: Mapped[int] = mapped_column(default=0)
    reach: Mapped[int] = mapped_column(BigId, default=0)
    readers: Mapped[int] = mapped_column(default=0)
    human: Mapped[int] = mapped_column(default=0)
    """Visits by people, repeated ones included; the next two by their verdicts."""
    suspected: Mapped[int] = mapped_column(default=0)
    bot: Mapped[int] = mapped_column(default=0)


class ReasonFigure(Base):
    """Visits of one day, team (0: everybody) and story by verdict and reason, and its shares by the words they took."""

    __tablename__ = "reason_figure"
    __table_args__ = (sa.Index("ix_reason_figure_story", "story_id", "team_id", "day"),)
    team_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    story_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reason: Mapped[str] = mapped_column(primary_key=True)
    """Verdict and reason, like bot:crawler; or text:12, the number of a suggestion, text:own or text:title."""
    hits: Mapped[int] = mapped_column(default=0)


class HourFigure(Base):
    """Shares and visits by people in one hour of a day, in the programme's zone, of a team (0: everybody) and story."""

    __tablename__ = "hour_figure"
    __table_args__ = (sa.Index("ix_hour_figure_story", "story_id", "team_id", "day"),)
    team_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    story_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    shares: Mapped[int] = mapped_column(default=0)
    human: Mapped[int] = mapped_column(default=0)


class Activity(Base):
    """What a person brought in a period, as a member of a team (0: whatever her team), for a campaign (0: for any)."""

    __tablename__ = "activity"
    __table_args__ = (
        sa.Index("ix_activity_shares", "period", "team_id", "campaign_id", "shares", "readers", "subject"),
        sa.Index("ix_activity_readers", "period", "campaign_id", "readers", "shares", "subject", **_OF_ALL),
    )
    # The person comes first: all that one share changes of hers lies side by side.
    subject: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    period: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    """2026-W47, 2026-11, 2026-Q4, 2026 or all, in the programme's zone."""
    team_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    campaign_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=WHATEVER)
    shares: Mapped[int] = mapped_column(default=0)
    readers: Mapped[int] = mapped_column(default=0)


class PeriodFigure(Base):
    """How many different people shared in a period, of a team (0: of all), for a campaign (0: for any), and what they
    brought together."""

    __tablename__ = "period_figure"
    period: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    team_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    campaign_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, default=WHATEVER)
    people: Mapped[int] = mapped_column(default=0)
    shares: Mapped[int] = mapped_column(default=0)
    readers: Mapped[int] = mapped_column(default=0)


class Crowd(Base):
    """How many people belonged to the programme at the end of a week (of this one: now), by team (0: all)."""

    __tablename__ = "crowd"
    week: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    team_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    people: Mapped[int]


class EditionFigure(Base):
    """What became of an edition's digests, by state."""

    __tablename__ = "edition_figure"
    edition_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    week: Mapped[str] = mapped_column(sa.String(8), index=True)
    states: Mapped[dict[str, int]] = mapped_column(Json, default=dict)


class ResultsState(Base):
    """Where counting stands: one row (id 1)."""

    __tablename__ = "results_state"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    zone: Mapped[str]
    """In which days and hours were counted."""
    visits_from: Mapped[date | None]
    """The first day all of whose visits are kept still; earlier ones are counted for good."""
    counted_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
