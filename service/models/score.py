"""Score. In: nothing. Out: the ledger, its totals and awards of badges as tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service import clock
from service.database import Base, Json, Moment


class LedgerEntry(Base):
    """One line of the ledger: append-only, says why, can be reversed by another line."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        sa.Index("ix_ledger_entry_subject", "subject", "at"),
        # Contests by points ask for the lines between two days; moments come nearly in order, so it costs little.
        sa.Index("ix_ledger_entry_at", "at"),
        # Whether a line was taken back: without it each line asked would read the whole ledger on SQLite.
        sa.Index(
            "ix_ledger_entry_reverses",
            "reverses_id",
            postgresql_where=sa.text("reverses_id IS NOT NULL"),
            sqlite_where=sa.text("reverses_id IS NOT NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    """Names the act (`share:12:confirmed`); a reversal's is `<key>!<n>`, a booking again `<key>+<n>`."""
    subject: Mapped[str] = mapped_column(sa.String(32))
    points: Mapped[int]
    reason: Mapped[str]
    """A code of scoring.points; words are made from it and `facts` in her language."""
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    share_id: Mapped[int | None] = mapped_column(sa.ForeignKey("share.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    """The event's own time: caps, weeks and months go by it."""
    month: Mapped[str] = mapped_column(sa.String(7))
    """Month of `at` in the programme's zone, like 2026-11."""
    reverses_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ledger_entry.id"))
    booked_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)


class Total(Base):
    """Sums of the ledger per person and period, kept in the ledger's own transactions: written by service.totals."""

    __tablename__ = "total"
    __table_args__ = (sa.Index("ix_total_board", "period", "shown", "points", "subject"),)
    subject: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    period: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    """`all`, a month 2026-11, a week 2026-W47, a quarter 2026-Q4, or what service.campaign_sums names: `campaign:7`,
    points of its stories' shares; `shares:7` and `readers:7`, how many these are and whom they brought; `campaign+3`,
    of several campaigns together."""
    points: Mapped[int] = mapped_column(default=0)
    """Or confirmed shares, or readers, as the period says."""
    shown: Mapped[bool] = mapped_column(default=True, server_default=sa.text("true"))
    """False: she stands on nobody's board, for she left, is suspended, or asked for it."""
    team_id: Mapped[int | None]
    """The team that these points count in; none if she has none, or belongs to the programme no more."""


class Holders(Base):
    """How many people on the boards hold so many points in a period: all rows of a period and figure are added up.

    Written in the transaction of the total that changes, by new rows only, so that nobody waits for anybody;
    `service.holders.fold` joins them now and then. What is read is right at every moment.
    """

    __tablename__ = "holders"
    __table_args__ = (sa.Index("ix_holders_points", "period", "step", "points", "people"),)
    id: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)
    period: Mapped[str] = mapped_column(sa.String(40))
    step: Mapped[int] = mapped_column(sa.SmallInteger)
    """1: of exactly so many points; otherwise of `points * step` and the figures up to the next step."""
    points: Mapped[int]
    people: Mapped[int]
    """May be negative: somebody's points are others now."""


class Award(Base):
    """A badge that somebody earned."""

    __tablename__ = "award"
    __table_args__ = (
        sa.UniqueConstraint("subject", "badge", "level"),
        sa.Index("ix_award_badge", "badge", "created_at"),
        sa.Index(
            "ix_award_untold",
            "subject",
            postgresql_where=sa.text("told_at IS NULL AND revoked_at IS NULL"),
            sqlite_where=sa.text("told_at IS NULL AND revoked_at IS NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(32))
    badge: Mapped[str]
    """Slug of scoring.badges."""
    level: Mapped[int] = mapped_column(default=1)
    earned_at: Mapped[datetime] = mapped_column(Moment)
    """The event's own time."""
    created_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_why: Mapped[str | None]
    """The liaison's reason; None: what is known of her shares does not earn it any more."""
    told_at: Mapped[datetime | None] = mapped_column(Moment)
    """When a mail about it was made, or when it was left to the next digest."""
    page: Mapped[str | None] = mapped_column(sa.String(16), unique=True)
    """Random code of its public page while she shows it."""
    shown_as: Mapped[str] = mapped_column(default="", server_default="")
    """The name that she let the page show; empty: none."""
