"""Rules. In: nothing. Out: versions of the rules of the score, dry runs of them, and absences, as tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, mapped_column, object_session

from service import clock
from service.database import Base, Json, Moment
from service.models.people import Employee, Status


class RuleSet(Base):
    """One version of the rules. The first one is the programme's own (Programme.rules); these are the later ones."""

    __tablename__ = "rule_set"
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 2."""
    valid_from: Mapped[datetime] = mapped_column(Moment)
    values: Mapped[dict[str, Any]] = mapped_column(Json)
    """Every rule by name (scoring.rules.Rules.to_json), so that a new default changes no old version."""
    note: Mapped[str] = mapped_column(default="")
    """Why, in the liaison's own words."""
    liaison_id: Mapped[int | None] = mapped_column(sa.ForeignKey("liaison.id"))
    """Who saved it; None: the command line."""
    created_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Moment)
    """Set where a version was taken back before it began."""
    settled_at: Mapped[datetime | None] = mapped_column(Moment)
    """When badges were brought to it after it began."""


class RuleTrial(Base):
    """A dry run: what would have changed in a period had these rules held in it."""

    __tablename__ = "rule_trial"
    id: Mapped[int] = mapped_column(primary_key=True)
    values: Mapped[dict[str, Any]] = mapped_column(Json)
    since: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime] = mapped_column(Moment)
    liaison_id: Mapped[int | None] = mapped_column(sa.ForeignKey("liaison.id"))
    created_at: Mapped[datetime] = mapped_column(Moment, default=clock.now)
    people: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    """People worked out so far, of `people`."""
    result: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """service.trials.Outcome as JSON; None until it is finished."""


class Absence(Base):
    """A time in which somebody was suspended or had left: what happens in it never scores."""

    __tablename__ = "absence"
    __table_args__ = (sa.Index("ix_absence_subject", "subject"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(32))
    since: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime | None] = mapped_column(Moment)
    """None: still suspended. Who has left and is not back has no row: her left_at says it."""


LEFT = (Status.LEFT, Status.GONE)


@event.listens_for(Employee.status, "set", active_history=True)
def _keep_absences(person: Employee, status: str, before: object, _initiator: object) -> None:
    """Note when a suspension begins and ends, and how long somebody was away who comes back."""
    session = object_session(person)
    if session is None or not person.subject or status == before:
        return
    now = clock.now()
    with session.no_autoflush:
        if before == Status.SUSPENDED:
            still = sa.update(Absence).where(Absence.subject == person.subject, Absence.until.is_(None))
            session.execute(still.values(until=now))
        elif before in LEFT and status not in LEFT:
            session.add(Absence(subject=person.subject, since=person.left_at or now, until=now))
        if status == Status.SUSPENDED:
            session.add(Absence(subject=person.subject, since=now))
