"""Draws of contests. In: contests whose result is published. Out: a draw among all who took part, opened and frozen.

Each step is a commit of its own and looks at what there is: killed at any moment and called again, there is one draw.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from service import clock
from service.database import db
from service.draws import monthly
from service.draws.freezing import freeze
from service.draws.opening import create, find
from service.draws.plans import Plan, usual
from service.journal import log
from service.models import Contest, Draw
from service.models.draws import Beacon, DrawKind, DrawStatus
from service.validation import Invalid

PAUSE = timedelta(hours=1)
"""From the result to the freeze: odd patterns of visits are looked for."""
FREE_WAY = timedelta(days=7)
"""Where people may take part without sharing, they have so long for it."""


def hold() -> int:
    """Open the draw of each contest that is over and has one, freeze those whose time has come; return the steps.

    Commits. Nobody took part: the draw is void, in public.
    """
    steps = open_what_is_due()
    now, found = clock.now(), monthly.plan()
    waiting = sa.select(Draw, Contest.closed_at).join(Contest, Draw.contest_id == Contest.id)
    waiting = waiting.where(Draw.status == DrawStatus.OPEN, Draw.kind == DrawKind.CONTEST).order_by(Draw.id)
    for draw, closed_at in db.session.execute(waiting).all():
        plan = Plan.of(draw)
        if not plan.automatic or closed_at is None or now < closed_at + (FREE_WAY if plan.free else PAUSE):
            continue
        try:
            freeze(draw, now + timedelta(hours=found.hours))
            steps += 1
        except Invalid as refusal:
            db.session.rollback()
            log.warning("draw not frozen by itself", draw=draw.name, why=str(refusal))
    return steps


def open_what_is_due() -> int:
    """Open the draw among all who took part in each contest that is over; return how many were opened. Commits."""
    there = sa.exists().where(Draw.contest_id == Contest.id)
    over = sa.select(Contest).where(Contest.closed_at.is_not(None), Contest.draw_for_all != "", ~there)
    return sum(_open(contest) for contest in db.session.scalars(over.order_by(Contest.id)).all())


def _open(contest: Contest) -> int:
    name = f"contest-{contest.id}"
    found = monthly.plan()
    try:
        create(
            name if find(name) is None else f"{name}-all",
            contest.name,
            [prize_of(contest)],
            alternates=found.alternates,
            beacon=Beacon.DRAND,
            kind=DrawKind.CONTEST,
            contest_id=contest.id,
            plan=replace(usual(), automatic=True),
        )
    except (Invalid, sa.exc.IntegrityError) as refusal:  # somebody else opened it just now, or a team is no more
        db.session.rollback()
        log.warning("draw of a contest not opened", contest=contest.id, why=type(refusal).__name__)
        return 0
    return 1


def prize_of(contest: Contest) -> tuple[str, str]:
    """Return what is drawn among all who took part, and what it is worth ("" where nothing is said)."""
    prize, _bar, worth = contest.draw_for_all.partition("|")
    return prize.strip(), worth.strip()


def of(contest: Contest) -> Draw | None:
    """Return the draw among all who took part, once it is open."""
    return db.session.scalar(sa.select(Draw).where(Draw.contest_id == contest.id))
