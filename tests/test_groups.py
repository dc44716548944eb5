"""Groups. In: lines of few people, in works-council mode. Out: none that tells of four, and no query for each line."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from service import results
from service.database import db
from service.models import Programme
from service.results import groups, reading
from service.results.periods import period
from service.results.scopes import Scope
from tests import noor as world
from tests.conftest import TUESDAY
from tests.liam import at_the_console
from tests.test_results import house, shared
from tests.test_settling import noor, share

__all__ = ["house"]


def test_small_lines_are_put_together_so_that_none_is_found_by_subtraction(house: Flask) -> None:
    for n in range(9):
        shared(
            noor(f"P{n}"),
            network="x" if n < 2 else "linkedin" if n < 8 else "bluesky",
            state="declared",
            declared_at=TUESDAY,
        )
    results.count()
    scope = Scope(period("2026-11", TUESDAY.date()))
    lines = reading.by_network(scope)
    found = groups.joined(lines, groups.of_networks(scope, lines), "Others")
    assert [(x.name, x.shares) for x in found] == [("Others", 9)], "three alone would tell of fewer than five"
    for n in range(9, 12):
        shared(noor(f"P{n}"), network="x", state="declared", declared_at=TUESDAY)
    results.count()
    lines = reading.by_network(scope)
    found = groups.joined(lines, groups.of_networks(scope, lines), "Others")
    assert [(x.name, x.shares) for x in found] == [("linkedin", 6), ("Others", 6)]


def test_few_people_who_share_much_are_few_and_no_story_is_asked_for_on_its_own(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.begin()
    db.session.execute(sa.update(Programme).values(works_council=True))
    people, stories = [noor(f"P{n}") for n in range(6)], [share(noor(f"Q{n}")).story for n in range(12)]
    for n, who in enumerate(people):
        for story in stories[: 12 if n < 3 else 1]:
            told = {"state": "declared", "declared_at": TUESDAY}
            share(who, "x" if n < 3 else "linkedin", story, **told)
    db.session.commit()
    results.count()
    scope = Scope(period("2026-11", TUESDAY.date()))
    lines, crowd = reading.by_network(scope), groups.of_networks(scope, reading.by_network(scope))
    assert {x.key: (x.shares, len(crowd[x.key])) for x in lines} == {"x": (36, 3), "linkedin": (3, 3)}
    assert [(x.name, x.shares) for x in groups.joined(lines, crowd, "Others")] == [("Others", 39)]
    of_stories = groups.of_stories(scope, reading.by_story(scope))
    assert sorted(map(len, of_stories.values())) == [3] * 11 + [5], "of six people five are enough to know"
    liam = at_the_console(app)
    asked: list[str] = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    for path in ("/sharing?period=2026-11", "/report/print?period=2026-11"):
        asked.clear()
        assert liam.open(f"/console/results{path}").status_code == 200
        assert 5 < len(asked) < 80, path
        assert sum("counted_share" in one for one in asked) < 9 < len(stories), path
