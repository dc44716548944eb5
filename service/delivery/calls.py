"""Calls. In: which mails go into one request, and what was answered. Out: its row, before and after; when to wait."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from service.database import db
from service.delivery.leases import database_now
from service.models import Call, CallState

UNWELL = 7
"""So many calls in a row without an answer: the provider is unwell, and a person has to look."""

LONGEST = timedelta(hours=1)
"""Nobody waits longer for a provider, whatever it says: by then it is asked again."""


def send_id(token: str, number: int) -> str:
    """Return the name under which a provider knows a mail: its call's token and its outbox row's number."""
    return f"{token}-{number}"


def begin(numbers: Sequence[int]) -> str:
    """Write down a call of these rows, which are `submitting`, and commit; return its token."""
    token = secrets.token_hex(16)
    db.session.add(Call(token=token, members=len(numbers), numbers=list(numbers), begun_at=database_now()))
    db.session.commit()
    return token


def shrink(token: str, numbers: Sequence[int]) -> None:
    """Correct the members of a call that has not left yet and commit; without any it was no call."""
    if numbers:
        db.session.execute(
            sa.update(Call).where(Call.token == token).values(members=len(numbers), numbers=list(numbers))
        )
    else:
        db.session.execute(sa.delete(Call).where(Call.token == token))
    db.session.commit()


def settle(
    token: str,
    state: CallState,
    status: int | None = None,
    why: str | None = None,
    message_id: str | None = None,
    wait: timedelta | None = None,
) -> None:
    """Write down what was answered and commit; `wait`: no other call leaves before that."""
    now = database_now()
    values: dict[str, object] = {
        "state": state,
        "status": status,
        "why": why,
        "message_id": message_id,
        "settled_at": now,
        "wait_until": now + min(wait, LONGEST) if wait is not None else None,
    }
    if state is not CallState.UNCLEAR:
        values["numbers"] = []
    db.session.execute(sa.update(Call).where(Call.token == token).values(**values))
    db.session.commit()


def wait() -> float:
    """Return for how many seconds no call may leave; 0: now."""
    now = database_now()
    until: datetime | None = db.session.scalar(sa.select(sa.func.max(Call.wait_until)).where(Call.wait_until > now))
    db.session.rollback()
    return (until - now).total_seconds() if until is not None else 0.0


def unanswered() -> int:
    """Return how many of the latest calls in a row got no answer at all, or one that says nothing."""
    latest = (
        sa.select(Call.state, Call.status).where(Call.settled_at.is_not(None)).order_by(Call.id.desc()).limit(UNWELL)
    )
    found = db.session.execute(latest).all()
    db.session.rollback()
    count = 0
    for state, status in found:
        if state not in (CallState.UNCLEAR, CallState.SILENT) and status is not None:
            break
        count += 1
    return count
