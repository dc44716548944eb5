"""Who does not enter. In: a draw. Out: how many hold tickets and stay out, why, and who where that is told."""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa
from flask import abort, render_template

from service import boards, draws
from service.bulk import among
from service.database import db
from service.models import Employee
from service.web.console.room import room
from service.web.language import gettext as _

MOST = 100
"""People named at once; the counts are of all."""


def words() -> dict[str, str]:
    """Return each reason of service.draws.left_out in words."""
    return {
        "liaison": _("Looks after the programme"),
        "excluded": _("Excluded from draws"),
        "suspended": _("Suspended"),
        "left": _("Left the programme"),
        "gone": _("No longer in the company"),
        "erased": _("Erased"),
        "team": _("Another team"),
        "office": _("Another office"),
        "country": _("Another country, or none known"),
        "new": _("Joined too recently"),
        "recent": _("Won not long ago"),
        "later": _("Tickets became known after the freeze"),
    }


@room.get("/draws/<name>/left-out")
def draw_left_out(name: str) -> str:
    """Show why some who hold tickets do not enter: counts, and names unless figures are for each one alone."""
    found = draws.find(name)
    if found is None:
        abort(404)
    reasons = draws.left_out(found)
    people: list[tuple[Employee, str]] = []
    if not boards.only_groups():
        some = sorted(reasons)[:MOST]
        asked = sa.select(Employee).where(among(Employee.subject, some)).order_by(Employee.name, Employee.id)
        people = [(who, words().get(reasons[who.subject], reasons[who.subject])) for who in db.session.scalars(asked)]
    return render_template(
        "console/draw_left_out.html",
        noun="console.draws",
        draw=found,
        counts=[(words().get(why, why), n) for why, n in Counter(reasons.values()).most_common()],
        people=people,
        more=max(0, len(reasons) - MOST) if people else 0,
        groups=boards.only_groups(),
    )
