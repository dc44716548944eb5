"""Counting. In: one person's shares and what surrounds them. Out: badges earned, when, and how far the next one is.

For each criterion there is a row of moments: at the first of them its count became 1, at the second 2. So order and
repetition of what arrives do not matter, and a higher level is never earned before a lower one.

A level that a rule of the score names asks for what that rule said at the time: who came to it keeps it when more is
asked for later, and who has enough when less is asked for has it from that moment on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from scoring.badges.criteria import TOGETHER, Badge, Criterion, Kind
from scoring.badges.defaults import DEFAULTS
from scoring.rules import Rules, Timetable, held
from scoring.shares import Facts, engaged_at, merged
from scoring.weeks import rows, streak, week_of


@dataclass(frozen=True, slots=True)
class About:
    """What badges ask of a story: slugs of its topics, and of its campaign."""

    topics: tuple[str, ...] = ()
    campaign: str | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """What surrounds one person's shares: stories by id, and weeks of rest, which do not break a row."""

    stories: Mapping[int, About] = field(default_factory=dict)
    rest: frozenset[str] = frozenset()


NOTHING = Around()
_UNKNOWN = About()


@dataclass(frozen=True, slots=True)
class Earned:
    """A level of a badge, and the own time of the event that earned it."""

    badge: str
    at: datetime
    level: int = 1


@dataclass(frozen=True, slots=True)
class Progress:
    """The next level of a badge: `have` of `need` steps are done."""

    badge: str
    have: int
    need: int
    level: int = 1


def active_weeks(shares: Iterable[Facts], zone: str) -> dict[str, datetime]:
    """Return the weeks in which a share was first confirmed, each with the moment that made it active."""
    found: dict[str, datetime] = {}
    for facts in shares:
        if at := facts.confirmed_at:
            week = week_of(at, zone)
            found[week] = min(found.get(week, at), at)
    return found


def earned(
    shares: Sequence[Facts],
    rules: Rules | Timetable,
    zone: str,
    badges: Sequence[Badge] = DEFAULTS,
    around: Around = NOTHING,
) -> tuple[Earned, ...]:
    """Return every level that these shares of one person earned, in the order of `badges`; free of order, repetition.

    Of `rules` all versions have begun, here as below. Kinds that depend on other people (criteria.TOGETHER) are left to
    scoring.badges.together.
    """
    found = [f for f in merged(shares) if f.visited_at]
    if not found:
        return ()
    return tuple(
        level
        for badge in badges
        if badge.criterion.kind not in TOGETHER
        for level in reached(badge, moments(badge.criterion, found, rules, zone, around), rules)
    )


def reached(badge: Badge, at: Sequence[datetime], rules: Rules | Timetable) -> tuple[Earned, ...]:
    """Return the levels of a badge whose count rose by one at each of these moments (sorted)."""
    first: dict[int, datetime] = {}
    for since, until, version in held(rules).spans():
        for level, need in enumerate(badge.thresholds(version), 1):
            if need > len(at):
                continue
            moment = at[need - 1] if since is None else max(at[need - 1], since)
            if until is None or moment < until:
                first[level] = min(first.get(level, moment), moment)
    return tuple(Earned(badge.slug, first[level], level) for level in sorted(first))


def progress(
    shares: Sequence[Facts],
    rules: Rules | Timetable,
    zone: str,
    current: str,
    badges: Sequence[Badge] = DEFAULTS,
    around: Around = NOTHING,
) -> Progress | None:
    """Return the level that is nearest, of two as near the first of `badges`; None if all are earned.

    `current` is the present week. Of levels without one step done the first badge's is the next.
    """
    found = [f for f in merged(shares) if f.visited_at]
    best: Progress | None = None
    for badge in badges:
        if badge.criterion.kind in TOGETHER:
            continue
        step = _next(badge, found, rules, zone, current, around)
        if step and (best is None or step.have * best.need > best.have * step.need):
            best = step
    return best


def steps(
    badge: Badge,
    shares: Sequence[Facts],
    rules: Rules | Timetable,
    zone: str,
    current: str,
    around: Around = NOTHING,
) -> Progress:
    """Return how many steps towards a badge's next level are done, or that its last one is; a broken row is at 0."""
    found = [f for f in merged(shares) if f.visited_at]
    needs = badge.thresholds(held(rules).last)
    return _next(badge, found, rules, zone, current, around) or Progress(badge.slug, needs[-1], needs[-1], len(needs))


def _next(
    badge: Badge, found: Sequence[Facts], rules: Rules | Timetable, zone: str, current: str, around: Around
) -> Progress | None:
    needs = badge.thresholds(held(rules).last)
    rising = moments(badge.criterion, found, rules, zone, around) if found else []
    have, hers = len(rising), {each.level for each in reached(badge, rising, rules)}
    if found and badge.criterion.kind is Kind.WEEKS and badge.criterion.in_a_row:
        have = streak(active_weeks(found, zone), current, around.rest)
    for level, need in enumerate(needs, 1):
        if level not in hers:
            return Progress(badge.slug, min(have, need), need, level)
    return None


def moments(
    criterion: Criterion, shares: Sequence[Facts], rules: Rules | Timetable, zone: str, around: Around = NOTHING
) -> list[datetime]:
    """Return the moments, sorted, at which the count of a criterion rose by one. `shares` are merged and confirmed.

    Raises KeyError for a kind of criteria.TOGETHER.
    """
    narrowed = [f for f in shares if _fits(criterion, f, around)]
    return _MOMENTS[criterion.kind](criterion, narrowed, held(rules), zone, around)


def _fits(criterion: Criterion, facts: Facts, around: Around) -> bool:
    if criterion.network and facts.network != criterion.network:
        return False
    about = around.stories.get(facts.story_id, _UNKNOWN)
    if criterion.topic and criterion.topic not in about.topics:
        return False
    return not criterion.campaign or criterion.campaign == about.campaign


def _shares(
    criterion: Criterion, found: Sequence[Facts], times: Timetable, _zone: str, _around: Around
) -> list[datetime]:
    if criterion.proof == "engaged":
        return sorted(at for f in found if (at := engaged_at(f, times)))
    own = criterion.proof == "own-words"
    return sorted(min(f.visited_at) for f in found if f.own_words or not own)


def _readers(_c: Criterion, found: Sequence[Facts], _times: Timetable, _zone: str, _around: Around) -> list[datetime]:
    return sorted(at for f in found for at in f.visited_at)


def _readers_of_one(_c: Criterion, found: Sequence[Facts], _t: Timetable, _z: str, _around: Around) -> list[datetime]:
    best: list[datetime] = []
    for f in found:
        for n, at in enumerate(sorted(f.visited_at)):
            if n == len(best):
                best.append(at)
            best[n] = min(best[n], at)
    return best


def _weeks(
    criterion: Criterion, found: Sequence[Facts], _times: Timetable, zone: str, around: Around
) -> list[datetime]:
    active = active_weeks(found, zone)
    if not criterion.in_a_row:
        return sorted(active.values())
    best: list[datetime] = []
    for row in rows(active, around.rest):
        for n, week in enumerate(row):
            # A row of some weeks may end in any of its later ones: the earliest moment with so many behind it counts.
            if n == len(best):
                best.append(active[week])
            best[n] = min(best[n], active[week])
    return best


def _networks(_c: Criterion, found: Sequence[Facts], _times: Timetable, _zone: str, _around: Around) -> list[datetime]:
    return _firsts((f.network, min(f.visited_at)) for f in found)


def _topics(_c: Criterion, found: Sequence[Facts], _times: Timetable, _zone: str, around: Around) -> list[datetime]:
    return _firsts(
        (topic, min(f.visited_at)) for f in found for topic in around.stories.get(f.story_id, _UNKNOWN).topics
    )


def _one_topic(_c: Criterion, found: Sequence[Facts], _times: Timetable, _zone: str, around: Around) -> list[datetime]:
    return _most((topic, min(f.visited_at)) for f in found for topic in around.stories.get(f.story_id, _UNKNOWN).topics)


def _one_campaign(
    _c: Criterion, found: Sequence[Facts], _times: Timetable, _zone: str, around: Around
) -> list[datetime]:
    return _most(
        (campaign, min(f.visited_at))
        for f in found
        if (campaign := around.stories.get(f.story_id, _UNKNOWN).campaign) is not None
    )


def _firsts(pairs: Iterable[tuple[str, datetime]]) -> list[datetime]:
    first: dict[str, datetime] = {}
    for name, at in pairs:
        first[name] = min(first.get(name, at), at)
    return sorted(first.values())


def _most(pairs: Iterable[tuple[str, datetime]]) -> list[datetime]:
    """Return when any of the names first had one, two, three … of its own."""
    of: dict[str, list[datetime]] = {}
    for name, at in pairs:
        of.setdefault(name, []).append(at)
    best: list[datetime] = []
    for each in of.values():
        for n, at in enumerate(sorted(each)):
            if n == len(best):
                best.append(at)
            best[n] = min(best[n], at)
    return best


_MOMENTS = {
    Kind.SHARES: _shares,
    Kind.READERS: _readers,
    Kind.READERS_OF_ONE: _readers_of_one,
    Kind.WEEKS: _weeks,
    Kind.NETWORKS: _networks,
    Kind.TOPICS: _topics,
    Kind.ONE_TOPIC: _one_topic,
    Kind.ONE_CAMPAIGN: _one_campaign,
}
