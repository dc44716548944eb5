"""Campaigns in the console. In: the liaison's plans. Out: the list, one campaign's page and form, refusals by field."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from emails import slots
from emails.networks import NETWORKS
from emails.slots import day_in
from service import campaign_mails, campaign_results, campaign_weeks, campaigns, clock, programmes, story_weeks
from service.campaign_mails import Which
from service.campaigns import Phase
from service.database import db
from service.models import Campaign, Contest, Draw, Employee, Story, Team
from service.validation import Invalid, wholes
from service.web.console.counts import days_of
from service.web.console.lists import Filter, listing
from service.web.console.room import done, programme, refused, room, zone
from service.web.console.words import language_name, said_all
from service.web.language import gettext as _

NEW: dict[str, Any] = {**campaigns.DEFAULTS, "name": "", "starts_on": "", "ends_on": ""}
MANY = ("audience", "offices", "languages")
TICKS = ("kickoff", "closing")


@room.get("/campaigns", endpoint="campaigns")
def index() -> str:
    """Show the campaigns that the address asks for; those put away only where it asks for them."""
    today = day_in(clock.now(), zone())
    here = Campaign.archived_at.is_(None)
    when = {
        Phase.RUNNING: sa.and_(here, Campaign.starts_on <= today, Campaign.ends_on >= today),
        Phase.PLANNED: sa.and_(here, Campaign.starts_on > today),
        Phase.OVER: sa.and_(here, Campaign.ends_on < today),
        Phase.ARCHIVED: Campaign.archived_at.is_not(None),
    }
    asked = sa.select(Campaign)
    if request.args.get("when") != Phase.ARCHIVED:
        asked = asked.where(here)
    found = listing(
        asked,
        endpoint="console.campaigns",
        sorts={"name": sa.func.lower(Campaign.name), "starts": Campaign.starts_on, "ends": Campaign.ends_on},
        default="-starts",
        search=(Campaign.name, Campaign.goal, sa.cast(Campaign.hashtags, sa.Text)),
        filters=(Filter("when", _("When"), phases(), lambda v: when[Phase(v)], chips=True),),
    )
    counted = (
        sa.select(Story.campaign_id, sa.func.count())
        .where(Story.campaign_id.in_([c.id for c in found.rows]))
        .group_by(Story.campaign_id)
    )
    counts = {row[0]: row[1] for row in db.session.execute(counted)}
    return render_template(
        "console/campaigns.html",
        listing=found,
        counts=counts,
        phase=lambda campaign: campaigns.phase(campaign, today),
        phases=phases(),
        line=_timeline(),
        empty=not found.everything and not db.session.scalar(sa.select(Campaign.id).limit(1)),
        noun="console.campaigns",
    )


def _timeline() -> dict[str, Any]:
    """Return six weeks of campaigns from the one that the address names, and which weeks stand before and after."""
    try:
        shown = campaign_weeks.timeline(request.args.get("from") or None)
    except ValueError:
        abort(404)
    first = shown.weeks[0]
    return {
        "shown": shown,
        "now": slots.week_of(clock.now(), programmes.current().zone),
        "asked": request.args.get("from"),
        "earlier": slots.shifted(first, -story_weeks.SHOWN),
        "later": slots.shifted(first, story_weeks.SHOWN),
        "days": days_of,
        "what": {key: _(words) for key, words in campaign_weeks.WHAT.items()},
    }


def phases() -> dict[str, str]:
    """Return where a campaign may stand, in words."""
    return {
        Phase.RUNNING: _("Running"),
        Phase.PLANNED: _("Planned"),
        Phase.OVER: _("Over"),
        Phase.ARCHIVED: _("Archived"),
    }


@room.get("/campaigns/new")
def campaign_new() -> str:
    """Show an empty form, or one that begins with what another campaign says."""
    before = db.session.get(Campaign, request.args.get("like", 0, type=int))
    today = day_in(clock.now(), zone())
    return page(None, campaigns.start_of_next(before, today) if before else NEW, {}, before)


@room.post("/campaigns/new")
def campaign_create() -> Response | tuple[str, int]:
    """Create a campaign."""
    return save(None)


@room.get("/campaigns/<int:campaign_id>")
def campaign(campaign_id: int) -> str:
    """Show one campaign: what it brought, what belongs to it, its mails and its form."""
    found = db.get_or_404(Campaign, campaign_id)
    return page(found, {name: getattr(found, name) for name in campaigns.FIELDS}, {})


@room.post("/campaigns/<int:campaign_id>")
def campaign_save(campaign_id: int) -> Response | tuple[str, int]:
    """Change a campaign."""
    return save(db.get_or_404(Campaign, campaign_id))


@room.post("/campaigns/<int:campaign_id>/archive")
def campaign_archive(campaign_id: int) -> Response:
    """Put a campaign out of the lists, or back; delete one that nothing belongs to."""
    found = db.get_or_404(Campaign, campaign_id)
    act = request.form.get("act", "archive")
    if act == "delete":
        name = found.name
        try:
            campaigns.delete(found)
        except Invalid as refusal:
            db.session.rollback()
            refused(" ".join(said_all(refusal.errors).values()))
            return redirect(url_for("console.campaign", campaign_id=campaign_id))
        done(_("“%(campaign)s” is deleted.", campaign=name))
        return redirect(url_for("console.campaigns"))
    campaigns.archive(found, act == "archive")
    done(_("Archived. Its points, hashtags and results stay.") if act == "archive" else _("Back in the list."))
    return redirect(url_for("console.campaign", campaign_id=campaign_id))


def save(found: Campaign | None) -> Response | tuple[str, int]:
    """Create or change the campaign from the form; what was typed stays where something cannot stand."""
    values: dict[str, Any] = {name: request.form.get(name, "") for name in NEW}
    values["hashtags"] = campaigns.hashtags_of(values["hashtags"])
    values |= {name: request.form.getlist(name) for name in MANY}
    values["audience"] = wholes(values["audience"])
    values |= {name: bool(request.form.get(name)) for name in TICKS}
    try:
        found = campaigns.edit(found, **values) if found else campaigns.create(**values)
    except Invalid as refusal:
        return page(found, values, said_all(refusal.errors)), 422
    done(_("Saved."))
    return redirect(url_for("console.campaign", campaign_id=found.id))


def page(found: Campaign | None, values: dict[str, Any], errors: dict[str, str], before: Campaign | None = None) -> str:
    """Return the form with these values and refusals, and all that belongs to the campaign."""
    today = day_in(clock.now(), zone())
    mine = programme()
    return render_template(
        "console/campaign.html",
        noun="console.campaigns",
        campaign=found,
        before=before,
        v=values,
        errors=errors,
        teams=list(db.session.scalars(sa.select(Team).order_by(Team.name))),
        offices=[(office, office) for office in _offices(values["offices"])],
        languages=[(code, language_name(code)) for code in (mine.languages if mine else [])],
        conflicts=_conflicts(found, values),
        **(_belongings(found, today) if found else {}),
    )


def _offices(chosen: list[str]) -> list[str]:
    there = db.session.scalars(sa.select(Employee.office).where(Employee.office.is_not(None)).distinct())
    return sorted({office for office in there if office} | set(chosen), key=str.casefold)


def _conflicts(found: Campaign | None, values: dict[str, Any]) -> list[tuple[str, Campaign]]:
    days = [values["starts_on"], values["ends_on"]]
    try:
        starts, ends = (day if isinstance(day, date) else date.fromisoformat(str(day)) for day in days)
    except ValueError:
        return []
    return campaigns.conflicts(values["hashtags"], starts, ends, found.id if found else None)


def _belongings(found: Campaign, today: date) -> dict[str, Any]:
    mine = sa.select(Story).where(Story.campaign_id == found.id).order_by(Story.publish_from.desc()).limit(50)
    stood = sa.select(Contest).where(Contest.campaign_id == found.id).order_by(Contest.starts_on)
    drawn = sa.select(Draw).where(Draw.campaign_id == found.id).order_by(Draw.id)
    phase = campaigns.phase(found, today)
    begun = found.starts_on <= today
    return {
        "phase": phase,
        "phase_words": phases()[phase],
        "today": today,
        "stories": list(db.session.scalars(mine)),
        "contests": list(db.session.scalars(stood)),
        "draws": list(db.session.scalars(drawn)),
        "live": campaign_results.live(found) if begun else None,
        "begun": begun,
        "network": lambda slug: NETWORKS[slug].label if slug in NETWORKS else _("Others together"),
        "used": campaigns.used(found),
        "recipients": campaign_mails.recipients(found),
        "mails": [_mail(found, which) for which in Which],
    }


def _mail(found: Campaign, which: Which) -> dict[str, Any]:
    """Return what the page says of one of its mails."""
    states = campaign_mails.sent(found, which)
    return {
        "which": which,
        "wanted": getattr(found, which),
        "day": found.starts_on if which == Which.KICKOFF else found.ends_on,
        "asked": getattr(found, f"{which}_asked_at"),
        "done": getattr(found, f"{which}_done_at"),
        "written": sum(n for state, n in states.items() if state != "suppressed"),
        "sent": states.get("accepted", 0) + states.get("delivered", 0),
        "off": states.get("suppressed", 0),
    }
