"""Totals. In: points that somebody gains or loses. Out: her sums by period, and how many people hold how many points.

Both are written in the transaction of whatever changes them. Places are read from the second: the time it takes goes
by how many different totals there are, a thousand or so, and not by people or lines of the ledger. Nobody waits for
somebody else's points: changes are new rows, joined now and then by `fold`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from scoring.weeks import day_of, week_of
from service.database import db
from service.models import Employee, Holders, LedgerEntry, Share, Story, Total
from service.models.people import Status

EVER = "all"
"""The period of totals that has no end."""

OFF = (Status.LEFT, Status.GONE, Status.SUSPENDED)
"""Who has left the programme or the company or is suspended stands on no board."""

CHUNK = 500

STEP = 64
"""People are counted by each figure, and by so many figures together: a place adds up a few dozen numbers, not all."""


def periods_of(at: datetime, zone: str) -> tuple[str, ...]:
    """Return the periods that a moment belongs to: its week, month and quarter in this zone, and ever."""
    day = day_of(at, zone)
    return week_of(at, zone), f"{day:%Y-%m}", quarter_of(f"{day:%Y-%m}"), EVER


def quarter_of(month: str) -> str:
    """Return the quarter of a month: 2026-Q4 for 2026-11."""
    return f"{month[:4]}-Q{(int(month[5:7]) + 2) // 3}"


def campaign_period(campaign_id: int) -> str:
    """Return the period under which a campaign's points are added up."""
    return f"campaign:{campaign_id}"


def on_boards() -> sa.ColumnElement[bool]:
    """Return the condition that an employee may stand on boards."""
    # One by one and not as a list, which no statement with many rows of parameters takes.
    return sa.and_(*(Employee.status != status for status in OFF), Employee.off_boards.is_(False))


def add(subject: str, added: Mapping[str, int], connection: Connection | None = None) -> None:
    """Add points (negative: take) to a person's totals by period. Does not commit."""
    add_all({subject: added}, connection)


def add_all(added: Mapping[str, Mapping[str, int]], connection: Connection | None = None) -> None:
    """Add points by subject and period, many people's in as many statements as one's. Does not commit."""
    rows = [
        {"subject": subject, "period": period, "points": points, "whose": subject}
        for subject, hers in sorted(added.items())
        for period, points in sorted(hers.items())
        if points
    ]
    if not rows:
        return
    connection = connection or db.session.connection()
    mine = sa.select(on_boards()).where(Employee.subject == sa.bindparam("whose", type_=sa.String)).scalar_subquery()
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    upsert = dialect.insert(Total).values(
        subject=sa.bindparam("subject"),
        period=sa.bindparam("period"),
        points=sa.bindparam("points"),
        shown=sa.func.coalesce(mine, sa.false()),
    )
    asked = upsert.on_conflict_do_update(
        index_elements=["subject", "period"], set_={"points": Total.points + upsert.excluded.points}
    ).returning(Total.subject, Total.period, Total.points, Total.shown)
    changed: Counter[tuple[str, int]] = Counter()
    for subject, period, now, shown in connection.execute(asked, rows):
        if shown:
            changed[period, now - added[subject][period]] -= 1
            changed[period, now] += 1
    _note(connection, changed)


def _note(connection: Connection, changed: Mapping[tuple[str, int], int]) -> None:
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


def place(period: str, points: int) -> int | None:
    """Return the place of whoever has so many points in a period: 1 is the best, equals share one; None for 0."""
    return places(period, [points]).get(points)


def places(period: str, points: Collection[int]) -> dict[int, int]:
    """Return by figure the place of whoever has so many points in a period, in one query; none for 0 and less."""
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


def review(subjects: Collection[str] | None = None, connection: Connection | None = None) -> int:
    """Let who came, left or asked for it onto the boards or off them; return how many totals changed. Does not commit.

    None: everybody, for what was changed behind our back. Whoever changes a status by a statement of its own calls it.
    """
    connection = connection or db.session.connection()
    ids = None if subjects is None else sorted(set(subjects))
    batches = [None] if ids is None else [ids[n : n + CHUNK] for n in range(0, len(ids), CHUNK)]
    hers = sa.select(on_boards()).where(Employee.subject == Total.subject).scalar_subquery()
    right = sa.func.coalesce(hers, sa.false())
    count = 0
    for batch in batches:
        asked = sa.update(Total).where(Total.shown != right).values(shown=right)
        if batch is not None:
            asked = asked.where(Total.subject.in_(batch))
        changed: Counter[tuple[str, int]] = Counter()
        for period, points, shown in connection.execute(
            asked.returning(Total.period, Total.points, Total.shown), execution_options={"synchronize_session": False}
        ):
            changed[period, points] += 1 if shown else -1
            count += 1
        _note(connection, changed)
    return count


def fold() -> int:
    """Join the rows that say how many people hold the same points; return how many rows that spares."""
    connection = db.session.connection()
    table: Any = Holders.__table__
    twice = sa.select(table.c.period, table.c.step, table.c.points)
    twice = twice.group_by(table.c.period, table.c.step, table.c.points)
    twice = twice.having(sa.func.count() > 1)
    both = sa.tuple_(table.c.period, table.c.step, table.c.points).in_(twice)
    if connection.dialect.name == "postgresql":
        # One statement sees one moment; what another one deletes meanwhile is not returned here.
        gone = sa.delete(table).where(both).returning(*table.c).cte("gone")
        sums = _sums(gone)
        made = (
            sa.insert(table).from_select(["period", "step", "points", "people"], sums).returning(table.c.id).cte("made")
        )
        asked = sa.select(
            sa.select(sa.func.count()).select_from(gone).scalar_subquery(),
            sa.select(sa.func.count()).select_from(made).scalar_subquery(),
        )
        before, after = connection.execute(asked).one()
        return int(before - after)
    rows = connection.execute(_sums(table).where(both)).all()
    before = connection.execute(sa.delete(table).where(both)).rowcount
    if rows:
        connection.execute(sa.insert(table), [dict(row._mapping) for row in rows])
    return int(before - len(rows))


def _sums(of: Any) -> Any:
    people = sa.func.sum(of.c.people)
    asked = sa.select(of.c.period, of.c.step, of.c.points, people.label("people"))
    asked = asked.group_by(of.c.period, of.c.step, of.c.points)
    return asked.having(people != 0)


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


def campaigns_of(shares: Iterable[int]) -> dict[int, int]:
    """Return by share the campaign that its story belongs to; no story changes hers until this transaction ends."""
    ids = sorted(set(shares))
    asked = (
        sa.select(Share.id, Story.campaign_id)
        .join(Story, Share.story_id == Story.id)
        .where(Share.id.in_(ids), Story.campaign_id.is_not(None))
        .with_for_update(read=True, of=Story)
    )
    return {line.id: line.campaign_id or 0 for line in db.session.execute(asked)} if ids else {}


@event.listens_for(Employee, "after_update")
def _on_or_off(_mapper: Any, connection: Connection, employee: Employee) -> None:
    seen = sa.inspect(employee).attrs
    if seen.status.history.has_changes() or seen.off_boards.history.has_changes():
        review([employee.subject], connection)


@event.listens_for(Story, "after_update")
def _moved(_mapper: Any, connection: Connection, story: Story) -> None:
    """Carry the points of a story's shares from one campaign to the other."""
    history = sa.inspect(story).attrs.campaign_id.history
    if not history.has_changes():
        return
    asked = (
        sa.select(LedgerEntry.subject, sa.func.sum(LedgerEntry.points))
        .join(Share, sa.and_(LedgerEntry.share_id == Share.id, LedgerEntry.subject == Share.subject))
        .where(Share.story_id == story.id)
        .group_by(LedgerEntry.subject)
        .order_by(LedgerEntry.subject)
    )
    for subject, points in connection.execute(asked).all():
        added = {campaign_period(n): -points for n in history.deleted if n is not None}
        added |= {campaign_period(n): points for n in history.added if n is not None}
        add(subject, added, connection)
