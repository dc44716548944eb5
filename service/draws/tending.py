"""Tending. In: the present moment. Out: draws that go on by themselves: the round of drand fetched, and drawn."""

from __future__ import annotations

import sqlalchemy as sa

from service import clock
from service.database import db
from service.draws import beacon, frozen_mails, monthly, of_contests
from service.draws.opening import find
from service.draws.running import run
from service.journal import log
from service.models import Draw
from service.models.draws import Beacon, DrawStatus
from service.validation import Invalid


def tend() -> int:
    """Do what draws are due for by themselves; return how many went on. Commits; safe at any moment, and again.

    One job of the schedule calls it; whoever calls it twice, or kills it and calls again, gets what one call gives.
    """
    return monthly.hold() + of_contests.hold() + draw_what_is_due()


def draw_what_is_due() -> int:
    """Fetch the round of each frozen draw that waits for one, and draw; return how many were drawn. Commits."""
    due = (
        sa.select(Draw.name)
        .where(Draw.status == DrawStatus.FROZEN, Draw.beacon == Beacon.DRAND, Draw.due_at <= clock.now())
        .order_by(Draw.due_at, Draw.id)
    )
    names = db.session.scalars(due).all()
    return sum(fetch_and_run(name) for name in names)


def fetch_and_run(name: str) -> bool:
    """Fetch the round of this draw and draw; return whether it was drawn now. Commits.

    A draw whose mails are not all written waits for them.
    """
    draw = find(name)
    if draw is None or frozen_mails.unwritten(draw):
        return False
    db.session.commit()  # no transaction waits for a relay
    try:
        given = beacon.fetched(draw)
    except beacon.Unknown as failure:
        log.warning("round of drand not fetched", draw=name, why=str(failure))
        db.session.rollback()
        return False
    try:
        run(draw, given)
    except Invalid:
        db.session.rollback()  # somebody pasted it meanwhile
        return False
    return True
