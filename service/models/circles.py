"""Circles. In: nothing. Out: cohorts, how colleagues come in, suspensions, files, former names, erasures: tables."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service import clock
from service.database import Base, Json, Moment


class Cohort(Base):
    """A named group of employees, like those of the pilot."""

    __tablename__ = "cohort"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    begins: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))
    """While the programme is limited, who is in it is invited and gets mails."""
    created_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)


class CohortMember(Base):
    """Somebody in a cohort."""

    __tablename__ = "cohort_member"
    __table_args__ = (sa.Index("ix_cohort_member_employee", "employee_id"),)
    cohort_id: Mapped[int] = mapped_column(sa.ForeignKey("cohort.id", ondelete="CASCADE"), primary_key=True)
    employee_id: Mapped[int] = mapped_column(sa.ForeignKey("employee.id", ondelete="CASCADE"), primary_key=True)


class Onboarding(Base):
    """How the programme brings colleagues in: one row (id 1); without it the defaults hold."""

    __tablename__ = "onboarding"
    id: Mapped[int] = mapped_column(primary_key=True)
    limited: Mapped[bool] = mapped_column(default=False)
    """Nobody outside the cohorts that begin is invited, or gets a mail before she took part, until it is widened."""
    invite_on: Mapped[date | None]
    """No invitation leaves before this day in the programme's zone; None: with the import."""
    welcome: Mapped[bool] = mapped_column(default=True)
    """A mail after her first digest."""
    sharing: Mapped[bool] = mapped_column(default=True)
    """A mail about how sharing works, a week later."""
    reminders: Mapped[int] = mapped_column(default=2)
    """How often who has not answered the invitation is reminded: 0, 1 or 2."""


class Suspension(Base):
    """A time in which the programme does without somebody; service.models.rules.Absence is what the score goes by."""

    __tablename__ = "suspension"
    __table_args__ = (sa.Index("ix_suspension_subject", "subject"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(32))
    since: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    until: Mapped[datetime | None] = mapped_column(Moment)
    before: Mapped[str]
    """Her status before, which comes back."""
    why: Mapped[str] = mapped_column(default="")
    """In the liaison's words."""


class FileState(StrEnum):
    """How far a file of colleagues is."""

    READING = "reading"
    READ = "read"
    TAKING = "taking"
    TAKEN = "taken"
    REFUSED = "refused"


class PeopleFile(Base):
    """A file of colleagues that is brought in by the browser. It names people: its bytes live a day at most."""

    __tablename__ = "people_file"
    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(sa.String(22), unique=True)
    """Random; its page's address. Only who brought it opens it."""
    liaison_id: Mapped[int | None] = mapped_column(sa.ForeignKey("liaison.id"))
    data: Mapped[bytes | None] = mapped_column(deferred=True)
    """Compressed (zlib); None once it is taken in or forgotten."""
    complete: Mapped[bool] = mapped_column(default=False)
    confirm_gone: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(default=FileState.READING)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    seen: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """What the preview says, in numbers and findings; None once forgotten."""
    report: Mapped[dict[str, int] | None] = mapped_column(Json)
    """employees.Report as JSON."""
    why: Mapped[str | None]
    """Why it could not be read, as a message."""
    created_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    touched_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    """When its worker was last heard of."""


class Erasure(Base):
    """Somebody was erased, and what others were sent before still names her until `due_at`."""

    __tablename__ = "erasure"
    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(32))
    at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    due_at: Mapped[datetime] = mapped_column(Moment)
    marks: Mapped[list[str]] = mapped_column(Json, default=list)
    """Keyed hashes of the names by which others' mails may know her; emptied when the work is done."""
    done_at: Mapped[datetime | None] = mapped_column(Moment)


class FormerName(Base):
    """A name by which colleagues' mails may know somebody from before, as a keyed hash: the name itself is not kept."""

    __tablename__ = "former_name"
    subject: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    mark: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    """suppressions.address_hash of the name as it was shown."""
    at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    """When she last changed how she is called: no mail that is planned later holds it."""
