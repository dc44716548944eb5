"""Badges. In: nothing. Out: what the programme says of its badges, and when people and the company rest, as tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service import clock
from service.database import Base, Json, Moment


class Badge(Base):
    """A badge of the programme's own, or one of scoring.badges.DEFAULTS that it switched or changed."""

    __tablename__ = "badge"
    slug: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    on: Mapped[bool] = mapped_column(default=True)
    declaration: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """As scoring.badges.read takes it; None: as Goodword declares it."""
    changed_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)


class BadgeFilling(Base):
    """Everybody is looked at, one after another; `last` says how far it is, so that it goes on.

    Either everybody gets what she earned already, or, where `tried` is set, it is only counted who would get what.
    """

    __tablename__ = "badge_filling"
    id: Mapped[int] = mapped_column(primary_key=True)
    tell: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))
    """Whether people are mailed of what they get by it."""
    people: Mapped[int] = mapped_column(default=0)
    """Looked at in all, as counted when it began."""
    done: Mapped[int] = mapped_column(default=0)
    last: Mapped[str] = mapped_column(sa.String(32), default="")
    """The last subject that was settled; subjects go in their order."""
    given: Mapped[int] = mapped_column(default=0)
    taken_back: Mapped[int] = mapped_column(default=0)
    tried: Mapped[list[dict[str, Any]] | None] = mapped_column(Json)
    """Declarations to try, as scoring.badges.read takes them; nothing is given and nothing taken back."""
    found: Mapped[dict[str, list[list[int]]] | None] = mapped_column(Json)
    """What a trial counted so far: slug → for each level who would hold it, of these anew, who would lose it."""
    began_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    finished_at: Mapped[datetime | None] = mapped_column(Moment, index=True)


class Rest(Base):
    """Days on which somebody paused: weeks that touch them do not break a streak."""

    __tablename__ = "rest"
    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(32), index=True)
    from_on: Mapped[date]
    until_on: Mapped[date | None]
    """The last day; None: it goes on."""


class Holiday(Base):
    """A week in which the company rests, in one zone or everywhere."""

    __tablename__ = "holiday"
    week: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    """Like 2026-W53."""
    zone: Mapped[str] = mapped_column(primary_key=True, default="")
    """The zone of the people it is for, like Europe/Rome; empty: everybody."""
