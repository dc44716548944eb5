"""Suggestions. In: nothing. Out: what colleagues send the liaison, from their page or by mail, as a table."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service import clock
from service.database import Base, Moment
from service.models.content import Story


class SuggestionState(StrEnum):
    NEW = "new"
    """Waits for the liaison."""
    ANSWERED = "answered"
    """She got his words; he may still accept or decline."""
    ACCEPTED = "accepted"
    """A story was made of it."""
    DECLINED = "declined"
    ASIDE = "aside"
    """Looked at and put away without a mail."""


class Way(StrEnum):
    PAGE = "page"
    MAIL = "mail"


class Suggestion(Base):
    """A story that somebody suggests, or what else she answered to a digest."""

    __tablename__ = "suggestion"
    __table_args__ = (
        sa.Index("ix_suggestion_subject", "subject"),
        sa.Index("ix_suggestion_state", "state", "id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(32))
    way: Mapped[str]
    state: Mapped[str] = mapped_column(default=SuggestionState.NEW)
    url: Mapped[str] = mapped_column(default="")
    """Where the story is to be read; "" where a mail named no address."""
    why: Mapped[str] = mapped_column(default="")
    """Why it is good, or the mail's own words without what it quotes."""
    words: Mapped[str] = mapped_column(default="")
    """Words for a share, as she would write them."""
    sender: Mapped[str] = mapped_column(default="")
    """The address that a mail came from, where it is not hers; "" where it is."""
    stop: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))
    """The mail asks for no more mails: the liaison is told, nothing is done by itself."""
    message_key: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    """Keyed hash of the mail's Message-ID: the same mail twice is one row."""
    at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    settled_at: Mapped[datetime | None] = mapped_column(Moment)
    """When he last answered, accepted, declined or put it away."""
    answer: Mapped[str] = mapped_column(default="")
    """His words to her."""
    story_id: Mapped[int | None] = mapped_column(sa.ForeignKey("story.id"))
    points: Mapped[int] = mapped_column(default=0, server_default="0")
    """What its acceptance brought her."""
    cleared_at: Mapped[datetime | None] = mapped_column(Moment)
    """When words and addresses of it were forgotten."""

    story: Mapped[Story | None] = relationship()
