"""Feeds. In: nothing. Out: polled feeds, what they proposed, uses of stories and what is in stock, as tables."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service import clock
from service.database import Base, Json, Moment
from service.models.content import Campaign, Kind, Story


class Decided(StrEnum):
    """What became of something that a feed proposed."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    """It never comes back, from whichever feed."""
    PASSED = "passed"
    """It was old already when the feed was added, or a story had its address: shown to nobody."""


class Feed(Base):
    """An RSS or Atom feed that is polled by the schedule."""

    __tablename__ = "feed"
    __table_args__ = (sa.Index("ix_feed_due", "paused", "next_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(default=Kind.CURATED)
    topics: Mapped[list[int]] = mapped_column(Json, default=list)
    """Topics of posts whose categories are none of ours."""
    language: Mapped[str | None]
    """None: the feed's own, else the programme's first."""
    campaign_id: Mapped[int | None] = mapped_column(sa.ForeignKey("campaign.id"))
    every_hours: Mapped[int] = mapped_column(default=6)
    always_accept: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))
    paused: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))
    created_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    next_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    polled_at: Mapped[datetime | None] = mapped_column(Moment)
    outcome: Mapped[str] = mapped_column(default="")
    """What the last poll brought, as a message to translate; `outcome_values` are its values."""
    outcome_values: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    failures: Mapped[int] = mapped_column(default=0)
    """In a row."""
    etag: Mapped[str | None]
    modified: Mapped[str | None]
    """Last-Modified as the server wrote it."""

    campaign: Mapped[Campaign | None] = relationship()


class FeedItem(Base):
    """A post of a feed, known for good by its GUID and address."""

    __tablename__ = "feed_item"
    __table_args__ = (
        sa.UniqueConstraint("guid"),
        sa.Index("ix_feed_item_state", "state", "id"),
        sa.Index("ix_feed_item_feed", "feed_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    feed_id: Mapped[int | None] = mapped_column(sa.ForeignKey("feed.id", ondelete="SET NULL"))
    """None: the feed was removed; what was declined stays declined."""
    guid: Mapped[str]
    address_key: Mapped[str] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(default=Decided.WAITING)
    title: Mapped[str]
    summary: Mapped[str] = mapped_column(default="")
    url: Mapped[str]
    language: Mapped[str]
    topics: Mapped[list[int]] = mapped_column(Json, default=list)
    """Proposed, the best first."""
    published: Mapped[datetime | None] = mapped_column(Moment)
    picture_hash: Mapped[str | None] = mapped_column(sa.ForeignKey("picture.hash"))
    picture_alt: Mapped[str] = mapped_column(default="")
    story_id: Mapped[int | None] = mapped_column(sa.ForeignKey("story.id"))
    """What it became once it was accepted."""
    found_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    decided_at: Mapped[datetime | None] = mapped_column(Moment)

    feed: Mapped[Feed | None] = relationship()
    story: Mapped[Story | None] = relationship()


class StoryUse(Base):
    """A story that an edition showed, and to how many people."""

    __tablename__ = "story_use"
    story_id: Mapped[int] = mapped_column(sa.ForeignKey("story.id", ondelete="CASCADE"), primary_key=True)
    week: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    people: Mapped[int] = mapped_column(default=0)


class Stock(Base):
    """The one row of how long stories last for each topic, as it was last worked out."""

    __tablename__ = "stock"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
