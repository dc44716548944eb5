"""Who does not enter. In: a draw. Out: how many hold tickets and stay out, why, and who where that is told."""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa
from flask import abort, render_template

from service import boards, draws
from service.bulk import among
from service.models import Employee
from service.web.console.lists import Filter, listing
from service.web.console.room import room
from service.web.language import gettext as _


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
    counts = [(why, words().get(why, why), n) for why, n in Counter(reasons.values()).most_common()]
    people = None
    if not boards.only_groups():
        chips = {why: said for why, said, _n in counts}
        people = listing(
            sa.select(Employee).where(among(Employee.subject, reasons)),
            endpoint="console.draw_left_out",
            values={"name": name},
            sorts={"name": Employee.sought},
            default="name",
            filters=(
                Filter(
                    "why",
                    _("Reason"),
                    chips,
                    lambda why: among(Employee.subject, [who for who, said in reasons.items() if said == why]),
                    chips=True,
                ),
            ),
        )
    return render_template(
        "console/draw_left_out.html",
        noun="console.draws",
        draw=found,
        counts=[(said, n) for _why, said, n in counts],
        listing=people,
        why=lambda who: words().get(reasons[who.subject], reasons[who.subject]),
        groups=boards.only_groups(),
    )
