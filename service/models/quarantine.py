"""Quarantine. In: nothing. Out: odd patterns of visits that wait for a liaison, and the visits they hold, as tables.

Neither holds anything of a visitor that outlives a week: a pattern names shares and moments.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service import clock
from service.database import Base, Json, Moment
from service.models.people import Liaison


class Quarantine(Base):
    """One odd pattern of one week. Its visits stand aside until it is decided that they count."""

    __tablename__ = "quarantine"
    __table_args__ = (sa.UniqueConstraint("pattern", "week", "mark"), sa.Index("ix_quarantine_decision", "decision"))
    id: Mapped[int] = mapped_column(primary_key=True)
    pattern: Mapped[str]
    """A code of scoring.quarantine."""
    week: Mapped[str] = mapped_column(sa.String(8))
    """ISO week of the programme, like 2026-W47."""
    mark: Mapped[str | None] = mapped_column(sa.String(64))
    """Tells this pattern from others of its week while the week's hashes live; None after 7 days."""
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Numbers for its words: sharers, visits, visitors, minutes."""
    found_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    decision: Mapped[str | None]
    """count, leave-out, or None: open."""
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    decided_by: Mapped[int | None] = mapped_column(sa.ForeignKey("liaison.id"))
    """None with a decision: on the command line."""
    reason: Mapped[str | None]
    """Why, in the liaison's words."""

    visits: Mapped[list[QuarantinedVisit]] = relationship(cascade="all, delete-orphan")
    liaison: Mapped[Liaison | None] = relationship()


class QuarantinedVisit(Base):
    """One visit that a pattern holds; it stands in for its evidence when that is forgotten."""

    __tablename__ = "quarantined_visit"
    __table_args__ = (
        sa.UniqueConstraint("quarantine_id", "evidence_id"),
        sa.Index("ix_quarantined_visit_evidence", "evidence_id"),
        sa.Index("ix_quarantined_visit_share", "share_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    quarantine_id: Mapped[int] = mapped_column(sa.ForeignKey("quarantine.id"))
    share_id: Mapped[int] = mapped_column(sa.ForeignKey("share.id"))
    evidence_id: Mapped[int | None]
    """Its evidence while that is kept."""
    at: Mapped[datetime] = mapped_column(Moment)
    first: Mapped[bool] = mapped_column(default=True)
    """False once forgotten evidence showed that it would count for nothing even if it counted."""


class WeeklyKey(Base):
    """The key of one week's hashes of visitors (service.visitor_marks): replaced each week, old ones deleted."""

    __tablename__ = "weekly_key"
    week: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    """ISO week in UTC, like 2026-W47."""
    key: Mapped[str] = mapped_column(sa.String(64))
    """32 random bytes in hex; GOODWORD_SECRET is mixed in before use."""
