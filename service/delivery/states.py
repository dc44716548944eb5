"""States. In: where a mail is. Out: where it may go next: one table, which every change of state asks."""

from __future__ import annotations

from datetime import timedelta

from service.models.mail import MailState as S

MOVES: dict[S, frozenset[S]] = {
    # Unsent and yet accepted: an event of an earlier attempt came after somebody had counted it as lost.
    S.QUEUED: frozenset({S.LEASED, S.HELD, S.SUPPRESSED, S.CANCELLED, S.ACCEPTED}),
    S.RETRY: frozenset({S.LEASED, S.HELD, S.SUPPRESSED, S.CANCELLED, S.ACCEPTED}),
    S.HELD: frozenset({S.QUEUED, S.CANCELLED, S.ACCEPTED}),
    S.LEASED: frozenset({S.SUBMITTING, S.QUEUED, S.RETRY, S.SUPPRESSED, S.CANCELLED, S.FAILED, S.ACCEPTED}),
    # Back to queued only by the sender itself, who knows that no final dot was handed over.
    S.SUBMITTING: frozenset({S.ACCEPTED, S.QUEUED, S.RETRY, S.FAILED, S.AMBIGUOUS}),
    # Evidence only: a late reply to that attempt, an event, the liaison's decision. Never by time.
    S.AMBIGUOUS: frozenset({S.ACCEPTED, S.RETRY, S.FAILED, S.QUEUED}),
    S.ACCEPTED: frozenset({S.DELIVERED, S.BOUNCED, S.DROPPED}),
    S.DELIVERED: frozenset({S.BOUNCED}),
    S.BOUNCED: frozenset(),
    S.DROPPED: frozenset(),
    S.SUPPRESSED: frozenset(),
    S.CANCELLED: frozenset(),
    # A failure is definite, no copy exists: a person may have it tried again. An event of an earlier attempt, which
    # somebody had counted as lost, proves that one does.
    S.FAILED: frozenset({S.QUEUED, S.ACCEPTED}),
}
"""PROTOCOLS: at most one copy, ever. No state leads back to sending once a copy may exist."""

LATE = timedelta(hours=24)
"""A digest this much later than its slot is held for a person's decision instead of sent (PROTOCOLS: editions)."""

LEASE = timedelta(minutes=15)
REPLY = timedelta(minutes=10)
"""No reply is waited for longer (RFC 5321, 4.5.3.2.6: the final dot's): a lease outlives it."""

DECISION_AFTER = timedelta(minutes=15)
"""A doubt is offered to the liaison when it is this old: a late reply may still settle it before."""

ATTEMPTS = 8
"""Temporary refusals of one mail before it counts as failed: with the waits below, about a day."""


def before(state: S) -> tuple[S, ...]:
    """Return the states from which this one may be reached, for the WHERE of an UPDATE."""
    return tuple(origin for origin, targets in MOVES.items() if state in targets)


def back_off(attempts: int) -> timedelta:
    """Return how long to wait after this many attempts: 5 minutes, doubled each time, 6 hours at most."""
    return min(timedelta(minutes=5) * 2 ** min(max(attempts, 1) - 1, 16), timedelta(hours=6))
