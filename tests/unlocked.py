"""Unlocked. In: an append-only table. Out: a moment in which a test may tamper with it, as only its owner could."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from service import append_only
from service.database import db


@contextmanager
def unlocked(table: str = "ledger_entry") -> Iterator[None]:
    """Take the triggers of a table away and give them back; commits."""
    postgresql = db.engine.dialect.name == "postgresql"
    for act in ("update", "delete"):
        db.session.execute(sa.text(f"DROP TRIGGER {table}_no_{act}{f' ON {table}' if postgresql else ''}"))
    db.session.commit()
    yield
    db.session.commit()
    append_only.guard(db.session.connection())
    db.session.commit()
