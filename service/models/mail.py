"""Mail. In: nothing. Out: editions, selections, omissions, the outbox and suppressions as tables."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service import clock
from service.database import Base, Json, Moment


class EditionStatus(StrEnum):
    """PROTOCOLS: editions."""

    DRAFT = "draft"
    RELEASED = "released"
    CLOSING = "closing"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class MailState(StrEnum):
    """PROTOCOLS: mail, at most one copy, ever."""

    QUEUED = "queued"
    LEASED = "leased"
    SUBMITTING = "submitting"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    DROPPED = "dropped"
    RETRY = "retry"
    HELD = "held"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"
    FAILED = "failed"
    AMBIGUOUS = "ambiguous"


class Edition(Base):
    """One ISO week's digests of the whole programme."""

    __tablename__ = "edition"
    id: Mapped[int] = mapped_column(primary_key=True)
    week: Mapped[str] = mapped_column(sa.String(8), unique=True)
    """Like 2026-W47, in the programme's zone."""
    status: Mapped[str] = mapped_column(default=EditionStatus.DRAFT)
    paused: Mapped[bool] = mapped_column(default=False)
    held_why: Mapped[str | None]
    """Set when a refusal that concerns nobody stopped the sending; None: it flows."""
    words: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    """The liaison's one sentence by language."""
    frozen: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """Texts of stories, topics, campaigns and programme as they were at release."""
    created_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    released_at: Mapped[datetime | None] = mapped_column(Moment)
    leaves_at: Mapped[datetime | None] = mapped_column(Moment)
    """Nothing leaves before; until then *undo* returns to draft."""
    undone_at: Mapped[datetime | None] = mapped_column(Moment)
    """When somebody last took a release back: since then it waits for a person, whatever releases by itself."""
    closed_at: Mapped[datetime | None] = mapped_column(Moment)


class Selection(Base):
    """Stories that people of an edition get together, in their order; `key` names them: each stands there once."""

    __tablename__ = "selection"
    __table_args__ = (sa.UniqueConstraint("edition_id", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(sa.ForeignKey("edition.id"))
    key: Mapped[str] = mapped_column(sa.String(64))
    stories: Mapped[list[int]] = mapped_column(Json)


class Omission(Base):
    """Who gets no digest in an edition, and why: a reason, never a silence."""

    __tablename__ = "omission"
    edition_id: Mapped[int] = mapped_column(sa.ForeignKey("edition.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    reason: Mapped[str]


DUE = (MailState.QUEUED, MailState.RETRY)
"""States that a lease may take."""
PASSING = (MailState.LEASED, MailState.SUBMITTING, MailState.ACCEPTED, MailState.DELIVERED)
"""Nearly all mails are in one of these, so no index tells them apart."""
_STANDS = (
    f"CASE WHEN state IN {tuple(map(str, DUE))} THEN 'due' "
    f"WHEN state IN {tuple(map(str, PASSING))} THEN NULL ELSE state END"
)


def stands(state: str) -> str | None:
    """Return what `Outbox.stands` is in this state, as the database works it out; None: no index finds it by that."""
    return "due" if state in DUE else None if state in PASSING else str(state)


class Outbox(Base):
    """Every mail, once: unique by kind, occasion and person, and by kind, occasion and address."""

    __tablename__ = "outbox"
    __table_args__ = (
        # By subject first: it finds a person's mails too, and an index less is to be written for each mail.
        sa.UniqueConstraint("subject", "kind", "occasion"),
        sa.UniqueConstraint("kind", "occasion", "address_hash"),
        sa.Index(
            "ix_outbox_stands",
            *("stands", "due_at", "id"),
            postgresql_where=sa.text("stands IS NOT NULL"),
            sqlite_where=sa.text("stands IS NOT NULL"),
        ),
        # With the selection, so that a call's worth of equal mails is found among a million (leases.take, alike).
        sa.Index("ix_outbox_edition", "edition_id", "selection_id"),
        # No index has `state` or `lease`, and a page keeps room for a row's next versions: PostgreSQL then writes
        # `submitting` and `accepted` without touching an index (heap-only tuples), at a fifth of the cost.
        {"postgresql_with": {"fillfactor": 60}},
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """digest, invitation, badge, frozen, winner, passed-on, test."""
    occasion: Mapped[str]
    subject: Mapped[str] = mapped_column(sa.String(32))
    address_hash: Mapped[str] = mapped_column(sa.String(64))
    """HMAC of the normalised address under the programme's secret; outlives erasure."""
    language: Mapped[str]
    edition_id: Mapped[int | None] = mapped_column(sa.ForeignKey("edition.id"))
    selection_id: Mapped[int | None] = mapped_column(sa.ForeignKey("selection.id"))
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Frozen facts: with the selection they give the same bytes at every attempt."""
    message_id: Mapped[str]
    state: Mapped[str] = mapped_column(default=MailState.QUEUED)
    stands: Mapped[str | None] = mapped_column(sa.Computed(_STANDS, persisted=True))
    """What the index finds it by: `due` while a sender may take it, its state where that needs looking after or is an
    end; None while it is sent and once it was, as nearly all are."""
    why: Mapped[str | None]
    due_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    lease: Mapped[str | None] = mapped_column(sa.String(32))
    """Token of the attempt that holds or held it."""
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    submitted_at: Mapped[datetime | None] = mapped_column(Moment)
    settled_at: Mapped[datetime | None] = mapped_column(Moment)

    selection: Mapped[Selection | None] = relationship()
    edition: Mapped[Edition | None] = relationship()


class Suppression(Base):
    """An address that gets no mail of a class ("all": none at all)."""

    __tablename__ = "suppression"
    address_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    """bounced, complained, unsubscribed or left."""
    since: Mapped[datetime] = mapped_column(Moment, default=clock.now)
