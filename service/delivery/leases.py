"""Leases. In: due rows and the database's clock. Out: rows that one sender holds for 15 minutes."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service import clock
from service.database import db
from service.delivery.states import LATE, LEASE
from service.dialects import postgres
from service.journal import log
from service.models.mail import DUE, Edition, EditionStatus, MailState, Outbox
from service.models.sending import Lease, SendingNumber

FLOWING = (EditionStatus.RELEASED, EditionStatus.CLOSING)
NUMBERS = 1000
"""Of the numbers of commits so many are kept: the newest counts, the others are for whoever looks into a restore."""

ALIKE = (Outbox.kind, Outbox.edition_id, Outbox.language, Outbox.selection_id)
"""What the members of one call to a provider must have in common, as far as the database can tell."""


def database_now() -> datetime:
    """Return the database's now, moved by the clock's offset. SQLite's clock is this machine's."""
    if postgres():
        found: datetime = db.session.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return found + clock.offset()
    return clock.now()


def moment() -> Any:
    """Return the database's now as part of a statement: what is written down needs no question of its own before."""
    if postgres():
        return sa.func.clock_timestamp() + clock.offset()
    return clock.now()


def flows(now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that an edition's digests may leave at this moment."""
    return sa.and_(
        Edition.status.in_(FLOWING),
        Edition.paused.is_(False),
        Edition.held_why.is_(None),
        Edition.leaves_at.is_not(None),
        Edition.leaves_at <= now,
    )


def due(now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that a row is to be sent at this moment.

    A digest that is a day late waits for a person: after an outage its edition holds it (editions.hold_late).
    """
    flowing = sa.select(Edition.id).where(flows(now))
    return sa.and_(
        Outbox.stands == "due",
        Outbox.due_at <= now,
        sa.or_(
            Outbox.kind != "digest",
            Outbox.edition_id.is_(None),
            sa.and_(Outbox.edition_id.in_(flowing), Outbox.due_at > now - LATE),
        ),
    )


def take(limit: int, alike: bool = False, token: str | None = None) -> tuple[str, list[int]]:
    """Lease up to `limit` due rows and commit; return (token, their ids, those longest due first).

    Two senders never get the same row: one UPDATE chooses and marks (SKIP LOCKED on PostgreSQL, one writer on SQLite).
    With `alike` all are of the kind, edition, language and selection of the one that is longest due: for mailers that
    hand many over in one call. `token` (32 hex characters, fresh) may be given, by who has to know it beforehand.
    """
    token, now = token or secrets.token_hex(16), database_now()
    if postgres():
        # A queue is never what its statistics say: in the index's order the first rows are found at once, while a
        # planner that expects few of them reads and sorts them all.
        db.session.execute(sa.text("SET LOCAL enable_bitmapscan = off"))
        db.session.execute(sa.text("SET LOCAL enable_seqscan = off"))
    wanted = [due(now)]
    if alike:
        first = db.session.execute(sa.select(*ALIKE).where(*wanted).order_by(Outbox.due_at, Outbox.id).limit(1)).first()
        if first is None:
            db.session.commit()
            return token, []
        wanted += [_same(column, value) for column, value in zip(ALIKE, first, strict=True)]
    chosen = (
        sa.select(Outbox.id)
        .where(*wanted)
        .order_by(Outbox.due_at, Outbox.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("chosen")
    )
    # As an array its rows are fetched one by one; joined, PostgreSQL would read the whole index for each lease.
    these = sa.select(chosen.c.id)
    among = Outbox.id == sa.any_(sa.func.array(these.scalar_subquery())) if postgres() else Outbox.id.in_(these)
    taken = db.session.execute(
        sa.update(Outbox)
        .where(among, Outbox.state.in_(DUE))
        .values(state=MailState.LEASED, lease=token, lease_until=now + LEASE)
        .returning(Outbox.due_at, Outbox.id)
        .execution_options(synchronize_session=False)
    ).all()
    ids: list[int] = [number for _, number in sorted((due_at, number) for due_at, number in taken)]
    if ids:
        db.session.execute(sa.insert(Lease).values(token=token, taken_at=now, numbers=ids))
    db.session.commit()
    return token, ids


def end(token: str) -> None:
    """Forget a lease all of whose rows are settled or given back. Never commits."""
    db.session.execute(sa.delete(Lease).where(Lease.token == token))


def rows_of(token: str) -> list[int]:
    """Return the rows that this lease took; none where it was ended."""
    return list(db.session.scalar(sa.select(Lease.numbers).where(Lease.token == token)) or ())


def _same(column: Any, value: Any) -> sa.ColumnElement[bool]:
    return column.is_(None) if value is None else column == value


def renew(row_id: int, token: str) -> bool:
    """Lengthen the lease of a row that is being submitted and commit; False: it is no longer this token's."""
    changed = db.session.execute(
        sa.update(Outbox)
        .where(Outbox.id == row_id, Outbox.lease == token, Outbox.state == MailState.SUBMITTING)
        .values(lease_until=database_now() + LEASE)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    return bool(changed.rowcount)  # type: ignore[attr-defined]


def expire() -> tuple[int, int]:
    """Sort out leases that ran out and commit; return (rows queued again, rows now ambiguous).

    A row that was only leased never left and is queued; one that was being submitted may have left: it is ambiguous,
    and nothing sends it again without evidence. Its token stays, so that a late reply can still settle it.
    """
    now = database_now()
    queued = doubtful = 0
    old = sa.select(Lease.token, Lease.numbers).where(Lease.taken_at < now - LEASE)
    for token, numbers in db.session.execute(old).all():
        hers = Outbox.id.in_(numbers), Outbox.lease == token
        states = set(db.session.scalars(sa.select(Outbox.state).where(*hers).distinct()))
        if not states & {MailState.LEASED, MailState.SUBMITTING, MailState.AMBIGUOUS}:
            end(token)
            continue
        # What is in doubt may still be cleared up by its sender's journal, which asks for the lease's rows.
        queued += db.session.execute(
            sa.update(Outbox)
            .where(*hers, Outbox.state == MailState.LEASED, Outbox.lease_until < now)
            .values(state=MailState.QUEUED, lease=None, lease_until=None)
            .execution_options(synchronize_session=False)
        ).rowcount  # type: ignore[attr-defined]
        doubtful += db.session.execute(
            sa.update(Outbox)
            .where(*hers, Outbox.state == MailState.SUBMITTING, Outbox.lease_until < now)
            # Doubt began no later than now; the liaison's 15 minutes have passed with the lease already.
            .values(state=MailState.AMBIGUOUS, why="lease-ended", settled_at=Outbox.submitted_at)
            .execution_options(synchronize_session=False)
        ).rowcount  # type: ignore[attr-defined]
    newest = sa.select(sa.func.max(SendingNumber.id)).scalar_subquery()
    db.session.execute(sa.delete(SendingNumber).where(SendingNumber.id < newest - NUMBERS))
    db.session.commit()
    if queued or doubtful:
        log.warning("leases ended", queued=queued, ambiguous=doubtful)
    return queued, doubtful
