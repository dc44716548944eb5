"""Calls. In: nothing. Out: calls to a provider's HTTP interface and the events that it reports, as tables."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service import clock
from service.database import Base, Json, Moment


class CallState(StrEnum):
    """What became of a call: a provider takes it whole or not at all."""

    SUBMITTING = "submitting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    """Definitely not taken: refused, bisected, put off, or never begun."""
    UNCLEAR = "unclear"
    """No answer, or one that says nothing: its members are ambiguous."""
    SILENT = "silent"
    """Counted as not taken after 26 hours without a word (a setting)."""


class Call(Base):
    """One request to a provider; its members, rows of the outbox, turn `submitting` together and hold its token."""

    __tablename__ = "provider_call"
    __table_args__ = (
        sa.Index("ix_provider_call_begun_at", "begun_at"),
        sa.Index("ix_provider_call_wait_until", "wait_until"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(sa.String(32), unique=True)
    """The attempt's token and the first half of each member's `send_id`; says nothing about anybody."""
    members: Mapped[int]
    numbers: Mapped[list[int]] = mapped_column(Json, default=list)
    """Its members' rows, as long as it is not known what became of them."""
    state: Mapped[str] = mapped_column(default=CallState.SUBMITTING)
    status: Mapped[int | None]
    """The HTTP status that was answered."""
    why: Mapped[str | None]
    message_id: Mapped[str | None]
    """The provider's own number of the call (X-Message-ID)."""
    begun_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    settled_at: Mapped[datetime | None] = mapped_column(Moment)
    wait_until: Mapped[datetime | None] = mapped_column(Moment)
    """No other call leaves before: the provider said so, or it seems to be unwell."""


class MailEvent(Base):
    """One event that a provider reported of one mail, kept once; nothing about its reader: no address, no agent."""

    __tablename__ = "mail_event"
    __table_args__ = (
        sa.UniqueConstraint("send_id", "event", "at", "url"),
        sa.Index("ix_mail_event_call", "token", "event"),
        sa.Index("ix_mail_event_outbox", "outbox_id"),
        sa.Index("ix_mail_event_at", "at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    send_id: Mapped[str] = mapped_column(sa.String(48))
    token: Mapped[str] = mapped_column(sa.String(32))
    """The call's."""
    outbox_id: Mapped[int] = mapped_column(sa.ForeignKey("outbox.id", ondelete="CASCADE"))
    event: Mapped[str] = mapped_column(sa.String(32))
    at: Mapped[datetime] = mapped_column(Moment)
    """The event's own time."""
    url: Mapped[str] = mapped_column(sa.String(64), default="")
    """SHA-256 of a clicked address, which holds a pass; empty: none. It only tells events apart."""
    provider_id: Mapped[str | None] = mapped_column(sa.String(128), unique=True)
    """sg_event_id."""
    why: Mapped[str | None]
    """The receiver's words, addresses blotted out."""
    received_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
