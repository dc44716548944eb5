"""Editions. In: a week and what the liaison decides. Out: an edition on its way from draft to closed; nothing twice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from emails import slots
from service import clock, gates, programmes, readers
from service.bulk import insert_or_ignore
from service.database import db
from service.freezing import LATE, Frozen, freeze, texts_of
from service.journal import log
from service.models import Edition, Omission, Outbox, Selection
from service.models.mail import EditionStatus, MailState
from service.validation import N_, Words, one_line
from service.weeks import at_hand as weeks_at_hand
from service.weeks import current_week, find, first_slot, is_overdue, last_slot, overdue, recent

__all__ = [
    "LATE",
    "QUIET",
    "EditionError",
    "Frozen",
    "current_week",
    "edition",
    "find",
    "first_slot",
    "freeze",
    "is_overdue",
    "last_slot",
    "overdue",
    "recent",
    "texts_of",
]

QUIET = timedelta(minutes=5)
"""After a release nothing leaves for this long, and *undo* returns to draft."""

KEPT = timedelta(days=7)
"""How long mails held for lateness wait for a decision before they are cancelled."""

OPEN = (EditionStatus.RELEASED, EditionStatus.CLOSING)
UNSENT = (MailState.QUEUED, MailState.RETRY, MailState.HELD)
FINAL = (
    MailState.ACCEPTED,
    MailState.DELIVERED,
    MailState.BOUNCED,
    MailState.DROPPED,
    MailState.SUPPRESSED,
    MailState.CANCELLED,
    MailState.FAILED,
)


class EditionError(Exception):
    """The edition is not where this act makes sense; `words` says why and what to do."""

    def __init__(self, message: str, **values: object) -> None:
        self.words = Words(message, values)
        super().__init__(str(self.words))


def edition(week: str | None = None) -> Edition:
    """Return the edition of this ISO week (None: the one that matters now), created as a draft if need be.

    Raises ValueError for what is no week, programmes.NoProgramme before there is one.
    """
    week = week or current_week()
    slots.monday(week)
    found = find(week)
    if found is None:
        row = {
            "week": week,
            "status": EditionStatus.DRAFT,
            "paused": False,
            "words": {},
            "frozen": None,
            "created_at": clock.now(),
        }
        db.session.execute(insert_or_ignore(Edition).values(**row))
        db.session.commit()
        found = find(week)
        assert found is not None
    return found


def set_words(edition: Edition, words: Mapping[str, str]) -> None:
    """Set the liaison's one sentence by language, in a draft. Raises EditionError once it is released."""
    clean = {language: said for language, text in words.items() if (said := one_line(text))}
    _move(edition, (EditionStatus.DRAFT,), words=clean)
    db.session.commit()


def release(edition: Edition, by: str) -> Edition:
    """Freeze the texts and let the edition go: its mails may leave five minutes from now.

    `by` says who decided ("liaison:3", "cli", "automatic"); it is logged. Raises EditionError where there is no story
    to tell or the edition is not a draft.
    """
    frozen = freeze(edition)
    if not frozen.candidates:
        raise EditionError(
            N_("No approved story with a topic is in its time this week. Approve one, then release the edition.")
        )
    now = clock.now()
    _move(
        edition,
        (EditionStatus.DRAFT,),
        status=EditionStatus.RELEASED,
        frozen=frozen.to_json(),
        released_at=now,
        leaves_at=now + QUIET,
        paused=False,
        held_why=None,
    )
    _commit(edition, "edition released", by=by, stories=len(frozen.candidates))
    return edition


def undo(edition: Edition, by: str = "") -> Edition:
    """Return a released edition to draft within its five quiet minutes; what was planned is taken away whole.

    Nothing has left, so the rows are deleted, not cancelled: the same people can be planned again. From now on only a
    person releases it. Raises EditionError when the five minutes are over.
    """
    now = clock.now()
    _move(
        edition,
        (EditionStatus.RELEASED,),
        Edition.leaves_at > now,
        status=EditionStatus.DRAFT,
        undone_at=now,
        frozen=None,
        released_at=None,
        leaves_at=None,
        paused=False,
        held_why=None,
    )
    touched = sa.select(sa.func.count()).where(
        Outbox.edition_id == edition.id, Outbox.kind == readers.KIND, Outbox.submitted_at.is_not(None)
    )
    if db.session.scalar(touched):
        # Leases respect leaves_at, so this cannot be; if it ever is, a mail sent must not be forgotten.
        db.session.rollback()
        raise EditionError(N_("A mail of this edition has left already. Cancel the edition instead."))
    db.session.execute(sa.delete(Outbox).where(Outbox.edition_id == edition.id, Outbox.kind == readers.KIND))
    db.session.execute(sa.delete(Omission).where(Omission.edition_id == edition.id))
    unused = sa.select(Outbox.selection_id).where(Outbox.selection_id.is_not(None))
    db.session.execute(sa.delete(Selection).where(Selection.edition_id == edition.id, Selection.id.not_in(unused)))
    _commit(edition, "edition undone", by=by)
    return edition


def pause(edition: Edition, by: str = "") -> Edition:
    """Stop the sending; what is in the network's hands already cannot be called back. Raises EditionError."""
    _move(edition, OPEN, paused=True)
    _commit(edition, "edition paused", by=by)
    return edition


def resume(edition: Edition, by: str = "") -> Edition:
    """Let a paused or held edition flow again; mails that are a day late by now are held. Raises EditionError."""
    hold_late(edition)
    _move(edition, OPEN, paused=False, held_why=None)
    _commit(edition, "edition resumed", by=by)
    return edition


def send_held(edition: Edition, by: str = "") -> int:
    """Send the mails that were held for being late after all; return how many. Raises EditionError."""
    _move(edition, OPEN)
    sent = _settle(
        edition, (MailState.HELD,), Outbox.why == "late", state=MailState.QUEUED, why=None, due_at=clock.now()
    )
    _commit(edition, "late mails let go", by=by, mails=sent)
    return sent


def cancel(edition: Edition, by: str = "") -> Edition:
    """End an edition: what has not left never will. Raises EditionError for one that is closed or cancelled."""
    _move(edition, (EditionStatus.DRAFT, *OPEN), status=EditionStatus.CANCELLED, closed_at=clock.now())
    _settle(edition, UNSENT, state=MailState.CANCELLED, why="edition-cancelled", settled_at=clock.now())
    _commit(edition, "edition cancelled", by=by)
    return edition


def close_what_is_due() -> None:
    """Do what time alone decides: make the next draft, release it by itself where that is set, close what is over.

    Safe to run at any moment and any number of times.
    """
    if programmes.found() is None:
        return  # nothing is due before there is a programme
    for week in weeks_at_hand():
        coming = edition(week)
        # What somebody took back is released by a person: by itself it would go again before anything was put right.
        if programmes.current().automatic_release and coming.undone_at is None and is_overdue(coming):
            try:
                release(coming, "automatic")
            except EditionError as refusal:
                log.warning("edition not released by itself", week=week, why=str(refusal))
    now = clock.now()
    for open_one in db.session.scalars(sa.select(Edition).where(Edition.status.in_(OPEN)).order_by(Edition.week)).all():
        try:
            _go_on(open_one, now)
        except EditionError as refusal:  # a person was quicker: hers is what counts
            log.info("edition goes no further by itself", week=open_one.week, why=str(refusal))
    # A lease that was held while its edition was cancelled comes back as queued; it ends here.
    gone = sa.select(Edition.id).where(Edition.status == EditionStatus.CANCELLED)
    asked = sa.update(Outbox).where(Outbox.edition_id.in_(gone), Outbox.state.in_(UNSENT), Outbox.kind == readers.KIND)
    db.session.execute(asked.values(state=MailState.CANCELLED, why="edition-cancelled", settled_at=now))
    db.session.commit()


def _go_on(edition: Edition, now: datetime) -> None:
    """Hold what is late, close what is over. Raises EditionError where somebody undid or cancelled it just now."""
    hold_late(edition)
    last = last_slot(edition.week)
    db.session.commit()
    if edition.status == EditionStatus.RELEASED and now >= max(last, edition.leaves_at or last):
        _move(edition, (EditionStatus.RELEASED,), status=EditionStatus.CLOSING)
        db.session.commit()
    if edition.status == EditionStatus.CLOSING:
        if now >= last + KEPT:
            late = Outbox.why == "late"
            _settle(edition, (MailState.HELD,), late, state=MailState.CANCELLED, why="late", settled_at=now)
            db.session.commit()
        if _all_final(edition):
            _move(edition, (EditionStatus.CLOSING,), status=EditionStatus.CLOSED, closed_at=now)
            if _all_final(edition):  # looked at again, as nobody plans or lets late mails go from here on
                _commit(edition, "edition closed")
    db.session.rollback()


def _all_final(edition: Edition) -> bool:
    waiting = sa.select(Outbox.id).where(
        Outbox.edition_id == edition.id, Outbox.kind == readers.KIND, Outbox.state.not_in(FINAL)
    )
    if db.session.scalar(waiting.limit(1)) is not None:
        return False
    return not readers.undecided_slots(edition, programmes.current(), clock.now())


def hold_late(edition: Edition) -> int:
    """Hold the mails that should have left a day ago; return how many. Commits nothing."""
    late = Outbox.due_at <= clock.now() - LATE
    return _settle(edition, (MailState.QUEUED, MailState.RETRY), late, state=MailState.HELD, why="late")


def _commit(edition: Edition, event: str, **facts: Any) -> None:
    """Commit and log; the week is read before, as a read after it would hold SQLite's lock again."""
    week = edition.week
    db.session.commit()
    log.info(event, week=week, **facts)


def _settle(edition: Edition, states: tuple[MailState, ...], *where: Any, **values: Any) -> int:
    asked = sa.update(Outbox).where(
        Outbox.edition_id == edition.id, Outbox.kind == readers.KIND, Outbox.state.in_(states), *where
    )
    return int(db.session.execute(asked.values(**values)).rowcount)  # type: ignore[attr-defined]


def _move(edition: Edition, states: tuple[EditionStatus, ...], *where: Any, **values: Any) -> None:
    """Change the edition if it is still in one of these states; the database decides, so one of two acts wins."""
    gates.close(edition.id)
    asked = sa.update(Edition).where(Edition.id == edition.id, Edition.status.in_(states), *where)
    changed = db.session.execute(
        asked.values(**(values or {"status": Edition.status})).execution_options(synchronize_session=False)
    )
    if not changed.rowcount:  # type: ignore[attr-defined]
        db.session.rollback()
        status = EditionStatus(db.session.get_one(Edition, edition.id).status)
        raise EditionError(_TOO_LATE if status in states else _REFUSALS[status])
    db.session.expire(edition)


_TOO_LATE = N_("The five minutes are over; pause the edition or cancel it.")
_REFUSALS = {
    EditionStatus.DRAFT: N_("This edition is a draft; release it first."),
    EditionStatus.RELEASED: N_("This edition is released already."),
    EditionStatus.CLOSING: N_("The last mails of this edition are on their way; it cannot go back."),
    EditionStatus.CLOSED: N_("This edition is closed."),
    EditionStatus.CANCELLED: N_("This edition was cancelled."),
}
