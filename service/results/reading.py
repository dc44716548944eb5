"""Reading. In: a scope. Out: its figures by network, story, topic, kind, campaign, words, reason, hour, person, team.

Everything here reads aggregates and no shares.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from scoring.results import SUMMED
from service.boards import FEWEST
from service.database import db
from service.models import (
    Activity,
    Campaign,
    Crowd,
    DayFigure,
    Employee,
    HourFigure,
    PeriodFigure,
    ReasonFigure,
    ShareText,
    Story,
    Team,
    Topic,
)
from service.models.results import EVERYBODY, WHATEVER
from service.results import scopes
from service.results.periods import Period
from service.results.scopes import Scope, Sums
from service.totals import on_boards

TOP = 10


@dataclass(frozen=True, slots=True)
class Line(Sums):
    """The sums of one network, story, topic, kind or campaign; `key` is its slug or number, "" for none."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Week:
    """How many took part in a week, of how many. `people` is None where it must not be shown."""

    key: str
    people: int
    members: int


@dataclass(frozen=True, slots=True)
class Somebody:
    """A line of the people who bring most: name as she wants it."""

    name: str
    shares: int
    readers: int


@dataclass(frozen=True, slots=True)
class TeamLine:
    """A team's active advocates and what they brought; `mean` is shares per active advocate."""

    name: str
    people: int
    shares: int
    readers: int

    @property
    def mean(self) -> float:
        return self.shares / self.people


def _sums() -> list[Any]:
    return [sa.func.sum(getattr(DayFigure, m)).label(m) for m in SUMMED]


def by_network(scope: Scope) -> list[Line]:
    """Return the sums by network, most shares first."""
    asked = sa.select(DayFigure.network.label("key"), *_sums()).where(*scope.within(DayFigure))
    return _lines(db.session.execute(asked.group_by(DayFigure.network)), {})


def by_story(scope: Scope) -> list[Line]:
    """Return the sums by story, most shares first."""
    asked = sa.select(DayFigure.story_id.label("key"), *_sums()).where(*scope.within(DayFigure))
    rows = db.session.execute(asked.group_by(DayFigure.story_id)).all()
    titles = dict(db.session.execute(sa.select(Story.id, Story.title).where(Story.id.in_([r.key for r in rows]))).all())
    return _lines(rows, {str(id_): title for id_, title in titles.items()})


def kinds(stories: Sequence[Line]) -> dict[str, list[str]]:
    """Return the kind of each of these stories, by its key; likewise the next two."""
    return {str(n): [kind] for n, kind in _of(Story.kind, stories)}


def campaigns(stories: Sequence[Line]) -> dict[str, list[str]]:
    """Return the campaign that each story belongs to; "" is none."""
    return {str(n): [str(c or "")] for n, c in _of(Story.campaign_id, stories)}


def topics(stories: Sequence[Line]) -> dict[str, list[str]]:
    """Return each story's topics: it counts for each of them, one of none for ""."""
    return {str(n): [str(t) for t in ts] or [""] for n, ts in _of(Story.topics, stories)}


def campaign_names() -> dict[str, str]:
    """Return the campaigns' names by key."""
    return {str(n): name for n, name in db.session.execute(sa.select(Campaign.id, Campaign.name))}


def topic_names(language: str) -> dict[str, str]:
    """Return the topics' names by key, in this language where they have one."""
    return {str(topic.id): topic.names.get(language) or topic.name for topic in db.session.scalars(sa.select(Topic))}


def _of(column: Any, stories: Sequence[Line]) -> list[Any]:
    ids = [int(line.key) for line in stories]
    return list(db.session.execute(sa.select(Story.id, column).where(Story.id.in_(ids))))


def together(stories: Sequence[Line], keys: Mapping[str, Sequence[str]], names: Mapping[str, str]) -> list[Line]:
    """Return the sums of these stories' lines by the lines that `keys` gives for each, most shares first."""
    sums: dict[str, Counter[str]] = {}
    for line in stories:
        for key in keys.get(line.key, [""]):
            sums.setdefault(key, Counter()).update({m: getattr(line, m) for m in SUMMED})
    found = [Line(key, names.get(key, key), **{m: of[m] for m in SUMMED}) for key, of in sums.items()]
    return sorted(found, key=lambda line: (-line.shares, -line.human, line.name))


def _lines(rows: Any, names: dict[str, str]) -> list[Line]:
    found = []
    for row in rows:
        sums = {m: int(getattr(row, m) or 0) for m in SUMMED}
        if any(sums.values()):
            found.append(Line(str(row.key), names.get(str(row.key), str(row.key)), **sums))
    return sorted(found, key=lambda line: (-line.shares, -line.human, line.name))


def reasons(scope: Scope) -> dict[str, int]:
    """Return hits by verdict and reason (`bot:crawler`), most first."""
    asked = sa.select(ReasonFigure.reason, sa.func.sum(ReasonFigure.hits)).where(
        *scope.within(ReasonFigure), ReasonFigure.reason.not_like("text:%")
    )
    found = {reason: int(n) for reason, n in db.session.execute(asked.group_by(ReasonFigure.reason)) if n}
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def words(scope: Scope, most: int = TOP) -> list[tuple[str, int]]:
    """Return (text, shares) of the words that shares took: a suggestion, or "own" and "title"; most first."""
    asked = sa.select(ReasonFigure.reason, sa.func.sum(ReasonFigure.hits).label("n")).where(
        *scope.within(ReasonFigure), ReasonFigure.reason.like("text:%")
    )
    rows = db.session.execute(asked.group_by(ReasonFigure.reason).order_by(sa.desc("n"), ReasonFigure.reason)).all()
    found = [(reason.removeprefix("text:"), int(n)) for reason, n in rows if n > 0][:most]
    ids = [int(what) for what, _n in found if what.isdigit()]
    texts = dict(db.session.execute(sa.select(ShareText.id, ShareText.text).where(ShareText.id.in_(ids))).all())
    return [(texts.get(int(what), "title") if what.isdigit() else what, n) for what, n in found]


def hours(scope: Scope) -> tuple[list[list[int]], list[list[int]]]:
    """Return shares and human visits as seven lists, Monday first, of 24 hours each."""
    measures = (sa.func.sum(HourFigure.shares), sa.func.sum(HourFigure.human))
    asked = sa.select(HourFigure.day, HourFigure.hour, *measures).where(*scope.within(HourFigure))
    shares, visits = [[0] * 24 for _ in range(7)], [[0] * 24 for _ in range(7)]
    for day, hour, shared, human in db.session.execute(asked.group_by(HourFigure.day, HourFigure.hour)):
        shares[day.weekday()][hour] += int(shared)
        visits[day.weekday()][hour] += int(human)
    return shares, visits


def weekly(scope: Scope, most: int = 13) -> list[Week]:
    """Return the weeks up to the period's end: how many different people shared, of how many in the programme."""
    until = min(scope.period.ends, scopes.today())
    keys = Period("", until, until, None).weeks(most)
    asked = sa.select(PeriodFigure.period, PeriodFigure.people)
    rows = db.session.execute(asked.where(PeriodFigure.period.in_(keys), *scope.of(PeriodFigure)))
    people: dict[str, int] = dict(rows.all())
    crowd = sa.select(Crowd.week, Crowd.people).where(Crowd.week.in_(keys), Crowd.team_id == (scope.team or EVERYBODY))
    members: dict[str, int] = dict(db.session.execute(crowd).all())
    return [Week(key, people.get(key, 0), members.get(key, 0)) for key in keys]


def top_lists(scope: Scope, most: int = TOP) -> dict[str, list[Somebody]]:
    """Return who brought most in a period of the calendar, by `shares` and by `readers`."""
    from service.board import short

    # The number itself, without a parameter: the index is of these rows alone.
    team = Activity.team_id == (scope.team or sa.literal_column(str(EVERYBODY)))
    name = (Employee.alias, Employee.name, Activity.shares, Activity.readers)
    found: dict[str, list[Somebody]] = {}
    for by, first, second in (
        ("shares", Activity.shares, Activity.readers),
        ("readers", Activity.readers, Activity.shares),
    ):
        asked = sa.select(*name).join(Employee, Employee.subject == Activity.subject)
        asked = asked.where(Activity.period == scope.period.key, team, *scope.of(Activity)[1:], first > 0, on_boards())
        # All one way, as the index has them: it is read from its end until there are enough.
        rows = db.session.execute(asked.order_by(first.desc(), second.desc(), Activity.subject.desc()).limit(most))
        found[by] = [Somebody(r.alias or short(r.name or ""), int(r.shares), int(r.readers)) for r in rows]
    return found


def teams(scope: Scope, most: int = 2 * TOP) -> list[TeamLine]:
    """Return teams by shares per active advocate, those with FEWEST active advocates or more."""
    every = [PeriodFigure.campaign_id == (scope.campaign or WHATEVER), PeriodFigure.period == scope.period.key]
    rows = db.session.execute(
        sa.select(Team.name, PeriodFigure.people, PeriodFigure.shares, PeriodFigure.readers)
        .join(PeriodFigure, PeriodFigure.team_id == Team.id)
        .where(*every, PeriodFigure.people >= FEWEST)
    )
    found = [TeamLine(name, int(people), int(shares), int(readers)) for name, people, shares, readers in rows]
    return sorted(found, key=lambda t: (-t.mean, t.name))[:most]
