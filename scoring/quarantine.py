"""Quarantine. In: human visits, each under its week's hashes. Out: odd patterns, and the visits that each holds.

A pattern is a question for the liaison, not a verdict: colleagues do read one another, and a telephone company lends
one address to thousands. What a pattern holds stands aside until she decides. Everything here is a function of the set
of visits: neither order nor repetition matters, and of the hashes only a digest leaves, as a Pattern's `mark`.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

from scoring.rules import Rules
from scoring.weeks import week_of

ONE_VISITOR, RING, ONE_PLACE, PACE = "one-visitor", "ring", "one-place", "pace"

PATTERNS = (ONE_VISITOR, RING, ONE_PLACE, PACE)
"""Every pattern code, in the order in which they are looked for."""

SUSPECTED, REASON = "suspected", "quarantined"
"""The verdict on a visit that stands aside, and its reason."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit that counts as human but for what is found here, or one opening of a share in the inbox."""

    id: int
    share: int
    sharer: str
    """Subject id of whose share it is."""
    at: datetime
    visitor: str | None
    """The week's hash of address and agent; None where it is not known any more."""
    place: str | None = None
    """The week's hash of the address alone."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One odd pattern of one week. `visits` are ids, sorted; `facts` are numbers for its words."""

    code: str
    week: str
    mark: str
    """Tells this pattern from others of its week; made of hashes, so it must be forgotten with them."""
    visits: tuple[int, ...]
    facts: Mapping[str, int] = field(default_factory=dict, hash=False)


def patterns(visits: Iterable[Visit], opened: Iterable[Visit], rules: Rules, zone: str) -> tuple[Pattern, ...]:
    """Return the odd patterns among these visits of any weeks, sorted by week, code and mark.

    `opened` are openings of shares in the inbox: they say which hash is a sharer's own. `zone` is the programme's.
    """
    by_week: dict[str, dict[int, Visit]] = defaultdict(dict)
    for visit in visits:
        by_week[week_of(visit.at, zone)][visit.id] = visit
    openers: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for visit in opened:
        if visit.visitor:
            openers[week_of(visit.at, zone)].add((visit.visitor, visit.sharer))
    found: list[Pattern] = []
    for week, those in by_week.items():
        here = sorted(those.values(), key=lambda v: (v.at, v.id))
        found += _one_visitor(week, here, rules)
        found += _rings(week, here, _own(openers[week]), rules)
        found += _one_place(week, here, rules)
        found += _pace(week, here, rules)
    return tuple(sorted(found, key=lambda p: (p.week, PATTERNS.index(p.code), p.mark)))


def _one_visitor(week: str, visits: Sequence[Visit], rules: Rules) -> Iterator[Pattern]:
    """One visitor for many sharers."""
    if not rules.many_sharers:
        return
    for visitor, theirs in _by(visits, lambda v: v.visitor).items():
        sharers = {v.sharer for v in theirs}
        if len(sharers) >= max(2, rules.many_sharers):
            yield _pattern(ONE_VISITOR, week, [visitor], theirs)


def _own(openers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the sharer behind a hash: who alone opened shares with it.

    A hash that opens the links of several people is a mail scanner's or a shared machine's, and nobody's own.
    """
    sharers: dict[str, set[str]] = defaultdict(set)
    for visitor, sharer in openers:
        sharers[visitor].add(sharer)
    return {visitor: next(iter(who)) for visitor, who in sharers.items() if len(who) == 1}


def _rings(week: str, visits: Sequence[Visit], own: Mapping[str, str], rules: Rules) -> Iterator[Pattern]:
    """Two or three sharers of whom each follows the next one's links."""
    if not rules.ring_shares:
        return
    edges: dict[tuple[str, str], list[Visit]] = defaultdict(list)
    for visit in visits:
        reader = own.get(visit.visitor or "")
        if reader and reader != visit.sharer:
            edges[reader, visit.sharer].append(visit)
    strong = {edge: seen for edge, seen in edges.items() if len({v.share for v in seen}) >= rules.ring_shares}
    people = sorted({who for edge in strong for who in edge})
    pairs = [p for p in combinations(people, 2) if p in strong and p[::-1] in strong]
    for pair in pairs:
        yield _pattern(RING, week, pair, [*strong[pair], *strong[pair[::-1]]])
    follows: dict[str, set[str]] = defaultdict(set)
    for reader, sharer in strong:
        follows[reader].add(sharer)
    for a in people:
        for b in sorted(follows[a]):
            for c in sorted(follows[b]):
                # Begun at its first member each circle comes once; one that holds a pair is that pair's already.
                circle = ((a, b), (b, c), (c, a))
                if a < min(b, c) and b != c and circle[2] in strong and not any(e[::-1] in strong for e in circle):
                    yield _pattern(RING, week, (a, b, c), [visit for edge in circle for visit in strong[edge]])


def _one_place(week: str, visits: Sequence[Visit], rules: Rules) -> Iterator[Pattern]:
    """One address from which most of a sharer's visitors came, under many names of browsers."""
    if not rules.place_visitors:
        return
    for sharer, hers in _by(visits, lambda v: v.sharer).items():
        everybody = {v.visitor for v in hers if v.visitor}
        for place, theirs in _by(hers, lambda v: v.place).items():
            here = {v.visitor for v in theirs if v.visitor}
            if len(here) >= rules.place_visitors and 2 * len(here) > len(everybody):
                yield _pattern(ONE_PLACE, week, [sharer, place], theirs)


def _pace(week: str, visits: Sequence[Visit], rules: Rules) -> Iterator[Pattern]:
    """Many visitors of one share, one after another, faster than people come."""
    if not rules.pace_visits or not rules.pace_minutes:
        return
    longest = timedelta(minutes=rules.pace_minutes)
    for share, hers in _by(visits, lambda v: v.share).items():
        held: dict[int, Visit] = {}
        start = 0
        for end, visit in enumerate(hers):
            while visit.at - hers[start].at > longest:
                start += 1
            window = hers[start : end + 1]
            if len({v.visitor or v.id for v in window}) >= rules.pace_visits:
                held |= {v.id: v for v in window}
        if held:
            yield _pattern(PACE, week, [str(share)], list(held.values()))


def _by(visits: Iterable[Visit], what: Callable[[Visit], str | int | None]) -> dict[Any, list[Visit]]:
    """Return the visits by something they share, in their order; those of which it is not known are left out."""
    found: dict[Any, list[Visit]] = defaultdict(list)
    for visit in visits:
        if (key := what(visit)) is not None:
            found[key].append(visit)
    return found


def _pattern(code: str, week: str, who: Iterable[str], visits: Sequence[Visit]) -> Pattern:
    mark = hashlib.sha256("|".join([code, week, *who]).encode()).hexdigest()
    times = [v.at for v in visits]
    facts = {
        "sharers": len({v.sharer for v in visits}),
        "shares": len({v.share for v in visits}),
        "visitors": len({v.visitor or v.id for v in visits}),
        "visits": len({v.id for v in visits}),
        "minutes": int((max(times) - min(times)).total_seconds() // 60),
    }
    return Pattern(code, week, mark, tuple(sorted({v.id for v in visits})), facts)
