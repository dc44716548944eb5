"""Records of draws. In: nothing. Out: the public trail of each draw and the prizes handed out, as tables.

Nobody changes or deletes a line of the trail: the database itself refuses (service.append_only).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service.database import Base, Json, Moment


class DrawEvent(Base):
    """One line of a draw's public trail; holds no name. Each carries the SHA-256 of the line before it."""

    __tablename__ = "draw_event"
    __table_args__ = (sa.UniqueConstraint("draw_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    draw_id: Mapped[int] = mapped_column(sa.ForeignKey("draw.id"))
    number: Mapped[int]
    """From 1, without gaps."""
    at: Mapped[datetime] = mapped_column(Moment)
    kind: Mapped[str] = mapped_column(sa.String(20))
    """A word of scoring.draw_trail.KINDS."""
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    former: Mapped[str] = mapped_column(sa.String(64))
    """SHA-256 of the line before; 64 zeros in the first."""


class PrizeRecord(Base):
    """Who was handed what, written when she claims it. It stays when she is erased, as tax law requires."""

    __tablename__ = "prize_record"
    __table_args__ = (sa.UniqueConstraint("draw_id", "rank"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    draw_id: Mapped[int] = mapped_column(sa.ForeignKey("draw.id"))
    rank: Mapped[int]
    subject: Mapped[str] = mapped_column(sa.String(32))
    name: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    office: Mapped[str] = mapped_column(default="")
    country: Mapped[str] = mapped_column(sa.String(2), default="", server_default="")
    """ISO 3166-1 alpha-2; empty where it is not known: then her time zone tells it."""
    zone: Mapped[str] = mapped_column(default="")
    prize: Mapped[str]
    amount: Mapped[str] = mapped_column(default="")
    """Like 240.00; empty where the prize has no worth in money."""
    currency: Mapped[str] = mapped_column(sa.String(3), default="")
    claimed_at: Mapped[datetime] = mapped_column(Moment)
    handed_over_at: Mapped[datetime | None] = mapped_column(Moment)
