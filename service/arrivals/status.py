"""Status. In: nothing. Out: what became of visits by short links in the last 30 days, processes that fell included."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from service import clock
from service.database import db
from service.models import Arrival, Intake

SHOWN = timedelta(days=30)
SILENT = timedelta(minutes=3)
"""A process that said nothing for so long has ended; they say something every minute."""


@dataclass(frozen=True, slots=True)
class Status:
    """Counts of visits, and of the processes that answered them. Answered = recorded + lost, but for what fell with
    a process that was killed: at most the last tenth of a second of each `fallen` one."""

    recorded: int
    lost: int
    to_judge: int
    running: int
    fallen: int


def status() -> Status:
    """Return what became of visits; reads only."""
    now = clock.now()
    recent = Intake.seen_at > now - SHOWN
    sums = sa.select(sa.func.sum(Intake.recorded), sa.func.sum(Intake.lost)).where(recent)
    recorded, lost = db.session.execute(sums).one()
    open_ = Intake.ended_at.is_(None)
    return Status(
        int(recorded or 0),
        int(lost or 0),
        _count(sa.select(Arrival.id)),
        _count(sa.select(Intake.name).where(open_, Intake.seen_at > now - SILENT)),
        _count(sa.select(Intake.name).where(recent, open_, Intake.seen_at <= now - SILENT)),
    )


def lost() -> int:
    """Return how many visits of the last 30 days were answered and could not be written down."""
    asked = sa.select(sa.func.sum(Intake.lost)).where(Intake.seen_at > clock.now() - SHOWN)
    return int(db.session.scalar(asked) or 0)


def forget() -> int:
    """Delete the counts of processes that were last seen 30 days ago; return how many. A use case: commits."""
    gone = sa.delete(Intake).where(Intake.seen_at <= clock.now() - SHOWN).returning(Intake.name)
    count = len(db.session.execute(gone).all())
    db.session.commit()
    return count


def _count(query: sa.Select[int] | sa.Select[str]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
