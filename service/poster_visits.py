"""Posters' visits. In: visits by QR codes as they came. Out: each with its verdict, and the counts of their posters.

They are judged as those of shares are (service.visiting): in sets, by the visits' own times, so that neither their
order nor how they came together changes a verdict or a count. They reach no share and no ledger.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scoring import visits
from service.bulk import among
from service.database import db
from service.models import Arrival, Poster, PosterVisit
from service.visiting_history import WINDOW, facts_of, within

Key = tuple[int, str | None]
"""A poster's id, and one visitor's hash on it."""


@dataclass(frozen=True, slots=True)
class Came:
    """One visit as it was derived at intake: columns of Arrival, and what PosterVisit takes from it."""

    poster_id: int
    at: datetime
    visitor: str | None
    click: str | None
    facts: Mapping[str, Any]
    """scoring.visits.Hit without its history, as JSON."""

    @property
    def key(self) -> Key:
        return self.poster_id, self.visitor


def judge(arrival_ids: Sequence[int], poster_ids: set[int]) -> int:
    """Judge these rows of arrivals and take them out of there; return how many it were. The caller commits.

    Whoever deletes a row is the one who judges it; what came by a poster that is gone is dropped.
    """
    there = _locked(poster_ids)
    columns = [getattr(Arrival, name) for name in Came.__slots__]
    deleted = sa.delete(Arrival).where(Arrival.id.in_(arrival_ids)).returning(*columns)
    rows = db.session.execute(deleted.execution_options(synchronize_session=False)).mappings().all()
    came = [Came(**{**row, "facts": json.loads(row["facts"])}) for row in rows]
    _keep([each for each in came if each.poster_id in there])
    return len(came)


def keep(came: Sequence[Came]) -> None:
    """Keep these visits with their verdicts and bring the counts of their posters up to date. The caller commits."""
    _locked({each.poster_id for each in came})
    _keep(came)


def _locked(poster_ids: set[int]) -> set[int]:
    """Lock these posters until the transaction ends, always in one order; return those that there are."""
    asked = sa.select(Poster.id).where(Poster.id.in_(poster_ids)).order_by(Poster.id).with_for_update()
    return set(db.session.scalars(asked))


def _keep(came: Sequence[Came]) -> None:
    if not came:
        return
    near, seen = _near(came), _seen(came)
    moments: dict[Key, list[datetime]] = defaultdict(list)
    for key, at in [*((each.key, each.at) for each in came), *((_key(row), row.at) for row in near)]:
        moments[key].append(at)
    for each in moments.values():
        each.sort()
    people: Counter[Key] = Counter({key: humans for key, (_first, humans) in seen.items()})
    others: Counter[int] = Counter()

    def count(key: Key, verdict: str, by: int) -> None:
        if verdict == visits.HUMAN:
            people[key] += by
        else:
            others[key[0]] += by

    rows = []
    for visit in came:
        first = seen[visit.key][0] if visit.key in seen else visit.at
        again = min(moments[visit.key][0], first) < visit.at
        hit = visits.Hit.from_json(visit.facts)
        hit = replace(hit, burst=within(moments[visit.key], visit.at), again=again)
        verdict = visits.judge(hit)
        count(visit.key, verdict.kind, 1)
        told = {"verdict": verdict.kind, "reason": verdict.reason, "facts": facts_of(hit, verdict)}
        columns = {name: getattr(visit, name) for name in Came.__slots__}
        rows.append(columns | told)
    db.session.execute(sa.insert(PosterVisit), rows)
    for row in near:  # a burst may have grown: its first visits belong to it too
        if row.facts is None:
            continue
        hit = replace(visits.Hit.from_json(row.facts), burst=within(moments[_key(row)], row.at))
        verdict = visits.judge(hit)
        if (verdict.kind, verdict.reason) == (row.verdict, row.reason):
            continue
        count(_key(row), row.verdict, -1)
        count(_key(row), verdict.kind, 1)
        told = {"verdict": verdict.kind, "reason": verdict.reason, "facts": facts_of(hit, verdict)}
        update = sa.update(PosterVisit).where(PosterVisit.id == row.id).values(**told)
        db.session.execute(update.execution_options(synchronize_session=False))
    _tell(people, others, {key for key, (_first, humans) in seen.items() if humans})


def _tell(people: Mapping[Key, int], others: Mapping[int, int], before: set[Key]) -> None:
    """Change the posters' counts: a visitor is one person, however often."""
    more: Counter[int] = Counter()
    for key in {*people, *before}:
        more[key[0]] += (people[key] > 0) - (key in before)
    for id_ in sorted({*more, *others}):
        if more[id_] or others[id_]:
            counted = {"people": Poster.people + more[id_], "others": Poster.others + others[id_]}
            update = sa.update(Poster).where(Poster.id == id_).values(**counted)
            db.session.execute(update.execution_options(synchronize_session="fetch"))


def _key(row: Any) -> Key:
    return row.poster_id, row.visitor


def _seen(came: Sequence[Came]) -> dict[Key, tuple[datetime, int]]:
    """Return when each of these visitors came first, of all that is kept, and how often as a person."""
    humans = sa.func.count(sa.case((PosterVisit.verdict == visits.HUMAN, 1)))
    asked = (
        sa.select(PosterVisit.poster_id, PosterVisit.visitor, sa.func.min(PosterVisit.at), humans)
        .where(*_theirs(came))
        .group_by(PosterVisit.poster_id, PosterVisit.visitor)
    )
    return {(poster_id, who): (first, count) for poster_id, who, first, count in db.session.execute(asked)}


def _near(came: Sequence[Came]) -> list[Any]:
    """Return what is judged already and lies near to these visits."""
    columns = ("id", "poster_id", "visitor", "at", "verdict", "reason")
    # What is in a burst stays in it however much it grows: of a flood only the moments are read.
    facts = sa.case((PosterVisit.reason.is_distinct_from("burst"), PosterVisit.facts)).label("facts")
    asked = sa.select(*(getattr(PosterVisit, name) for name in columns), facts).where(
        *_theirs(came),
        PosterVisit.at >= min(each.at for each in came) - WINDOW,
        PosterVisit.at <= max(each.at for each in came) + WINDOW,
    )
    return list(db.session.execute(asked))


def _theirs(came: Sequence[Came]) -> tuple[sa.ColumnElement[bool], ...]:
    posters = PosterVisit.poster_id.in_({each.poster_id for each in came})
    return posters, among(PosterVisit.visitor, {each.visitor for each in came if each.visitor})
