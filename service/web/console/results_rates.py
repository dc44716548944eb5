"""Results: what the liaison says. In: rates, followers, sites, tokens. Out: kept, or shown beside what is wrong."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from emails.networks import NETWORKS
from service import conversions, settings
from service.database import db
from service.models import Programme
from service.results import audiences, reckoning, scopes
from service.validation import Invalid
from service.web.console.lists import paged
from service.web.console.results import page
from service.web.console.results_blocks import network_name
from service.web.console.room import done, refused, room
from service.web.console.words import said_all
from service.web.language import gettext as _

OFFERED = tuple(slug for slug in NETWORKS if slug not in ("copy", "email", "whatsapp", "telegram"))
"""Networks that have audiences: nobody knows how many read a chat."""


@room.get("/results/worth", endpoint="results_worth_page")
def worth() -> str:
    """Show what it was worth, with the forms that say how it is reckoned."""
    return _worth({}, {})


def _worth(rates: dict[str, Any], errors: dict[str, str]) -> str:
    row = reckoning.current()
    latest = reckoning.following()
    month = request.form.get("month") or f"{scopes.today():%Y-%m}"
    return page(
        "worth",
        template="console/results_worth.html",
        row=row,
        networks=[(slug, network_name(slug)) for slug in OFFERED],
        averages=audiences.AVERAGES,
        typed=rates,
        errors=errors,
        month=month,
        followers=latest.get(month, {}),
    )


@room.post("/results/rates")
def results_rates() -> Response | tuple[str, int]:
    """Keep currency, rates and average audiences."""
    form = request.form
    names = ("click", "impression", "audience")
    typed = {slug: {name: form.get(f"{name}-{slug}", "") for name in names} for slug in OFFERED}
    try:
        reckoning.set_rates(form.get("currency", ""), typed)
    except Invalid as refusal:
        db.session.rollback()
        return _worth({"currency": form.get("currency", ""), **typed}, said_all(refusal.errors)), 422
    done(_("Saved. Values are worked out anew; reach changes for shares that come from now on."))
    return redirect(url_for("console.results_worth_page"))


@room.post("/results/followers")
def results_followers() -> Response | tuple[str, int]:
    """Keep how many people follow the company at the end of a month."""
    try:
        reckoning.follow(request.form.get("month", ""), {s: request.form.get(f"followers-{s}", "") for s in OFFERED})
    except Invalid as refusal:
        db.session.rollback()
        return _worth({}, said_all(refusal.errors)), 422
    done(_("Saved."))
    return redirect(url_for("console.results_worth_page", _anchor="followers"))


@room.get("/results/conversions")
def results_conversions() -> str:
    """Show who may report conversions, and the snippet."""
    return _conversions({})


def _conversions(errors: dict[str, str], fresh: str = "") -> str:
    programme = db.session.get(Programme, 1)
    return render_template(
        "console/results_conversions.html",
        noun="console.results_conversions",
        row=reckoning.current(),
        tokens=paged(conversions.tokens(), endpoint="console.results_conversions"),
        fresh=fresh,
        errors=errors,
        sites=request.form.get("sites"),
        parameter=programme.click_parameter if programme else "",
        base=settings().base_url,
    )


@room.post("/results/conversions/tokens")
def results_token_make() -> str | tuple[str, int]:
    """Make a token and show it, this once: a reload asks whether to make another."""
    try:
        _row, token = conversions.make_token(request.form.get("token_name", ""))
    except Invalid as refusal:
        db.session.rollback()
        return _conversions(said_all(refusal.errors)), 422
    return _conversions({}, fresh=token)


@room.post("/results/conversions/tokens/<int:number>/revoke")
def results_token_revoke(number: int) -> Response:
    """End a token at once."""
    if conversions.revoke(number):
        done(_("The token has ended. Whoever uses it gets 401 from now on."))
    else:
        refused(_("This token had ended already."))
    return redirect(url_for("console.results_conversions"))


@room.post("/results/conversions/sites")
def results_sites() -> Response | tuple[str, int]:
    """Keep the sites whose pages may report."""
    try:
        conversions.set_sites(request.form.get("sites", ""))
    except Invalid as refusal:
        db.session.rollback()
        return _conversions(said_all(refusal.errors)), 422
    done(_("Saved."))
    return redirect(url_for("console.results_conversions", _anchor="pages"))
