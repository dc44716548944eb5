"""Digests. In: an edition, its readers and the clock. Out: outbox rows planned once, counts, a preview, a test mail."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from service import clock, gates, outbox, planning, previews, programmes, readers, snapshots
from service.choosing import Choosing
from service.database import db
from service.journal import log
from service.mailbag import Taken
from service.models import Edition, Employee, Outbox
from service.planning import OPEN, Desk, Hands, Planned
from service.previews import NoDigest, preview
from service.readers import Slot
from service.snapshots import Snapshot
from service.tallies import Tally, status

__all__ = [
    "AHEAD",
    "OPEN",
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

    def count(self, page: Planned) -> None:
        self.planned += page.mails
        self.held += page.held
        for reason, people in page.reasons.items():
            self.omitted[reason] = self.omitted.get(reason, 0) + people

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def forecast(edition: Edition, progress: Progress | None = None) -> Counts:
    """Return what would become of everybody if the edition were planned now; writes nothing."""
    counts = Counts()
    choosing = Choosing(edition)
    snapshot = Snapshot(choosing.lines, sa.true()) if snapshots.worth_while(readers.last_id()) else None
    for page in range(readers.last_page() + 1):
        found = Planned()
        marks = snapshot.of(page, readers.PAGE) if snapshot else None
        for group in choosing.groups(readers.on_page(page), marks):
            found.count(group)
        counts.count(found)
        if progress:
            progress(found.people)
    counts.keys = choosing.keys
    return counts


def plan(
    edition: Edition, progress: Progress | None = None, *, ahead: timedelta | None = None, wait: bool = True
) -> Counts:
    """Write the mails of a released edition into the outbox, and a reason for everybody who gets none.

    `ahead` limits it to slots at most that far away (None: the whole week). Running again adds only who was not
    decided yet, and reconsiders reasons while their slot is still to come; nobody is planned twice. Each page of
    readers is one transaction, so memory stays level and an interruption loses nothing. Stops where the edition is
    undone or cancelled meanwhile. Without `wait` nothing is done while another planner has the edition for itself.
    Raises NotReleased.
    """
    if edition.status not in OPEN:
        raise NotReleased(f"edition {edition.week} is {edition.status}")
    counts = Counts()
    week, leaves_at = edition.week, edition.leaves_at
    now = clock.now()
    due = _undecided(edition, ahead)
    if due:
        # Taken up only where there is something to decide: this runs every minute.
        wide = snapshots.worth_while(sum(due.values()))
        with gates.planner(edition.id, wide, wait) as mine, Hands() as hands:
            if not mine:
                db.session.rollback()
                return counts
            desk = Desk(edition, due, wide)
            db.session.commit()
            for page in hands.each(partial(_write, desk), range(desk.pages)):
                if page is None:
                    break
                counts.count(page)
                if progress and page.people:
                    progress(page.people)
        counts.keys = desk.choosing.keys
        planning.renew_statistics(counts.planned)
    db.session.commit()
    if leaves_at is not None and now >= leaves_at:
        planning.welcome(edition)
        db.session.commit()
    if counts.planned or counts.held or counts.omitted:
        log.info("digests planned", week=week, mails=counts.planned, held=counts.held, keys=counts.keys)
    return counts


def _write(desk: Desk, page: int) -> Planned | None:
    try:
        done = desk.write(page)
    except Taken:
        db.session.rollback()
        done = desk.write(page, careful=True)
    db.session.commit()
    return done


def plan_due_slots(progress: Progress | None = None) -> int:
    """Plan every slot that comes within 30 minutes or has passed, in all released editions; return mails planned.

    `progress` is told after each page that is committed. Safe to run at any moment and any number of times.
    """
    planned = 0
    for edition in db.session.scalars(sa.select(Edition).where(Edition.status.in_(OPEN)).order_by(Edition.week)).all():
        with suppress(NotReleased):  # undone or cancelled while others were planned
            # Who is at it goes on to the end: a worker that waited for it would meanwhile send nothing.
            counts = plan(edition, progress, ahead=AHEAD, wait=False)
            planned += counts.planned + counts.held
    return planned


def undecided(edition: Edition, ahead: timedelta | None = None) -> int:
    """Return how many people still have to be decided, for the length of a progress bar."""
    return sum(_undecided(edition, ahead).values())


def _undecided(edition: Edition, ahead: timedelta | None) -> dict[Slot, int]:
    now = clock.now()
    return readers.undecided_slots(edition, programmes.current(), now, until=None if ahead is None else now + ahead)


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
