"""Steering. In: nothing. Out: what somebody declined to see again, as a table."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service import clock
from service.database import Base, Moment


class Declined(Base):
    """A story of which an employee said *not for me*: it never comes to her again."""

    __tablename__ = "declined"
    __table_args__ = (sa.Index("ix_declined_story", "story_id"),)
    subject: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    story_id: Mapped[int] = mapped_column(sa.ForeignKey("story.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
