"""Groups. In: lines of a table, in works-council mode. Out: lines of five people or more, and one of the others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from scoring.results import SUMMED
from service.boards import FEWEST
from service.database import db
from service.models import CountedShare, DayFigure
from service.results.reading import Line
from service.results.scopes import Scope

SURELY = 100
"""So many shares of one story were not made by four people, who share it once on a network: nobody is looked for."""

SAMPLE = 25
"""So many shares are looked at first: five people are among them, or there are few."""

OTHERS = "…"
"""The key of the line that small ones become."""

ENOUGH = frozenset(f"somebody {n}" for n in range(FEWEST))
"""Stands for five people or more of whom nobody is looked for."""

Crowd = Mapping[str, Collection[str]]
"""By a line's key who made its shares: all, where they are fewer than FEWEST, else at least so many of them."""


def several(scope: Scope) -> bool:
    """Tell whether at least FEWEST different people made the scope's shares."""
    return at_least(scope.shares()) >= FEWEST


def at_least(where: Sequence[Any]) -> int:
    """Return how many different people made the shares that this says, or FEWEST where they are as many or more.

    Shares are read until there are enough people: some first, then such as nobody made who is known.
    """
    found: set[str] = set()
    while len(found) < FEWEST:
        others = [CountedShare.subject.not_in(sorted(found))] if found else []
        some = db.session.scalars(sa.select(CountedShare.subject).where(*where, *others).limit(SAMPLE)).all()
        found.update(some)
        if len(some) < SAMPLE:
            break
    return min(len(found), FEWEST)


def of_stories(scope: Scope, stories: Sequence[Line]) -> dict[str, frozenset[str]]:
    """Return the crowd of each of these stories, asked for at once."""
    found: dict[str, set[str]] = {x.key: set() for x in stories}
    looked_for = [int(x.key) for x in stories if 0 < x.shares < SURELY]
    if looked_for:
        hers = (
            sa.select(CountedShare.story_id, CountedShare.subject)
            .where(*scope.shares(), CountedShare.story_id.in_(looked_for))
            .distinct()
            .subquery()
        )
        number = sa.func.row_number().over(partition_by=hers.c.story_id, order_by=hers.c.subject)
        numbered = sa.select(hers.c.story_id, hers.c.subject, number.label("n")).subquery()
        for story, subject in db.session.execute(
            sa.select(numbered.c.story_id, numbered.c.subject).where(numbered.c.n <= FEWEST)
        ):
            found[str(story)].add(subject)
    return {x.key: ENOUGH if x.shares >= SURELY else frozenset(found[x.key]) for x in stories}


def of_networks(scope: Scope, lines: Sequence[Line]) -> dict[str, frozenset[str]]:
    """Return the crowd of each of these networks, found by the stories and days of its shares, asked for at once."""
    found: dict[str, list[str]] = {x.key: [] for x in lines}
    there = [x for x in lines if x.shares]
    if there:
        parts = [sa.select(_on(scope, x.key, False).limit(SAMPLE).subquery()) for x in there]
        for row in db.session.execute(sa.union_all(*parts)):
            found[row.network].append(row.subject)
    for network, some in found.items():
        if len(some) == SAMPLE and len(set(some)) < FEWEST:  # few people who share much
            asked = _on(scope, network, True).limit(FEWEST)
            found[network] = [subject for _network, subject in db.session.execute(asked)]
    return {network: frozenset(some) for network, some in found.items()}


def _on(scope: Scope, network: str, once: bool) -> Any:
    days = sa.select(DayFigure.story_id, DayFigure.day).where(
        *scope.within(DayFigure), DayFigure.network == network, DayFigure.shares > 0
    )
    asked = sa.select(CountedShare.network, CountedShare.subject).where(
        *scope.shares(),
        CountedShare.network == network,
        sa.tuple_(CountedShare.story_id, CountedShare.day).in_(days),
    )
    return asked.distinct() if once else asked


def joined(lines: Sequence[Line], crowd: Crowd, others: str) -> list[Line]:
    """Return the lines with those of fewer than FEWEST people put together as `others`.

    What is put together is of FEWEST people or more too, or the next smallest line goes in with it: nothing is told by
    taking the shown ones from the sum. Where even all together are fewer, there is no line.
    """
    small = [x for x in lines if len(crowd[x.key]) < FEWEST]
    if not small:
        return list(lines)
    shown = [x for x in lines if len(crowd[x.key]) >= FEWEST]
    people = frozenset[str]().union(*(crowd[x.key] for x in small))
    while shown and len(people) < FEWEST:
        small.append(shown.pop())
        people = people.union(crowd[small[-1].key])
    if len(people) < FEWEST:
        return []
    sums = {m: sum(getattr(x, m) for x in small) for m in SUMMED}
    return [*shown, replace(small[0], key=OTHERS, name=others, **sums)]
