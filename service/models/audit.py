"""Audit. In: nothing. Out: the line that says who changed what, when, and how it stood before and after."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service import clock
from service.database import Base, Json, Moment


class AuditLine(Base):
    """One act of one actor. Lines are only ever added: service.append_only."""

    __tablename__ = "audit_line"
    __table_args__ = (
        sa.Index("ix_audit_line_at", "at"),
        sa.Index("ix_audit_line_what", "what", "at"),
        sa.Index("ix_audit_line_liaison_id", "liaison_id", "at"),
    )
    id: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    liaison_id: Mapped[int | None]
    """Who acted (no foreign key: the line outlives the row); None: the command line."""
    act: Mapped[str] = mapped_column(sa.String(40))
    """added, changed, removed, or a use case's own word (service.audit.note)."""
    what: Mapped[str] = mapped_column(sa.String(40))
    """Kind of thing, like story or programme."""
    which: Mapped[str] = mapped_column(default="", server_default="")
    """Its id, week or name for addresses; of a person the subject id, never her name."""
    title: Mapped[str] = mapped_column(default="", server_default="")
    """What it was called then; empty for people."""
    before: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Only the fields that changed; secrets and personal fields are never among them."""


class PolicyAcceptance(Base):
    """An employee accepted one version of the policy."""

    __tablename__ = "policy_acceptance"
    subject: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    version: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    """SHA-256 of the policy's text in all its languages."""
    at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
