"""Groups. In: lines of a table, in works-council mode. Out: lines of five people or more, and one of the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from service.boards import FEWEST
from service.database import db
from service.models import CountedShare, DayFigure
from service.results.reading import SUMMED, Line
from service.results.scopes import Scope

SURELY = 1000
"""So many shares were not made by four people: nobody is looked for."""

OTHERS = "…"
"""The key of the line that small ones become."""


def several(scope: Scope, *narrower: sa.ColumnElement[bool]) -> bool:
    """Tell whether at least FEWEST different people made the scope's shares under these conditions."""
    asked = sa.select(CountedShare.subject).where(*scope.shares(), *narrower).distinct().limit(FEWEST)
    return len(db.session.scalars(asked).all()) >= FEWEST


def of_stories(ids: Sequence[int]) -> list[sa.ColumnElement[bool]]:
    """Return the condition on shares of these stories."""
    return [CountedShare.story_id.in_(ids)]


def of_network(scope: Scope, network: str) -> list[sa.ColumnElement[bool]]:
    """Return the conditions on shares on this network, found by the stories that were shared there."""
    stories = sa.select(DayFigure.story_id).where(*scope.within(DayFigure), DayFigure.network == network)
    return [CountedShare.network == network, CountedShare.story_id.in_(stories)]


def joined(scope: Scope, lines: Sequence[Line], narrower: Callable[[str], list[Any]], others: str) -> list[Line]:
    """Return the lines with those of fewer than FEWEST people put together as `others`.

    What is put together is of FEWEST people or more too, or the next smallest line goes in with it: nothing is told by
    taking the shown ones from the sum. Where even all together are fewer, there is no line.
    """
    small = [x for x in lines if x.shares < SURELY and not several(scope, *narrower(x.key))]
    if not small:
        return list(lines)
    shown = [x for x in lines if x not in small]
    while shown and not _enough(scope, small, narrower):
        small.append(shown.pop())
    if not shown and not _enough(scope, small, narrower):
        return []
    sums = {m: sum(getattr(x, m) for x in small) for m in SUMMED}
    return [*shown, replace(small[0], key=OTHERS, name=others, **sums)]


def _enough(scope: Scope, small: Sequence[Line], narrower: Callable[[str], list[Any]]) -> bool:
    if any(x.shares >= SURELY for x in small):
        return True
    each = [sa.and_(*narrower(x.key)) for x in small]
    return several(scope, sa.or_(*each))
