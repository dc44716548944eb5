"""Caps. In: the entries that one person's shares are due. Out: those that fit under the programme's caps.

Optional rules beside those of PROTOCOLS: points a day, a story, a network and week, and a pause between stories. Each
is a function of the entries' own times and keys, so that it does not matter what arrived when.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from scoring.rules import Rules, Timetable, held
from scoring.shares import Facts
from scoring.weeks import begin, day_of, week_of

if TYPE_CHECKING:
    from scoring.points import Entry

Purse = tuple[str, object]


def apart(shares: Sequence[Facts], rules: Rules | Timetable) -> list[Facts]:
    """Return the shares that earn points: of stories opened in haste only the first.

    A story is opened when the first of its shares is. The pause runs from the last story that counts, so a row of
    hasty ones does not push it on for ever; one that nobody is known to have opened counts.
    """
    times = held(rules)
    if not any(each.minutes_apart for each in times.everything()):
        return list(shares)
    opened = sorted(
        (min(f.opened_at for f in shares if f.story_id == story and f.opened_at), story)
        for story in {f.story_id for f in shares if f.opened_at}
    )
    hasty: set[int] = set()
    last = None
    for at, story in opened:
        if last is not None and at - last < timedelta(minutes=times.of(at).minutes_apart):
            hasty.add(story)
        else:
            last = at
    return [f for f in shares if f.story_id not in hasty]


def capped(entries: Iterable[Entry], shares: Iterable[Facts], rules: Rules | Timetable, zone: str) -> list[Entry]:
    """Return the entries in order of time and key, each with as many points as its caps have left; 0 is left out.

    `zone` is the programme's (IANA name): days and weeks are its own. The cap of a day or week is that of the rules
    valid when it began; the cap of a story that of the rules valid at each event.
    """
    times = held(rules)
    ordered = sorted(entries, key=lambda e: (e.at, e.key))
    if not any(r.points_a_day or r.points_a_story or r.points_a_network_a_week for r in times.everything()):
        return ordered
    of = {f.key: f for f in shares}
    spent: Counter[Purse] = Counter()
    kept = []
    for entry in ordered:
        facts = of[entry.share]
        day, week = day_of(entry.at, zone), week_of(entry.at, zone)
        dawn = datetime.combine(day, time(), ZoneInfo(zone))
        limits: list[tuple[Purse, int]] = [
            (("day", day), times.of(dawn).points_a_day),
            (("story", facts.story_id), times.of(entry.at).points_a_story),
            (("network", (facts.network, week)), times.of(begin(week, zone)).points_a_network_a_week),
        ]
        left = [max(0, limit - spent[purse]) for purse, limit in limits if limit]
        points = min(entry.points, *left) if left else entry.points
        if points:
            for purse, _limit in limits:
                spent[purse] += points
            kept.append(replace(entry, points=points))
    return kept
