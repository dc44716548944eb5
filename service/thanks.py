"""Thanks. In: an act that is no share, like a suggestion that was taken. Out: one line of the ledger, however often.

The key names the act, so neither repetition nor two at once make a second line. What the act is worth is what the
rules of its own time say; what is worth nothing leaves no line.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from scoring import points
from scoring.points import Booked, Entry, Reversal
from service import books, clock, ledger
from service.database import db
from service.models import LedgerEntry


def suggestion(subject: str, number: int | str, at: datetime) -> bool:
    """Thank for a suggestion of a story that was taken at this moment; return whether that is new. Does not commit."""
    worth = books.terms(at).rules.suggestion
    return award(subject, f"suggestion:{number}", points.SUGGESTION, worth, at)


def worth_of_suggestion() -> int:
    """Return how many points a suggestion brings that is taken now."""
    return books.terms(clock.now()).rules.suggestion


def award(subject: str, key: str, reason: str, worth: int, at: datetime) -> bool:
    """Book an act of this key once, unless she was suspended or had left then; return whether it is new.

    Does not commit. `at` is the event's own time; `reason` one of scoring.points.REASONS. An act that was taken back
    can be booked again.
    """
    if not worth:
        return False
    books.lock(subject)
    hers = books.read([subject], books.terms().times)[subject]
    if any(since <= at and (until is None or at < until) for since, until in hers.away):
        return False
    lines = [b for b in hers.booked if points.base(b.key) == key]
    if points.standing(lines):
        return False
    again = sum(1 for b in lines if b.reverses is None)
    entry = Entry(f"{key}+{again}" if again else key, "", worth, reason, at)
    return ledger.book(subject, [entry], books.terms().zone) == 1


def take_back(subject: str, key: str) -> bool:
    """Take back what was booked for this act; return whether anything stood. Does not commit."""
    books.lock(subject)
    rows = db.session.scalars(
        sa.select(LedgerEntry).where(LedgerEntry.subject == subject, LedgerEntry.share_id.is_(None))
    ).all()
    keys = {row.id: row.key for row in rows}
    lines = [
        Booked(row.key, row.points, row.at, row.reason, "", keys.get(row.reverses_id or 0))
        for row in rows
        if points.base(row.key) == key
    ]
    back = points.differences((), lines)
    ledger.book(subject, [line for line in back if isinstance(line, Reversal)], books.terms().zone)
    return bool(back)
