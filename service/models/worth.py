"""Worth. In: nothing. Out: conversions and who may report them, rates, audiences, and the monthly report, as tables."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service import clock
from service.database import Base, Json, Moment


class Reckoning(Base):
    """What the liaison says about worth, reports and landing pages: one row (id 1)."""

    __tablename__ = "reckoning"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    currency: Mapped[str] = mapped_column(sa.String(3), default="EUR")
    """ISO 4217."""
    rates: Mapped[dict[str, dict[str, str]]] = mapped_column(Json, default=dict)
    """By network: what a click and an impression would have cost, as decimals of the currency."""
    audiences: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    """By network: how many people a post reaches on average, where its author has not said."""
    sites: Mapped[list[str]] = mapped_column(Json, default=list)
    """Origins, like https://www.fjord.example, whose pages may report conversions."""
    site_key: Mapped[str] = mapped_column(default="")
    """Public: it names the programme in the snippet."""
    unknown_clicks: Mapped[int] = mapped_column(default=0)
    """Conversions that named a click that nobody knows."""
    report_to: Mapped[list[str]] = mapped_column(Json, default=list)
    """Addresses that get the monthly report."""
    report_language: Mapped[str] = mapped_column(default="en")


class StatedAudience(Base):
    """How many people an employee says that she reaches on a network."""

    __tablename__ = "stated_audience"
    subject: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    network: Mapped[str] = mapped_column(primary_key=True)
    people: Mapped[int]


class Following(Base):
    """How many people follow the company on a network, as the liaison reports for a month."""

    __tablename__ = "following"
    month: Mapped[str] = mapped_column(sa.String(7), primary_key=True)
    network: Mapped[str] = mapped_column(primary_key=True)
    people: Mapped[int]


class ConversionToken(Base):
    """A secret by which a system may report conversions, and do nothing else; only its hash is kept."""

    __tablename__ = "conversion_token"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """SHA-256; the token has 256 bits of its own."""
    created_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    used_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


class Conversion(Base):
    """A lead, an application or a sale that followed a click on an employee's link. It names nobody."""

    __tablename__ = "conversion"
    __table_args__ = (
        sa.UniqueConstraint("source", "own_id"),
        sa.Index("ix_conversion_day", "day"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[int]
    """The token's number; 0: a page reported it."""
    own_id: Mapped[str | None] = mapped_column(sa.String(160))
    """What the reporting system calls it: reported again it is not counted again."""
    kind: Mapped[str] = mapped_column(sa.String(40))
    hundredths: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    """Its value, in hundredths of the currency."""
    currency: Mapped[str | None] = mapped_column(sa.String(3))
    story_id: Mapped[int] = mapped_column(sa.ForeignKey("story.id"), index=True)
    network: Mapped[str]
    """Of the share's link; "poster" for paper."""
    team_id: Mapped[int] = mapped_column(default=0)
    """The sharer's team; 0: none."""
    day: Mapped[date]
    """In the programme's zone."""
    at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
