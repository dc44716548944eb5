"""Draws. In: nothing. Out: draws, prizes, entrants and ranks as tables (PROTOCOLS: goodword-draw-v1)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service import clock
from service.database import Base, Moment


class DrawStatus(StrEnum):
    OPEN = "open"
    FROZEN = "frozen"
    DRAWN = "drawn"
    VOID = "void"


class RankState(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"
    CLAIMED = "claimed"
    DECLINED = "declined"
    PASSED = "passed"


class Draw(Base):
    """One prize draw; once frozen its pool, rules and source never change."""

    __tablename__ = "draw"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """The protocol's `draw`: [a-z0-9-]{1,64}, used once ever."""
    title: Mapped[str]
    month: Mapped[str | None] = mapped_column(sa.String(7))
    """The month whose tickets enter, like 2026-10."""
    status: Mapped[str] = mapped_column(default=DrawStatus.OPEN)
    sample: Mapped[bool] = mapped_column(default=False)
    """True where the randomness is a sample's, not the world's."""
    alternates: Mapped[int] = mapped_column(default=3)
    rules: Mapped[str] = mapped_column(sa.Text, default="")
    """The rules file as served; its SHA-256 is in the pool."""
    source_text: Mapped[str] = mapped_column(sa.Text, default="")
    """The published text of the public numbers: event, date, order, substitute."""
    source: Mapped[str | None]
    """numbers/<SHA-256 of source_text>."""
    pool: Mapped[str | None] = mapped_column(sa.Text, deferred=True)
    """The pool file, exactly as published."""
    pool_hash: Mapped[str | None] = mapped_column(sa.String(64))
    frozen_at: Mapped[datetime | None] = mapped_column(Moment)
    due_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the randomness falls due; at least 48 hours after freezing."""
    randomness: Mapped[str | None]
    seed: Mapped[str | None] = mapped_column(sa.String(64))
    drawn_at: Mapped[datetime | None] = mapped_column(Moment)
    claim_until: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)

    prizes: Mapped[list[Prize]] = relationship(back_populates="draw", order_by="Prize.position")
    ranks: Mapped[list[Rank]] = relationship(back_populates="draw", order_by="Rank.rank")


class Prize(Base):
    __tablename__ = "prize"
    __table_args__ = (sa.UniqueConstraint("draw_id", "position"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    draw_id: Mapped[int] = mapped_column(sa.ForeignKey("draw.id"))
    position: Mapped[int]
    name: Mapped[str]
    value: Mapped[str] = mapped_column(default="")

    draw: Mapped[Draw] = relationship(back_populates="prizes")


class Entrant(Base):
    """A person in a frozen pool. The salt goes to her alone; erasing removes it and leaves the rest."""

    __tablename__ = "entrant"
    __table_args__ = (sa.UniqueConstraint("draw_id", "subject"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    draw_id: Mapped[int] = mapped_column(sa.ForeignKey("draw.id"))
    subject: Mapped[str] = mapped_column(sa.String(32))
    entrant: Mapped[str] = mapped_column(sa.String(64))
    salt: Mapped[str | None] = mapped_column(sa.String(32))
    tickets: Mapped[int]


class Rank(Base):
    """A rank that the draw gave, and what became of it."""

    __tablename__ = "rank"
    __table_args__ = (sa.UniqueConstraint("draw_id", "rank"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    draw_id: Mapped[int] = mapped_column(sa.ForeignKey("draw.id"))
    rank: Mapped[int]
    entrant: Mapped[str] = mapped_column(sa.String(64))
    subject: Mapped[str] = mapped_column(sa.String(32))
    state: Mapped[str] = mapped_column(default=RankState.WAITING)
    prize_id: Mapped[int | None] = mapped_column(sa.ForeignKey("prize.id"))
    offered_at: Mapped[datetime | None] = mapped_column(Moment)
    settled_at: Mapped[datetime | None] = mapped_column(Moment)
    why: Mapped[str | None]

    draw: Mapped[Draw] = relationship(back_populates="ranks")
    prize: Mapped[Prize | None] = relationship()
