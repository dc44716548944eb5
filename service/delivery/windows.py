"""Windows. In: leased rows. Out: finished mails whose rows say `submitting` in a committed transaction, none else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from service import compose
from service.database import db
from service.delivery.leases import database_now, flows
from service.delivery.port import Parcel
from service.delivery.states import LEASE
from service.journal import log
from service.models.mail import Edition, MailState, Outbox
from service.models.people import Employee, Status
from service.rests import paused_at
from service.suppressions import suppressed_among

WINDOW = 32
"""Rows that turn `submitting` in one commit: as many can become doubtful at once when power is lost."""

GONE = {Status.LEFT: "left", Status.GONE: "gone"}
"""Statuses that get no mail of any kind."""


def prepare(ids: Sequence[int], token: str) -> list[Parcel]:
    """Return the window's finished mails, its rows now `submitting`: one transaction, committed before bytes leave.

    What changed since the lease is read again here: the edition's status and pause, suppressions, the person. Such
    rows are cancelled, suppressed or go back; a mail that cannot be made fails and is logged, and nothing left.
    """
    now = database_now()
    rows = db.session.scalars(
        sa.select(Outbox)
        .where(Outbox.id.in_(ids), Outbox.lease == token, Outbox.state == MailState.LEASED, Outbox.lease_until > now)
        .options(joinedload(Outbox.selection), joinedload(Outbox.edition))
        .order_by(Outbox.due_at, Outbox.id)
    ).all()
    people = {
        person.subject: person
        for person in db.session.scalars(sa.select(Employee).where(Employee.subject.in_([r.subject for r in rows])))
    }
    parcels = [p for row in rows if (p := _compose(row, people.get(row.subject), token)) is not None]
    going = _begin(rows, people, {p.number for p in parcels}, token)
    db.session.commit()
    return [p for p in parcels if p.number in going]


def _compose(row: Outbox, person: Employee | None, token: str) -> Parcel | None:
    if row.kind != "test" and (person is None or not person.email):
        _leave([row.id], token, MailState.CANCELLED, "erased")
        return None
    try:
        address = None if row.kind == "test" else str(person.email if person else "")
        return Parcel(row.id, row.kind, compose.message_of(row, address))
    except compose.AddressGone:
        _leave([row.id], token, MailState.CANCELLED, "address-changed")
    except Exception as problem:  # noqa: BLE001 - one mail that cannot be made must not stop the others
        log.error("a mail could not be composed", outbox=row.id, kind=row.kind, exc_info=problem)
        _leave([row.id], token, MailState.FAILED, f"compose: {type(problem).__name__}")
    return None


def _begin(rows: Sequence[Outbox], people: dict[str, Employee], composed: set[int], token: str) -> set[int]:
    """Turn those that may still go `submitting`; return their ids. The caller commits."""
    now = database_now()
    stopped = _stopped_editions({r.edition_id for r in rows if r.kind == "digest" and r.edition_id is not None}, now)
    refused: dict[str, dict[str, str]] = {}
    going: list[int] = []
    for row in (r for r in rows if r.id in composed):
        if row.kind not in refused:
            refused[row.kind] = suppressed_among([r.address_hash for r in rows if r.kind == row.kind], row.kind)
        why = refused[row.kind].get(row.address_hash)
        person = people.get(row.subject)
        if row.kind == "digest" and row.edition_id in stopped:
            _leave([row.id], token, MailState.QUEUED, None)
        elif why:
            _leave([row.id], token, MailState.SUPPRESSED, why)
        elif absent := _absent(row, person, now):
            _leave([row.id], token, MailState.CANCELLED, absent)
        else:
            going.append(row.id)
    return set(
        db.session.scalars(
            sa.update(Outbox)
            .where(Outbox.id.in_(going), Outbox.lease == token, Outbox.state == MailState.LEASED)
            .values(
                state=MailState.SUBMITTING,
                submitted_at=now,
                lease_until=now + LEASE,
                attempts=Outbox.attempts + 1,
                why=None,
            )
            .returning(Outbox.id)
            .execution_options(synchronize_session=False)
        )
    )


def _stopped_editions(editions: set[int], now: datetime) -> set[int]:
    """Return those of the editions whose digests may not leave now.

    Read under a shared lock: a pause either waits for this window's commit, or is seen by it.
    """
    if not editions:
        return set()
    asked = sa.select(Edition.id).where(Edition.id.in_(editions), flows(now)).with_for_update(read=True)
    return editions - set(db.session.scalars(asked))


def _absent(row: Outbox, person: Employee | None, now: datetime) -> str | None:
    """Return why this person gets no such mail now, or None."""
    if row.kind == "test" or person is None:
        return None
    status = Status(person.status)
    if status in GONE:
        return GONE[status]
    if row.kind not in ("digest", "invitation"):
        return None
    if status is Status.SUSPENDED:
        return "suspended"
    return "paused" if paused_at(person, now) else None


def _leave(ids: Sequence[int], token: str, state: MailState, why: str | None) -> None:
    """Take leased rows out of this attempt, nothing having left. The caller commits."""
    values: dict[str, Any] = {"state": state, "why": why}
    if state is MailState.QUEUED:
        values |= {"lease": None, "lease_until": None}
    else:
        values["settled_at"] = database_now()
    db.session.execute(
        sa.update(Outbox)
        .where(Outbox.id.in_(ids), Outbox.lease == token, Outbox.state == MailState.LEASED)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
