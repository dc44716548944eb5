"""Figuring. In: what each share adds, by cell. Out: figures by day, hour, reason, person and period that hold it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from scoring.results import MEASURES, day_of_cell, periods_of
from service.database import db
from service.ledger import insert
from service.models import Activity, DayFigure, HourFigure, PeriodFigure, ReasonFigure
from service.models.results import EVERYBODY

CHUNK = 500
"""Rows in a statement: SQLite takes 32,766 parameters."""

Key = tuple[Any, ...]


@dataclass
class Added:
    """What shares add: by (team, day, network, story), (team, day, story, …), and people by (period, team, subject)."""

    days: defaultdict[Key, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    hours: defaultdict[Key, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    reasons: Counter[Key] = field(default_factory=Counter)
    people: defaultdict[Key, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def take(self, subject: str, team: int, network: str, story: int, cells: Mapping[str, int]) -> None:
        """Add the cells of one share to the figures of everybody and of the sharer's team."""
        for cell, n in cells.items():
            day, parts = day_of_cell(cell), cell.split("|")
            for of in (EVERYBODY, team) if team else (EVERYBODY,):
                if len(parts) == 2:
                    self.days[of, day, network, story][parts[1]] += n
                    if parts[1] in ("shares", "readers"):
                        for period in periods_of(day):
                            self.people[period, of, subject][parts[1]] += n
                elif parts[1]:
                    self.hours[of, day, story, int(parts[1])][parts[2]] += n
                else:
                    self.reasons[of, day, story, parts[2]] += n


def add(added: Added) -> None:
    """Change the figures by what was added. Keys go in one order, so that two never wait for each other. No commit."""
    _grow(DayFigure, ("team_id", "day", "network", "story_id"), MEASURES, added.days)
    _grow(HourFigure, ("team_id", "day", "story_id", "hour"), ("shares", "human"), added.hours)
    reasons = {key: Counter(hits=n) for key, n in added.reasons.items()}
    _grow(ReasonFigure, ("team_id", "day", "story_id", "reason"), ("hits",), reasons)
    names = ("shares", "readers")
    periods: defaultdict[Key, Counter[str]] = defaultdict(Counter)
    for period, team, subject, shares, _readers in _grow(
        Activity, ("period", "team_id", "subject"), names, added.people
    ):
        change = added.people[period, team, subject]
        periods[period, team].update({n: change[n] for n in names})
        before = shares - change["shares"]
        periods[period, team]["people"] += (shares > 0) - (before > 0)
    _grow(PeriodFigure, ("period", "team_id"), ("people", "shares", "readers"), periods)


def _grow(
    table: type, keys: Sequence[str], measures: Sequence[str], added: Mapping[Key, Counter[str]]
) -> list[Sequence[Any]]:
    """Add to the rows with these keys, making those that are not there; return keys and measures as they are now."""
    changed = [(key, of) for key, of in added.items() if any(of[m] for m in measures)]
    found: list[Sequence[Any]] = []
    columns = [getattr(table, name) for name in (*keys, *measures)]
    ordered = sorted(changed, key=lambda item: tuple(map(_sortable, item[0])))
    for n in range(0, len(ordered), CHUNK):
        rows = [
            {**dict(zip(keys, key, strict=True)), **{m: of[m] for m in measures}} for key, of in ordered[n : n + CHUNK]
        ]
        upsert = insert(table).values(rows)
        upsert = upsert.on_conflict_do_update(
            index_elements=list(keys),
            set_={m: getattr(table, m) + getattr(upsert.excluded, m) for m in measures},
        )
        found += [tuple(row) for row in db.session.execute(upsert.returning(*columns))]
    return found


def _sortable(part: Any) -> str:
    return part.isoformat() if isinstance(part, date) else str(part)
