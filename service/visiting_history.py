"""A visit and its history. In: a hit, and the visits around it. Out: what it says by itself, and what others add.

Everything goes by the visits' own times and not by when they were looked at. A visit that makes a burst of earlier
ones has these judged again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from scoring import quarantine, visits
from service.bulk import among
from service.database import db
from service.models import Evidence

WINDOW = timedelta(seconds=2)
"""Hits of one visitor so near to each other are one burst (scoring.visits.BURST)."""
SAME_NETWORK = timedelta(hours=24)
"""So long before and after she was somewhere, visits from there are suspected whatever their browser."""

HERS = ("opened", "herself")
"""Kinds of evidence that say where she was: she opened the share, or another page of hers."""

Key = tuple[int, str | None]
"""A share's id, and one visitor's hash on it."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """One visit as it was derived at intake: columns of Arrival, and what Evidence takes from it."""

    share_id: int
    at: datetime
    visitor: str | None
    place: str | None
    weekly: str | None
    weekly_place: str | None
    click: str | None
    facts: Mapping[str, Any]
    """scoring.visits.Hit without its history, as JSON."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where the sharer was, as far as one share's salt can tell."""

    visitors: frozenset[str] = frozenset()
    """Hashes of who opened pages of hers."""
    places: Mapping[str, datetime] = field(default_factory=dict)
    """Hash of a place → when she was there last."""


NOWHERE = Whereabouts()


@dataclass
class History:
    """What is known around some visits."""

    moments: dict[Key, list[datetime]] = field(default_factory=dict)
    """Of all visits within WINDOW, old and new, sorted."""
    first: dict[Key, datetime] = field(default_factory=dict)
    """When this visitor came first."""
    person: dict[Key, datetime] = field(default_factory=dict)
    """When this visitor came first and was taken for a person."""
    known: dict[int, Whereabouts] = field(default_factory=dict)
    """Where each sharer was."""
    near: list[Any] = field(default_factory=list)
    """Evidence already judged that lies within WINDOW."""

    @classmethod
    def of(cls, new: Sequence[Arrived]) -> History:
        """Return the history around these visits, in three queries."""
        found = cls()
        if not new:
            return found
        shares, visitors = {v.share_id for v in new}, {v.visitor for v in new if v.visitor}
        found.near = _near(new, shares, visitors)
        moments = defaultdict(list)
        for each in (*new, *found.near):
            moments[each.share_id, each.visitor].append(each.at)
        found.moments = {key: sorted(each) for key, each in moments.items()}
        human = sa.func.min(sa.case((Evidence.verdict == visits.HUMAN, Evidence.at)))
        before = (
            sa.select(Evidence.share_id, Evidence.visitor, sa.func.min(Evidence.at), human)
            .where(Evidence.share_id.in_(shares), Evidence.kind == "visit", among(Evidence.visitor, visitors))
            .group_by(Evidence.share_id, Evidence.visitor)
        )
        for share_id, who, at, as_person in db.session.execute(before):
            found.first[share_id, who] = at
            if as_person is not None:
                found.person[share_id, who] = as_person
        found.known = _whereabouts(shares)
        return found

    def burst(self, key: Key, at: datetime) -> int:
        """Return how many hits of this visitor lie within two seconds of this moment."""
        return within(self.moments[key], at)

    def judge_again(self) -> set[int]:
        """Give today's verdict on visits judged before whose burst has grown; return the shares it changed."""
        changed = set()
        for row in self.near:
            if row.facts is None or "agent" not in row.facts:
                continue
            hit = replace(visits.Hit.from_json(row.facts), burst=self.burst((row.share_id, row.visitor), row.at))
            verdict = visits.judge(hit)
            if row.reason == quarantine.REASON and verdict.kind == visits.HUMAN:
                continue  # an odd pattern holds it: it stays aside
            if (verdict.kind, verdict.reason) != (row.verdict, row.reason):
                told = {"verdict": verdict.kind, "reason": verdict.reason, "facts": facts_of(hit, verdict)}
                update = sa.update(Evidence).where(Evidence.id == row.id).values(**told)
                db.session.execute(update.execution_options(synchronize_session=False))
                changed.add(row.share_id)
        return changed


def within(moments: Sequence[datetime], at: datetime) -> int:
    """Return how many of these sorted moments lie within two seconds of this one."""
    return bisect_right(moments, at + WINDOW) - bisect_left(moments, at - WINDOW)


def completed(each: Arrived, history: History) -> visits.Hit:
    """Return the whole Hit of a visit: what it said by itself, and what its history tells."""
    key = each.share_id, each.visitor
    known = history.known.get(each.share_id, NOWHERE)
    seen_here = known.places.get(each.place or "")
    return replace(
        visits.Hit.from_json(each.facts),
        herself=each.visitor in known.visitors,
        same_network=seen_here is not None and abs(each.at - seen_here) <= SAME_NETWORK,
        burst=history.burst(key, each.at),
        again=min(history.moments[key][0], history.first.get(key, each.at)) < each.at,
    )


def facts_of(hit: visits.Hit, verdict: visits.Verdict) -> dict[str, Any]:
    """Return what Evidence.facts keeps of a visit: enough for rules to run again."""
    return hit.to_json() | ({"crawler": verdict.crawler} if verdict.crawler else {})


def _whereabouts(shares: set[int]) -> dict[int, Whereabouts]:
    """Return where the sharers of these shares have been, by share id; who is not in it, nowhere."""
    asked = sa.select(Evidence.share_id, Evidence.visitor, Evidence.place, Evidence.at).where(
        Evidence.share_id.in_(shares), Evidence.kind.in_(HERS)
    )
    visitors: dict[int, set[str]] = defaultdict(set)
    places: dict[int, dict[str, datetime]] = defaultdict(dict)
    for share_id, visitor, place, at in db.session.execute(asked):
        if visitor:
            visitors[share_id].add(visitor)
        if place:
            places[share_id][place] = max(at, places[share_id].get(place, at))
    return {id_: Whereabouts(frozenset(visitors[id_]), places[id_]) for id_ in {*visitors, *places}}


def _near(new: Sequence[Arrived], shares: set[int], visitors: set[str]) -> list[Any]:
    columns = ("id", "share_id", "visitor", "at", "verdict", "reason")
    # What is in a burst stays in it however much it grows: of a flood only the moments are read.
    facts = sa.case((Evidence.reason.is_distinct_from("burst"), Evidence.facts)).label("facts")
    asked = sa.select(*(getattr(Evidence, name) for name in columns), facts).where(
        Evidence.share_id.in_(shares),
        Evidence.kind == "visit",
        Evidence.at >= min(v.at for v in new) - WINDOW,
        Evidence.at <= max(v.at for v in new) + WINDOW,
        among(Evidence.visitor, visitors),
    )
    return list(db.session.execute(asked))
