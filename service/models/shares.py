"""Shares. In: nothing. Out: shares and their evidence as tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from scoring.shares import COUNTED
from service import clock
from service.database import Base, Json, Moment
from service.models.content import Story


class Share(Base):
    """One employee's post of one story on one network, with its public short link.

    The facts here are folded from evidence and stay when evidence is forgotten after 30 days.
    """

    __tablename__ = "share"
    __table_args__ = (
        sa.UniqueConstraint("subject", "story_id", "network"),
        sa.Index("ix_share_story", "story_id", "network", "text_id"),
        sa.Index("ix_share_text", "text_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(32))
    story_id: Mapped[int] = mapped_column(sa.ForeignKey("story.id"))
    network: Mapped[str]
    code: Mapped[str] = mapped_column(sa.String(10), unique=True)
    salt: Mapped[str | None] = mapped_column(sa.String(32))
    """Salts the hashes of its visitors; erased with the person."""
    own_words: Mapped[bool] = mapped_column(default=False)
    text_id: Mapped[int | None] = mapped_column(sa.ForeignKey("share_text.id", ondelete="SET NULL"))
    """The suggestion she took as it stands; None: her own words, the story's title, or a suggestion since removed."""
    state: Mapped[str] = mapped_column(default="opened")
    """opened, declared, seen, confirmed or engaged: scoring.shares.state_of."""
    opened_at: Mapped[datetime | None] = mapped_column(Moment)
    declared_at: Mapped[datetime | None] = mapped_column(Moment)
    seen_at: Mapped[datetime | None] = mapped_column(Moment)
    visited_at: Mapped[list[str]] = mapped_column(Json, default=list)
    """First visits of distinct humans, ISO moments sorted, as many as rules can pay for."""
    created_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)

    story: Mapped[Story] = relationship()

    @property
    def counts(self) -> bool:
        """Whether it is proven far enough to count: a human other than its sharer visited."""
        return self.state in COUNTED


class Evidence(Base):
    """One raw event of a share and the verdict on it; kept 30 days so that rules can run again."""

    __tablename__ = "evidence"
    __table_args__ = (
        sa.Index("ix_evidence_share", "share_id", "at"),
        sa.Index("ix_evidence_at", "at"),
        sa.Index(
            "ix_evidence_click",
            "click",
            postgresql_where=sa.text("click IS NOT NULL"),
            sqlite_where=sa.text("click IS NOT NULL"),
        ),
        sa.Index(
            "ix_evidence_weekly",
            "at",
            postgresql_where=sa.text("weekly IS NOT NULL"),
            sqlite_where=sa.text("weekly IS NOT NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    share_id: Mapped[int] = mapped_column(sa.ForeignKey("share.id"))
    kind: Mapped[str]
    """opened, declared, visit, or herself: a page of hers was opened by who has this mark (service.opened_links)."""
    at: Mapped[datetime] = mapped_column(Moment)
    verdict: Mapped[str | None]
    """human, suspected or bot (visits, and who opened a share)."""
    reason: Mapped[str | None]
    visitor: Mapped[str | None] = mapped_column(sa.String(32))
    """Hash of address and agent salted per share; never the address itself."""
    place: Mapped[str | None] = mapped_column(sa.String(32))
    """Hash of the address alone (of IPv6 its /64), salted per share: many agents may come from one place."""
    weekly: Mapped[str | None] = mapped_column(sa.String(32))
    """Hash of address and agent under the week's key, the same on all shares; gone after 7 days."""
    weekly_place: Mapped[str | None] = mapped_column(sa.String(32))
    """Hash of the address alone under the week's key; gone after 7 days."""
    again: Mapped[bool] = mapped_column(default=False)
    """True once an earlier visit of the same visitor was forgotten: this one is no first visit."""
    click: Mapped[str | None] = mapped_column(sa.String(16))
    """The random id that this visit took along to the story, if the programme wants one (service.links)."""
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """What was derived at intake: method, agent, flags of the address, headers that matter."""
