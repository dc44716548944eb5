"""Boards. In: a period, a campaign or a hashtag. Out: people near somebody, the top, teams, with names as each wants.

Reads go by totals that are kept, so they take the same time however long the ledger grows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from scoring.weeks import day_of, week_of
from service import campaign_sums, clock, holders, joint_sums, team_sums, totals
from service.board import NEAR, short
from service.campaign_sums import Measure as Measure
from service.database import db
from service.journal import log
from service.models import Campaign, Employee, Programme, Team, Total
from service.totals import on_boards

FEWEST = 5
"""A team is shown from so many active advocates on: the figures of fewer would be somebody's own."""

TOP = 10


class Span(StrEnum):
    """Spans of time that a board is made for."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    EVER = "ever"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a board. Equals share a place and the next ones are left out (1, 2, 2, 4)."""

    place: int
    name: str
    figure: int
    her: bool = False


@dataclass(frozen=True, slots=True)
class TeamRow:
    """One team: its points divided by its active advocates, who are those with points in the period."""

    place: int
    name: str
    mean: float
    people: int
    hers: bool = False


@dataclass(frozen=True, slots=True)
class Own:
    """Somebody's own figure and place, for her own eyes; no place without points."""

    figure: int
    place: int | None
    of: int
    """People on the board."""


def only_groups() -> bool:
    """Tell whether individual figures are for the person alone (works-council mode)."""
    return bool(db.session.scalar(sa.select(Programme.works_council).where(Programme.id == 1)))


def period_of(span: Span, now: datetime, zone: str) -> str:
    """Return the period of totals that a span means now, in the programme's zone."""
    month = f"{day_of(now, zone):%Y-%m}"
    return {Span.WEEK: week_of(now, zone), Span.MONTH: month, Span.QUARTER: totals.quarter_of(month)}.get(
        span, totals.EVER
    )


def own(employee: Employee, period: str) -> Own:
    """Return her points in a period and her place, which she sees even if she stands on nobody's board."""
    found = db.session.execute(holders.standing_of(employee.subject, period)).first()
    points, place = (found.points, int(found.place)) if found else (0, 1)
    return Own(points, place if points > 0 else None, holders.people(period))


def top(period: str, employee: Employee | None = None, limit: int = TOP) -> list[Row]:
    """Return the first lines of a period's board, herself marked."""
    asked = _standing(period).order_by(Total.points.desc(), Total.subject).limit(limit)
    return _rows(period, db.session.execute(asked).all(), employee)


def near(employee: Employee, period: str, each_way: int = NEAR) -> list[Row]:
    """Return the two above, herself and the two below; empty without points or if she is on no board."""
    hers = db.session.execute(_standing(period).where(Total.subject == employee.subject)).first()
    if hers is None:
        return []
    above = _beside(period, hers, each_way, up=True)
    return _rows(period, [*reversed(above), hers, *_beside(period, hers, each_way, up=False)], employee)


def _standing(period: str) -> Any:
    return (
        sa.select(Total.subject, Total.points, Employee.alias, Employee.name)
        .join(Employee, Employee.subject == Total.subject)
        .where(Total.period == period, Total.shown, Total.points > 0, on_boards())
    )


def _beside(period: str, hers: Any, number: int, up: bool) -> list[Any]:
    """Return the nearest lines above or below, each found by the index: equals first, then the next figure's."""
    direction = Total.subject.desc() if up else Total.subject.asc()
    further = Total.subject < hers.subject if up else Total.subject > hers.subject
    here = _standing(period).where(Total.points == hers.points, further).order_by(direction).limit(number)
    found, points = list(db.session.execute(here)), hers.points
    while len(found) < number:
        beyond = Total.points > points if up else Total.points < points
        order = Total.points.asc() if up else Total.points.desc()
        points = db.session.scalar(
            _standing(period).where(beyond).with_only_columns(Total.points).order_by(order).limit(1)
        )
        if points is None:
            break
        there = _standing(period).where(Total.points == points).order_by(direction).limit(number - len(found))
        found += list(db.session.execute(there))
    return found


def _rows(period: str, lines: Sequence[Any], employee: Employee | None) -> list[Row]:
    at = holders.places(period, [line.points for line in lines])
    her = employee.subject if employee else None
    return [Row(at[n.points], n.alias or short(n.name or ""), n.points, n.subject == her) for n in lines]


def teams(period: str, employee: Employee | None = None) -> list[TeamRow]:
    """Return the teams of a period by mean points per active advocate, those with FEWEST of them or more.

    An active advocate has points in the period and belongs to the programme. Who is on no board counts in her team:
    its mean is nobody's own figure.
    """
    sums = team_sums.of_period(period, FEWEST)
    names = db.session.execute(sa.select(Team.id, Team.name)) if sums else ()
    mine = employee.team_id if employee else None
    means = sorted(
        ((sums[id_][0] / sums[id_][1], name, sums[id_][1], id_ == mine) for id_, name in names if id_ in sums),
        key=lambda line: (-line[0], line[1]),
    )
    found: list[TeamRow] = []
    for n, (mean, name, number, hers) in enumerate(means, start=1):
        tied = found and found[-1].mean == mean
        found.append(TeamRow(found[-1].place if tied else n, name, mean, number, hers))
    return found


def campaigns(employee: Employee | None = None) -> list[Campaign]:
    """Return the campaigns that have begun, the newest first; for somebody, those that are for her team."""
    zone = db.session.scalar(sa.select(Programme.zone)) or "UTC"
    asked = sa.select(Campaign).where(Campaign.starts_on <= day_of(clock.now(), zone))
    found = db.session.scalars(asked.order_by(Campaign.starts_on.desc(), Campaign.id.desc()))
    return [c for c in found if employee is None or not c.audience or employee.team_id in c.audience]


def hashtags(of: Iterable[Campaign]) -> dict[str, list[Campaign]]:
    """Return by hashtag, as first written, the campaigns that carry it, in any case of letters."""
    found: dict[str, tuple[str, list[Campaign]]] = {}
    for campaign in of:
        for tag in campaign.hashtags:
            found.setdefault(tag.casefold(), (tag, []))[1].append(campaign)
    return dict(found.values())


def of_campaigns(
    some: Sequence[Campaign], measure: Measure, employee: Employee | None = None, limit: int = TOP
) -> tuple[list[Row], Own | None]:
    """Return the board of one campaign, or of all with a hashtag, and her own figure on it."""
    ids = [c.id for c in some]
    period = joint_sums.kept(ids, measure)
    if period is not None:
        return top(period, employee, limit), own(employee, period) if employee else None
    hers = 0
    if employee:
        mine = _added_up(ids, measure).where(Total.subject == employee.subject).subquery()
        hers = int(db.session.scalar(sa.select(mine.c.figure)) or 0)
    # Adding up is the work: one pass gives the first lines, how many are ahead of her, and how many there are.
    listed = _added_up(ids, measure).where(Total.shown).cte("listed")
    standing = sa.select(listed).where(listed.c.figure > 0)
    people = sa.select(sa.func.count()).select_from(listed).where(listed.c.figure > 0)
    first = standing.order_by(listed.c.figure.desc(), listed.c.subject).limit(limit).subquery()
    asked = (
        sa.select(
            first.c.subject,
            first.c.figure,
            Employee.alias,
            Employee.name,
            people.scalar_subquery().label("people"),
            people.where(listed.c.figure > hers).scalar_subquery().label("ahead"),
        )
        .join(Employee, Employee.subject == first.c.subject)
        .order_by(first.c.figure.desc(), first.c.subject)
    )
    lines = db.session.execute(asked).all()
    her = employee.subject if employee else None
    rows: list[Row] = []
    for n, line in enumerate(lines, start=1):
        place = rows[-1].place if rows and rows[-1].figure == line.figure else n
        rows.append(Row(place, line.alias or short(line.name or ""), int(line.figure), line.subject == her))
    if employee is None:
        return rows, None
    of, ahead = (lines[0].people, lines[0].ahead) if lines else (0, 0)
    return rows, Own(hers, ahead + 1 if hers > 0 else None, of)


def _added_up(ids: Sequence[int], measure: Measure) -> Any:
    """Return the query of subject and figure over several campaigns."""
    periods = [campaign_sums.period_of(measure, n) for n in ids]
    sums = sa.select(Total.subject, sa.func.sum(Total.points).label("figure")).where(Total.period.in_(periods))
    return sums.group_by(Total.subject)


def joint() -> list[list[int]]:
    """Return the sets of two campaigns or more that a board of a hashtag may be of, as somebody in some team sees it.

    Whoever's team no campaign names sees those that are for all; the console sees every one.
    """
    found: dict[str, list[int]] = {}
    for some in hashtags(campaigns()).values():
        named = {team for campaign in some for team in campaign.audience}
        sights = [
            [c.id for c in some],
            *([c.id for c in some if not c.audience or t in c.audience] for t in {*named, 0}),
        ]
        found |= {campaign_sums.ordered(ids): ids for ids in sights if len(ids) > 1}
    return list(found.values())


def tend() -> int:
    """Keep boards quick: join what changed, keep the sums that hashtags' boards need. A use case: commits."""
    spared = holders.fold() + team_sums.fold()
    db.session.commit()
    for step in joint_sums.keep(joint()):
        db.session.commit()
        log.info("sums of several campaigns", step=step)
    return spared


def look_again() -> int:
    """Let whoever came or left by other ways onto the boards or off them. A use case: commits."""
    changed = totals.review()
    db.session.commit()
    return changed
