"""People. In: nothing. Out: the programme, its teams, employees, liaisons and signing keys as tables."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from emails.slots import Rhythm
from service import clock
from service.database import Base, Json, Moment


class Status(StrEnum):
    """What an employee is to the programme (PROTOCOLS: identity and privacy)."""

    INVITED = "invited"
    ACTIVE = "active"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    LEFT = "left"
    GONE = "gone"


LINK_PARAMETERS = "utm_source={network}&utm_medium=advocacy&utm_campaign={campaign}"
"""What short links add to a story's address unless the programme or its campaign says otherwise."""


class Programme(Base):
    """The company's employee advocacy programme: one row (id 1) per deployment."""

    __tablename__ = "programme"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    company: Mapped[str]
    zone: Mapped[str] = mapped_column(default="UTC")
    languages: Mapped[list[str]] = mapped_column(Json, default=lambda: ["en"])
    """Languages that mails are made in; the first one is the fallback."""
    liaison_name: Mapped[str]
    liaison_email: Mapped[str]
    sender: Mapped[str]
    """Address in From; the display name is the liaison's."""
    digest_size: Mapped[int] = mapped_column(default=6)
    slot_weekday: Mapped[int] = mapped_column(default=2)
    """ISO weekday of the digest, 1 Monday to 7 Sunday."""
    slot_hour: Mapped[int] = mapped_column(default=9)
    opt_in: Mapped[bool] = mapped_column(default=False)
    automatic_release: Mapped[bool] = mapped_column(default=False)
    policy_url: Mapped[str | None]
    policy: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    """What to share and what not, by language: plain paragraphs, shown at /policy."""
    disclosure: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    """By language, what every post says of the tie to the company, like #ad or "I work at Fjord"."""
    block_list: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    """Phrase that no post may hold → the reason that she is told."""
    fallback_network: Mapped[str] = mapped_column(default="linkedin")
    company_networks: Mapped[list[str]] = mapped_column(Json, default=list)
    """Ranges of addresses that the company's people come from; their visits count for nobody."""
    link_parameters: Mapped[str] = mapped_column(default=LINK_PARAMETERS, server_default=LINK_PARAMETERS)
    """Template of what short links add to a story's address: service.links."""
    click_parameter: Mapped[str] = mapped_column(default="", server_default="")
    """Name under which a visit's own random id goes along to the story; empty: none does."""
    rules: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Overrides of scoring.points.Rules by field name; empty: the defaults."""
    works_council: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))
    """Individual figures are for the person alone; everybody else sees groups of five or more."""
    second_approval: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))
    """A story is approved by somebody else than who wrote it."""
    networks_offered: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    """Slugs of emails.networks that employees may choose, in its order; empty: all."""
    style_guide: Mapped[dict[str, str]] = mapped_column(Json, default=dict, server_default="{}")
    """How to write, by language: plain paragraphs, shown at /policy."""
    colour: Mapped[str] = mapped_column(default="", server_default="")
    """Its own for links and buttons, `#rrggbb`, dark enough to be read on light paper; empty: the look's green."""
    second_colour: Mapped[str] = mapped_column(default="", server_default="")
    """Its own for what celebrates: streaks, winners; likewise."""


class SigningKey(Base):
    """One key of passes: HMAC(GOODWORD_SECRET, salt). The newest signs, all verify; retired ones only unsubscribe."""

    __tablename__ = "signing_key"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """The pass's key id, 0 to 255."""
    salt: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    retired_at: Mapped[datetime | None] = mapped_column(Moment)


class Team(Base):
    __tablename__ = "team"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class Employee(Base):
    """A person invited to the programme. Shares, ledger and draws know only `subject`; this row maps it to her."""

    __tablename__ = "employee"
    __table_args__ = (
        sa.Index("ix_employee_sought", "sought"),
        sa.Index("ix_employee_team", "team_id", "sought"),
        sa.Index("ix_employee_status", "status", "sought"),
        sa.Index("ix_employee_office", "office", "sought"),
        sa.Index("ix_employee_language", "language", "sought"),
        sa.Index("ix_employee_leads", "sought", postgresql_where=sa.text("leads"), sqlite_where=sa.text("leads")),
        sa.Index(
            "ix_employee_excluded",
            "sought",
            postgresql_where=sa.text("excluded_from_draws"),
            sqlite_where=sa.text("excluded_from_draws"),
        ),
        sa.Index(
            "ix_employee_unsought",
            "id",
            postgresql_where=sa.text("sought IS NULL"),
            sqlite_where=sa.text("sought IS NULL"),
        ),
        # Whose day and hour is when, counted each time somebody watches an edition (readers.reachable).
        sa.Index(
            "ix_employee_slot",
            *("zone", "slot_weekday", "slot_hour"),
            postgresql_where=sa.text("status <> 'gone' AND email IS NOT NULL"),
            sqlite_where=sa.text("status <> 'gone' AND email IS NOT NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(32), unique=True, default=lambda: secrets.token_hex(16))
    email: Mapped[str | None] = mapped_column(unique=True)
    """Normalised (service.employees.normal_address); None once erased."""
    address_hash: Mapped[str | None] = mapped_column(sa.String(64))
    """suppressions.address_hash of it, kept so that planning a million needs not compute it; None: not known yet."""
    name: Mapped[str | None]
    alias: Mapped[str | None]
    """What colleagues see instead of her short name."""
    off_boards: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))
    """She asked to stand on nobody's board."""
    sought: Mapped[str | None] = mapped_column(sa.Text().with_variant(sa.Text(collation="C"), "postgresql"))
    """Her name, address and office folded (service.people.seeking), to be found and sorted by; None: not known yet."""
    team_id: Mapped[int | None] = mapped_column(sa.ForeignKey("team.id"))
    leads: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))
    """An advocacy leader: an example to her team, and recognised as such."""
    waits: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))
    """The programme is limited to cohorts that she is not in: until it is widened she is not invited."""
    office: Mapped[str | None]
    country: Mapped[str | None] = mapped_column(sa.String(2))
    """ISO 3166-1 alpha-2, like SI; None: not known."""
    language: Mapped[str] = mapped_column(default="en")
    """The language of her mails; one of the programme's."""
    reads: Mapped[list[str]] = mapped_column(Json, default=lambda: ["en"])
    """Languages of stories she reads, sorted."""
    zone: Mapped[str] = mapped_column(default="UTC")
    topics: Mapped[list[int]] = mapped_column(Json, default=list)
    """Ids of topics she follows, sorted."""
    fewer: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    """What she wants less of, sorted: emails.picks says how `topic:3` and `kind:promotional` are read."""
    networks: Mapped[list[str]] = mapped_column(Json, default=list)
    """Slugs of emails.networks in her order; empty: the programme's fallback."""
    mastodon: Mapped[str | None]
    """Her Mastodon instance's host, asked once."""
    chosen: Mapped[list[str]] = mapped_column(Json, default=list)
    """Fields she has set herself; an import never changes these."""
    status: Mapped[str] = mapped_column(default=Status.INVITED)
    paused_until: Mapped[date | None]
    """Last day of a pause, in her zone; None with status paused: until she says so."""
    slot_weekday: Mapped[int | None]
    slot_hour: Mapped[int | None]
    slot_since: Mapped[datetime | None] = mapped_column(Moment)
    """When she chose that day and hour, or came to another zone: before, no mail could be late for it."""
    rhythm: Mapped[str] = mapped_column(default=Rhythm.WEEKLY, server_default=Rhythm.WEEKLY)
    """emails.slots.Rhythm: weekly, fortnightly or monthly."""
    rhythm_from: Mapped[str | None] = mapped_column(sa.String(8))
    """A week that is hers, from which the others are counted; None with rhythm weekly."""
    link_id: Mapped[str] = mapped_column(sa.String(16), unique=True, default=lambda: secrets.token_hex(8))
    """The opaque id inside her passes, 8 bytes in hex; a reset gives a new one."""
    scanned_at: Mapped[datetime | None] = mapped_column(Moment)
    """When something last opened the link of her mail that no person sees: service.opened_links."""
    links_from: Mapped[date] = mapped_column(default=lambda: clock.now().date())
    """Passes of an earlier day are ended."""
    excluded_from_draws: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    invited_at: Mapped[datetime | None] = mapped_column(Moment)
    left_at: Mapped[datetime | None] = mapped_column(Moment)

    team: Mapped[Team | None] = relationship()

    @validates("email")
    def _another_address(self, _name: str, email: str | None) -> str | None:
        if email != self.email:
            self.address_hash = None
        return email


class RetiredLink(Base):
    """A link id that a reset replaced: its passes answer 410, not 404."""

    __tablename__ = "retired_link"
    link_id: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    employee_id: Mapped[int] = mapped_column(sa.ForeignKey("employee.id"))


class Liaison(Base):
    """A person who may sign in to the console."""

    __tablename__ = "liaison"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    language: Mapped[str] = mapped_column(default="en")
    zone: Mapped[str] = mapped_column(default="UTC")
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(Moment)
    session_epoch: Mapped[int] = mapped_column(default=0)
    """Raised at each change of password: sessions of an earlier epoch have ended."""
    role: Mapped[str] = mapped_column(default="owner", server_default="owner")
    """service.roles.Role: viewer, editor, liaison or owner."""
    locked: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))
    """Kept out until an owner lets her in again."""
    removed_at: Mapped[datetime | None] = mapped_column(Moment)
    """Gone for good; the row stays, because the audit log names it."""
    link_hash: Mapped[str | None] = mapped_column(sa.String(64))
    """SHA-256 of a one-time link by which she chooses a password."""
    link_until: Mapped[datetime | None] = mapped_column(Moment)
