"""Thanks. In: an act that is no share, like a suggestion that was taken. Out: one line of the ledger, however often.

The key names the act, so neither repetition nor two at once make a second line. What the act is worth is what the
rules of its own time say; what is worth nothing leaves no line.
"""

from __future__ import annotations

from datetime import datetime

from scoring import points
from scoring.points import Entry
from service import books, clock, ledger


def suggestion(subject: str, number: int | str, at: datetime) -> bool:
    """Thank for a suggestion of a story that was taken at this moment; return whether that is new. Does not commit."""
    worth = books.terms(at).rules.suggestion
    return award(subject, f"suggestion:{number}", points.SUGGESTION, worth, at)


def worth_of_suggestion() -> int:
    """Return how many points a suggestion brings that is taken now."""
    return books.terms(clock.now()).rules.suggestion


def award(subject: str, key: str, reason: str, worth: int, at: datetime) -> bool:
    """Book an act of this key once, unless she was suspended or had left then; return whether it is new.

    Does not commit. `at` is the event's own time; `reason` one of scoring.points.REASONS.
    """
    if not worth:
        return False
    books.lock(subject)
    hers = books.read([subject], books.terms().times)[subject]
    if any(since <= at and (until is None or at < until) for since, until in hers.away):
        return False
    if any(points.base(line.key) == key for line in hers.booked):
        return False
    return ledger.book(subject, [Entry(key, "", worth, reason, at)], books.terms().zone) == 1
