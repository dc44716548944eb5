"""Sending. In: nothing. Out: how far sending has come, who took what, whether a person holds it, how fast it may be."""

from __future__ import annotations

import secrets
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service import clock
from service.database import Base, Json, Moment


class Sending(Base):
    """One row (id 1): whether anything may be sent at all."""

    __tablename__ = "sending"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    mark: Mapped[str] = mapped_column(sa.String(16), default=lambda: secrets.token_hex(8))
    """Names this database in its mirrors, so that another one's are never taken for its own."""
    held_why: Mapped[str | None]
    """Why nothing at all is sent until a person releases it; None: it flows."""
    held_at: Mapped[datetime | None] = mapped_column(Moment)


class SendingNumber(Base):
    """A number for each commit to `submitting`, mirrored outside of this database; only the newest are kept.

    A row each, and not one that counts: senders would wait for one another's commits.
    """

    __tablename__ = "sending_number"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: Mapped[int] = mapped_column(primary_key=True)


class Lease(Base):
    """One taking of rows by a sender, until it has settled them all: by this they are found if it never does.

    An index of the outbox by token or state would cost every mail more than all its rows here together.
    """

    __tablename__ = "lease"
    token: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    taken_at: Mapped[datetime] = mapped_column(Moment, index=True)
    numbers: Mapped[list[int]] = mapped_column(Json)
    """Its rows in the outbox."""


class RateLimit(Base):
    """How many mails a minute a receiving domain gets at most; the domain "" stands for the provider, so for all."""

    __tablename__ = "rate_limit"
    domain: Mapped[str] = mapped_column(primary_key=True)
    per_minute: Mapped[int]
    tokens: Mapped[float] = mapped_column(default=0.0)
    """Mails that may leave at once, as it was `at`."""
    at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    tail_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    """Mails that had to wait have the moments up to this one."""
