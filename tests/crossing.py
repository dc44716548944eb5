"""Crossing. In: two acts. Out: the second begun right before a statement of the first, and what came of both."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask import Flask

from service.database import db

PATIENCE = 0.4
"""Seconds that the second act gets before the first goes on: it is done by then, or waits for the first one's locks."""
COMMIT = "COMMIT"


@dataclass
class Crossed:
    """What came of the two: a result or an exception of each, and whether the second had to wait."""

    results: list[Any] = field(default_factory=lambda: [None, None])
    waited: bool = False


def cross(app: Flask, first: Callable[[], Any], other: Callable[[], Any], before: str, nth: int = 1) -> Crossed:
    """Run `first`; `other` begins before its `nth` statement that begins with `before` (COMMIT: before it commits).

    Each has an application context, a session and a connection of its own. AssertionError where the first act has no
    such statement, or where the two wait for each other.
    """
    found, mine = Crossed(), threading.local()
    seen = 0

    def run(which: int, deed: Callable[[], Any]) -> None:
        mine.first = which == 0
        with app.app_context():
            try:
                found.results[which] = deed()
            except Exception as problem:  # noqa: BLE001 - what came of it is the test's to judge
                found.results[which] = problem
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=each) for each in ((0, first), (1, other))]

    def reached(statement: str) -> None:
        nonlocal seen
        if not getattr(mine, "first", False) or not statement.startswith(before):
            return
        seen += 1
        if seen == nth:
            threads[1].start()
            threads[1].join(PATIENCE)
            found.waited = threads[1].is_alive()

    def executed(_c: Any, _cursor: Any, statement: str, _p: Any, _context: Any, _many: bool) -> None:
        reached(statement)

    def committed(_connection: Any) -> None:
        reached(COMMIT)

    db.session.rollback()
    engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", executed)
    sa.event.listen(engine, "commit", committed)
    try:
        threads[0].start()
        threads[0].join(20)
        assert seen >= nth, f"no statement begins with {before!r} {nth} times"
        threads[1].join(20)
    finally:
        sa.event.remove(engine, "before_cursor_execute", executed)
        sa.event.remove(engine, "commit", committed)
    assert not any(thread.is_alive() for thread in threads), "the two wait for each other"
    return found
