"""Teams, groups and invitations in the console. In: the liaison's forms. Out: who begins, who is invited, who leads."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import Response as FlaskResponse
from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from emails.onboarding import MOST_REMINDERS
from service import clock, jobs, programmes
from service.database import db
from service.models import Cohort, Employee, Team
from service.people import cohorts, gate, inviting, quiet, teams
from service.validation import Invalid, whole, wholes
from service.web.console.cards import framed
from service.web.console.lists import Filter, listing
from service.web.console.person import kind_words
from service.web.console.room import done, refused, room
from service.web.console.words import said_all
from service.web.language import gettext as _
from service.web.language import ngettext


@room.get("/people/teams", endpoint="teams")
def team_list() -> str:
    """Show all teams with their size and leaders."""
    return team_page({}, "")


def team_page(errors: dict[str, str], name: str) -> str:
    """Return the teams that the address asks for, 50 a page, with the form of a new one."""
    anybody = sa.exists().where(Employee.team_id == Team.id, Employee.email.is_not(None))
    led = sa.exists().where(Employee.team_id == Team.id, Employee.leads)
    states = {"empty": ~anybody, "led": led}
    words = {"empty": _("Nobody in it"), "led": _("With a leader")}
    found = listing(
        sa.select(Team),
        endpoint="console.teams",
        sorts={"name": sa.func.lower(Team.name)},
        default="name",
        search=(Team.name,),
        filters=(Filter("state", _("State"), words, lambda state: states[state], chips=True),),
    )
    sizes = {size.id: size for size in teams.everyone([team.id for team in found.rows])}
    return render_template(
        "console/teams.html",
        noun="console.teams",
        listing=found,
        teams=[sizes[team.id] for team in found.rows],
        every=db.session.execute(sa.select(Team.id, Team.name).order_by(sa.func.lower(Team.name))).all(),
        errors=errors,
        name=name,
    )


@room.post("/people/teams")
def team_create() -> Response | tuple[str, int]:
    """Create a team."""
    try:
        teams.create(request.form.get("name", ""))
    except Invalid as refusal:
        return team_page(said_all(refusal.errors), request.form.get("name", "")), 422
    done(_("Saved."))
    return redirect(url_for("console.teams"))


@room.post("/people/teams/<int:number>")
def team_change(number: int) -> Response:
    """Rename a team, join it with another one, or delete it."""
    team, act = db.get_or_404(Team, number), request.form.get("act")
    try:
        if act == "rename":
            teams.rename(team, request.form.get("name", ""))
            done(_("Saved."))
        elif act == "join":
            into = db.session.get(Team, whole(request.form.get("into")) or 0) or team
            n = teams.join(team, into)
            done(ngettext("%(num)s person is in the other team now.", "%(num)s people are in the other team now.", n))
        elif act == "delete":
            teams.delete(team)
            done(_("Deleted."))
        else:
            abort(400)
    except Invalid as refusal:
        refused(" ".join(said_all(refusal.errors).values()))
    return redirect(url_for("console.teams"))


@room.get("/people/invitations", endpoint="invitations")
def invitation_page() -> str:
    """Show who stands where on the way in, and how colleagues are brought in."""
    return invitations_with({})


def invitations_with(errors: dict[str, str]) -> str:
    """Return the page with these refusals."""
    programme = programmes.current()
    return render_template(
        "console/invitations.html",
        noun="console.invitations",
        counts=inviting.counts(),
        s=gate.settings(),
        early=gate.early(),
        groups=cohorts.everyone(),
        opt_in=programme.opt_in,
        languages=programme.languages,
        kinds={kind: kind_words()[kind] for kind in inviting.KINDS},
        most=MOST_REMINDERS,
        errors=errors,
    )


@room.post("/people/invitations")
def invitations_save() -> Response | tuple[str, int]:
    """Say when invitations go and which mails follow."""
    text: Any = request.form.get("invite_on", "") if request.form.get("when") == "day" else ""
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        return invitations_with({"invite_on": _("Write the day like 2026-12-01.")}), 422
    try:
        inviting.save(
            day,
            bool(request.form.get("welcome")),
            bool(request.form.get("sharing")),
            request.form.get("reminders", 0, type=int),
        )
    except Invalid as refusal:
        return invitations_with(said_all(refusal.errors)), 422
    jobs.wake("deliver")
    done(_("Saved."))
    return redirect(url_for("console.invitations"))


@room.post("/people/invitations/begin")
def invitations_begin() -> Response:
    """Begin with some groups only, or widen the programme to everybody."""
    try:
        if request.form.get("act") == "widen":
            n = cohorts.widen()
            jobs.wake("deliver")
            done(
                _("The programme is open to everybody.")
                + " "
                + ngettext("%(num)s invitation is on its way.", "%(num)s invitations are on their way.", n)
            )
        else:
            cohorts.limit(wholes(request.form.getlist("cohorts")))
            done(_("The programme begins with these groups. Whoever has begun already goes on."))
    except Invalid as refusal:
        refused(" ".join(said_all(refusal.errors).values()))
    return redirect(url_for("console.invitations"))


@room.get("/people/groups")
def groups() -> str:
    """Show the groups of people, 50 a page."""
    return groups_with({}, "")


def groups_with(errors: dict[str, str], name: str) -> str:
    """Return the groups that the address asks for, with the form of a new one."""
    words = {"begins": _("The programme begins with it"), "waits": _("Not yet")}
    found = listing(
        sa.select(Cohort),
        endpoint="console.groups",
        sorts={"name": sa.func.lower(Cohort.name)},
        default="name",
        search=(Cohort.name,),
        filters=(Filter("state", _("State"), words, lambda state: Cohort.begins.is_(state == "begins"), chips=True),),
    )
    every = {group.id: group for group in cohorts.everyone()}
    here = [group.id for group in found.rows]
    return render_template(
        "console/groups.html",
        noun="console.groups",
        listing=found,
        groups=[every[number] for number in here],
        elsewhere=[group for group in every.values() if group.begins and group.id not in here],
        errors=errors,
        name=name,
    )


@room.post("/people/groups")
def group_create() -> Response | tuple[str, int]:
    """Create a group of people."""
    try:
        cohorts.create(request.form.get("name", ""))
    except Invalid as refusal:
        return groups_with(said_all(refusal.errors), request.form.get("name", "")), 422
    done(_("Saved. Pick people in the list and add them to the group."))
    return redirect(url_for("console.groups"))


@room.post("/people/groups/<int:number>")
def group_delete(number: int) -> Response:
    """Delete a group; its people stay."""
    try:
        cohorts.delete(db.get_or_404(Cohort, number))
        done(_("Deleted."))
    except Invalid as refusal:
        refused(" ".join(said_all(refusal.errors).values()))
    return redirect(url_for("console.groups"))


@room.get("/people/invitations/<kind>/<language>")
def invitation_preview(kind: str, language: str) -> FlaskResponse:
    """Answer one mail as a colleague would get it, in one of the programme's languages."""
    if language not in programmes.current().languages or kind not in inviting.KINDS:
        abort(404)
    return framed(inviting.sample(kind, language, clock.now()).html)


@room.get("/people/quiet", endpoint="quiet")
def quiet_question() -> str:
    """Ask, of groups and never of anybody by name, whether the digests fit those who get them."""
    return render_template("console/quiet.html", noun="console.quiet", asked=quiet.question(), fewest=quiet.FEWEST)
