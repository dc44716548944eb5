"""Campaigns in the console. In: the liaison's plans. Out: the list and one campaign's form with refusals by field."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from emails.slots import day_in
from service import campaigns, clock
from service.database import db
from service.models import Campaign, Story, Team
from service.validation import Invalid
from service.web.console.lists import Filter, listing
from service.web.console.room import done, room, zone
from service.web.console.words import said_all
from service.web.language import gettext as _

NEW: dict[str, Any] = {**campaigns.DEFAULTS, "name": "", "starts_on": "", "ends_on": ""}


@room.get("/campaigns", endpoint="campaigns")
def index() -> str:
    """Show the campaigns that the address asks for."""
    today = day_in(clock.now(), zone())
    when = {
        "running": sa.and_(Campaign.starts_on <= today, Campaign.ends_on >= today),
        "coming": Campaign.starts_on > today,
        "past": Campaign.ends_on < today,
    }
    words = {"running": _("Running"), "coming": _("Coming"), "past": _("Past")}
    found = listing(
        sa.select(Campaign),
        endpoint="console.campaigns",
        sorts={"name": sa.func.lower(Campaign.name), "starts": Campaign.starts_on, "ends": Campaign.ends_on},
        default="-starts",
        search=(Campaign.name, Campaign.goal, sa.cast(Campaign.hashtags, sa.Text)),
        filters=(Filter("when", _("When"), words, lambda v: when[v], chips=True),),
    )
    counted = (
        sa.select(Story.campaign_id, sa.func.count())
        .where(Story.campaign_id.in_([c.id for c in found.rows]))
        .group_by(Story.campaign_id)
    )
    counts = {row[0]: row[1] for row in db.session.execute(counted)}
    return render_template(
        "console/campaigns.html", listing=found, counts=counts, today=today, noun="console.campaigns"
    )


@room.get("/campaigns/new")
def campaign_new() -> str:
    """Show an empty form."""
    return page(None, NEW, {})


@room.post("/campaigns/new")
def campaign_create() -> Response | tuple[str, int]:
    """Create a campaign."""
    return save(None)


@room.get("/campaigns/<int:campaign_id>")
def campaign(campaign_id: int) -> str:
    """Show one campaign's form."""
    found = db.get_or_404(Campaign, campaign_id)
    return page(found, {name: getattr(found, name) for name in campaigns.FIELDS}, {})


@room.post("/campaigns/<int:campaign_id>")
def campaign_save(campaign_id: int) -> Response | tuple[str, int]:
    """Change a campaign."""
    return save(db.get_or_404(Campaign, campaign_id))


def save(found: Campaign | None) -> Response | tuple[str, int]:
    """Create or change the campaign from the form; what was typed stays where something cannot stand."""
    values: dict[str, Any] = {name: request.form.get(name, "") for name in NEW}
    values["hashtags"] = campaigns.hashtags_of(values["hashtags"])
    values["audience"] = [int(i) for i in request.form.getlist("audience") if i.isdecimal()]
    try:
        found = campaigns.edit(found, **values) if found else campaigns.create(**values)
    except Invalid as refusal:
        return page(found, values, said_all(refusal.errors)), 422
    done(_("Saved."))
    return redirect(url_for("console.campaign", campaign_id=found.id))


def page(found: Campaign | None, values: dict[str, Any], errors: dict[str, str]) -> str:
    """Return the form with these values and refusals, and the campaign's stories."""
    stories = []
    if found:
        stories = list(
            db.session.scalars(
                sa.select(Story).where(Story.campaign_id == found.id).order_by(Story.publish_from.desc()).limit(50)
            )
        )
    return render_template(
        "console/campaign.html",
        noun="console.campaigns",
        campaign=found,
        v=values,
        errors=errors,
        stories=stories,
        teams=list(db.session.scalars(sa.select(Team).order_by(Team.name))),
    )
