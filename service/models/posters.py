"""Posters. In: nothing. Out: a story's link that belongs to nobody, for paper and walls, and its visits as tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service import clock
from service.database import Base, Json, Moment
from service.models.content import Story


class Poster(Base):
    """A story's public link for a QR code. It is no share and has no subject, so nobody can score by it."""

    __tablename__ = "poster"
    id: Mapped[int] = mapped_column(primary_key=True)
    story_id: Mapped[int] = mapped_column(sa.ForeignKey("story.id"), unique=True)
    code: Mapped[str] = mapped_column(sa.String(10), unique=True)
    salt: Mapped[str] = mapped_column(sa.String(32))
    """Salts the hashes of its visitors."""
    people: Mapped[int] = mapped_column(default=0)
    """Visitors with the verdict human, each counted once in the days that visits are kept."""
    others: Mapped[int] = mapped_column(default=0)
    """Visits with another verdict."""
    created_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)

    story: Mapped[Story] = relationship()


class PosterVisit(Base):
    """One visit by a poster's link and the verdict on it; kept 30 days like the evidence of shares."""

    __tablename__ = "poster_visit"
    __table_args__ = (
        sa.Index("ix_poster_visit_poster", "poster_id", "visitor", "at"),
        sa.Index("ix_poster_visit_at", "at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    poster_id: Mapped[int] = mapped_column(sa.ForeignKey("poster.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    verdict: Mapped[str]
    reason: Mapped[str]
    visitor: Mapped[str | None] = mapped_column(sa.String(32))
    click: Mapped[str | None] = mapped_column(sa.String(16))
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
