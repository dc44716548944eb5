"""Contests. In: nothing. Out: contests with their terms and, once over, their result, as a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service import clock
from service.database import Base, Json, Moment
from service.models.content import Campaign


class Contest(Base):
    """A contest by points, shares or engagement, for people or teams, between two days."""

    __tablename__ = "contest"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    measure: Mapped[str]
    """A code of scoring.contests.Measure."""
    among: Mapped[str]
    """people or teams."""
    campaign_id: Mapped[int | None] = mapped_column(sa.ForeignKey("campaign.id"))
    """Only shares of this campaign's stories count; None: all."""
    threshold: Mapped[int] = mapped_column(default=1)
    """What a person (or a team's mean) needs at least to take part."""
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    """Both days are days of the programme's zone."""
    prizes: Mapped[list[str]] = mapped_column(Json, default=list)
    """For the first, the second, …"""
    draw_for_all: Mapped[str] = mapped_column(default="", server_default="")
    """What is drawn among all who took part, with its worth after a bar; empty: nothing."""
    seen: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """The standing at the last look: service.contests."""
    seen_at: Mapped[datetime | None] = mapped_column(Moment)
    took_part: Mapped[list[str]] = mapped_column(Json, default=list, deferred=True)
    """Who may enter a draw among all, sorted, once it is closed: subjects, of teams those of active members."""
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the result was published; from then on `seen` stays as it is."""
    created_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)

    campaign: Mapped[Campaign | None] = relationship()
