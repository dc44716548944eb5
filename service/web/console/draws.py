"""Draws in the console. In: prizes, rules, public numbers. Out: a draw opened, frozen and drawn; its winners."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import Response as FlaskResponse
from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from service import clock, draws, jobs
from service.database import db
from service.draws import Plan, beacon, frozen_mails, monthly, opening, records
from service.models import Campaign, Draw
from service.validation import Invalid, whole
from service.web.console import draw_plans
from service.web.console.lists import Filter, listing
from service.web.console.room import done, refused, room
from service.web.console.words import draw_states, moment_of, said_all
from service.web.language import gettext as _

NEW: dict[str, Any] = {
    "name": "",
    "title": "",
    "kind": "month",
    "campaign": "",
    "month": "",
    "prizes": "",
    "alternates": 3,
    "beacon": "numbers",
    "source_text": "",
    "rules": "",
}
PRIZES_SHOWN = 50


@room.get("/draws", endpoint="draws")
def index() -> str:
    """Show the draws that the address asks for."""
    found = listing(
        sa.select(Draw),
        endpoint="console.draws",
        sorts={"title": sa.func.lower(Draw.title), "month": Draw.month, "created": Draw.created_at},
        default="-created",
        search=(Draw.title, Draw.name),
        filters=(Filter("status", _("Status"), draw_states(), lambda v: Draw.status == v, chips=True),),
    )
    return render_template("console/draws.html", noun="console.draws", listing=found)


@room.get("/draws/new")
def draw_new() -> str:
    """Show an empty form, or one that begins with a campaign."""
    values = {**NEW, **draw_plans.values_of(draws.Plan.from_json(monthly.plan().terms))}
    of = db.session.get(Campaign, request.args.get("campaign", 0, type=int))
    if of is not None:
        name = of.slug if draws.find(of.slug) is None else f"{of.slug}-{of.starts_on:%Y-%m}"
        values |= {"kind": "campaign", "campaign": str(of.id), "title": of.name, "name": name[:64]}
    return form(None, values, {})


@room.post("/draws/new")
def draw_create() -> Response | tuple[str, int]:
    """Open a draw."""
    values = typed()
    try:
        draw = draws.create(values["name"], **fields(values))
    except Invalid as refusal:
        db.session.rollback()
        return form(None, values, said_all(refusal.errors)), 422
    done(_("The draw is open. Until it is frozen everything may still change."))
    return redirect(url_for("console.draw", name=draw.name))


@room.get("/draws/<name>")
def draw(name: str) -> str:
    """Show where the draw stands, what comes next, and once drawn who won and who is next in line."""
    return page(by_name(name), {})


@room.get("/draws/<name>/edit")
def draw_edit(name: str) -> str:
    """Show an open draw's form."""
    found = by_name(name)
    values = {key: getattr(found, key) for key in ("name", "title", "alternates", "beacon", "source_text", "rules")}
    prizes = "\n".join(f"{p.name} | {p.value}" if p.value else p.name for p in found.prizes)
    values["rules"] = opening.own_rules(found) or ""
    values |= {"kind": found.kind, "campaign": found.campaign_id or ""} | draw_plans.values_of(draws.Plan.of(found))
    return form(found, {**values, "month": found.month or "", "prizes": prizes}, {})


@room.post("/draws/<name>/edit")
def draw_save(name: str) -> Response | tuple[str, int]:
    """Change an open draw."""
    found, values = by_name(name), typed()
    try:
        draws.edit(found, **fields(values, draws.Plan.of(found)))
    except Invalid as refusal:
        db.session.rollback()
        return form(by_name(name), values, said_all(refusal.errors)), 422
    done(_("Saved."))
    return redirect(url_for("console.draw", name=name))


@room.post("/draws/<name>/freeze")
def draw_freeze(name: str) -> Response | tuple[str, int]:
    """Freeze the pool, for good, and write to every entrant."""
    found = by_name(name)
    due = moment_of(request.form.get("due_at", ""))
    if not isinstance(due, datetime):
        return page(found, {"due_at": _("Write day and time of the numbers.")}), 422
    try:
        found = draws.freeze(found, due)
    except Invalid as refusal:
        db.session.rollback()
        return page(by_name(name), said_all(refusal.errors)), 422
    if found.status == "void":
        refused(_("Nobody holds a ticket, so the draw is void. Its page says so."))
    else:
        jobs.wake(frozen_mails.TASK if frozen_mails.unwritten(found) else "deliver")
        done(_("Frozen and published. Every entrant gets a mail with her proof."))
    return redirect(url_for("console.draw", name=name))


@room.post("/draws/<name>/run")
def draw_run(name: str) -> Response | tuple[str, int]:
    """Draw the ranks from the public numbers and write to the winners."""
    found = by_name(name)
    try:
        draws.run(found, request.form.get("randomness", "").strip())
    except Invalid as refusal:
        db.session.rollback()
        return page(by_name(name), said_all(refusal.errors)), 422
    done(_("Drawn. The winners get a mail with a link to claim their prize."))
    return redirect(url_for("console.draw", name=name))


@room.post("/draws/<name>/fetch")
def draw_fetch(name: str) -> Response | tuple[str, int]:
    """Ask the relays of drand for the round now, and draw."""
    found = by_name(name)
    if not draws.fetch_and_run(found.name):
        words = _("No relay gave this round yet. It is tried again every minute; or paste the round below.")
        return page(by_name(name), {"randomness": words}), 422
    done(_("Drawn. The winners get a mail with a link to claim their prize."))
    return redirect(url_for("console.draw", name=name))


@room.post("/draws/<name>/disqualify")
def draw_disqualify(name: str) -> Response | tuple[str, int]:
    """Say in public, before the numbers are known, that an entrant will be passed."""
    found = by_name(name)
    try:
        draws.disqualify(found, request.form.get("entrant", ""), request.form.get("reason", ""))
    except Invalid as refusal:
        db.session.rollback()
        return page(by_name(name), said_all(refusal.errors)), 422
    done(_("Said in the draw’s public trail. The pool stays as it is."))
    return redirect(url_for("console.draw", name=name))


@room.post("/draws/<name>/ranks/<int:rank>/handed-over")
def draw_hand_over(name: str, rank: int) -> Response:
    """Tick a prize off as handed over."""
    try:
        draws.hand_over(by_name(name), rank)
    except Invalid as refusal:
        db.session.rollback()
        refused(" ".join(said_all(refusal.errors).values()))
    else:
        done(_("Handed over, and noted."))
    return redirect(url_for("console.draw", name=name))


@room.get("/draws/<name>/prizes.csv")
def draw_export(name: str) -> Response:
    """Serve the claimed prizes for the tax office; names and addresses, so for liaisons alone and kept nowhere."""
    answer = FlaskResponse(draws.export(by_name(name)).encode("utf-8-sig"), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}-prizes.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def by_name(name: str) -> Draw:
    found = draws.find(name)
    if found is None:
        abort(404)
    return found


def page(found: Draw, errors: dict[str, str]) -> str:
    """Return one draw's page with refusals beside its fields."""
    open_now = found.status == "open"
    writing = frozen_mails.of(found) if frozen_mails.unwritten(found) else None
    entries = draws.entries_due(found) if open_now else []
    return render_template(
        "console/draw.html",
        noun="console.draws",
        draw=found,
        errors=errors,
        typed=request.form,
        outcome=draws.outcome(found),
        writing=writing,
        entrants=len(entries),
        tickets=sum(n for _who, n in entries),
        wrong=[] if writing else draws.check(found),  # a page that asks again and again reads no large pool each time
        records=records.of(found),
        round=beacon.round_of(found.source),
        round_address=_round_address(found),
        due_now=found.due_at is not None and found.due_at <= clock.now(),
    )


def _round_address(found: Draw) -> str | None:
    """Return where anybody finds the round that decides, or None for other draws."""
    round_ = beacon.round_of(found.source)
    return beacon.address("https://api.drand.sh", round_) if round_ else None


def form(found: Draw | None, values: dict[str, Any], errors: dict[str, str]) -> str:
    """Return the form of an open draw with these values and refusals."""
    return render_template(
        "console/draw_form.html",
        noun="console.draws",
        draw=found,
        v=values,
        errors=errors,
        choices=draw_plans.choices(),
        labels=draw_plans.labels(),
    )


def typed() -> dict[str, Any]:
    """Return what the form says; prizes are lines "name | worth"."""
    values: dict[str, Any] = {name: request.form.get(name, "").strip() for name in NEW}
    return values | draw_plans.typed()


def fields(values: dict[str, Any], before: Plan | None = None) -> dict[str, Any]:
    """Return the arguments of draws.create and draws.edit from what was typed."""
    lines = [line for line in values["prizes"].splitlines() if line.strip()][: PRIZES_SHOWN + 1]
    parts = [line.partition("|") for line in lines]
    return {
        "title": values["title"],
        "prizes": [(name.strip(), worth.strip()) for name, _bar, worth in parts],
        "month": values["month"] or None,
        "source_text": values["source_text"],
        "beacon": values["beacon"] or "numbers",
        "kind": values["kind"] or "month",
        "campaign_id": whole(values["campaign"]),
        "plan": draw_plans.plan_of(values, before or draws.Plan()),
        "alternates": draw_plans.number_of(values["alternates"]),
        "rules": values["rules"] or None,
    }
