"""Content. In: nothing. Out: topics, stories, share texts, pictures and campaigns as tables."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from scoring.alike import address_key
from service import clock
from service.database import Base, Json, Moment


class Kind(StrEnum):
    """Kinds of a story (the 6-3-1 rule)."""

    CURATED = "curated"
    OWNED = "owned"
    PROMOTIONAL = "promotional"


class StoryStatus(StrEnum):
    DRAFT = "draft"
    APPROVED = "approved"
    ARCHIVED = "archived"


class Afterwards(StrEnum):
    """What an archived story's short links do."""

    LEADS = "leads"
    """They go on leading to the story."""
    EXPLAINS = "explains"
    """They show a page that says it has moved on, with the story's address on it."""
    ENDS = "ends"
    """They show a page that names neither the story nor its address: it was withdrawn."""


class Topic(Base):
    __tablename__ = "topic"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    names: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    """Translations of the name by language; `name` is the fallback."""
    retired: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))
    """Offered to nobody any more; stories that have it keep it."""
    former: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    """Keys (validation.key_of) of the names of topics that were merged into it: files that say them mean it."""


class Picture(Base):
    """A picture, re-encoded and served under its content hash from our host."""

    __tablename__ = "picture"
    hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    mime: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    body: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)


class Campaign(Base):
    """A dated push with a goal, hashtags and an audience."""

    __tablename__ = "campaign"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    goal: Mapped[str] = mapped_column(default="")
    hashtags: Mapped[list[str]] = mapped_column(Json, default=list)
    """With the sign, like #ToBeAPartner."""
    audience: Mapped[list[int]] = mapped_column(Json, default=list)
    """Ids of teams, sorted; empty: everybody."""
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    multiplier: Mapped[int] = mapped_column(default=1)
    link_parameters: Mapped[str | None]
    """Its own template of what short links add to an address (service.links); None: the programme's."""
    offices: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    """Offices whose people get its mails; empty: all."""
    languages: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    """Languages of those who get its mails; empty: all."""
    kickoff: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))
    """A mail to its audience on its first day."""
    closing: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))
    """A mail to its audience on its last day."""
    kickoff_words: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    closing_words: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    """The liaison's own sentences in these mails."""
    kickoff_asked_at: Mapped[datetime | None] = mapped_column(Moment)
    closing_asked_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the liaison pressed for it before its hour."""
    kickoff_done_at: Mapped[datetime | None] = mapped_column(Moment)
    closing_done_at: Mapped[datetime | None] = mapped_column(Moment)
    """When everybody's mail was in the outbox."""
    archived_at: Mapped[datetime | None] = mapped_column(Moment)
    """Out of the lists; its points, hashtags and results stay."""


class Story(Base):
    """One piece of content to share."""

    __tablename__ = "story"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(default=Kind.CURATED)
    status: Mapped[str] = mapped_column(default=StoryStatus.DRAFT, index=True)
    title: Mapped[str]
    summary: Mapped[str] = mapped_column(default="")
    url: Mapped[str] = mapped_column(unique=True)
    guid: Mapped[str | None] = mapped_column(unique=True)
    feed: Mapped[str | None]
    """Where it was imported from."""
    language: Mapped[str] = mapped_column(default="en")
    topics: Mapped[list[int]] = mapped_column(Json, default=list)
    """Ids, sorted; the first named one by the liaison is `lead_topic`."""
    lead_topic: Mapped[int | None] = mapped_column(sa.ForeignKey("topic.id"))
    audience: Mapped[list[int]] = mapped_column(Json, default=list)
    """Ids of teams, sorted; empty: everybody."""
    campaign_id: Mapped[int | None] = mapped_column(sa.ForeignKey("campaign.id"), index=True, active_history=True)
    """Where it was is always known: what its shares count for goes along (service.totals)."""
    publish_from: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    publish_until: Mapped[datetime | None] = mapped_column(Moment)
    evergreen: Mapped[bool] = mapped_column(default=False)
    picture_hash: Mapped[str | None] = mapped_column(sa.ForeignKey("picture.hash"))
    picture_alt: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    approved_at: Mapped[datetime | None] = mapped_column(Moment)
    afterwards: Mapped[str] = mapped_column(default=Afterwards.LEADS, server_default=Afterwards.LEADS)
    """What its short links do once it is archived: Afterwards."""
    address_key: Mapped[str] = mapped_column(default="", server_default="", index=True)
    """What all addresses of the same page have in common: scoring.alike."""
    canonical_key: Mapped[str | None] = mapped_column(index=True)
    """The same of the address that the page itself names as its own."""
    source: Mapped[str] = mapped_column(default="", server_default="")
    """Name of the site it is on."""
    internal: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))
    """A notice for colleagues alone: in the digest without share buttons, shared by no way."""
    rest_weeks: Mapped[int] = mapped_column(default=0, server_default="0")
    """Editions that an evergreen story rests after one that showed it."""
    written_by: Mapped[int | None] = mapped_column(sa.ForeignKey("liaison.id", ondelete="SET NULL"))
    """Who last changed its content; None: a feed or the command line."""
    approved_by: Mapped[int | None] = mapped_column(sa.ForeignKey("liaison.id", ondelete="SET NULL"))

    campaign: Mapped[Campaign | None] = relationship()
    texts: Mapped[list[ShareText]] = relationship(
        back_populates="story", cascade="all, delete-orphan", order_by="(ShareText.position, ShareText.id)"
    )

    @validates("url")
    def _known_by(self, _name: str, url: str) -> str:
        self.address_key = address_key(url)
        return url


class ShareText(Base):
    """One suggestion of words for a share; network "" serves every network without words of its own.

    A story may have several for one network and language: colleagues are given different ones.
    """

    __tablename__ = "share_text"
    __table_args__ = (sa.Index("ix_share_text_story", "story_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    story_id: Mapped[int] = mapped_column(sa.ForeignKey("story.id", ondelete="CASCADE"))
    network: Mapped[str] = mapped_column(default="")
    language: Mapped[str]
    text: Mapped[str]
    position: Mapped[int] = mapped_column(default=0, server_default="0")
    """The liaison's order, from 0, among the texts of this network and language."""

    story: Mapped[Story] = relationship(back_populates="texts")
