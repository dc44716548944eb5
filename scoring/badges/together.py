"""Together. In: when shares of all people were confirmed, teams, campaigns. Out: moments that others decide on.

Each function returns, for each person, the moments at which her count rose by one, sorted: what `counting.reached`
takes. Neither order nor repetition of the lines matters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from scoring.weeks import week_of

LEAST_TEAM = 5
"""A smaller team earns nothing together: its badge would say too much of single people."""


class Line(NamedTuple):
    """A share that a reader confirmed: whose, of which story, where, and when."""

    subject: str
    story: int
    network: str
    at: datetime


Moments = dict[str, list[datetime]]


def first_of_story(lines: Iterable[Line]) -> Moments:
    """Return when each person's share was the first of its story; of two at one moment the lower subject's."""
    return _first((line.story, line) for line in lines)


def first_on_network(lines: Iterable[Line]) -> Moments:
    """Return when each person's share was the first on its network."""
    return _first((line.network, line) for line in lines)


def _first(lines: Iterable[tuple[object, Line]]) -> Moments:
    best: dict[object, Line] = {}
    for what, line in lines:
        known = best.get(what)
        if known is None or (line.at, line.subject) < (known.at, known.subject):
            best[what] = line
    found: Moments = defaultdict(list)
    for line in best.values():
        found[line.subject].append(line.at)
    return {subject: sorted(at) for subject, at in found.items()}


def whole_campaign(lines: Iterable[Line], stories: Mapping[str, Collection[int]]) -> Moments:
    """Return when each person had shared every story of a campaign (slug → its stories)."""
    of = {story: campaign for campaign, ids in stories.items() for story in ids}
    first: dict[tuple[str, str], dict[int, datetime]] = defaultdict(dict)
    for line in lines:
        if campaign := of.get(line.story):
            hers = first[line.subject, campaign]
            hers[line.story] = min(hers.get(line.story, line.at), line.at)
    found: Moments = defaultdict(list)
    for (subject, campaign), hers in first.items():
        if len(hers) == len(set(stories[campaign])):
            found[subject].append(max(hers.values()))
    return {subject: sorted(at) for subject, at in found.items()}


def team(lines: Iterable[Line], team_of: Mapping[str, int], sizes: Mapping[int, int], zone: str) -> Moments:
    """Return, for each person, when her team's best week with her in it came to 1, 2, 3 … per cent of the team.

    `sizes` counts the people of each team who take part. One counts from the week's first confirmed share of hers.
    """
    weeks: dict[tuple[int, str], dict[str, datetime]] = defaultdict(dict)
    for line in lines:
        if (number := team_of.get(line.subject)) is not None and sizes.get(number, 0) >= LEAST_TEAM:
            hers = weeks[number, week_of(line.at, zone)]
            hers[line.subject] = min(hers.get(line.subject, line.at), line.at)
    found: Moments = {}
    for (number, _week), hers in weeks.items():
        rising: list[datetime] = []
        for n, at in enumerate(sorted(hers.values()), 1):
            rising += [at] * (min(100, 100 * n // sizes[number]) - len(rising))
        for subject, began in hers.items():
            row = [max(at, began) for at in rising]
            known = found.get(subject, [])
            both = [min(pair) for pair in zip(known, row, strict=False)]
            found[subject] = both + known[len(both) :] + row[len(both) :]
    return found
