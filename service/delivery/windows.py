"""Windows. In: leased rows. Out: finished mails whose rows say `submitting` in a committed transaction, none else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.compose import AddressGone, Composer, Due
from service.database import db
from service.delivery import limits, mirrors
from service.delivery.leases import database_now, flows, moment
from service.delivery.port import Parcel
from service.delivery.states import LEASE
from service.journal import log
from service.models.mail import Edition, MailState, Outbox, Selection
from service.models.people import Employee, Status
from service.rests import paused_at
from service.suppressions import suppressed_among

WINDOW = 32
"""Rows that turn `submitting` in one commit: as many can become doubtful at once when power is lost."""

GONE = {Status.LEFT: "left", Status.GONE: "gone"}
"""Statuses that get no mail of any kind."""

COLUMNS = (
    *(Outbox.id, Outbox.kind, Outbox.subject, Outbox.address_hash, Outbox.language, Outbox.edition_id),
    *(Outbox.selection_id, Outbox.facts, Outbox.message_id, Outbox.why, Edition.released_at),
    Selection.stories,
    *(Employee.email, Employee.status, Employee.paused_until, Employee.zone),
)

Announce = Callable[[Sequence[Parcel], str], None]

Row = Any
"""A row with the attributes that COLUMNS names."""


class Desk:
    """Where one sender prepares its windows; remembers what many mails share."""

    def __init__(self, alike: bool = False, announce: Announce | None = None) -> None:
        """`alike` and `announce` as port.Mailer tells."""
        self._composer = Composer()
        self._alike, self._announce = alike, announce
        self.limited = bool(limits.known())
        """Whether there are rate limits to ask; looked up again now and then by whoever keeps the desk."""

    def prepare(self, ids: Sequence[int], token: str) -> list[Parcel]:
        """Return the window's finished mails, its rows now `submitting`: one transaction, committed before bytes leave.

        What changed since the lease is read again here: the edition's status and pause, suppressions, the person. Such
        rows are cancelled, suppressed or go back; a mail that cannot be made fails and is logged, and nothing left. The
        commit draws a number, and its mirrors have it when this returns. Raises mirrors.Held or mirrors.NoMirror.
        """
        now = database_now()
        asked = (
            sa.select(*COLUMNS)
            .outerjoin(Employee, Employee.subject == Outbox.subject)
            .outerjoin(Edition, Edition.id == Outbox.edition_id)
            .outerjoin(Selection, Selection.id == Outbox.selection_id)
            .where(
                Outbox.id.in_(ids), Outbox.lease == token, Outbox.state == MailState.LEASED, Outbox.lease_until > now
            )
            .order_by(Outbox.due_at, Outbox.id)
        )
        rows: Sequence[Row] = db.session.execute(asked).all()
        parcels = {row.id: parcel for row in rows if (parcel := self._compose(row, token)) is not None}
        going = self._going([row for row in rows if row.id in parcels], parcels, token, now)
        chosen = [parcels[number] for number in going]
        if not chosen:
            db.session.commit()
            return []
        if self._announce is not None:
            self._announce(chosen, token)
        begun = _begin(going, token)
        mark, number = mirrors.draw()
        db.session.commit()
        mirrors.reflect(mark, number)
        return [parcel for parcel in chosen if parcel.number in begun]

    def _compose(self, row: Row, token: str) -> Parcel | None:
        if row.kind == "test" and "address" in row.facts["to"]:
            address = str(row.facts["to"]["address"])
        elif row.email:
            address = row.email
        else:
            _leave([row.id], token, MailState.CANCELLED, "erased")
            return None
        try:
            due = Due(
                *(row.id, row.kind, row.subject, row.address_hash, row.language, row.edition_id, row.selection_id),
                *(row.facts, row.message_id, row.released_at, row.stories),
            )
            parts = self._composer.digest(due, address) if self._alike else None
            return Parcel(row.id, row.kind, self._composer.message(due, address), parts)
        except AddressGone:
            _leave([row.id], token, MailState.CANCELLED, "address-changed")
        except Exception as problem:  # noqa: BLE001 - one mail that cannot be made must not stop the others
            log.error("a mail could not be composed", outbox=row.id, kind=row.kind, exc_info=problem)
            _leave([row.id], token, MailState.FAILED, f"compose: {type(problem).__name__}")
        return None

    def _going(self, rows: Sequence[Row], parcels: dict[int, Parcel], token: str, now: datetime) -> list[int]:
        """Return the ids of those that may still go; the others leave this attempt. The caller commits."""
        stopped = _stopped_editions({r.edition_id for r in rows if r.kind == "digest" and r.edition_id}, now)
        refused = {
            kind: suppressed_among([r.address_hash for r in rows if r.kind == kind], kind)
            for kind in {r.kind for r in rows}
        }
        going: list[Row] = []
        for row in rows:
            if row.kind == "digest" and row.edition_id in stopped:
                _leave([row.id], token, MailState.QUEUED, None)
            elif why := refused[row.kind].get(row.address_hash):
                _leave([row.id], token, MailState.SUPPRESSED, why)
            elif absent := _absent(row, now):
                _leave([row.id], token, MailState.CANCELLED, absent)
            else:
                going.append(row)
        if self.limited:
            mails = [
                (r.id, parcels[r.id].message.recipient.rpartition("@")[2].lower(), r.why == limits.WAITING)
                for r in going
            ]
            later = limits.admit(mails)
            for number, moment in later.items():
                _leave([number], token, MailState.QUEUED, limits.WAITING, moment)
            going = [row for row in going if row.id not in later]
        return [row.id for row in going]


def prepare(ids: Sequence[int], token: str) -> list[Parcel]:
    """Prepare a single window, as Desk.prepare does."""
    return Desk().prepare(ids, token)


def _begin(ids: Sequence[int], token: str) -> set[int]:
    """Turn these rows `submitting`; return the ids of those that were still this token's. The caller commits."""
    now = moment()
    values = {"state": MailState.SUBMITTING, "submitted_at": now, "lease_until": now + LEASE, "why": None}
    return set(
        db.session.scalars(
            sa.update(Outbox)
            .where(Outbox.id.in_(ids), Outbox.lease == token, Outbox.state == MailState.LEASED)
            .values(**values, attempts=Outbox.attempts + 1)
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


def _absent(row: Row, now: datetime) -> str | None:
    """Return why this person gets no such mail now, or None."""
    if row.kind == "test" or row.status is None:
        return None
    if row.status in GONE:
        return GONE[row.status]
    if row.kind not in ("digest", "invitation"):
        return None
    if row.status == Status.SUSPENDED:
        return "suspended"
    return "paused" if paused_at(row, now) else None


def _leave(ids: Sequence[int], token: str, state: MailState, why: str | None, due_at: datetime | None = None) -> None:
    """Take leased rows out of this attempt, nothing having left. The caller commits."""
    values: dict[str, Any] = {"state": state, "why": why}
    if state is MailState.QUEUED:
        values |= {"lease": None, "lease_until": None}
    else:
        values["settled_at"] = database_now()
    if due_at is not None:
        values["due_at"] = due_at
    db.session.execute(
        sa.update(Outbox)
        .where(Outbox.id.in_(ids), Outbox.lease == token, Outbox.state == MailState.LEASED)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
