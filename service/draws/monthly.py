"""Monthly draws. In: prizes and a plan, said once. Out: each month's draw opened at its begin and frozen after its end.

Each step is a commit of its own and looks at what there is: killed at any moment and called again, there is one draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import sqlalchemy as sa
from babel import dates

from scoring import weeks
from service import clock
from service.books import lock, terms
from service.database import db
from service.draws.freezing import AHEAD, freeze
from service.draws.opening import create, find, prizes_of
from service.draws.plans import Plan, checked, month_over
from service.journal import log
from service.models import Draw, DrawPlan, Programme
from service.models.draws import Beacon, DrawKind, DrawStatus
from service.validation import N_, Check, Invalid

PAUSE = timedelta(hours=1)
"""From a month's last week to the freeze: its last visits are judged, and odd patterns looked for."""
MOST_HOURS = 24 * 14


def plan() -> DrawPlan:
    """Return what monthly draws are held by; what was never said has its default, and is not stored."""
    return db.session.get(DrawPlan, 1) or DrawPlan(
        id=1, monthly=False, prizes=[], alternates=3, hours=72, terms=Plan().to_json()
    )


def set_plan(on: bool, prizes: Sequence[tuple[str, str]], alternates: int, hours: int, usual: Plan) -> None:
    """Say how monthly draws are held, and what new draws begin with. Commits. Raises Invalid field by field.

    `hours` lie between the freeze and the round of drand. Draws that are open already stay as they are.
    """
    asked = Check()
    won = prizes_of(asked, prizes) if prizes or on else []
    if not 0 <= alternates <= 1000:
        asked.refuse("alternates", N_("Use a number from 0 to 1000."))
    least = int(AHEAD / timedelta(hours=1)) + 1
    if not least <= hours <= MOST_HOURS:
        asked.refuse("hours", N_("Use a number from %(least)d to %(most)d."), least=least, most=MOST_HOURS)
    usual = checked(asked, usual, DrawKind.MONTH, None)
    asked.done()
    row = db.session.get(DrawPlan, 1)
    if row is None:
        row = DrawPlan(id=1)
        db.session.add(row)
    if on and not row.monthly:
        row.monthly_from = _this_month()
    row.monthly, row.prizes, row.alternates = on, [list(pair) for pair in won], alternates
    row.hours, row.terms = hours, usual.to_json()
    db.session.commit()


def hold() -> int:
    """Open this month's draw if there is none, freeze those whose month is over; return how many steps were taken.

    Commits. A draw of this month that the liaison opened takes the place of the one that would open by itself.
    """
    found = plan()
    steps = 0
    if found.monthly and (found.monthly_from or "") <= _this_month():
        steps += _open(found, _this_month())
    now, zone = clock.now(), terms().zone
    waiting = sa.select(Draw).where(Draw.status == DrawStatus.OPEN, Draw.kind == DrawKind.MONTH).order_by(Draw.id)
    for draw in db.session.scalars(waiting).all():
        if draw.month and Plan.of(draw).automatic and month_over(draw.month, zone) + PAUSE <= now:
            try:
                freeze(draw, now + timedelta(hours=found.hours))
                steps += 1
            except Invalid as refusal:
                db.session.rollback()
                log.warning("draw not frozen by itself", draw=draw.name, why=str(refusal))
    return steps


def _this_month() -> str:
    """Return the month that the present week belongs to."""
    return weeks.month_of_week(weeks.week_of(clock.now(), terms().zone))


def _open(found: DrawPlan, month: str) -> int:
    lock(f"draw-of-month:{month}")  # another scheduler is waited for: its draw has taken the month's name by then
    there = sa.select(Draw.id).where(Draw.kind == DrawKind.MONTH, Draw.month == month)
    if db.session.scalars(there).first() is not None:
        return 0
    name = month if find(month) is None else f"monthly-{month}"
    usual = Plan.from_json({**found.terms, "automatic": True})
    prizes = [(prize, value) for prize, value in found.prizes]
    try:
        create(
            name,
            _title(month),
            prizes,
            month=month,
            alternates=found.alternates,
            beacon=Beacon.DRAND,
            plan=usual,
        )
    except (Invalid, sa.exc.IntegrityError) as refusal:  # somebody else opened it just now, or a team is no more
        db.session.rollback()
        log.warning("monthly draw not opened", month=month, why=type(refusal).__name__)
        return 0
    return 1


def _title(month: str) -> str:
    """Return the month in words of the programme's first language."""
    programme = db.session.get(Programme, 1)
    language = programme.languages[0] if programme else "en"
    return str(dates.format_skeleton("yMMMM", date.fromisoformat(f"{month}-01"), locale=language))
