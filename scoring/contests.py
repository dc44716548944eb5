"""Contests. In: what people did between two days. Out: who stands where, and who took part; nothing else decides.

By figure, best first. Of equal figures the one who reached it earlier stands before; who reached it at the same moment
shares the place (and its prize), and the places after are left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

FEWEST = 5
"""A team takes part from so many active members on: the mean of fewer would be somebody's own figure."""


class Measure(StrEnum):
    """What a contest goes by."""

    POINTS = "points"
    SHARES = "shares"
    """Stories of which a share was confirmed, each once."""
    READERS = "readers"
    """Distinct human visitors, as many of each share as the rules of points pay for."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that counts. `key` names it: of several with one key the earliest counts, once."""

    key: str
    who: str
    worth: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the standing. `figure` is a sum, or a team's mean per active member."""

    place: int
    who: str
    figure: Fraction
    reached: datetime
    """When the last act that counts was done: since then the figure stands."""
    people: int = 1


def took_part(
    acts: Iterable[Act], threshold: int = 1, teams: Mapping[str, str] | None = None, active: Iterable[str] = ()
) -> tuple[str, ...]:
    """Return the people who enter a draw among all who took part, sorted: one ticket each.

    Among people these are the ones of the standing; among teams those of `active` (people who confirmed a share on the
    contest's days) whose team stands in it.
    """
    there = {line.who for line in standing(acts, threshold, teams)}
    return tuple(sorted(there if teams is None else {who for who in active if teams.get(who) in there}))


def standing(acts: Iterable[Act], threshold: int = 1, teams: Mapping[str, str] | None = None) -> tuple[Line, ...]:
    """Return everybody who took part, best first: whose figure is `threshold` or more.

    `teams` maps people to teams; then teams stand by mean per active member, and people without one are left out.
    Neither order nor repetition of `acts` matters. Acts of no worth are none.
    """
    once: dict[tuple[str, str], Act] = {}
    for act in acts:
        known = once.get((act.who, act.key))
        if act.worth > 0 and (known is None or (act.at, act.worth) < (known.at, known.worth)):
            once[act.who, act.key] = act
    sums: dict[str, int] = defaultdict(int)
    last: dict[str, datetime] = {}
    members: dict[str, set[str]] = defaultdict(set)
    for act in once.values():
        who = act.who if teams is None else teams.get(act.who)
        if who is not None:
            sums[who] += act.worth
            last[who] = max(last.get(who, act.at), act.at)
            members[who].add(act.who)
    figures = {
        who: Fraction(total, len(members[who])) if teams is not None else Fraction(total) for who, total in sums.items()
    }
    least = 1 if teams is None else FEWEST
    taking_part = [who for who, figure in figures.items() if figure >= threshold and len(members[who]) >= least]
    found: list[Line] = []
    for n, who in enumerate(sorted(taking_part, key=lambda w: (-figures[w], last[w], w)), start=1):
        before = found[-1] if found else None
        tied = before is not None and (before.figure, before.reached) == (figures[who], last[who])
        found.append(Line(before.place if before and tied else n, who, figures[who], last[who], len(members[who])))
    return tuple(found)
