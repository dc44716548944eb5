"""Ledger. In: lines to book. Out: an append-only ledger, its totals kept in the same transaction, and its reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite

from scoring.points import Booked, Entry, Reversal
from scoring.weeks import month_of
from service import clock
from service.database import db
from service.models import LedgerEntry, Total

EVER = "all"
"""The period of totals that has no end."""

CHUNK = 500


class AppendOnly(Exception):
    """Somebody tried to change or delete a line of the ledger; a correction is a reversal."""


def insert(table: type) -> Any:
    """Return this database's INSERT that knows ON CONFLICT."""
    return (postgresql if db.engine.dialect.name == "postgresql" else sqlite).insert(table)


def book(subject: str, lines: Sequence[Entry | Reversal], zone: str) -> int:
    """Append lines to a subject's ledger and add them to her totals; return how many were new.

    A line whose key stands already is left out, points and all: many identical bookings make one line. Does not commit.
    """
    if not lines:
        return 0
    ids = _ids(line.reverses for line in lines if isinstance(line, Reversal))
    now = clock.now()
    rows: list[dict[str, Any]] = [
        {
            "key": line.key,
            "subject": subject,
            "points": line.points,
            "reason": line.reason,
            "facts": {},
            "share_id": int(line.share.removeprefix("share:")) if line.share else None,
            "at": line.at,
            "month": month_of(line.at, zone),
            "reverses_id": ids[line.reverses] if isinstance(line, Reversal) else None,
            "booked_at": now,
        }
        for line in lines
    ]
    added: Counter[str] = Counter()
    count = 0
    for n in range(0, len(rows), CHUNK):
        statement = insert(LedgerEntry).values(rows[n : n + CHUNK]).on_conflict_do_nothing(index_elements=["key"])
        for month, points in db.session.execute(statement.returning(LedgerEntry.month, LedgerEntry.points)):
            added[month] += points
            added[EVER] += points
            count += 1
    _add(subject, added)
    return count


def _ids(keys: Iterable[str]) -> dict[str, int]:
    found = db.session.execute(sa.select(LedgerEntry.key, LedgerEntry.id).where(LedgerEntry.key.in_(list(keys))))
    return {line.key: line.id for line in found}


def _add(subject: str, added: Counter[str]) -> None:
    rows = [{"subject": subject, "period": p, "points": n} for p, n in sorted(added.items()) if n]
    if not rows:
        return
    upsert = insert(Total).values(rows)
    db.session.execute(
        upsert.on_conflict_do_update(
            index_elements=["subject", "period"], set_={"points": Total.points + upsert.excluded.points}
        )
    )


def booked(subjects: Sequence[str]) -> dict[str, list[Booked]]:
    """Return the lines of each of these subjects as scoring.points knows them."""
    taken_back = sa.orm.aliased(LedgerEntry)
    rows = db.session.execute(
        sa.select(
            LedgerEntry.subject,
            LedgerEntry.key,
            LedgerEntry.points,
            LedgerEntry.at,
            LedgerEntry.reason,
            LedgerEntry.share_id,
            taken_back.key,
        )
        .outerjoin(taken_back, LedgerEntry.reverses_id == taken_back.id)
        .where(LedgerEntry.subject.in_(subjects))
        .order_by(LedgerEntry.id)
    )
    found: dict[str, list[Booked]] = {subject: [] for subject in subjects}
    for subject, key, points, at, reason, share_id, reverses in rows:
        share = f"share:{share_id}" if share_id else ""
        found[subject].append(Booked(key, points, at, reason, share, reverses))
    return found


def entries(subject: str) -> list[LedgerEntry]:
    """Return a subject's lines, newest event first."""
    order = (LedgerEntry.at.desc(), LedgerEntry.id.desc())
    return list(db.session.scalars(sa.select(LedgerEntry).where(LedgerEntry.subject == subject).order_by(*order)))


def total(subject: str, period: str = EVER) -> int:
    """Return a subject's points in a month (`2026-11`) or, by default, ever."""
    query = sa.select(Total.points).where(Total.subject == subject, Total.period == period)
    return db.session.scalar(query) or 0


@event.listens_for(LedgerEntry, "before_update")
@event.listens_for(LedgerEntry, "before_delete")
def _refuse(_mapper: Any, _connection: Any, line: LedgerEntry) -> None:
    raise AppendOnly(f"line {line.key} of the ledger stands; book a reversal instead")
