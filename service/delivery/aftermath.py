"""The aftermath. In: dead senders' journals. Out: what they had not begun queued again, what they knew settled."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import sqlalchemy as sa

from service import settings
from service.database import db
from service.delivery import journal, leases, settle
from service.delivery.journal import Attempt
from service.delivery.port import Outcome, Verdict
from service.journal import log
from service.models.mail import MailState, Outbox

KEPT = 24 * 3600
"""Seconds that a journal is kept that proves nothing here: the machine that wrote it may come for it."""


def folder() -> Path:
    """Return where this machine's journals lie."""
    return settings().data / "sending"


def recover() -> Counter[str]:
    """Do what follows from the journals of dead senders and commit; return rows by what became of them.

    Rows never begun are queued again at once, answers that were heard are settled, and only a body that was begun and
    not answered stays in doubt. Any number may run at once; a living sender's journal is locked and left alone.
    """
    found: Counter[str] = Counter()
    for path, attempts in journal.left_behind(folder()):
        if attempts is None:
            if path.stat().st_mtime < time.time() - KEPT:
                path.unlink(missing_ok=True)
            continue
        for attempt in attempts:
            found.update(follow(attempt))
        path.unlink(missing_ok=True)
    if found:
        log.warning("a sender had died", **found)
    return found


def sweep() -> tuple[int, int]:
    """Sort out what the dead left behind: first by their journals, then by the end of their leases; as `leases.expire`.

    In this order, or rows that a journal knows were never begun would stand in doubt until the next delivery.
    """
    recover()
    return leases.expire()


def follow(attempt: Attempt, doubt_is: str = "sender-died") -> Counter[str]:
    """Settle the rows of an attempt that is over, by its journal, and commit; `doubt_is` is the reason of doubt."""
    found: Counter[str] = Counter()
    back = [n for n, o in attempt.heard.items() if o.verdict in (Verdict.BACK, Verdict.NOBODY)]
    told = [(n, o) for n, o in attempt.heard.items() if n not in back]
    doubt = [(n, Outcome(Verdict.DOUBT, doubt_is)) for n in attempt.begun if n not in attempt.heard]
    states = settle.settle_all(told + doubt, attempt.token, quiet=True)
    found.update(state.value for state in states.values())
    queued = db.session.execute(
        sa.update(Outbox)
        .where(
            Outbox.id.in_(sorted({*leases.rows_of(attempt.token)}.difference(n for n, _ in told + doubt))),
            Outbox.lease == attempt.token,
            sa.or_(
                Outbox.state.in_((MailState.LEASED, MailState.SUBMITTING)),
                # It ran out before anybody knew: that it was never begun is evidence, and the only kind there is.
                sa.and_(Outbox.state == MailState.AMBIGUOUS, Outbox.why == "lease-ended"),
            ),
        )
        .values(
            state=MailState.QUEUED, why=None, lease=None, lease_until=None, settled_at=None, attempts=settle.unused()
        )
        .execution_options(synchronize_session=False)
    ).rowcount  # type: ignore[attr-defined]
    db.session.commit()
    if queued:
        found["queued"] += queued
    return found
