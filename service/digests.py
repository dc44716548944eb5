"""Digests. In: an edition, its readers and the clock. Out: outbox rows planned once, counts, a preview, a test mail."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from emails.picks import Reason
from service import clock, outbox, passes, previews, programmes, readers
from service.bulk import insert_new
from service.choosing import Choosing, Decision
from service.database import db
from service.journal import log
from service.models import Edition, Employee, Omission, Outbox, Selection
from service.models.mail import EditionStatus, MailState
from service.models.people import Status
from service.previews import NoDigest, preview
from service.readers import KIND, Slot, occasion_of
from service.tallies import Tally, status

__all__ = [
    "AHEAD",
    "Counts",
    "NoDigest",
    "NotReleased",
    "Tally",
    "forecast",
    "plan",
    "plan_due_slots",
    "preview",
    "send_test",
    "status",
    "undecided",
]

AHEAD = timedelta(minutes=30)
"""A slot is planned this long before it comes."""

OPEN = (EditionStatus.RELEASED, EditionStatus.CLOSING)

Progress = Callable[[int], None]
"""Called with the number of readers decided since the last call."""


class NotReleased(Exception):
    """Only a released edition is planned; a draft is counted by `forecast`."""


@dataclass
class Counts:
    """What planning did, or what it would do: mails by outcome, reasons counted, distinct keys."""

    planned: int = 0
    """Mails that leave at their slots."""
    held: int = 0
    """Mails a day late by now: held until a person decides."""
    omitted: dict[str, int] = field(default_factory=dict)
    """emails.picks.Reason → people who get none."""
    keys: int = 0
    """Distinct keys that were computed."""

    def count(self, decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            if decision.reason is not None:
                self.omitted[decision.reason] = self.omitted.get(decision.reason, 0) + 1
            elif decision.late:
                self.held += 1
            else:
                self.planned += 1

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def forecast(edition: Edition, progress: Progress | None = None) -> Counts:
    """Return what would become of everybody if the edition were planned now; writes nothing."""
    counts = Counts()
    choosing = Choosing(edition)
    slots = list(readers.all_slots(edition.week, choosing.programme))
    for page in readers.pages(choosing.programme, slots, choosing.now) if slots else ():
        counts.count(choosing.decide(page))
        if progress:
            progress(len(page))
    counts.keys = choosing.keys
    return counts


def plan(edition: Edition, progress: Progress | None = None, *, ahead: timedelta | None = None) -> Counts:
    """Write the mails of a released edition into the outbox, and a reason for everybody who gets none.

    `ahead` limits it to slots at most that far away (None: the whole week). Running again adds only who was not
    decided yet, and reconsiders reasons while their slot is still to come; nobody is planned twice. Each page of
    readers is one transaction, so memory stays level and an interruption loses nothing. Stops where the edition is
    undone or cancelled meanwhile. Raises NotReleased.
    """
    if edition.status not in OPEN:
        raise NotReleased(f"edition {edition.week} is {edition.status}")
    counts = Counts()
    released_at = edition.released_at
    choosing = Choosing(edition)
    due = _due(edition, choosing, ahead)
    selections: dict[str, int] = {}
    after = 0
    while due and _still(edition, released_at):
        found = readers.page(choosing.programme, due, choosing.now, after, edition)
        if found is None:
            break
        after, page = found
        decisions = choosing.decide(page) if page else []
        if decisions:
            _write(edition, decisions, selections)
        db.session.commit()
        counts.count(decisions)
        if progress:
            progress(len(page))
    db.session.commit()
    counts.keys = choosing.keys
    if choosing.leaves_at is not None and choosing.now >= choosing.leaves_at:
        _welcome(edition)
    if counts.planned or counts.held or counts.omitted:
        log.info(
            "digests planned", week=choosing.frozen.texts.week, mails=counts.planned, held=counts.held, keys=counts.keys
        )
    return counts


def plan_due_slots() -> int:
    """Plan every slot that comes within 30 minutes or has passed, in all released editions; return mails planned.

    Safe to run at any moment and any number of times.
    """
    planned = 0
    for edition in db.session.scalars(sa.select(Edition).where(Edition.status.in_(OPEN))).all():
        counts = plan(edition, ahead=AHEAD)
        planned += counts.planned + counts.held
    return planned


def undecided(edition: Edition, ahead: timedelta | None = None) -> int:
    """Return how many people still have to be decided, for the length of a progress bar."""
    now = clock.now()
    found = readers.undecided_slots(edition, programmes.current(), now)
    return sum(n for slot, n in found.items() if ahead is None or slot.at <= now + ahead)


def _due(edition: Edition, choosing: Choosing, ahead: timedelta | None) -> list[Slot]:
    found = readers.undecided_slots(edition, choosing.programme, choosing.now)
    return [slot for slot in found if ahead is None or slot.at <= choosing.now + ahead]


def _still(edition: Edition, released_at: Any) -> bool:
    """Lock the edition for this transaction and tell whether it is still the release that was begun."""
    asked = sa.select(Edition.status, Edition.released_at).where(Edition.id == edition.id)
    now = db.session.execute(asked.with_for_update(key_share=True)).one()
    return now.status in OPEN and now.released_at == released_at


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


def _welcome(edition: Edition) -> None:
    """Make the invited active whose first edition this is, and those whose pause is over everywhere.

    Not called within the quiet minutes: an undone edition has changed nobody.
    """
    mailed = sa.select(Outbox.subject).where(
        Outbox.kind == KIND, Outbox.occasion == occasion_of(edition), Outbox.state != MailState.CANCELLED
    )
    silent = sa.select(Omission.subject).where(
        Omission.edition_id == edition.id, Omission.reason.in_((Reason.NOTHING_NEW, Reason.NO_TOPICS))
    )
    invited = sa.and_(
        Employee.status == Status.INVITED, sa.or_(Employee.subject.in_(mailed), Employee.subject.in_(silent))
    )
    over = (clock.now() - timedelta(hours=12)).date()  # whoever's last day is before that day is rested in every zone
    rested = sa.and_(Employee.status == Status.PAUSED, Employee.paused_until < over)
    for who in (invited, rested):
        asked = sa.update(Employee).where(who).values(status=Status.ACTIVE, paused_until=None)
        db.session.execute(asked.execution_options(synchronize_session=False))
    db.session.commit()


def send_test(edition: Edition, employee: Employee, to_address: str) -> Outbox:
    """Queue a test: the digest as this employee would get it, sent to `to_address` (the liaison's) at once.

    It has an occasion of its own, so it never stands in the way of the real one. Its links belong to the receiver
    where she is in the programme, else to nobody. Raises previews.NoDigest where the employee would get none.
    """
    facts = previews.test_facts(edition, employee, to_address)
    row = outbox.enqueue(employee, "test", f"test:{edition.week}:{secrets.token_hex(8)}", facts, to_address=to_address)
    assert row is not None
    db.session.commit()
    return row
