"""Holders. In: totals that change. Out: how many people hold how many points in a period, and the places that follow.

The time that a place takes goes by how many different totals there are, a thousand or so, and not by people or lines
of the ledger. Nobody waits for somebody else's points: changes are new rows, joined now and then by `fold`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from service.database import db
from service.joining import join
from service.models import Holders, Total

STEP = 64
"""People are counted by each figure, and by so many figures together: a place adds up a few dozen numbers, not all."""


def note(connection: Connection, changed: Mapping[tuple[str, int], int]) -> None:
    """Write down that so many more people (negative: fewer) hold these points, by period and points. No commit."""
    counted: Counter[tuple[str, int, int]] = Counter()
    for (period, points), people in changed.items():
        if points > 0:
            counted[period, 1, points] += people
            counted[period, STEP, points // STEP] += people
    rows = [
        {"period": period, "step": step, "points": points, "people": people}
        for (period, step, points), people in counted.items()
        if people
    ]
    if rows:
        connection.execute(sa.insert(Holders), rows)


def count(period: str) -> None:
    """Write down who holds how many points in a period of which nothing is written yet. Does not commit."""
    held = (Total.period == period, Total.shown, Total.points > 0)
    for step in (1, STEP):
        points = Total.points if step == 1 else Total.points.op("/")(sa.literal_column(str(STEP)))
        sums = sa.select(sa.literal(period), sa.literal(step), points, sa.func.count()).where(*held).group_by(points)
        db.session.execute(sa.insert(Holders).from_select(["period", "step", "points", "people"], sums))


def places(period: str, points: Collection[int]) -> dict[int, int]:
    """Return by figure the place of whoever has so many points in a period, in one query; none for 0 and less.

    1 is the best, and equals share a place.
    """
    wanted = sorted({n for n in points if n > 0})
    if not wanted:
        return {}
    found = db.session.execute(sa.select(*(_better(period, sa.literal(n)) for n in wanted))).one()
    return {n: 1 + int(people) for n, people in zip(wanted, found, strict=True)}


def standing_of(subject: str, period: str) -> sa.Select[Any]:
    """Return the query of somebody's points and place in a period: one statement, one trip."""
    better = 1 + _better(period, Total.points)
    return sa.select(Total.points, better.label("place")).where(Total.subject == subject, Total.period == period)


def _better(period: str, points: Any) -> Any:
    """Return the expression of how many people have more points: those of the same step, and all of the next ones."""
    step = points.op("/")(sa.literal_column(str(STEP)))  # whole numbers: both databases leave the rest out
    count = sa.select(sa.func.coalesce(sa.func.sum(Holders.people), 0)).where(Holders.period == period)
    near = count.where(Holders.step == 1, Holders.points > points, Holders.points < (step + 1) * STEP)
    far = count.where(Holders.step == STEP, Holders.points > step)
    return near.scalar_subquery() + far.scalar_subquery()


def people(period: str) -> int:
    """Return how many people stand on the board of a period."""
    asked = sa.select(sa.func.coalesce(sa.func.sum(Holders.people), 0))
    asked = asked.where(Holders.period == period, Holders.step == STEP)
    return int(db.session.scalar(asked) or 0)


def fold() -> int:
    """Join the rows that say how many people hold the same points; return how many rows that spares. No commit."""
    return join(Holders, ["period", "step", "points"], ["people"])


def wrong() -> list[tuple[str, int, int, int]]:
    """Return where holders and totals disagree, as (period, points, people by totals, people by holders): never."""
    held = sa.select(Holders.period, Holders.step, Holders.points, sa.literal(0).label("a"), Holders.people.label("b"))
    standing = (Total.shown, Total.points > 0)
    one = sa.select(Total.period, sa.literal(1), Total.points, sa.literal(1), sa.literal(0)).where(*standing)
    step = Total.points.op("/")(sa.literal_column(str(STEP)))
    many = sa.select(Total.period, sa.literal(STEP), step, sa.literal(1), sa.literal(0)).where(*standing)
    both = sa.union_all(held, one, many).subquery()
    a, b = sa.func.sum(both.c.a), sa.func.sum(both.c.b)
    by = (both.c.period, both.c.step, both.c.points)
    asked = sa.select(*by, a, b).group_by(*by).having(a != b)
    return [(period, step * points, int(x), int(y)) for period, step, points, x, y in db.session.execute(asked)]
