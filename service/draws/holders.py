"""Holders. In: a draw. Out: everybody with tickets of it, one after another, and why some of them may not enter.

Shares and people come from the database as plain rows in the order of subjects, and are laid side by side: a million
of them take no more memory than a thousand.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import sqlalchemy as sa

from scoring import tickets as counting
from scoring import weeks
from scoring.shares import COUNTED
from scoring.tickets import Count
from service import clock
from service.books import terms
from service.database import db
from service.draws.plans import Plan
from service.models import Contest, Draw, Employee, Entrant, FreeEntry, LeftOut, Liaison, Programme, Rank, Share, Story
from service.models.draws import DrawKind, DrawStatus, RankState
from service.models.people import Status

BATCH = 5000
"""Rows that the driver hands over at a time."""
ENDED = (Status.LEFT, Status.GONE, Status.SUSPENDED)


class Holder(NamedTuple):
    """Somebody with tickets. `earned` are those of her shares, `free` those she has without; `why`: not entering."""

    subject: str
    email: str | None
    earned: int
    free: int
    why: str | None

    @property
    def tickets(self) -> int:
        return self.earned + self.free


def holders(draw: Draw) -> Iterator[Holder]:
    """Yield everybody with tickets of this draw, or with a free way in, by subject."""
    plan = Plan.of(draw)
    entrance = _Entrance(draw, plan)
    asked = sa.select(
        Employee.subject,
        Employee.email,
        Employee.status,
        Employee.excluded_from_draws,
        Employee.team_id,
        Employee.office,
        Employee.country,
        Employee.invited_at,
        Employee.created_at,
    ).order_by(Employee.subject)
    held = earned(draw)
    who, count = next(held, (None, 0))
    for person in _stream(asked):
        while who is not None and who < person.subject:
            who, count = next(held, (None, 0))
        hers = count if who == person.subject else 0
        free = min(entrance.free(person.subject), entrance.at_most - hers)
        if hers or free > 0:
            yield Holder(person.subject, person.email, hers, max(0, free), entrance.why_not(person))


def earned(draw: Draw, subject: str | None = None) -> Iterator[tuple[str, int]]:
    """Yield (subject, tickets) of everybody whose shares bring tickets of this draw, by subject.

    Of a month's draw: what its weeks bring, and what became known of the month before since its draw was frozen.
    """
    if draw.kind == DrawKind.CONTEST:
        yield from ((who, 1) for who in _took_part(draw) if subject in (None, who))
        return
    plan = Plan.of(draw)
    month = month_of(draw)
    count = plan.count(month)
    before = _draw_before(month) if month is not None else None
    former = Plan.of(before) if before is not None else Plan()
    late = former.count(before.month) if before is not None else None
    then = _told(before, subject) if before is not None else iter(())
    who, had = next(then, (None, 0))
    rows = _stream(_confirmed(draw, plan, count, late, subject))
    for one, group in groupby(rows, key=itemgetter(0)):
        visited = [(datetime.fromisoformat(first), network) for _, first, network in group if first]
        held = counting.held((at for at, _ in visited), count)
        if late is not None:
            while who is not None and who < one:
                who, had = next(then, (None, 0))
            moments = (at for at, network in visited if network not in former.networks_out)
            held += max(0, counting.held(moments, late) - (had if who == one else 0))
        if held:
            yield one, held


def _took_part(draw: Draw) -> list[str]:
    """Return who enters for a contest, sorted; nobody until its result is published."""
    asked = sa.select(Contest.took_part).where(Contest.id == draw.contest_id, Contest.closed_at.is_not(None))
    return db.session.scalar(asked) or []


def month_of(draw: Draw) -> str | None:
    """Return the month whose tickets enter, as far as it is known; None for draws of other kinds."""
    if draw.kind != DrawKind.MONTH:
        return None
    return draw.month or weeks.month_of(clock.now(), terms().zone)


def _confirmed(draw: Draw, plan: Plan, count: Count, late: Count | None, subject: str | None) -> sa.Select[Any]:
    """Select (subject, first visit, network) of shares that may bring tickets.

    Days are exact to one, the rest is scoring's.
    """
    first = Share.visited_at[0].as_string()
    asked = sa.select(Share.subject, first, Share.network).order_by(Share.subject)
    asked = asked.where(Share.state.in_(COUNTED))
    begin, end = _span(late or count)[0], _span(count)[1]
    if begin is not None:
        asked = asked.where(first >= begin)
    if end is not None:
        asked = asked.where(first < end)
    if plan.networks_out:
        asked = asked.where(Share.network.not_in(plan.networks_out))
    if draw.kind == DrawKind.CAMPAIGN:
        asked = asked.join(Story, Share.story_id == Story.id).where(Story.campaign_id == draw.campaign_id)
    return asked if subject is None else asked.where(Share.subject == subject)


def _span(count: Count) -> tuple[str | None, str | None]:
    """Return the first day and the day after the last, with room for every zone, as ISO texts sort."""
    first, last = count.first, count.last
    if count.month is not None:
        all_weeks = weeks.weeks_of_month(count.month)
        first, last = weeks.monday(all_weeks[0]), weeks.monday(all_weeks[-1]) + timedelta(days=6)
    return (
        (first - timedelta(days=2)).isoformat() if first else None,
        (last + timedelta(days=3)).isoformat() if last else None,
    )


def _draw_before(month: str) -> Draw | None:
    return db.session.scalar(
        sa.select(Draw)
        .where(
            Draw.kind == DrawKind.MONTH,
            Draw.month < month,
            Draw.status.in_((DrawStatus.FROZEN, DrawStatus.DRAWN, DrawStatus.VOID)),
            Draw.frozen_at.is_not(None),
        )
        .order_by(Draw.month.desc(), Draw.frozen_at.desc())
        .limit(1)
    )


def _told(draw: Draw, subject: str | None) -> Iterator[tuple[str, int]]:
    """Yield (subject, tickets of her shares) as they were known when this draw was frozen, in or out of its pool."""
    inside = sa.select(Entrant.subject, (Entrant.tickets - Entrant.free).label("held")).where(
        Entrant.draw_id == draw.id
    )
    outside = sa.select(LeftOut.subject, LeftOut.tickets.label("held")).where(LeftOut.draw_id == draw.id)
    both = sa.union_all(inside, outside).subquery()
    asked = sa.select(both.c.subject, both.c.held).order_by(both.c.subject)
    if subject is not None:
        asked = asked.where(both.c.subject == subject)
    yield from _stream(asked)


def _stream(asked: Any) -> Iterator[Any]:
    with db.session.execute(asked.execution_options(yield_per=BATCH)) as rows:
        yield from rows


class _Entrance:
    """Who may enter a draw, and who takes the free way in."""

    def __init__(self, draw: Draw, plan: Plan) -> None:
        now = draw.frozen_at or clock.now()
        self.plan = plan
        self.at_most = plan.count(None).at_most
        self.teams, self.offices = set(plan.teams), {office.casefold() for office in plan.offices}
        self.countries = set(plan.countries)
        self.known_by = now - timedelta(days=plan.tenure_days)
        self.liaisons = _liaisons()
        self.recent = _winners(months_before(now, plan.recent_months)) if plan.recent_months else set()
        mine = sa.select(FreeEntry.subject).where(FreeEntry.draw_id == draw.id)
        self.freely = set(db.session.scalars(mine)) if plan.free else set()

    def free(self, subject: str) -> int:
        return self.plan.free if subject in self.freely else 0

    def why_not(self, person: Any) -> str | None:
        """Return the reason why somebody does not enter: a code that her page and the console say in words."""
        if not person.email:
            return "erased"
        if person.status in ENDED:
            return str(person.status)
        if person.email.casefold() in self.liaisons:
            return "liaison"
        if person.excluded_from_draws:
            return "excluded"
        if self.teams and person.team_id not in self.teams:
            return "team"
        if self.offices and (person.office or "").casefold() not in self.offices:
            return "office"
        if self.countries and person.country not in self.countries:
            return "country"
        if self.plan.tenure_days and (person.invited_at or person.created_at) > self.known_by:
            return "new"
        return "recent" if person.subject in self.recent else None


def _liaisons() -> set[str]:
    found = set(db.session.scalars(sa.select(Liaison.email)))
    found |= set(db.session.scalars(sa.select(Programme.liaison_email)))
    return {address.casefold() for address in found}


def _winners(since: datetime) -> set[str]:
    rows = sa.select(Rank.subject).join(Draw, Rank.draw_id == Draw.id)
    kept = Rank.state.in_((RankState.OFFERED, RankState.CLAIMED))
    return set(db.session.scalars(rows.where(kept, Draw.drawn_at >= since, Draw.sample.is_(False))))


def months_before(moment: datetime, months: int) -> datetime:
    """Return the same day so many months earlier, or the last day of that month."""
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    for day in (moment.day, 30, 29, 28):
        try:
            return moment.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    return moment
