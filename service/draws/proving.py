"""Proving. In: frozen draws and what becomes of their mails and entrants. Out: lines of the trail before the draw."""

from __future__ import annotations

import sqlalchemy as sa

from service import clock
from service.addresses import NotAnAddress, normal_address
from service.database import db
from service.draws import trail
from service.draws.published import PROOF_AHEAD, outcome
from service.draws.trail import locked
from service.journal import log
from service.models import Draw, Employee, Entrant
from service.models.draws import DrawStatus
from service.validation import N_, Check


def count_mails(draw: Draw) -> bool:
    """Say once in the trail how many entrants had their proof 24 hours ahead; return whether it is said now.

    The draw's row is kept from others; does not commit.
    """
    if draw.due_at is None or clock.now() < draw.due_at - PROOF_AHEAD:
        return False
    if any(event.kind == "mails" for event in trail.events(draw)):
        return False
    told = outcome(draw)
    trail.note(draw, "mails", accepted=told.proofs, all=told.mails)
    return True


def count_what_is_due() -> int:
    """Count the mails of every frozen draw whose randomness is 24 hours away; return of how many. Commits."""
    due = sa.select(Draw).where(Draw.status == DrawStatus.FROZEN, Draw.due_at <= clock.now() + PROOF_AHEAD)
    counted = 0
    for draw in db.session.scalars(due.order_by(Draw.id)).all():
        counted += count_mails(locked(draw))
        db.session.commit()
    return counted


def disqualify(draw: Draw, email: str, reason: str) -> str:
    """Let an entrant's rank be passed, if she gets one, and say so in public at once; return her entrant. Commits.

    Only before the randomness is due: nobody knows yet whom it helps. The pool stays. Raises Invalid.
    """
    draw = locked(draw)
    asked = Check()
    reason = asked.text("reason", reason, 200, required=True)
    if draw.status != DrawStatus.FROZEN or draw.due_at is None or clock.now() >= draw.due_at:
        asked.refuse("entrant", N_("Somebody can be disqualified only before the numbers are known."))
    found = _entrant_of(draw, email)
    if found is None:
        asked.refuse("entrant", N_("Nobody with this address is in the pool."))
    elif found in trail.disqualified(draw):
        asked.refuse("entrant", N_("This is said in the trail already."))
    asked.done()
    assert found is not None
    trail.note(draw, "disqualified", entrant=found, reason=reason)
    db.session.commit()
    log.info("entrant disqualified", draw=draw.name)
    return found


def _entrant_of(draw: Draw, email: str) -> str | None:
    try:
        address = normal_address(email)
    except NotAnAddress:
        return None
    hers = sa.select(Entrant.entrant).join(Employee, Employee.subject == Entrant.subject)
    return db.session.scalar(hers.where(Entrant.draw_id == draw.id, Employee.email == address))
