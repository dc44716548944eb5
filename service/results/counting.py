"""Counting. In: shares that the database noted as changed. Out: the figures, current and right.

One counts at a time, in batches that commit; what comes meanwhile is noted again and counted next. Raw visits are
forgotten after 30 days: what they brought is counted before (`before_forgetting`) and stays.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from scoring.weeks import day_of
from service import clock
from service.bulk import insert_or_ignore
from service.database import db
from service.dialects import postgres
from service.models import ChangedShare, Programme, ResultsState, Share
from service.results import figuring, strays

AT_ONCE, AT_ONCE_EMBEDDED = 50_000, 5000
"""Marks that are counted in one transaction; on SQLite fewer, as nobody else writes meanwhile."""

LOCK = 0x676F6F64_0005
"""PostgreSQL's advisory lock: one counts at a time."""


def waiting() -> int:
    """Return how many shares wait to be counted, at most: by the first and the last mark, whatever is between."""
    marks = sa.select(sa.func.coalesce(sa.func.max(ChangedShare.id) - sa.func.min(ChangedShare.id) + 1, 0))
    return db.session.scalar(marks) or 0


def count(progress: Callable[[int, int], None] | None = None) -> int:
    """Count what changed; return how many shares that were. A use case: commits after each batch.

    `progress` is told after each batch how many are counted and how many wait. What is interrupted goes on where it
    was: batches that are counted stay so.
    """
    done = 0
    while True:
        _alone()
        state = _state()
        if not db.session.scalar(sa.select(sa.select(ChangedShare.id).exists())) and not strays.note():
            db.session.commit()
            return done
        now = clock.now()
        done += figuring.take(AT_ONCE if postgres() else AT_ONCE_EMBEDDED)
        figuring.figure(state, now)
        state.counted_at = now
        db.session.commit()
        if progress:
            progress(done, waiting())


def before_forgetting(until: datetime) -> None:
    """Count everything, and hold what visits brought before the first whole day after `until`. A use case: commits."""
    count()
    _alone()
    state = _state()
    whole = day_of(until, state.zone) + timedelta(days=1)
    if state.visits_from is None or state.visits_from < whole:
        state.visits_from = whole
    db.session.commit()


def recount(progress: Callable[[int, int], None] | None = None) -> int:
    """Note every share as changed and count them all (`count`); return how many. A use case: commits."""
    _alone()
    _state()
    _all_changed()
    db.session.commit()
    return count(progress)


def _alone() -> None:
    """Wait until nobody else counts; SQLite has one writer anyway."""
    if postgres():
        db.session.execute(sa.text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK})


def _state() -> ResultsState:
    """Return where counting stands; the first time, and after a change of zone, all shares are to be counted."""
    zone = db.session.scalar(sa.select(Programme.zone)) or "UTC"
    found = db.session.scalar(_fresh(ResultsState))
    if found is None:
        made = insert_or_ignore(ResultsState).values(id=1, zone=zone, counted_at=clock.now())
        db.session.execute(made)
        found = db.session.scalars(_fresh(ResultsState)).one()
        _all_changed()
    if found.zone != zone:
        found.zone = zone
        _all_changed()
    return found


def _all_changed() -> None:
    everything = sa.select(Share.id).order_by(Share.id)
    db.session.execute(sa.insert(ChangedShare).from_select(["share_id"], everything))


def _fresh(table: Any) -> Any:
    return sa.select(table).execution_options(populate_existing=True)
