"""Joint sums. In: campaigns that carry one hashtag. Out: their figures kept added up, person by person.

A hashtag stands for several campaigns. While these are small their totals are added up when somebody asks; once there
are many lines the sums are kept, as totals of a period of their own, so that places are found as on any other board.
A share belongs to one campaign, so it counts once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from service import bulk, holders
from service.campaign_sums import Measure, name_of, ordered, period_of
from service.database import db
from service.dialects import postgres
from service.models import Employee, Holders, JointSum, Total
from service.team_sums import belongs, counts_in

LONG = 20_000
"""From so many lines on, of all its campaigns together, a sum is kept; fewer are added up in some hundredths of a
second."""

MOST = 30
"""Sums that are kept at most, for each makes a line of a campaign's totals a line more; the longest are."""


def kept(some: Sequence[int], measure: Measure) -> str | None:
    """Return the period under which a figure of these campaigns is kept; None if it has to be added up."""
    if len(set(some)) == 1:
        return period_of(measure, some[0])
    asked = sa.select(JointSum.id).where(JointSum.campaigns == ordered(some), JointSum.measure == measure)
    number = db.session.scalar(asked)
    return None if number is None else _period(measure, number)


def _period(measure: str, number: int) -> str:
    return f"{name_of(Measure(measure))}+{number}"


def every(connection: Connection | None = None) -> dict[str, tuple[str, ...]]:
    """Return by kept period those of the campaigns that it adds up."""
    connection = connection or db.session.connection()
    rows = connection.execute(sa.select(JointSum.id, JointSum.campaigns, JointSum.measure))
    return {
        _period(measure, number): tuple(period_of(Measure(measure), int(n)) for n in campaigns.split("+"))
        for number, campaigns, measure in rows
    }


def spread(added: Mapping[str, Mapping[str, int]], connection: Connection) -> dict[str, Counter[str]]:
    """Return by subject and kept period what it gains when campaigns' totals gain `added`.

    Call it after these are written, in their transaction: who makes a sum shuts out whoever has written totals, so
    that no line comes between.
    """
    if not any(":" in period for hers in added.values() for period in hers):
        return {}
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for joint, parts in every(connection).items():
        for subject, hers in added.items():
            if gained := sum(hers.get(part, 0) for part in parts):
                found[subject][joint] += gained
    return found


def keep(wanted: Iterable[Collection[int]]) -> Iterator[str]:
    """Keep the sums of those of these sets of campaigns that are long, and no others; give the name of each step.

    Commit after each: while one is made nobody's points can change, half a minute for a million people. It
    happens once, when a second campaign takes up the hashtag of a long one.
    """
    lengths: dict[int, int] = {}
    long: dict[str, int] = {}
    for some in wanted:
        for n in some:
            if n not in lengths:
                lengths[n] = holders.people(period_of(Measure.POINTS, n))
        if len(set(some)) > 1 and (length := sum(lengths[n] for n in set(some))) >= LONG:
            long[ordered(list(some))] = length
    chosen = sorted(long, key=lambda campaigns: (-long[campaigns], campaigns))[: MOST // len(Measure)]
    right = {(campaigns, measure.value) for campaigns in chosen for measure in Measure}
    there = {(row.campaigns, row.measure) for row in db.session.scalars(sa.select(JointSum))}
    for campaigns, measure in sorted(there - right):
        _drop(campaigns, measure)
        yield f"{campaigns} by {measure} given up"
    for campaigns, measure in sorted(right - there):
        _make(campaigns, measure)
        yield f"{campaigns} by {measure} kept"


def _shut_out() -> None:
    """Wait until nobody is writing totals or joining holders, and let nobody begin. SQLite has one writer anyway."""
    if postgres():
        db.session.execute(sa.text("LOCK TABLE total, holders IN SHARE ROW EXCLUSIVE MODE"))


def _make(campaigns: str, measure: str) -> None:
    _shut_out()
    made = bulk.insert_or_ignore(JointSum).values(campaigns=campaigns, measure=measure).returning(JointSum.id)
    number = db.session.scalar(made)
    if number is None:
        return  # another worker was quicker
    period, parts = _period(measure, number), [period_of(Measure(measure), int(n)) for n in campaigns.split("+")]
    shown = sa.func.max(sa.case((sa.and_(belongs(), Employee.off_boards.is_(False)), 1), else_=0)) == 1
    sums = (
        sa.select(Total.subject, sa.literal(period), sa.func.sum(Total.points), shown, sa.func.max(counts_in()))
        .outerjoin(Employee, Employee.subject == Total.subject)
        .where(Total.period.in_(parts))
        .group_by(Total.subject)
    )
    db.session.execute(sa.insert(Total).from_select(["subject", "period", "points", "shown", "team_id"], sums))
    holders.count(period)


def _drop(campaigns: str, measure: str) -> None:
    _shut_out()
    gone = sa.delete(JointSum).where(JointSum.campaigns == campaigns, JointSum.measure == measure)
    number = db.session.scalar(gone.returning(JointSum.id).execution_options(synchronize_session=False))
    if number is None:
        return
    for table in (Total, Holders):
        of_it = sa.delete(table).where(table.period == _period(measure, number))
        db.session.execute(of_it.execution_options(synchronize_session=False))


def expected(sums: Mapping[tuple[str, str], int], joints: Mapping[str, tuple[str, ...]]) -> Counter[tuple[str, str]]:
    """Return by subject and kept period what follows from these sums by subject and period of a single campaign."""
    found: Counter[tuple[str, str]] = Counter()
    for joint, parts in joints.items():
        for (subject, period), points in sums.items():
            if period in parts:
                found[subject, joint] += points
    return found
