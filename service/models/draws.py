"""Draws. In: nothing. Out: draws, prizes, entrants and ranks as tables (PROTOCOLS: goodword-draw-v1)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service import clock
from service.database import Base, Json, Moment


class DrawStatus(StrEnum):
    OPEN = "open"
    FROZEN = "frozen"
    DRAWN = "drawn"
    VOID = "void"


class DrawKind(StrEnum):
    """Whose shares bring tickets."""

    MONTH = "month"
    """Those of a month, and what became known of the month before after its draw was frozen."""
    CAMPAIGN = "campaign"
    """Those of a campaign's stories, on its days."""
    HAND = "hand"
    """Those of the days that the liaison names."""
    CONTEST = "contest"
    """Whoever took part in a contest, one ticket each."""


class Beacon(StrEnum):
    """Where the randomness comes from."""

    NUMBERS = "numbers"
    DRAND = "drand"


class RankState(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"
    CLAIMED = "claimed"
    DECLINED = "declined"
    PASSED = "passed"


class Draw(Base):
    """One prize draw; once frozen its pool, rules and source never change."""

    __tablename__ = "draw"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(64), unique=True)
    """The protocol's `draw`: [a-z0-9-]{1,64}, used once ever."""
    title: Mapped[str]
    month: Mapped[str | None] = mapped_column(sa.String(7))
    """The month whose tickets enter, like 2026-10; None for draws of other kinds."""
    kind: Mapped[str] = mapped_column(default=DrawKind.MONTH, server_default=DrawKind.MONTH)
    campaign_id: Mapped[int | None] = mapped_column(sa.ForeignKey("campaign.id"))
    contest_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contest.id"), unique=True)
    """The contest whose participants enter; there is one such draw for each."""
    terms: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, server_default="{}")
    """service.draws.plans.Plan: what brings tickets, who may enter, the free way in."""
    beacon: Mapped[str] = mapped_column(default=Beacon.NUMBERS, server_default=Beacon.NUMBERS)
    status: Mapped[str] = mapped_column(default=DrawStatus.OPEN)
    sample: Mapped[bool] = mapped_column(default=False)
    """True where the randomness is a sample's, not the world's."""
    alternates: Mapped[int] = mapped_column(default=3)
    rules: Mapped[str] = mapped_column(sa.Text, default="")
    """The rules file as served; its SHA-256 is in the pool."""
    rules_in: Mapped[dict[str, str]] = mapped_column(Json, default=dict, server_default="{}")
    """The same rules in other languages, language → text, made with them; none of rules that the liaison wrote."""
    source_text: Mapped[str] = mapped_column(sa.Text, default="")
    """The published text of the public numbers: event, date, order, substitute."""
    source: Mapped[str | None]
    """numbers/<SHA-256 of source_text>, or drand-quicknet/<round>."""
    pool: Mapped[str | None] = mapped_column(sa.Text, deferred=True)
    """The pool file, exactly as published."""
    pool_hash: Mapped[str | None] = mapped_column(sa.String(64))
    frozen_at: Mapped[datetime | None] = mapped_column(Moment)
    due_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the randomness falls due; at least 48 hours after freezing."""
    randomness: Mapped[str | None]
    signature: Mapped[str | None] = mapped_column(sa.String(96))
    """The league's signature of the drand round, in hex: its SHA-256 is the randomness."""
    seed: Mapped[str | None] = mapped_column(sa.String(64))
    drawn_at: Mapped[datetime | None] = mapped_column(Moment)
    claim_until: Mapped[datetime | None] = mapped_column(Moment)
    winners_told_at: Mapped[datetime | None] = mapped_column(Moment)
    """When all entrants' mails about the winners went into the outbox."""
    created_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)

    prizes: Mapped[list[Prize]] = relationship(back_populates="draw", order_by="Prize.position")
    ranks: Mapped[list[Rank]] = relationship(back_populates="draw", order_by="Rank.rank")


class Prize(Base):
    __tablename__ = "prize"
    __table_args__ = (sa.UniqueConstraint("draw_id", "position"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    draw_id: Mapped[int] = mapped_column(sa.ForeignKey("draw.id"))
    position: Mapped[int]
    name: Mapped[str]
    value: Mapped[str] = mapped_column(default="")

    draw: Mapped[Draw] = relationship(back_populates="prizes")


class Entrant(Base):
    """A person in a frozen pool. The salt goes to her alone; erasing removes it and leaves the rest."""

    __tablename__ = "entrant"
    __table_args__ = (sa.UniqueConstraint("draw_id", "subject"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    draw_id: Mapped[int] = mapped_column(sa.ForeignKey("draw.id"))
    subject: Mapped[str] = mapped_column(sa.String(32))
    entrant: Mapped[str] = mapped_column(sa.String(64))
    salt: Mapped[str | None] = mapped_column(sa.String(32))
    tickets: Mapped[int]
    free: Mapped[int] = mapped_column(default=0, server_default="0")
    """How many of them she has without sharing."""


class FrozenMails(Base):
    """The mails of a frozen pool's entrants: what they have in common, and how far writing them is.

    A row of its own, made with the pool: the draw's row holds the pool file, and is not written again for each step.
    """

    __tablename__ = "frozen_mails"
    draw_id: Mapped[int] = mapped_column(sa.ForeignKey("draw.id"), primary_key=True)
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    """`programme` and `frozen` (emails.values), as far as all mails say the same; never changed."""
    people: Mapped[int]
    """Entrants of the pool."""
    done: Mapped[int] = mapped_column(default=0)
    """Entrants whose mail is in the outbox; whoever was erased meanwhile has none and counts too."""
    last: Mapped[int] = mapped_column(sa.BigInteger)
    """The last entrant's id that is done; ids go in their order."""
    until: Mapped[int] = mapped_column(sa.BigInteger)
    """The greatest id of an entrant of this pool."""
    began_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    finished_at: Mapped[datetime | None] = mapped_column(Moment, index=True)


class LeftOut(Base):
    """Who held tickets when a pool was frozen and did not enter it, and why."""

    __tablename__ = "left_out"
    draw_id: Mapped[int] = mapped_column(sa.ForeignKey("draw.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    tickets: Mapped[int]
    """Of her shares alone."""
    why: Mapped[str]


class FreeEntry(Base):
    """Somebody takes part in an open draw without sharing, by the free way in."""

    __tablename__ = "free_entry"
    draw_id: Mapped[int] = mapped_column(sa.ForeignKey("draw.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, default=clock.now)


class DrawPlan(Base):
    """What a new draw begins with, and whether each month's draw is held by itself: one row (id 1)."""

    __tablename__ = "draw_plan"
    id: Mapped[int] = mapped_column(primary_key=True)
    monthly: Mapped[bool] = mapped_column(default=False)
    """Open, freeze and draw by itself."""
    monthly_from: Mapped[str | None] = mapped_column(sa.String(7))
    """The first month that is drawn by itself, like 2026-11."""
    prizes: Mapped[list[list[str]]] = mapped_column(Json, default=list)
    """Pairs of name and value, in their order."""
    alternates: Mapped[int] = mapped_column(default=3)
    hours: Mapped[int] = mapped_column(default=72)
    """From the freeze to the randomness, at least 48."""
    terms: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """service.draws.plans.Plan."""


class Rank(Base):
    """A rank that the draw gave, and what became of it."""

    __tablename__ = "rank"
    __table_args__ = (sa.UniqueConstraint("draw_id", "rank"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    draw_id: Mapped[int] = mapped_column(sa.ForeignKey("draw.id"))
    rank: Mapped[int]
    entrant: Mapped[str] = mapped_column(sa.String(64))
    subject: Mapped[str] = mapped_column(sa.String(32))
    state: Mapped[str] = mapped_column(default=RankState.WAITING)
    prize_id: Mapped[int | None] = mapped_column(sa.ForeignKey("prize.id"))
    offered_at: Mapped[datetime | None] = mapped_column(Moment)
    settled_at: Mapped[datetime | None] = mapped_column(Moment)
    why: Mapped[str | None]

    draw: Mapped[Draw] = relationship(back_populates="ranks")
    prize: Mapped[Prize | None] = relationship()
