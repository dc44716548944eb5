"""Windows. In: leased rows. Out: finished mails whose rows say `submitting` in a committed transaction, none else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from service.compose import ELSEWHERE, AddressGone, Composer, Due
from service.database import db
from service.delivery import ahead, limits, mirrors, settle
from service.delivery.leases import database_now, flows
from service.delivery.port import Parcel
from service.delivery.prepared import Prepared, Tongue, given, listed
from service.dialects import postgres
from service.journal import log
from service.models.mail import Edition, MailState, Outbox, Selection, Suppression
from service.models.people import Employee, Status
from service.rests import paused_at
from service.suppressions import ALL, CLASSES, stops

WINDOW = 32
"""Rows that turn `submitting` in one commit: as many can become doubtful at once when power is lost."""

TOGETHER = 2000
"""Selections whose stories are looked up at a time."""

GONE = {str(Status.LEFT): "left", str(Status.GONE): "gone"}
"""Statuses that get no mail of any kind."""

HERS = frozenset({"frozen", "winner", "passed-on", "fresh-link", "suggestion"})
"""Kinds that somebody suspended gets too: proof of a draw that took place with her, her prize, what she asked for."""


class Row(NamedTuple):
    """What a window needs to know of a row, its person and its edition, as the database has it now."""

    id: int
    kind: str
    subject: str
    address_hash: str
    language: str
    edition_id: int | None
    selection_id: int | None
    facts: dict[str, Any]
    message_id: str
    why: str | None
    released_at: datetime | None
    email: str | None
    hashed: str | None
    """Her address's hash, as it was written down with it."""
    status: str | None
    paused_until: date | None
    zone: str
    flowing: int | None
    """Its edition's id while that may be sent."""
    suppressed: str | None
    """Why its address gets no such mail."""


def _looked_up(tongue: Tongue) -> Any:
    """Return the question for a window's rows.

    Editions are read under a shared lock: a pause either waits for this window's commit, or is seen by it.
    """
    flowing = sa.select(Edition.id).where(flows(tongue.now)).with_for_update(read=True).cte("flowing")
    return (
        sa.select(
            *(Outbox.id, Outbox.kind, Outbox.subject, Outbox.address_hash, Outbox.language, Outbox.edition_id),
            *(Outbox.selection_id, Outbox.facts, Outbox.message_id, Outbox.why, Edition.released_at),
            *(Employee.email, Employee.address_hash.label("hashed"), Employee.status, Employee.paused_until),
            *(Employee.zone, flowing.c.id, Suppression.reason),
        )
        .outerjoin(Employee, Employee.subject == Outbox.subject)
        .outerjoin(Edition, Edition.id == Outbox.edition_id)
        .outerjoin(flowing, flowing.c.id == Outbox.edition_id)
        .outerjoin(Suppression, stops(Outbox.address_hash, Outbox.kind))
        .where(
            tongue.one_of(Outbox.id, "ids"),
            Outbox.lease == given("token"),
            Outbox.state == MailState.LEASED,
            Outbox.lease_until > tongue.now,
        )
        .order_by(Outbox.due_at, Outbox.id, sa.case((Suppression.scope == ALL, 0), else_=1))
    )


def _begun(tongue: Tongue) -> Any:
    """Return the change that turns rows `submitting`, those that are still this token's."""
    return (
        sa.update(Outbox)
        .where(
            tongue.one_of(Outbox.id, "ids"),
            Outbox.lease == given("token"),
            Outbox.state == MailState.LEASED,
        )
        .values(
            state=MailState.SUBMITTING,
            submitted_at=tongue.now,
            lease_until=tongue.until,
            why=None,
            attempts=Outbox.attempts + 1,
        )
        .returning(Outbox.id)
    )


def _at_once(tongue: Tongue) -> Any:
    """Return gate, number, accepted and begun rows in one statement, for PostgreSQL."""
    gate, drawn = mirrors.gate().cte("gate"), mirrors.next_number().cte("drawn")
    settled, begun = settle.accepted(tongue).cte("settled"), _begun(tongue).cte("begun")
    return sa.select(
        sa.select(gate.c.mark).scalar_subquery(),
        sa.select(gate.c.held_why).scalar_subquery(),
        sa.select(drawn.c.id).scalar_subquery(),
        sa.select(sa.func.count()).select_from(settled).scalar_subquery(),
        sa.select(sa.func.count()).select_from(begun).scalar_subquery(),
    )


LOOK_UP, BEGIN, AT_ONCE = Prepared(_looked_up), Prepared(_begun), Prepared(_at_once)


class Desk:
    """Where one sender prepares its windows; remembers what many mails share."""

    def __init__(self, alike: bool = False) -> None:
        """`alike` as port.Mailer tells."""
        self._composer = Composer()
        self._alike = alike
        self._stories: dict[int, list[int]] = {}
        self._ahead: dict[int, ahead.Known] = {}
        mirrors.name_database()
        self.too_late = 0
        """Of those given to `prepare` as accepted, how many had been decided otherwise."""
        self.limited = bool(limits.known())
        """Whether there are rate limits to ask; looked up again now and then by whoever keeps the desk."""

    def look_ahead(self, ids: Sequence[int], token: str) -> None:
        """Read what all mails of a lease are made of, so that its windows need not; ends the transaction."""
        self._ahead.clear()
        if postgres() and not self.limited:
            self._ahead = ahead.learn(ids, token)
            self._look_up_stories([row.due for row in self._ahead.values()])
            db.session.rollback()

    def prepare(self, ids: Sequence[int], token: str, accepted: Sequence[int] = ()) -> list[Parcel]:
        """Return the window's finished mails, its rows now `submitting`: committed before bytes leave.

        What changed since the lease is read again here: the edition's status and pause, suppressions, the person. Such
        rows are cancelled, suppressed or go back; a mail that cannot be made fails and is logged, and nothing left. The
        commit draws a number, and its mirrors have it when this returns. `accepted` are rows of an earlier window of
        this token that the receiver took: the same commit says so. Raises mirrors.Held or mirrors.NoMirror; Held has
        written nothing, of `accepted` neither.
        """
        parcels = self._depart(ids, token, accepted)
        if parcels is None:
            return self._prepare(ids, token, accepted)
        begun = {parcel.number for parcel in parcels}
        if rest := [number for number in ids if number not in begun]:
            try:
                parcels += self._prepare(rest, token)
            except (mirrors.Held, mirrors.NoMirror):
                # The others left the database before the hold did: they go, and the next window is told.
                db.session.rollback()
                settle.give_back(rest, token, None, later=True)
        return parcels

    def _depart(self, ids: Sequence[int], token: str, accepted: Sequence[int]) -> list[Parcel] | None:
        """Begin those of the window that were read ahead and are as they were; None where none was tried."""
        made: dict[int, Parcel] = {}
        going = []
        for row in [self._ahead.pop(number) for number in ids if number in self._ahead]:
            with suppress(Exception):  # what cannot be made is looked at again, and then said to fail
                due = row.due._replace(stories=self._stories.get(row.due.selection_id or 0))
                made[due.id] = self._parcel(due, row.address, due.address_hash)
                going.append(row)
        return self._leave_together(made, accepted, token, going) if going else None

    def _leave_together(
        self, made: dict[int, Parcel], accepted: Sequence[int], token: str, known: Sequence[ahead.Known] = ()
    ) -> list[Parcel]:
        """Begin these rows and settle the accepted, in one commit that the mirrors know when this returns."""
        mark, number, settled, begun = _take_off([*made], accepted, token, known)
        if db.session().in_transaction():
            db.session.commit()
        if settled < len(accepted):
            self.too_late += settle.tell_late(accepted, token)
        mirrors.reflect(mark, number)
        return [made[each] for each in begun]

    def _parcel(self, due: Due, address: str, hashed: str | None) -> Parcel:
        parts = self._composer.digest(due, address, hashed) if self._alike else None
        return Parcel(due.id, due.kind, self._composer.message(due, address, hashed), parts)

    def _prepare(self, ids: Sequence[int], token: str, accepted: Sequence[int] = ()) -> list[Parcel]:
        """Prepare a window row by row: whatever speaks against a mail is written down with it."""
        found: dict[int, Row] = {}
        for values in LOOK_UP.run(ids=listed(ids), token=token):
            found.setdefault(values[0], Row._make(values))  # two suppressions make two rows of one mail
        rows = list(found.values())
        self._look_up_stories(rows)
        parcels = {row.id: parcel for row in rows if (parcel := self._compose(row, token)) is not None}
        going = self._going([row for row in rows if row.id in parcels], parcels, token)
        if not going:
            self.too_late += settle.settle_accepted(accepted, token)
            return []
        return self._leave_together({number: parcels[number] for number in going}, accepted, token)

    def _look_up_stories(self, rows: Collection[Row | Due]) -> None:
        """Learn the stories of selections not met before, with the latest of the same editions; none ever changes."""
        new = {row.selection_id for row in rows if row.selection_id is not None} - self._stories.keys()
        if new:
            editions = {row.edition_id for row in rows if row.selection_id in new}
            since = Selection.edition_id.in_(editions), Selection.id > max(self._stories, default=0)
            others = sa.select(Selection.id).where(*since).order_by(Selection.id.desc()).limit(TOGETHER)
            wanted = sa.or_(Selection.id.in_(new), Selection.id.in_(others))
            asked = sa.select(Selection.id, Selection.stories).where(wanted)
            self._stories.update((number, stories) for number, stories in db.session.execute(asked))

    def _compose(self, row: Row, token: str) -> Parcel | None:
        hashed = None
        if row.kind in ELSEWHERE and "address" in row.facts["to"]:
            address = str(row.facts["to"]["address"])
        elif row.email:
            address, hashed = row.email, row.hashed
        else:
            _leave([row.id], token, MailState.CANCELLED, "erased")
            return None
        try:
            due = Due(
                *(row.id, row.kind, row.subject, row.address_hash, row.language, row.edition_id, row.selection_id),
                *(row.facts, row.message_id, row.released_at),
                self._stories.get(row.selection_id) if row.selection_id is not None else None,
            )
            return self._parcel(due, address, hashed)
        except AddressGone:
            _leave([row.id], token, MailState.CANCELLED, "address-changed")
        except Exception as problem:  # noqa: BLE001 - one mail that cannot be made must not stop the others
            log.error("a mail could not be composed", outbox=row.id, kind=row.kind, exc_info=problem)
            _leave([row.id], token, MailState.FAILED, f"compose: {type(problem).__name__}")
        return None

    def _going(self, rows: Sequence[Row], parcels: dict[int, Parcel], token: str) -> list[int]:
        """Return the ids of those that may still go; the others leave this attempt. The caller commits."""
        going: list[Row] = []
        for row in rows:
            if row.kind == "digest" and row.edition_id is not None and row.flowing is None:
                _leave([row.id], token, MailState.QUEUED, None)
            elif row.suppressed is not None:
                _leave([row.id], token, MailState.SUPPRESSED, row.suppressed)
            elif absent := _absent(row):
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


def _take_off(
    going: Sequence[int], accepted: Sequence[int], token: str, known: Sequence[ahead.Known] = ()
) -> tuple[str, int, int, Sequence[int]]:
    """Begin these rows, settle the accepted, draw a number; return (mark, number, how many settled, which begun).

    `known`: they were read ahead, and those against which something speaks by now are not begun. The caller commits.
    Raises mirrors.Held.
    """
    if known:
        found = ahead.depart(known, accepted, token)
        if found.held:
            raise mirrors.Held(found.held)
        if found.mark is None:  # it was named in a transaction that came to nothing
            mirrors.name_database()
            return _take_off(going, accepted, token, known)
        begun = going if found.begun == len(going) else [int(n) for n in (found.some or "").split(",") if n]
        return found.mark, found.number, found.settled, begun
    if postgres():
        ((mark, held, number, settled, count),) = AT_ONCE.run(ids=listed(going), accepted=listed(accepted), token=token)
        if held:
            raise mirrors.Held(held)
        if mark is None:
            mark, number = mirrors.draw()
    else:
        mark, number = mirrors.draw()
        settled = len(settle.ACCEPTED.run(accepted=listed(accepted), token=token)) if accepted else 0
        count = len(BEGIN.run(ids=listed(going), token=token))
    if count == len(going):
        return mark, number, settled, going
    asked = sa.select(Outbox.id).where(
        Outbox.id.in_(going), Outbox.lease == token, Outbox.state == MailState.SUBMITTING
    )
    still = set(db.session.scalars(asked))
    return mark, number, settled, [number for number in going if number in still]


def _absent(row: Any) -> str | None:
    """Return why this person gets no such mail now, or None."""
    if row.kind in ELSEWHERE or row.status is None:
        return None
    if row.status in GONE:
        return GONE[row.status]
    if row.status == Status.SUSPENDED and row.kind not in HERS:
        return "suspended"
    if row.status != Status.PAUSED or CLASSES.get(row.kind) not in ("digest", "onboarding"):
        return None
    return "paused" if paused_at(row, database_now()) else None


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
