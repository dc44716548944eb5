"""Share news. In: nothing. Out: which share reached how many readers, and how its sharer was told, as a table."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service import clock
from service.database import Base, Moment


class ShareNews(Base):
    """A share reached a number of distinct human readers; written in the transaction that settles it."""

    __tablename__ = "share_news"
    __table_args__ = (
        sa.Index("ix_share_news_subject", "subject", "at"),
        sa.Index(
            "ix_share_news_untold",
            *("subject", "share_id"),
            postgresql_where=sa.text("told_at IS NULL"),
            sqlite_where=sa.text("told_at IS NULL"),
        ),
    )
    share_id: Mapped[int] = mapped_column(sa.ForeignKey("share.id"), primary_key=True)
    readers: Mapped[int] = mapped_column(primary_key=True)
    """The threshold that was reached."""
    subject: Mapped[str] = mapped_column(sa.String(32))
    at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    told_at: Mapped[datetime | None] = mapped_column(Moment)
    """When a mail was made of it, or it was left to the digest or became too old."""
    how: Mapped[str | None] = mapped_column(sa.String(8))
    """mail, digest or old."""
