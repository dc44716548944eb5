"""Keeping. In: the hour. Out: how many people the programme has and what became of its digests, noted down."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from scoring import weeks
from service import clock
from service.database import db
from service.ledger import insert
from service.models import Crowd, Edition, EditionFigure, Employee, Outbox, PeriodFigure
from service.models.people import Status
from service.models.results import EVERYBODY
from service.results import scopes

WITHIN = (Status.INVITED, Status.ACTIVE, Status.PAUSED)
"""Who belongs to the programme now."""

OPEN_FOR = timedelta(days=35)
"""An edition's mails are counted again for so long: bounces come late."""

MOVING = timedelta(days=8)
"""So long they are counted every hour; later, when little comes, once a day, each edition at an hour of its own."""

MOST_WEEKS = 520


def refresh() -> int:
    """Note the size of the programme by week, and the states of recent editions' mails; return the rows written.

    A use case: commits.
    """
    done = _crowds() + _editions()
    db.session.commit()
    return done


def _crowds() -> int:
    """Note this week's size, and that of earlier weeks since the first share where it is missing."""
    today = scopes.today()
    this = weeks.week_of_day(today)
    first = db.session.scalar(sa.select(sa.func.min(PeriodFigure.period)).where(PeriodFigure.period.like("%-W%")))
    noted = set(db.session.scalars(sa.select(Crowd.week).where(Crowd.team_id == EVERYBODY)))
    wanted, week = [this], weeks.shift(this, -1)
    while first and week >= first and len(wanted) < MOST_WEEKS:
        if week not in noted:
            wanted.append(week)
        week = weeks.shift(week, -1)
    return sum(_crowd(week, None if week == this else weeks.monday(week) + timedelta(days=7)) for week in wanted)


def _crowd(week: str, until: date | None) -> int:
    """Note a week's size: of this week by status, of an earlier one by who had come and not left when it ended."""
    there: sa.ColumnElement[bool] = Employee.status.in_(WITHIN)
    if until is not None:
        end = datetime.combine(until, time(), ZoneInfo(scopes.zone())).astimezone(UTC)
        there = sa.and_(Employee.created_at < end, sa.or_(Employee.left_at.is_(None), Employee.left_at >= end))
    asked = sa.select(Employee.team_id, sa.func.count()).where(there).group_by(Employee.team_id)
    by_team: dict[int, int] = {EVERYBODY: 0}
    for team, people in db.session.execute(asked):
        by_team[EVERYBODY] += people
        if team is not None:
            by_team[team] = people
    return _write(
        Crowd,
        [{"week": week, "team_id": team, "people": people} for team, people in sorted(by_team.items())],
        ("week", "team_id"),
        ("people",),
    )


def _editions() -> int:
    now = clock.now()
    hour = int(now.timestamp()) // 3600
    recent = sa.select(Edition.id, Edition.week, Edition.released_at).where(Edition.released_at > now - OPEN_FOR)
    noted = set(db.session.scalars(sa.select(EditionFigure.edition_id)))
    rows = []
    for id_, week, released in db.session.execute(recent).all():
        if id_ in noted and released and released < now - MOVING and (hour + id_) % 24:
            continue
        asked = sa.select(Outbox.state, sa.func.count()).where(Outbox.edition_id == id_, Outbox.kind == "digest")
        states = dict(db.session.execute(asked.group_by(Outbox.state)).all())
        rows.append({"edition_id": id_, "week": week, "states": states})
    return _write(EditionFigure, rows, ("edition_id",), ("week", "states"))


def _write(table: type, rows: list[dict[str, Any]], keys: tuple[str, ...], values: tuple[str, ...]) -> int:
    for n in range(0, len(rows), 1000):
        upsert = insert(table).values(rows[n : n + 1000])
        set_ = {name: getattr(upsert.excluded, name) for name in values}
        db.session.execute(upsert.on_conflict_do_update(index_elements=list(keys), set_=set_))
    return len(rows)
