"""Gates. In: an edition. Out: planners of its pages pass side by side; an act that changes it waits, and goes alone.

PostgreSQL's advisory locks: they queue in order, so an undo comes next however many pages wait. SQLite has one writer.
"""

from __future__ import annotations

import sqlalchemy as sa

from service.database import db
from service.dialects import postgres

_EDITIONS, _PAGES = 1 << 56, 1 << 57
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
