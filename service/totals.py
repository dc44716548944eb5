"""Totals. In: points that somebody gains or loses, and what her shares count for. Out: her sums by period.

With them, in the transaction of whatever changes them, go how many people hold how many points (service.holders), what
teams have (service.team_sums), and what campaigns of one hashtag have together (service.joint_sums). Nobody waits for
somebody else's points.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from scoring.weeks import day_of, week_of
from service import bulk, campaign_sums, holders, joint_sums, team_sums
from service.database import db
from service.models import Employee, Story, Total
from service.team_sums import belongs, counts_in

EVER = "all"
"""The period of totals that has no end."""

CHUNK = 500
"""People who are looked at, or whose totals are written, in one statement."""


def periods_of(at: datetime, zone: str) -> tuple[str, ...]:
    """Return the periods that a moment belongs to: its week, month and quarter in this zone, and ever."""
    day = day_of(at, zone)
    return week_of(at, zone), f"{day:%Y-%m}", quarter_of(f"{day:%Y-%m}"), EVER


def quarter_of(month: str) -> str:
    """Return the quarter of a month: 2026-Q4 for 2026-11."""
    return f"{month[:4]}-Q{(int(month[5:7]) + 2) // 3}"


def on_boards() -> sa.ColumnElement[bool]:
    """Return the condition that an employee may stand on boards."""
    return sa.and_(belongs(), Employee.off_boards.is_(False))


def add_all(added: Mapping[str, Mapping[str, int]], connection: Connection | None = None) -> None:
    """Add points (negative: take) by subject and period, many people's in as many statements as one's.

    Does not commit.
    """
    connection = connection or db.session.connection()
    if _write(added, connection):
        _write(joint_sums.spread(added, connection), connection)


def _write(added: Mapping[str, Mapping[str, int]], connection: Connection) -> bool:
    """Write what is added; return whether it was anything."""
    rows = [
        (subject, period, points)
        for subject, hers in sorted(added.items())
        for period, points in sorted(hers.items())
        if points
    ]
    if not rows:
        return False
    given = bulk.listed(rows, {"subject": sa.Text(), "period": sa.Text(), "points": sa.BigInteger()})
    shown = sa.func.coalesce(on_boards(), sa.false())
    lines = sa.select(given.c.subject, given.c.period, given.c.points, shown, counts_in())
    lines = lines.select_from(given).outerjoin(Employee, Employee.subject == given.c.subject).where(sa.true())
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    upsert: Any = dialect.insert(Total).from_select(
        ["subject", "period", "points", "shown", "team_id"],
        lines.order_by(given.c.subject, given.c.period),  # the order in which everybody locks these rows
    )
    asked = upsert.on_conflict_do_update(
        index_elements=["subject", "period"], set_={"points": Total.points + upsert.excluded.points}
    ).returning(Total.subject, Total.period, Total.points, Total.shown, Total.team_id)
    held: Counter[tuple[str, int]] = Counter()
    teams: dict[tuple[str, int], tuple[int, int]] = {}
    for subject, period, now, shown, team in connection.execute(asked):
        before = now - added[subject][period]
        if shown:
            held[period, before] -= 1
            held[period, now] += 1
        _gain(teams, period, team, now, 1)
        _gain(teams, period, team, before, -1)
    holders.note(connection, held)
    team_sums.note(connection, teams)
    return True


def _gain(teams: dict[tuple[str, int], tuple[int, int]], period: str, team: int | None, points: int, sign: int) -> None:
    """Let a team gain (sign -1: lose) what somebody with so many points adds to it."""
    if team is not None and team_sums.of_time(period):
        worth, one = team_sums.worth(points)
        before, people = teams.get((period, team), (0, 0))
        teams[period, team] = before + sign * worth, people + sign * one


def review(subjects: Iterable[str] | None = None, connection: Connection | None = None) -> int:
    """Let totals be shown, and count in the team, as people's status, wish and team say now; return how many changed.

    None: everybody, for what was changed behind our back. Whoever changes these by a statement of its own calls it.
    Does not commit.
    """
    connection = connection or db.session.connection()
    if subjects is None:
        right = sa.func.coalesce(on_boards(), sa.false())
        differs = sa.or_(Total.shown != right, Total.team_id.is_distinct_from(counts_in()))
        asked = sa.select(Total.subject).outerjoin(Employee, Employee.subject == Total.subject).where(differs)
        subjects = connection.scalars(asked.distinct())
    ids = sorted(set(subjects))
    return sum(_review(ids[n : n + CHUNK], connection) for n in range(0, len(ids), CHUNK))


def _review(subjects: list[str], connection: Connection) -> int:
    asked = sa.select(Employee.subject, on_boards(), counts_in()).where(bulk.among(Employee.subject, subjects))
    right = {subject: (bool(shown), team) for subject, shown, team in connection.execute(asked)}
    there = sa.select(Total.subject, Total.period, Total.points, Total.shown, Total.team_id)
    there = there.where(bulk.among(Total.subject, subjects)).with_for_update()
    # In the order in which who adds locks them: sums of several campaigns last.
    there = there.order_by(Total.period.like("%+%"), Total.subject, Total.period)
    held: Counter[tuple[str, int]] = Counter()
    teams: dict[tuple[str, int], tuple[int, int]] = {}
    rows = []
    for subject, period, points, shown, team in connection.execute(there):
        now_shown, now_team = right.get(subject, (False, None))
        if (shown, team) == (now_shown, now_team):
            continue
        rows.append((subject, period, now_shown, now_team))
        held[period, points] += int(now_shown) - int(shown)
        _gain(teams, period, team, points, -1)
        _gain(teams, period, now_team, points, 1)
    if rows:
        kinds: dict[str, Any] = {"subject": sa.Text(), "period": sa.Text()}
        kinds |= {"shown": sa.Boolean(), "team_id": sa.Integer()}
        given = bulk.listed(rows, kinds)
        changed = sa.update(Total).where(Total.subject == given.c.subject, Total.period == given.c.period)
        changed = changed.values(shown=given.c.shown, team_id=given.c.team_id)
        connection.execute(changed, execution_options={"synchronize_session": False})
    holders.note(connection, held)
    team_sums.note(connection, teams)
    return len(rows)


@event.listens_for(Employee, "after_update")
def _on_or_off(_mapper: Any, connection: Connection, employee: Employee) -> None:
    seen = sa.inspect(employee).attrs
    if any(seen[name].history.has_changes() for name in ("status", "off_boards", "team_id")):
        review([employee.subject], connection)


@event.listens_for(Story, "after_update")
def _moved(_mapper: Any, connection: Connection, story: Story) -> None:
    """Carry what a story's shares count for from one campaign to the other."""
    history = sa.inspect(story).attrs.campaign_id.history
    if not history.has_changes():
        return
    there = campaign_sums.of_story(story.id, connection)
    for n in range(0, len(there), CHUNK):
        added: dict[str, Counter[str]] = defaultdict(Counter)
        for subject in sorted(there)[n : n + CHUNK]:
            for measure, figure in there[subject].items():
                for sign, campaigns in ((-1, history.deleted), (1, history.added)):
                    for campaign in campaigns:
                        if campaign is not None:
                            added[subject][campaign_sums.period_of(measure, campaign)] += sign * figure
        add_all(added, connection)
