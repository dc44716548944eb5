"""Tallies. In: of each confirmed share as little as counting needs. Out: her next level, for a million at a time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from scoring.badges.counting import About, Progress
from scoring.badges.criteria import TOGETHER, Badge, Kind
from scoring.rules import Rules, Timetable, held
from scoring.weeks import rows, streak


class Brief(NamedTuple):
    """What counting steps needs of one confirmed share; less than Facts, for a million people at a time."""

    weeks: tuple[str, ...]
    """Of its visits, sorted."""
    network: str
    own_words: bool
    about: About
    engaged: bool
    """By the rules of the time of its visits."""


class Tally(NamedTuple):
    """How far somebody is in everything that is counted without being narrowed."""

    shares: int = 0
    engaged: int = 0
    own_words: int = 0
    readers: int = 0
    readers_of_one: int = 0
    weeks: int = 0
    row: int = 0
    """The longest row of active weeks there ever was."""
    streak: int = 0
    """The present one."""
    networks: int = 0
    topics: int = 0
    one_topic: int = 0
    one_campaign: int = 0


def tally(shares: Sequence[Brief], current: str, rest: frozenset[str] = frozenset()) -> Tally:
    """Return how far these shares of one person bring her; the same as counting their moments."""
    # Plain dictionaries: a Counter costs more to make than most people have to be counted.
    topics: dict[str, int] = {}
    campaigns: dict[str, int] = {}
    for share in shares:
        for topic in share.about.topics:
            topics[topic] = topics.get(topic, 0) + 1
        if (campaign := share.about.campaign) is not None:
            campaigns[campaign] = campaigns.get(campaign, 0) + 1
    active = frozenset(s.weeks[0] for s in shares)
    readers = [len(s.weeks) for s in shares]
    row, now = _in_a_row(active, current, rest)
    return Tally(
        shares=len(shares),
        engaged=sum(s.engaged for s in shares),
        own_words=sum(s.own_words for s in shares),
        readers=sum(readers),
        readers_of_one=max(readers, default=0),
        weeks=len(active),
        row=row,
        streak=now,
        networks=len({s.network for s in shares}),
        topics=len(topics),
        one_topic=max(topics.values(), default=0),
        one_campaign=max(campaigns.values(), default=0),
    )


@lru_cache(maxsize=4096)
def _in_a_row(active: frozenset[str], current: str, rest: frozenset[str]) -> tuple[int, int]:
    return max(map(len, rows(active, rest)), default=0), streak(active, current, rest)


def tallied(badge: Badge) -> tuple[str, str] | None:
    """Return the fields of Tally that a badge's levels and its steps go by; None where it needs the shares."""
    c = badge.criterion
    if c.kind in TOGETHER or c.network or c.topic or c.campaign:
        return None
    if c.kind is Kind.WEEKS and c.in_a_row:
        return "row", "streak"
    if c.kind is Kind.SHARES and c.proof != "confirmed":
        return (c.proof.replace("-", "_"),) * 2
    return (c.kind.replace("-", "_"),) * 2


Ladder = tuple[str, int, int, tuple[int, ...], int]
"""A badge's slug, where Tally has what its levels and its steps go by, what each level takes, and what is enough.

Enough is what the last level ever took: who has as much may hold it since then, and is promised nothing more.
"""


def ladders(badges: Sequence[Badge], rules: Rules | Timetable) -> tuple[Ladder, ...]:
    """Return the ladders of those badges that are `tallied`, for `nearest`. Of `rules` all versions have begun."""
    fields, times = Tally._fields, held(rules)
    return tuple(
        (
            badge.slug,
            fields.index(by[0]),
            fields.index(by[1]),
            badge.thresholds(times.last),
            min(badge.thresholds(version)[-1] for version in times.everything()),
        )
        for badge in badges
        if (by := tallied(badge))
    )


def nearest(hers: Tally, of: Sequence[Ladder]) -> Progress | None:
    """Return the next level as `progress` does, of these ladders."""
    best = None
    done, whole = 0, 1
    for slug, levels, steps, needs, enough in of:
        most = hers[levels]
        if most >= enough:
            continue
        level, need = next((n, need) for n, need in enumerate(needs, 1) if most < need)
        have = min(hers[steps], need)
        if best is None or have * whole > done * need:
            best, done, whole = (slug, have, need, level), have, need
    return Progress(*best) if best else None
