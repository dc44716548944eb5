"""Arrivals. In: nothing. Out: visits as they came, not judged yet, and the counts of answering processes, as tables."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service.database import Base, Moment

BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""Numbers that a flood must not use up; SQLite's own are as large anyway."""


class Arrival(Base):
    """One visit by a share's short link or a poster's, written fast; it becomes Evidence or a PosterVisit once it is
    judged, and is gone from here.

    It holds what was derived at intake and never the address. Without foreign keys: writing must not look up shares.
    """

    __tablename__ = "arrival"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    share_id: Mapped[int | None]
    """None: a poster's visit."""
    poster_id: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(Moment)
    visitor: Mapped[str | None] = mapped_column(sa.String(32))
    """This hash and the next three as in Evidence; of a poster's visit there is this one alone."""
    place: Mapped[str | None] = mapped_column(sa.String(32))
    weekly: Mapped[str | None] = mapped_column(sa.String(32))
    weekly_place: Mapped[str | None] = mapped_column(sa.String(32))
    click: Mapped[str | None] = mapped_column(sa.String(16))
    facts: Mapped[str] = mapped_column(sa.Text)
    """What one hit says by itself, without its history: fields of scoring.visits.Hit as JSON, but for the usual ones.
    Text, because a database takes that faster than JSON and never looks into it."""


class Intake(Base):
    """One process that answers short links: how many visits it wrote down, and how many it had to give up."""

    __tablename__ = "intake"
    __table_args__ = (sa.Index("ix_intake_seen_at", "seen_at"),)
    name: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    """Random: it names no machine."""
    mode: Mapped[str]
    """buffered or durable."""
    started_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    """When it stopped in order; None with an old seen_at: it was killed, and its last tenth of a second is missing."""
    batch: Mapped[int] = mapped_column(BigId, default=0)
    """Grows with each write: whether a write whose answer was lost did happen is told by it."""
    recorded: Mapped[int] = mapped_column(BigId, default=0)
    lost: Mapped[int] = mapped_column(BigId, default=0)
    """Answered and not written down: the buffer was full while the database was away."""
