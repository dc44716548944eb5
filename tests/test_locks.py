"""Locks. In: a window about to be committed and a person's act. Out: the act waits for it, or the window sees the act.

PostgreSQL alone: SQLite has one writer at a time anyhow.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from service import clock, editions, hashes
from service.database import db
from service.delivery import NotNow, Outcome, Verdict, ahead, leases, mirrors, resolve, settle, windows
from service.delivery.prepared import listed
from service.models import Edition, Sending
from tests.crossing import PATIENCE, cross
from tests.postroom import digest_week, open_room, states

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def by_row(ids: list[int], token: str) -> None:
    assert len(windows.LOOK_UP.run(ids=listed(ids), token=token)) == 2


def read_ahead(ids: list[int], token: str) -> None:
    known = list(ahead.learn(ids, token).values())
    assert ahead.depart(known, [], token).begun == 2


def at_once(ids: list[int], token: str) -> None:
    assert windows._take_off(ids, [], token)[3] == ids


def pause() -> None:
    editions.pause(db.session.query(Edition).one())


def cancel() -> None:
    editions.cancel(db.session.query(Edition).one())


def hold() -> None:
    mirrors._hold("restored")


@pytest.mark.parametrize(
    ("begin", "act"),
    [(by_row, pause), (by_row, cancel), (read_ahead, pause), (read_ahead, hold), (at_once, hold)],
)
def test_an_act_waits_for_the_window_that_has_read_before_it(
    app: Flask, begin: Callable[[list[int], str], None], act: Callable[[], None]
) -> None:
    people = open_room(2)
    hashes.remember(sa.true())
    db.session.commit()
    digest_week(people)
    db.session.execute(sa.insert(Sending).values(id=1, mark="ab" * 8))
    db.session.commit()
    token, ids = leases.take(10)
    db.session.connection()  # the window's own transaction is open from here on
    begin(ids, token)
    failed: list[Exception] = []

    def other() -> None:
        with app.app_context():
            try:
                act()
            except Exception as problem:  # noqa: BLE001 - shown by the assertion below
                failed.append(problem)
            finally:
                db.session.remove()

    thread = threading.Thread(target=other)
    thread.start()
    thread.join(PATIENCE)
    waited = thread.is_alive()
    db.session.commit()
    thread.join(20)
    assert (failed, thread.is_alive(), waited) == ([], False, True)
    if begin is by_row:  # it had read, and begun nothing yet
        assert windows.prepare(ids, token) == [] and set(states()) == {"queued"}


def test_a_decision_does_not_undo_the_late_reply_that_came_while_it_was_made(app: Flask) -> None:
    digest_week(open_room(1))
    token, (number,) = leases.take(10)
    windows.prepare([number], token)
    clock.set_now(clock.now() + leases.LEASE * 2)
    leases.expire()
    crossed = cross(
        app,
        lambda: resolve(number, accepted=False),
        lambda: settle.settle(number, token, Outcome(Verdict.ACCEPTED)),
        "UPDATE outbox",
    )
    assert isinstance(crossed.results[0], NotNow) and crossed.results[1] == "accepted"
    assert states() == ["accepted"]
