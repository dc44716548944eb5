"""Caps. In: the entries that one person's shares are due. Out: those that fit under the programme's caps.

Optional rules beside those of PROTOCOLS: points a day, a story, a network and week, and a pause between stories. Each
is a function of the entries' own times and keys, so that it does not matter what arrived when.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from scoring.rules import Rules
from scoring.shares import Facts
from scoring.weeks import day_of, week_of

if TYPE_CHECKING:
    from scoring.points import Entry

Purse = tuple[str, object]


def apart(shares: Sequence[Facts], rules: Rules) -> list[Facts]:
    """Return the shares that earn points: of stories opened in haste only the first.

    A story is opened when the first of its shares is. The pause runs from the last story that counts, so a row of
    hasty ones does not push it on for ever; one that nobody is known to have opened counts.
    """
    if not rules.minutes_apart:
        return list(shares)
    opened = sorted(
        (min(f.opened_at for f in shares if f.story_id == story and f.opened_at), story)
        for story in {f.story_id for f in shares if f.opened_at}
    )
    hasty: set[int] = set()
    last = None
    for at, story in opened:
        if last is not None and at - last < timedelta(minutes=rules.minutes_apart):
            hasty.add(story)
        else:
            last = at
    return [f for f in shares if f.story_id not in hasty]


def capped(entries: Iterable[Entry], shares: Iterable[Facts], rules: Rules, zone: str) -> list[Entry]:
    """Return the entries in order of time and key, each with as many points as its caps have left; 0 is left out.

    `zone` is the programme's (IANA name): days and weeks are its own.
    """
    limits = {
        "day": rules.points_a_day,
        "story": rules.points_a_story,
        "network": rules.points_a_network_a_week,
    }
    ordered = sorted(entries, key=lambda e: (e.at, e.key))
    if not any(limits.values()):
        return ordered
    of = {f.key: f for f in shares}
    spent: Counter[Purse] = Counter()
    kept = []
    for entry in ordered:
        facts = of[entry.share]
        purses: list[Purse] = [
            ("day", day_of(entry.at, zone)),
            ("story", facts.story_id),
            ("network", (facts.network, week_of(entry.at, zone))),
        ]
        left = [limits[kind] - spent[kind, what] for kind, what in purses if limits[kind]]
        points = min(entry.points, *left)
        if points:
            for purse in purses:
                spent[purse] += points
            kept.append(replace(entry, points=points))
    return kept
