"""Shares. In: what is known of a share and its events. Out: folded facts and how far the share is proven.

PROTOCOLS, "Shares are proven". Folding is a join of what was known with what arrived: it gives the same facts whatever
the order of the events and however often each of them came.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import reduce
from typing import Any

from scoring import visits
from scoring.rules import Rules, Timetable, held


class State(StrEnum):
    """How far a share is proven, from weak to strong."""

    OPENED = "opened"
    DECLARED = "declared"
    SEEN = "seen"
    CONFIRMED = "confirmed"
    ENGAGED = "engaged"


COUNTED = (State.CONFIRMED, State.ENGAGED)
"""States of a share that counts, in measures, contests and badges: a human other than the sharer visited."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one share. Moments are aware; `visited_at` holds first visits of distinct humans but her."""

    network: str
    opened_at: datetime | None = None
    declared_at: datetime | None = None
    seen_at: datetime | None = None
    visited_at: tuple[datetime, ...] = ()
    own_words: bool = False
    story_id: int = 0
    multiplier: int = 1
    """Of the story's campaign; holds for events from `starts_on` to `ends_on` (None: without an end)."""
    key: str = ""
    """Names the share for the ledger, like `share:12`."""
    starts_on: date | None = None
    ends_on: date | None = None

    @property
    def confirmed_at(self) -> datetime | None:
        """The first visit of a human other than the sharer."""
        return min(self.visited_at, default=None)


@dataclass(frozen=True, slots=True)
class Event:
    """One piece of evidence. `kind` is opened, declared or visit; the rest matters for visits only."""

    kind: str
    at: datetime
    verdict: str | None = None
    crawler: str | None = None
    visitor: str | None = None
    again: bool = False
    """True if this visitor is known to have had a say already, and is not to be counted anew."""
    place: str | None = None
    """Names the address alone; None where that is not known."""


def engaged_by(visits: Iterable[datetime], rules: Rules | Timetable) -> int | None:
    """Return how many visitors made a share engaged: the first who were enough at that moment; None: not yet."""
    times = held(rules)
    for count, at in enumerate(sorted(visits), 1):
        if count >= times.of(at).engaged_from:
            return count
    return None


def engaged_at(facts: Facts, rules: Rules | Timetable) -> datetime | None:
    """Return the visit that made a share engaged, or None."""
    count = engaged_by(facts.visited_at, rules)
    return sorted(facts.visited_at)[count - 1] if count else None


def state_of(facts: Facts, rules: Rules | Timetable) -> State:
    """Return the strongest state that the facts prove."""
    if facts.visited_at:
        return State.ENGAGED if engaged_by(facts.visited_at, rules) else State.CONFIRMED
    if facts.seen_at:
        return State.SEEN
    return State.DECLARED if facts.declared_at else State.OPENED


def weight(state: str, readers: int) -> tuple[int, int]:
    """Return as how many shares, and how many readers, a share in this state with so many visitors counts."""
    return (1, readers) if state in COUNTED else (0, 0)


def during(facts: Facts, multiplier: int, starts_on: date | None, ends_on: date | None) -> Facts:
    """Return the facts with their story's campaign: events on its days count `multiplier` times."""
    return replace(facts, multiplier=multiplier, starts_on=starts_on, ends_on=ends_on)


def merge(one: Facts, other: Facts) -> Facts:
    """Return what two reports on the same share say together; neither order nor repetition matters."""
    return replace(
        max(one, other, key=_terms),
        opened_at=_earliest(one.opened_at, other.opened_at),
        declared_at=_earliest(one.declared_at, other.declared_at),
        seen_at=_earliest(one.seen_at, other.seen_at),
        visited_at=tuple(sorted((Counter(one.visited_at) | Counter(other.visited_at)).elements())),
        own_words=one.own_words or other.own_words,
    )


def merged(shares: Iterable[Facts]) -> list[Facts]:
    """Return one Facts for each key, sorted by key."""
    by_key: dict[str, list[Facts]] = {}
    for facts in shares:
        by_key.setdefault(facts.key, []).append(facts)
    return [reduce(merge, by_key[key]) for key in sorted(by_key)]


def fold(known: Facts, events: Iterable[Event], rules: Rules | Timetable) -> Facts:
    """Return the share's facts after these events, which are all the evidence that is still kept.

    What is known and has no evidence left stays (evidence is forgotten after 30 days). What is known and has evidence
    goes by the evidence, so that a verdict given anew takes effect. Which visits count: see `counted`.
    """
    events = list(events)
    opened_at = _earliest(known.opened_at, *(e.at for e in events if e.kind == "opened"))
    visited = [e for e in events if e.kind == "visit"]
    moments = {e.at for e in visited}
    crawled = [e.at for e in visited if e.crawler and visits.proves(e.crawler, known.network)]
    remembered = [at for at in known.visited_at if at not in moments]
    return replace(
        known,
        opened_at=opened_at,
        declared_at=_earliest(known.declared_at, *(e.at for e in events if e.kind == "declared")),
        seen_at=_earliest(None if known.seen_at in moments else known.seen_at, *crawled),
        visited_at=paid([*remembered, *counted(visited, opened_at, rules).values()], rules),
    )


def paid(visits: Iterable[datetime], rules: Rules | Timetable) -> tuple[datetime, ...]:
    """Return the visits of a share that its rules can pay for: those that found room when they came, sorted."""
    times = held(rules)
    kept: list[datetime] = []
    for at in sorted(visits):
        if len(kept) < times.of(at).visitors_a_share:
            kept.append(at)
    return tuple(kept)


Span = tuple[datetime, datetime | None]
"""From a moment on until another one (None: still)."""


def present(facts: Facts, away: Iterable[Span]) -> Facts:
    """Return the facts without what happened while the sharer was suspended or had left: it never scores."""
    spans = tuple(away)

    def counts(at: datetime | None) -> bool:
        return at is not None and not any(since <= at and (until is None or at < until) for since, until in spans)

    return replace(
        facts,
        declared_at=facts.declared_at if counts(facts.declared_at) else None,
        seen_at=facts.seen_at if counts(facts.seen_at) else None,
        visited_at=tuple(at for at in facts.visited_at if counts(at)),
    )


def counted(visited: Iterable[Event], opened_at: datetime | None, rules: Rules | Timetable) -> dict[str, datetime]:
    """Return who counts as a distinct human, each with the first visit, out of a share's visits.

    Visits sooner after opening than the rules allow do not count; of one place count the first few visitors. Neither
    order nor repetition of the visits matters.
    """
    visited, times = list(visited), held(rules)
    had_a_say = {e.visitor or "" for e in visited if e.again}
    firsts: dict[str, tuple[datetime, str]] = {}
    for e in visited:
        who = e.visitor or ""
        if e.verdict != visits.HUMAN or who in had_a_say:
            continue
        wait = times.of(e.at).visit_after_seconds
        if wait and opened_at and e.at < opened_at + timedelta(seconds=wait):
            continue
        found = e.at, e.place or ""
        firsts[who] = min(firsts.get(who, found), found)
    crowd: Counter[str] = Counter()
    inside: dict[str, datetime] = {}
    for who, (at, place) in sorted(firsts.items(), key=lambda item: (item[1], item[0])):
        crowd[place] += 1
        room = times.of(at).visitors_a_place
        if not place or not room or crowd[place] <= room:
            inside[who] = at
    return inside


@dataclass(frozen=True, slots=True)
class Remains:
    """What must be kept in mind of visits that are forgotten, by the numbers of visits."""

    again: frozenset[int]
    """Visits still kept, of whose visitor (or place) those forgotten have had all the say."""
    first: frozenset[int]
    """Forgotten visits that stood aside and would count for one more human if they counted."""


def forgetting(
    visited: Mapping[int, Event],
    aside: Collection[int],
    until: datetime,
    opened_at: datetime | None,
    rules: Rules | Timetable,
) -> Remains:
    """Return what must be kept in mind when a share's visits before `until` are forgotten, so that no score changes.

    `visited` are all its visits by number; `aside` are the numbers of those that a pattern holds or held.
    """
    now = counted(visited.values(), opened_at, rules)
    alike = {n: replace(e, verdict=visits.HUMAN) if n in aside else e for n, e in visited.items()}
    if_all = counted(alike.values(), opened_at, rules)
    crowd = counted(visited.values(), opened_at, held(rules).each(visitors_a_place=0)).keys() - now.keys()
    full = {e.place for e in visited.values() if e.place and e.at < until and (e.visitor or "") in now}
    gone = {who for who, at in now.items() if at < until} | {e.visitor or "" for e in visited.values() if e.again}
    # Whom a full place turned away before stays away, wherever she is seen to come from afterwards.
    gone |= {who for e in visited.values() if e.at < until and (who := e.visitor or "") in crowd and e.place in full}
    first: dict[str, int] = {}
    for n, e in sorted(visited.items()):
        who = e.visitor or ""
        if n in aside and e.at < until and if_all.get(who) == e.at and now.get(who, e.at) == e.at:
            first.setdefault(who, n)
    return Remains(
        frozenset(
            n
            for n, e in visited.items()
            if e.at >= until
            and ((who := e.visitor or "") in gone or who in first or (who in crowd and e.place in full))
        ),
        frozenset(first.values()),
    )


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((m for m in moments if m is not None), default=None)


def _terms(facts: Facts) -> tuple[Any, ...]:
    """Orders what events do not change, so that merging contradictory reports is still free of order."""
    return (
        facts.multiplier,
        facts.story_id,
        facts.network,
        facts.starts_on or date.min,
        facts.ends_on or date.max,
    )
