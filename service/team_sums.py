"""Team sums. In: totals that change. Out: each team's points in a period, and how many active advocates they are of.

Read at once, however many people there are. As with service.holders, changes are new rows, joined by `fold`.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from service.database import db
from service.joining import join
from service.models import Employee, TeamSum, Total
from service.models.people import Status

OFF = (Status.LEFT, Status.GONE, Status.SUSPENDED)
"""Who has left the programme or the company or is suspended stands on no board, and counts in no team."""


def belongs() -> sa.ColumnElement[bool]:
    """Return the condition that an employee belongs to the programme."""
    # One by one and not as a list, which no statement with many rows of parameters takes.
    return sa.and_(*(Employee.status != status for status in OFF))


def counts_in() -> sa.ColumnElement[int | None]:
    """Return the team that an employee's points count in; none if she has none or belongs to the programme no more."""
    return sa.case((belongs(), Employee.team_id))


def of_time(period: str) -> bool:
    """Tell whether a period is one of time, as boards of teams are made for; others are sums of campaigns."""
    return ":" not in period and "+" not in period


def worth(points: int) -> tuple[int, int]:
    """Return what somebody with so many points adds to her team: points and people; nobody is active without any."""
    return (points, 1) if points > 0 else (0, 0)


def note(connection: Connection, changed: Mapping[tuple[str, int], tuple[int, int]]) -> None:
    """Write down what teams gain (negative: lose) of points and people, by period and team. Does not commit."""
    rows = [
        {"period": period, "team_id": team, "points": points, "people": people}
        for (period, team), (points, people) in sorted(changed.items())
        if points or people
    ]
    if rows:
        connection.execute(sa.insert(TeamSum), rows)


def of_period(period: str, fewest: int) -> dict[int, tuple[int, int]]:
    """Return by team its points in a period and its active advocates, where these are so many or more."""
    points, people = sa.func.sum(TeamSum.points), sa.func.sum(TeamSum.people)
    asked = sa.select(TeamSum.team_id, points, people).where(TeamSum.period == period)
    lines = db.session.execute(asked.group_by(TeamSum.team_id).having(people >= fewest))
    return {team: (int(total), int(number)) for team, total, number in lines}


def fold() -> int:
    """Join the rows of the same team and period; return how many rows that spares. Does not commit."""
    return join(TeamSum, ["period", "team_id"], ["points", "people"])


def wrong() -> list[tuple[str, int, str, str]]:
    """Return where sums are not what totals and teams of people say, as (period, team, expected, found): never."""
    kept = sa.select(
        TeamSum.period, TeamSum.team_id, sa.literal(0), sa.literal(0), TeamSum.points.label("c"), TeamSum.people
    )
    plain = (
        sa.select(Total.period, Employee.team_id, Total.points, sa.literal(1), sa.literal(0), sa.literal(0))
        .join(Employee, Employee.subject == Total.subject)
        .where(Total.points > 0, Employee.team_id.is_not(None), belongs())
        .where(Total.period.not_like("%:%"), Total.period.not_like("%+%"))
    )
    both = sa.union_all(kept, plain).subquery().alias("both")
    by, sums = tuple(both.c)[:2], [sa.func.sum(column) for column in tuple(both.c)[2:]]
    asked = sa.select(*by, *sums).group_by(*by).having(sa.or_(sums[0] != sums[2], sums[1] != sums[3]))
    return [
        (period, team, f"{points} points of {people}", f"{kept_points} points of {kept_people}")
        for period, team, points, people, kept_points, kept_people in db.session.execute(asked)
    ]
