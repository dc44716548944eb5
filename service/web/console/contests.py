"""Contests in the console. In: the liaison's plans. Out: the list, one contest's form, its standing and its result."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from emails.slots import day_in
from service import boards, campaigns, clock, contests
from service.database import db
from service.draws import of_contests
from service.models import Campaign, Contest
from service.validation import Invalid, whole
from service.web.boards import measures
from service.web.console.lists import Filter, listing
from service.web.console.room import done, room, zone
from service.web.console.words import said_all
from service.web.language import gettext as _

NO_CAMPAIGN = -1
"""Stands for what was picked and is none: it is refused beside its field."""

NEW: dict[str, Any] = {
    "name": "",
    "measure": "points",
    "among": "people",
    "campaign_id": None,
    "threshold": 1,
    "starts_on": "",
    "ends_on": "",
    "prizes": [],
    "draw_for_all": "",
}


@room.get("/contests", endpoint="contests")
def index() -> str:
    """Show all contests, those that end last first."""
    today = day_in(clock.now(), zone())
    open_, begun = Contest.closed_at.is_(None), Contest.starts_on <= today
    states = {"running": sa.and_(open_, begun), "coming": sa.and_(open_, ~begun), "over": ~open_}
    words = {"running": _("Running"), "coming": _("Coming"), "over": _("Over")}
    among = {"people": _("People"), "teams": _("Teams")}
    found = listing(
        sa.select(Contest),
        endpoint="console.contests",
        sorts={"name": sa.func.lower(Contest.name), "from": Contest.starts_on, "to": Contest.ends_on},
        default="-to",
        search=(Contest.name,),
        filters=(
            Filter("state", _("State"), words, lambda state: states[state], chips=True),
            Filter(
                "measure",
                _("Counted by"),
                {str(k): w for k, w in measures().items()},
                lambda measure: Contest.measure == measure,
            ),
            Filter("among", _("Among"), among, lambda who: Contest.among == who),
        ),
    )
    return render_template(
        "console/contests.html",
        noun="console.contests",
        listing=found,
        contests=found.rows,
        measures=measures(),
        today=today,
    )


@room.get("/contests/new")
def contest_new() -> str:
    """Show an empty form."""
    values = {**NEW, "among": "teams"} if boards.only_groups() else {**NEW}
    of = db.session.get(Campaign, request.args.get("campaign", 0, type=int))
    if of is not None:
        values |= {"campaign_id": of.id, "starts_on": of.starts_on, "ends_on": of.ends_on}
    return page(None, values, {})


@room.post("/contests/new")
def contest_create() -> Response | tuple[str, int]:
    """Create a contest."""
    return save(None)


@room.get("/contests/<int:contest_id>")
def contest(contest_id: int) -> str:
    """Show one contest: its form until it is over, and who stands where."""
    found = db.get_or_404(Contest, contest_id)
    return page(found, {name: getattr(found, name) for name in contests.FIELDS}, {})


@room.post("/contests/<int:contest_id>")
def contest_save(contest_id: int) -> Response | tuple[str, int]:
    """Change a contest."""
    return save(db.get_or_404(Contest, contest_id))


def save(found: Contest | None) -> Response | tuple[str, int]:
    """Create or change the contest from the form; what was typed stays where something cannot stand."""
    values: dict[str, Any] = {name: request.form.get(name, "") for name in NEW}
    picked = request.form.get("campaign_id", "")
    values["campaign_id"] = (whole(picked) or NO_CAMPAIGN) if picked else None
    values["prizes"] = values["prizes"].splitlines()
    try:
        found = contests.edit(found, **values) if found else contests.create(**values)
    except Invalid as refusal:
        return page(found, values, said_all(refusal.errors)), 422
    done(_("Saved."))
    return redirect(url_for("console.contest", contest_id=found.id))


def page(found: Contest | None, values: dict[str, Any], errors: dict[str, str]) -> str:
    """Return the form with these values and refusals, and the standing."""
    return render_template(
        "console/contest.html",
        noun="console.contests",
        contest=found,
        v=values,
        errors=errors,
        measures=measures(),
        groups=boards.only_groups(),
        fewest=boards.FEWEST,
        campaigns=campaigns.all_campaigns(),
        lines=contests.shown(found) if found else [],
        drawing=of_contests.of(found) if found else None,
        prize=of_contests.prize_of(found) if found else None,
        today=day_in(clock.now(), zone()),
    )
