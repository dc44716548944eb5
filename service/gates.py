"""Gates. In: an edition. Out: planners of its pages pass side by side; an act that changes it waits, and goes alone.

PostgreSQL's advisory locks: they queue in order, so an undo comes next however many pages wait. SQLite has one writer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from service.database import db
from service.dialects import postgres
from service.models import Programme

_EDITIONS, _PAGES, _PLANNERS, _ACTS = 1 << 56, 1 << 57, 1 << 58, 1 << 59
"""Where the numbers of these locks begin: no other lock has one of theirs."""


def enter(edition_id: int, page: int) -> None:
    """Wait until nobody changes the edition and nobody plans this page; both hold until the transaction ends."""
    if postgres():
        shared = sa.func.pg_advisory_xact_lock_shared(_EDITIONS + edition_id)
        alone = sa.func.pg_advisory_xact_lock(_PAGES + (edition_id << 24) + page)
        db.session.execute(sa.select(shared))
        db.session.execute(sa.select(alone))


def close(edition_id: int) -> None:
    """Wait until no page of the edition is being planned; none is until the transaction ends."""
    if postgres():
        db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(_EDITIONS + edition_id)))


def act() -> None:
    """Wait until no other liaison's act is under way; none is until the transaction ends.

    Whatever was read before may have changed meanwhile, and is read anew.
    """
    if postgres():
        db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(_ACTS)))
        db.session.expire_all()


def people() -> None:
    """Wait until no file of colleagues is being taken in; none is until the transaction ends."""
    db.session.execute(sa.select(Programme.id).with_for_update())


@contextmanager
def planner(edition_id: int, alone: bool, wait: bool = True) -> Iterator[bool]:
    """Wait until nobody plans the edition alone, or for `alone` until nobody plans it; so it stays within the block.

    Without `wait` it gives False at once where somebody does. It holds on a connection of its own, which commits of
    pages do not end and a killed process does.
    """
    if not postgres():
        yield True
        return
    name = f"pg_{'' if wait else 'try_'}advisory_xact_lock{'' if alone else '_shared'}"
    with db.engine.begin() as aside:
        lock: sa.Function[object] = getattr(sa.func, name)(_PLANNERS + edition_id)
        yield aside.scalar(sa.select(lock)) is not False
