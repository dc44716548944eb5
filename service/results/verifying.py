"""Verifying. In: shares and visits that are kept. Out: every place where the figures say something else. Reads only."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from scoring.results import MEASURES, difference
from service.database import db
from service.models import (
    Activity,
    ChangedShare,
    CountedShare,
    DayFigure,
    HourFigure,
    PeriodFigure,
    ReasonFigure,
    ResultsState,
    Share,
    Story,
)
from service.models.results import WHATEVER
from service.results import plain
from service.results.plain import Added

AT_ONCE = 500
"""Shares that are compared in one batch."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where raw rows and figures do not agree. `what` names the share or the figure's cell."""

    kind: str
    """share, day, hour, reason, person or period."""
    what: str
    expected: str
    found: str


def verify(progress: Callable[[int], None] | None = None) -> list[Finding]:
    """Work out the figures anew from shares and kept visits; return every difference.

    Shares that wait to be counted are no finding. Of days whose visits are forgotten only what shares themselves say
    is compared: visits of then were counted for good. Goes story by story, then person by person, so that it needs
    little memory; `progress` is told how many shares each story had.
    """
    state = db.session.get(ResultsState, 1)
    if state is None:
        return []
    findings: list[Finding] = []
    whole = state.visits_from or date.min
    for story in _stories():
        sums, shares = Added(), 0
        for batch in _batches(story):
            shares += len(batch)
            findings += _wrong_shares(batch, state, whole, sums)
        findings += _wrong_figures(story, sums, whole)
        if progress:
            progress(shares)
    return findings + list(_wrong_people())


def _stories() -> list[int]:
    """Return the stories that have shares or figures."""
    columns: list[Any] = [Share.story_id, DayFigure.story_id, HourFigure.story_id, ReasonFigure.story_id]
    return sorted(db.session.scalars(sa.union(*(sa.select(column) for column in columns))))


def _batches(story: int) -> Iterator[list[int]]:
    last = 0
    query = sa.select(Share.id).where(Share.story_id == story).order_by(Share.id).limit(AT_ONCE)
    while batch := list(db.session.scalars(query.where(Share.id > last))):
        yield batch
        last = batch[-1]


def _wrong_shares(batch: list[int], state: ResultsState, whole: date, sums: Added) -> Iterator[Finding]:
    """Give the shares of which something else is counted than they bring now; add what is counted to the sums."""
    waiting = set(db.session.scalars(sa.select(ChangedShare.share_id).where(ChangedShare.share_id.in_(batch))))
    asked = sa.select(CountedShare).where(CountedShare.share_id.in_(batch))
    held = {c.share_id: (c, plain.counted(c, whole)) for c in db.session.scalars(asked)}
    for each, cells in held.values():
        sums.take(each.subject, each.team_id, each.network, each.story_id, each.campaign_id, cells)
    for number in sorted(set(batch) - held.keys() - waiting):
        yield Finding("share", f"share:{number}", "counted", "not")
    yield from _astray(batch, waiting)
    for now in plain.of_shares(sorted(held.keys() - waiting), state):
        cells = held[now.share_id][1]
        for cell, n in sorted(difference(now.cells, cells).items()):
            yield Finding("share", f"share:{now.share_id}, {cell}", str(cells[cell] + n), str(cells[cell]))
    db.session.expunge_all()


def _astray(batch: list[int], waiting: set[int]) -> Iterator[Finding]:
    """Give the shares that are counted under another campaign than their story's."""
    theirs = sa.func.coalesce(Story.campaign_id, WHATEVER)
    asked = sa.select(CountedShare.share_id, CountedShare.campaign_id, theirs.label("theirs"))
    asked = asked.join(Story, Story.id == CountedShare.story_id)
    for row in db.session.execute(asked.where(CountedShare.share_id.in_(batch), CountedShare.campaign_id != theirs)):
        if row.share_id not in waiting:
            yield Finding("share", f"share:{row.share_id}: campaign", str(row.theirs), str(row.campaign_id))


def _wrong_people() -> Iterator[Finding]:
    """Give the people, and the periods, whose sums are not those of what is counted of their shares."""
    periods: defaultdict[Any, Counter[str]] = defaultdict(Counter)
    last, names = "", ("shares", "readers")
    subjects = sa.union(sa.select(CountedShare.subject), sa.select(Activity.subject)).subquery()
    query = sa.select(subjects.c.subject).order_by(subjects.c.subject).limit(AT_ONCE)
    while batch := list(db.session.scalars(query.where(subjects.c.subject > last))):
        last, sums = batch[-1], Added()
        for held in db.session.scalars(sa.select(CountedShare).where(CountedShare.subject.in_(batch))):
            sums.take(held.subject, held.team_id, "", 0, held.campaign_id, plain.counted(held, date.max))
        db.session.expunge_all()
        keys = ("period", "team_id", "campaign_id", "subject")
        yield from _compared("person", Activity, keys, names, sums.people, of=[Activity.subject.in_(batch)])
        for (period, team, campaign, _subject), of in sums.people.items():
            periods[period, team, campaign].update({"people": int(of["shares"] > 0), **{n: of[n] for n in names}})
    yield from _compared("period", PeriodFigure, ("period", "team_id", "campaign_id"), ("people", *names), periods)


VISITS = ("human", "suspected", "bot")
"""Measures that go by visits, which are forgotten."""


def _wrong_figures(story: int, sums: Added, whole: date) -> Iterator[Finding]:
    lasting = [m for m in MEASURES if m not in VISITS]
    days, hours = ("team_id", "day", "network", "story_id"), ("team_id", "day", "story_id", "hour")
    reasons = {key: Counter(hits=n) for key, n in sums.reasons.items()}
    of: list[Any] = [DayFigure.story_id == story]
    yield from _compared("day", DayFigure, days, lasting, sums.days, of=of)
    yield from _compared("day", DayFigure, days, VISITS, sums.days, whole, of)
    of = [HourFigure.story_id == story]
    yield from _compared("hour", HourFigure, hours, ("shares",), sums.hours, of=of)
    yield from _compared("hour", HourFigure, hours, ("human",), sums.hours, whole, of)
    of = [ReasonFigure.story_id == story]
    yield from _compared(
        "reason", ReasonFigure, ("team_id", "day", "story_id", "reason"), ("hits",), reasons, whole, of
    )


def _compared(
    kind: str,
    table: Any,
    keys: tuple[str, ...],
    measures: Any,
    expected: Any,
    since: date | None = None,
    of: list[Any] | None = None,
) -> Iterator[Finding]:
    """Give the rows of a table, of those that `of` names, whose measures are not those expected.

    `since`: of days from then on.
    """
    asked = sa.select(*(getattr(table, name) for name in (*keys, *measures))).where(*(of or ()))
    if since is not None:
        asked = asked.where(table.day >= since)
        expected = {key: of for key, of in expected.items() if key[1] >= since}
    width = len(keys)
    found = {tuple(row[:width]): dict(zip(measures, row[width:], strict=True)) for row in db.session.execute(asked)}
    for key in sorted(expected.keys() | found.keys(), key=str):
        right = {m: expected[key][m] for m in measures} if key in expected else {}
        for measure in difference(right, found.get(key, {})):
            what = ", ".join(map(str, key)) if kind != "person" else f"{key[0]}, {key[1]}, {key[2]}, somebody"
            held = found.get(key, {}).get(measure, 0)
            yield Finding(kind, f"{what}: {measure}", str(right.get(measure, 0)), str(held))
