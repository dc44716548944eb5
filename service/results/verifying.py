"""Verifying. In: shares and visits that are kept. Out: every place where the figures say something else. Reads only."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from scoring.results import MEASURES, day_of_cell, difference
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
)
from service.results import counting
from service.results.figuring import Added

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
    is compared: visits of then were counted for good. `progress` is told how many shares each batch had.
    """
    state = db.session.get(ResultsState, 1)
    if state is None:
        return []
    findings: list[Finding] = []
    whole, sums = state.visits_from or date.min, Added()
    for batch in _batches():
        waiting = set(db.session.scalars(sa.select(ChangedShare.share_id).where(ChangedShare.share_id.in_(batch))))
        held = {
            c.share_id: c for c in db.session.scalars(sa.select(CountedShare).where(CountedShare.share_id.in_(batch)))
        }
        for each in held.values():
            kept = {cell: n for cell, n in each.visits.items() if day_of_cell(cell) >= whole}
            cells = Counter(each.facts) + Counter(kept)
            sums.take(each.subject, each.team_id, each.network, each.story_id, cells)
        findings += [Finding("share", f"share:{n}", "counted", "not") for n in set(batch) - held.keys() - waiting]
        for now in counting.of_shares(sorted(held.keys() - waiting), state):
            for cell, n in sorted(now.added.items()):
                findings.append(Finding("share", f"share:{now.row['share_id']}, {cell}", f"{n:+d}", "0"))
        if progress:
            progress(len(batch))
    return findings + list(_wrong_figures(sums, whole))


def _batches() -> Iterator[list[int]]:
    last = 0
    query = sa.select(Share.id).order_by(Share.id).limit(AT_ONCE)
    while batch := list(db.session.scalars(query.where(Share.id > last))):
        yield batch
        last = batch[-1]


VISITS = ("human", "suspected", "bot")
"""Measures that go by visits, which are forgotten."""


def _wrong_figures(sums: Added, whole: date) -> Iterator[Finding]:
    lasting = [m for m in MEASURES if m not in VISITS]
    yield from _compared("day", DayFigure, ("team_id", "day", "network", "story_id"), lasting, sums.days)
    yield from _compared("day", DayFigure, ("team_id", "day", "network", "story_id"), VISITS, sums.days, whole)
    yield from _compared("hour", HourFigure, ("team_id", "day", "story_id", "hour"), ("shares",), sums.hours)
    yield from _compared("hour", HourFigure, ("team_id", "day", "story_id", "hour"), ("human",), sums.hours, whole)
    reasons = {key: Counter(hits=n) for key, n in sums.reasons.items()}
    yield from _compared("reason", ReasonFigure, ("team_id", "day", "story_id", "reason"), ("hits",), reasons, whole)
    keys, names = ("period", "team_id", "subject"), ("shares", "readers")
    yield from _compared("person", Activity, keys, names, sums.people)
    periods: defaultdict[Any, Counter[str]] = defaultdict(Counter)
    for (period, team, _subject), of in sums.people.items():
        periods[period, team].update({"people": int(of["shares"] > 0), **{n: of[n] for n in names}})
    yield from _compared("period", PeriodFigure, ("period", "team_id"), ("people", *names), periods)


def _compared(
    kind: str, table: Any, keys: tuple[str, ...], measures: Any, expected: Any, since: date | None = None
) -> Iterator[Finding]:
    """Give the rows of a table whose measures are not those expected; `since`: of days from then on."""
    asked = sa.select(*(getattr(table, name) for name in (*keys, *measures)))
    if since is not None:
        asked = asked.where(table.day >= since)
        expected = {key: of for key, of in expected.items() if key[1] >= since}
    width = len(keys)
    found = {tuple(row[:width]): dict(zip(measures, row[width:], strict=True)) for row in db.session.execute(asked)}
    for key in sorted(expected.keys() | found.keys(), key=str):
        right = {m: expected[key][m] for m in measures} if key in expected else {}
        for measure in difference(right, found.get(key, {})):
            what = ", ".join(map(str, key)) if kind != "person" else f"{key[0]}, {key[1]}, somebody"
            held = found.get(key, {}).get(measure, 0)
            yield Finding(kind, f"{what}: {measure}", str(right.get(measure, 0)), str(held))
