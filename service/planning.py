"""Planning. In: pages of readers of a released edition. Out: their selections, reasons and outbox rows; no commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from emails.picks import Reason
from service import clock, outbox, passes
from service.bulk import insert_new
from service.choosing import Choosing, Decision
from service.database import db
from service.models import Edition, Employee, Omission, Outbox, Selection
from service.models.mail import EditionStatus, MailState
from service.models.people import Status
from service.readers import KIND, Reader, occasion_of

OPEN = (EditionStatus.RELEASED, EditionStatus.CLOSING)
"""Only such editions are planned."""

SILENT = (Reason.NOTHING_NEW, Reason.NO_TOPICS, Reason.NOT_HER_WEEK)
"""Reasons that keep nobody invited: the edition concerned her, only it had no mail for her."""

MANY = 10_000
"""After so many new rows the database's statistics are no longer those of its tables."""


class Desk:
    """Where one edition's readers are decided and written down, a page at a time; the caller commits each page."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self.choosing = Choosing(edition)
        self._selections: dict[str, int] = {}

    def still_open(self, released_at: datetime | None) -> bool:
        """Lock the edition for this transaction and tell whether it is still the release that was begun."""
        asked = sa.select(Edition.status, Edition.released_at).where(Edition.id == self.edition.id)
        now = db.session.execute(asked.with_for_update(key_share=True)).one()
        return now.status in OPEN and now.released_at == released_at

    def take(self, page: Sequence[Reader]) -> list[Decision]:
        """Decide for these readers and write their selections, reasons and mails."""
        decisions = self.choosing.decide(page) if page else []
        if decisions:
            _write(self.edition, decisions, self._selections)
        return decisions


def _write(edition: Edition, decisions: Sequence[Decision], selections: dict[str, int]) -> None:
    chosen = [d for d in decisions if d.reason is None]
    _save_selections(edition, chosen, selections)
    _save_reasons(edition, decisions)
    if outbox.enqueue_many(_rows(edition, chosen, selections)) < len(chosen):
        _save_served(edition, chosen)


def _save_selections(edition: Edition, chosen: Sequence[Decision], known: dict[str, int]) -> None:
    new = {d.name: d.stories for d in chosen if d.name not in known}
    if not new:
        return
    insert_new(Selection, ({"edition_id": edition.id, "key": name, "stories": list(ids)} for name, ids in new.items()))
    asked = sa.select(Selection.key, Selection.id).where(Selection.edition_id == edition.id, Selection.key.in_(new))
    known.update((name, number) for name, number in db.session.execute(asked))


def _save_reasons(edition: Edition, decisions: Sequence[Decision]) -> None:
    """Replace the reasons of these people: one that was noted early may have passed."""
    asked = sa.delete(Omission).where(
        Omission.edition_id == edition.id, Omission.subject.in_([d.reader.subject for d in decisions])
    )
    db.session.execute(asked.execution_options(synchronize_session=False))
    insert_new(
        Omission,
        (
            {"edition_id": edition.id, "subject": d.reader.subject, "reason": d.reason}
            for d in decisions
            if d.reason is not None
        ),
    )


def _save_served(edition: Edition, chosen: Sequence[Decision]) -> None:
    """Note those whose address had this week's digest already, under a colleague's name: one copy per address, ever."""
    asked = sa.select(Outbox.subject).where(
        Outbox.kind == KIND,
        Outbox.occasion == occasion_of(edition),
        Outbox.subject.in_([d.reader.subject for d in chosen]),
    )
    mailed = set(db.session.scalars(asked))
    insert_new(
        Omission,
        (
            {"edition_id": edition.id, "subject": d.reader.subject, "reason": Reason.ADDRESS_SERVED}
            for d in chosen
            if d.reader.subject not in mailed
        ),
    )


def _rows(edition: Edition, chosen: Sequence[Decision], selections: dict[str, int]) -> Iterator[dict[str, Any]]:
    from service import recognition

    if not chosen:
        return
    you = recognition.digest_facts([d.reader.subject for d in chosen], edition.week)
    key_id = passes.newest_key_id()
    for decision in chosen:
        reader = decision.reader
        facts = outbox.recipient_facts(reader, decision.leaves, key_id)
        yield {
            "kind": KIND,
            "occasion": occasion_of(edition),
            "subject": reader.subject,
            "address_hash": decision.hashed,
            "language": reader.language,
            "facts": {**facts, "you": you[reader.subject].to_json()},
            "due_at": decision.slot.at if decision.late else decision.leaves,
            "edition_id": edition.id,
            "selection_id": selections[decision.name],
            "state": MailState.HELD if decision.late else MailState.QUEUED,
            "why": "late" if decision.late else None,
        }


def welcome(edition: Edition) -> None:
    """Make the invited active whose first edition this is, and those whose pause is over everywhere.

    Not called within the quiet minutes: an undone edition has changed nobody.
    """
    mailed = sa.select(Outbox.subject).where(
        Outbox.kind == KIND, Outbox.occasion == occasion_of(edition), Outbox.state != MailState.CANCELLED
    )
    silent = sa.select(Omission.subject).where(Omission.edition_id == edition.id, Omission.reason.in_(SILENT))
    invited = sa.and_(
        Employee.status == Status.INVITED, sa.or_(Employee.subject.in_(mailed), Employee.subject.in_(silent))
    )
    over = (clock.now() - timedelta(hours=12)).date()  # whoever's last day is before that day is rested in every zone
    rested = sa.and_(Employee.status == Status.PAUSED, Employee.paused_until < over)
    for who in (invited, rested):
        asked = sa.update(Employee).where(who).values(status=Status.ACTIVE, paused_until=None)
        db.session.execute(asked.execution_options(synchronize_session=False))


def renew_statistics(rows: int) -> None:
    """Let PostgreSQL look at its tables again after many new rows; it would by itself, but minutes later."""
    if rows >= MANY and db.session.connection().dialect.name == "postgresql":
        db.session.execute(sa.text("ANALYZE outbox, omission, selection"))
