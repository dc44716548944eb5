"""Plans of draws in the console. In: what the forms say. Out: what brings tickets and who enters; monthly draws."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from emails.networks import NETWORKS
from service.database import db
from service.draws import Plan, monthly
from service.locales import country_of
from service.models import Campaign, Team
from service.validation import Invalid, whole, wholes
from service.web.console.room import done, room
from service.web.console.words import said_all
from service.web.language import gettext as _

NUMBERS = ("at_most", "tenure_days", "recent_months", "free", "claim_days")
SHARED = tuple(slug for slug in NETWORKS if slug not in ("email", "copy"))


def values_of(plan: Plan) -> dict[str, Any]:
    """Return what the fields of a plan show."""
    return {
        "per": plan.per,
        **{name: getattr(plan, name) for name in NUMBERS},
        "first": plan.first.isoformat() if plan.first else "",
        "last": plan.last.isoformat() if plan.last else "",
        "teams": [str(team) for team in plan.teams],
        "offices": ", ".join(plan.offices),
        "countries": ", ".join(plan.countries),
        "networks_out": list(plan.networks_out),
    }


def typed() -> dict[str, Any]:
    """Return what was typed into the fields of a plan; those that the form has not keep what is usual."""
    form = request.form
    usual = values_of(Plan.from_json(monthly.plan().terms))
    if "per" not in form:
        return usual
    found = {name: form.get(name, "").strip() for name in ("per", *NUMBERS, "first", "last", "offices", "countries")}
    return {**found, "teams": form.getlist("teams"), "networks_out": form.getlist("networks_out")}


def plan_of(values: dict[str, Any], before: Plan) -> Plan:
    """Return the plan of what was typed; what is no number or day comes out as one that is refused."""
    numbers: dict[str, Any] = {name: number_of(values[name]) for name in NUMBERS}
    return replace(
        before,
        per=values["per"],
        **numbers,
        first=_day(values["first"]),
        last=_day(values["last"]),
        teams=tuple(sorted(wholes(values["teams"]))),
        offices=tuple(office.strip() for office in values["offices"].split(",") if office.strip()),
        countries=tuple(
            dict.fromkeys(
                country_of(part) or part.strip() for part in values.get("countries", "").split(",") if part.strip()
            )
        ),
        networks_out=tuple(values["networks_out"]),
    )


def number_of(text: Any) -> int:
    """Return the number that was typed; what is none comes out as one that is refused."""
    found = whole(text)
    return -1 if found is None else found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def choices() -> dict[str, Any]:
    """Return what the fields of a plan offer."""
    campaigns = db.session.execute(sa.select(Campaign.id, Campaign.name).order_by(Campaign.starts_on.desc()))
    teams = db.session.execute(sa.select(Team.id, Team.name).order_by(sa.func.lower(Team.name)))
    return {
        "campaigns": [(str(id_), name) for id_, name in campaigns],
        "teams": [(str(id_), name) for id_, name in teams],
        "networks": [(slug, NETWORKS[slug].label) for slug in SHARED],
    }


def labels() -> dict[str, str]:
    """Return the labels of a plan's fields, for the summary of refusals."""
    return {
        "kind": _("Whose shares bring tickets"),
        "campaign": _("Campaign"),
        "first": _("From"),
        "last": _("To"),
        "per": _("A ticket for each"),
        "at_most": _("Tickets of one person, at most"),
        "teams": _("Only these teams"),
        "countries": _("Only these countries"),
        "networks_out": _("Networks that bring no tickets"),
        "tenure_days": _("Days since the invitation, at least"),
        "recent_months": _("Months that winners wait"),
        "free": _("Tickets without sharing"),
        "claim_days": _("Days to claim a prize"),
        "hours": _("Hours from the freeze to the randomness"),
    }


@room.get("/draws/monthly")
def draws_monthly() -> str:
    """Show how monthly draws are held."""
    found = monthly.plan()
    values = {
        "on": found.monthly,
        "prizes": "\n".join(f"{name} | {value}" if value else name for name, value in found.prizes),
        "alternates": found.alternates,
        "hours": found.hours,
        **values_of(Plan.from_json(found.terms)),
    }
    return _form(values, {})


@room.post("/draws/monthly")
def draws_monthly_save() -> Response | tuple[str, int]:
    """Say how monthly draws are held from now on."""
    form = request.form
    values = {name: form.get(name, "").strip() for name in ("on", "prizes", "alternates", "hours")} | typed()
    parts = [line.partition("|") for line in values["prizes"].splitlines() if line.strip()]
    prizes = [(name.strip(), worth.strip()) for name, _bar, worth in parts]
    plan = plan_of(values, Plan.from_json(monthly.plan().terms))
    try:
        monthly.set_plan(bool(values["on"]), prizes, number_of(values["alternates"]), number_of(values["hours"]), plan)
    except Invalid as refusal:
        db.session.rollback()
        return _form(values, said_all(refusal.errors)), 422
    done(_("Saved. Draws that are open already stay as they are."))
    return redirect(url_for("console.draws"))


def _form(values: dict[str, Any], errors: dict[str, str]) -> str:
    return render_template(
        "console/draws_monthly.html",
        noun="console.draws",
        v=values,
        errors=errors,
        choices=choices(),
        labels=labels(),
    )
