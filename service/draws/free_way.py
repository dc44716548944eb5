"""The free way in. In: an employee and an open draw that offers it. Out: tickets without sharing, or taken back."""

from __future__ import annotations

import sqlalchemy as sa

from service import clock
from service.bulk import insert_or_ignore
from service.database import db
from service.draws.plans import Plan
from service.draws.trail import locked
from service.models import Draw, Employee, FreeEntry
from service.models.draws import DrawStatus


def open_to(employee: Employee) -> list[tuple[Draw, int, bool]]:
    """Return the open draws with a free way in: the draw, the tickets that it brings, and whether she takes it."""
    hers = set(db.session.scalars(sa.select(FreeEntry.draw_id).where(FreeEntry.subject == employee.subject)))
    rows = db.session.scalars(sa.select(Draw).where(Draw.status == DrawStatus.OPEN).order_by(Draw.id))
    return [(draw, free, draw.id in hers) for draw in rows if (free := Plan.of(draw).free)]


def enter(employee: Employee, draw: Draw) -> bool:
    """Let her take part without sharing; again is no harm. Commits. False: the draw is frozen, or has no such way."""
    if not _lasts(draw):
        return False
    row = {"draw_id": draw.id, "subject": employee.subject, "at": clock.now()}
    db.session.execute(insert_or_ignore(FreeEntry).values(**row))
    db.session.commit()
    return True


def withdraw(employee: Employee, draw: Draw) -> bool:
    """Take it back; again is no harm. Commits. False as for `enter`."""
    if not _lasts(draw):
        return False
    mine = sa.delete(FreeEntry).where(FreeEntry.draw_id == draw.id, FreeEntry.subject == employee.subject)
    db.session.execute(mine)
    db.session.commit()
    return True


def _lasts(draw: Draw) -> bool:
    """Tell whether the way is open, and keep the draw from being frozen until the transaction ends."""
    found = locked(draw)
    lasts = found.status == DrawStatus.OPEN and Plan.of(found).free > 0
    if not lasts:
        db.session.rollback()
    return lasts
