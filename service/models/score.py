"""Score. In: nothing. Out: the ledger, its totals and awards of badges as tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service import clock
from service.database import Base, Json, Moment


class LedgerEntry(Base):
    """One line of the ledger: append-only, says why, can be reversed by another line."""

    __tablename__ = "ledger_entry"
    __table_args__ = (sa.Index("ix_ledger_entry_subject", "subject", "at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    """Names the act (`share:12:confirmed`); a reversal's is `<key>!<n>`, a booking again `<key>+<n>`."""
    subject: Mapped[str] = mapped_column(sa.String(32))
    points: Mapped[int]
    reason: Mapped[str]
    """A code of scoring.points; words are made from it and `facts` in her language."""
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    share_id: Mapped[int | None] = mapped_column(sa.ForeignKey("share.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    """The event's own time: caps, weeks and months go by it."""
    month: Mapped[str] = mapped_column(sa.String(7))
    """Month of `at` in the programme's zone, like 2026-11."""
    reverses_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ledger_entry.id"))
    booked_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)


class Total(Base):
    """Sums of the ledger per person and period ("all" or a month), kept in the ledger's own transactions."""

    __tablename__ = "total"
    __table_args__ = (sa.Index("ix_total_period", "period", "points"),)
    subject: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    period: Mapped[str] = mapped_column(sa.String(7), primary_key=True)
    points: Mapped[int] = mapped_column(default=0)


class Award(Base):
    """A badge that somebody earned."""

    __tablename__ = "award"
    __table_args__ = (sa.UniqueConstraint("subject", "badge", "level"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(32))
    badge: Mapped[str]
    """Slug of scoring.badges."""
    level: Mapped[int] = mapped_column(default=1)
    earned_at: Mapped[datetime] = mapped_column(Moment)
    """The event's own time."""
    created_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
