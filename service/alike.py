"""Alike. In: what counting needs of people's confirmed shares. Out: weeks, tickets and next badges, worked out once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from operator import attrgetter

from emails.values import You
from scoring import badges, weeks
from scoring.badges import Brief, Tally
from service.books import Terms

MANY = 1 << 14
"""Different lots of shares of which is remembered what follows from them."""

_WEEKS = attrgetter("weeks")


class Alike:
    """What follows from confirmed shares; of people whose shares are alike it is worked out once."""

    def __init__(
        self,
        week: str,
        month: str,
        agreed: Terms,
        out: frozenset[str],
        ladders: tuple[badges.Ladder, ...],
        names: tuple[str, ...],
    ) -> None:
        self._week, self._month, self._agreed, self._out, self._ladders = week, month, agreed, out, ladders
        self._names = {ladder[0]: name for ladder, name in zip(ladders, names, strict=True)}
        self._told: dict[tuple[tuple[Brief, ...], frozenset[str]], You] = {}
        self._steps: dict[Tally, badges.Progress | None] = {}
        self.nobody = self.told((), frozenset())
        """Of somebody without shares."""

    def told(self, shares: Sequence[Brief], rest: frozenset[str]) -> You:
        """Return what these shares of somebody, and her weeks of rest, come to."""
        hers = tuple(sorted(shares, key=_WEEKS))
        found = self._told.get((hers, rest))
        if found is None:
            if len(self._told) >= MANY:
                self._told.clear()
                self._steps.clear()
            found = self._told[hers, rest] = self._work_out(hers, rest)
        return found

    def _work_out(self, hers: tuple[Brief, ...], rest: frozenset[str]) -> You:
        bringing = frozenset(share.weeks[0] for share in hers if share.network not in self._out)
        active = frozenset(share.weeks[0] for share in hers)
        held = None if bringing == active else bringing
        you = you_of(visits_of(hers), rest, self._week, self._month, self._agreed, held)
        mine = badges.tally(hers, self._week, rest)
        if mine not in self._steps:
            self._steps[mine] = badges.nearest(mine, self._ladders)
        step = self._steps[mine]
        return replace(you, badge=self._names[step.badge], have=step.have, need=step.need) if step else you


@lru_cache(maxsize=4)
def alike_of(
    week: str,
    month: str,
    agreed: Terms,
    out: frozenset[str],
    ladders: tuple[badges.Ladder, ...],
    names: tuple[str, ...],
) -> Alike:
    """Return one for all pages of a planning, which ask with the same."""
    return Alike(week, month, agreed, out, ladders, names)


def visits_of(hers: Sequence[Brief]) -> tuple[tuple[str, ...], ...]:
    """Return the weeks of visits in an order that says nothing: few people's differ then."""
    return tuple(sorted(share.weeks for share in hers))


@lru_cache(maxsize=4096)
def you_of(
    visits: tuple[tuple[str, ...], ...],
    rest: frozenset[str],
    week: str,
    month: str,
    agreed: Terms,
    bringing: frozenset[str] | None = None,
) -> You:
    """Return what follows from the weeks in which each of her confirmed shares was visited, beside the next badge.

    `bringing`: the active weeks that bring draw tickets, where these are not all.
    """
    active = {share[0] for share in visits}
    cap = agreed.times.of(weeks.begin(weeks.weeks_of_month(month)[0], agreed.zone)).tickets_a_month
    last = weeks.shift(week, -1)
    return You(
        weeks=weeks.streak(active, week, rest),
        tickets=weeks.tickets(active if bringing is None else bringing, month, cap),
        shares=sum(1 for share in visits if share[0] == last),
        visits=sum(1 for share in visits for each in share if each == last),
    )
