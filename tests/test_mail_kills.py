"""Mails stopped at any point. In: each use case that mails, dying at each statement and commit. Out: one copy each.

CHAOS=full stops each at every point and crosses two at every one, otherwise at some of them, spread over the act.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from redis import Redis

from service import clock
from service.database import db
from service.draws import Plan, monthly
from service.models import Draw
from tests import crossing, week47
from tests.crossing import cross
from tests.occasions import OCCASIONS, Occasion, said
from tests.stumbling import LANDED, How, Kept, forget_kept, stumbling

FULL = os.environ.get("CHAOS") == "full"
SHORT = {How.KILLED: 1, How.REFUSED: 1, How.UNHEARD: 2, How.BROKEN: 1}
"""Points of each way to stop in the short form: about the middle, then near the end."""

each = pytest.mark.parametrize("occasion", OCCASIONS, ids=[o.name for o in OCCASIONS])


def go_on(occasion: Occasion) -> None:
    """Do what is done again after a death: a person presses once more, the schedule comes round twice."""
    for times in (1, 2) if occasion.later else (1,):
        clock.set_now(occasion.now + times * occasion.later)
        occasion.act()


@pytest.fixture(autouse=True)
def nothing_stays(app: Flask) -> Iterator[None]:
    yield
    forget_kept()


@each
def test_wherever_it_is_stopped_everybody_has_one_copy_in_the_end(
    app: Flask, redis_url: str, occasion: Occasion, monkeypatch: pytest.MonkeyPatch
) -> None:
    occasion.shrink(monkeypatch)
    occasion.begin()
    kept = Kept()
    clock.set_now(occasion.now)
    with stumbling(0, How.KILLED) as there:
        occasion.act()
    go_on(occasion)
    whole = said()
    assert whole.total() >= occasion.least and set(whole.values()) == {1}
    for n, how in enumerate(How):
        for at in points(there.commits if how in LANDED else there.points, n, SHORT[how]):
            kept.back()
            clock.set_now(occasion.now)
            with stumbling(at, how) as found:
                occasion.act()
            assert found.fell
            Redis.from_url(redis_url).flushdb()
            go_on(occasion)
            assert said() == whole, f"{how}, point {at} of {there.points}"
    print(f"{occasion.name}: {there.points} points, {there.commits} of them commits")


def points(of: int, shift: int, most: int) -> list[int]:
    """Return the points to stop at, of 1 to `of`: all, or some."""
    if FULL or of <= most:
        return list(range(1, of + 1))
    return [1 + (of // 2 + shift * 5) % of, max(1, of - shift)][:most]


@each
@pytest.mark.parametrize("database_url", ["postgresql", "sqlite"] if FULL else ["postgresql"], indirect=True)
def test_two_that_do_it_at_once_make_one_copy(app: Flask, occasion: Occasion, monkeypatch: pytest.MonkeyPatch) -> None:
    occasion.shrink(monkeypatch)
    monkeypatch.setattr(crossing, "PATIENCE", 0.1)
    occasion.begin()
    kept = Kept()
    clock.set_now(occasion.now)
    with stumbling(0, How.KILLED) as there:
        occasion.act()
    go_on(occasion)
    whole = said()
    sqlite = db.engine.dialect.name == "sqlite"  # one writer at a time: only what lies between transactions counts
    before, number = ("BEGIN", there.begins) if sqlite else ("", there.points)
    for nth in points(number, 1, 2):
        kept.back()
        clock.set_now(occasion.now)
        done = cross(app, occasion.act, occasion.act, before, nth)
        assert [str(each) for each in done.results if isinstance(each, Exception)] == [], f"point {nth} of {number}"
        go_on(occasion)
        assert said() == whole, f"point {nth} of {number}"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_commit_that_the_disk_refuses_leaves_a_connection_that_works(app: Flask) -> None:
    """SQLite may keep the transaction open, and SQLAlchemy takes it for ended: its rows must not come with the next."""
    for at in (1, 2, 3):
        with stumbling(at, How.REFUSED) as found:
            db.session.execute(sa.text("INSERT INTO topic (slug, name, names) VALUES ('a', 'A', '{}')"))
            db.session.commit()
        assert found.fell
    assert found.commits == 1
    assert db.session.scalar(sa.text("SELECT count(*) FROM topic")) == 0


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_schedulers_open_one_draw_for_a_month(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second opens it after the first looked whether there is one, and before it looks whether its name is free."""
    monkeypatch.setattr(crossing, "PATIENCE", 1.5)
    week47.programme()
    monthly.set_plan(True, [("A weekend", "300 EUR")], 2, 72, Plan())
    cross(app, monthly.hold, monthly.hold, "SELECT draw.id", 2)
    assert db.session.scalars(sa.select(Draw.name)).all() == ["2026-11"]
