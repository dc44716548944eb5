"""Editions in the console. In: a week and the liaison's acts. Out: its panel with counts; release, undo, pause."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from time import perf_counter
from typing import Any

import sqlalchemy as sa
from flask import abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from service import editions, programmes, tallies
from service.models import Edition
from service.web import records
from service.web.console.counts import counts, days_of
from service.web.console.lists import Filter, listing
from service.web.console.room import done, programme, refused, room
from service.web.console.words import language_name, said
from service.web.language import gettext as _
from service.web.language import ngettext

EVERY = 3
"""Seconds between two looks at a sending; more where counting is slow, so that watching costs a twentieth at most."""


def by_week(week: str) -> Edition:
    """Return the edition of this week or answer 404."""
    try:
        found = editions.find(week)
    except ValueError:
        found = None
    if found is None:
        abort(404)
    return found


@room.get("/editions/open")
@records
def edition_open() -> Response:
    """Make the edition that matters now, as a draft, and show it."""
    try:
        found = editions.edition()
    except programmes.NoProgramme:
        return redirect(url_for("console.week"))
    return to(found)


@room.get("/editions", endpoint="editions")
def index() -> str:
    """Show every edition with its figures, the newest first."""
    found = listing(
        sa.select(Edition),
        endpoint="console.editions",
        sorts={"week": Edition.week},
        default="-week",
        filters=(Filter("status", _("State"), status_words(), lambda v: Edition.status == v, chips=True),),
    )
    return render_template(
        "console/editions.html",
        noun="console.week",
        listing=found,
        figures=tallies.noted([e.id for e in found.rows]),
        days_of=days_of,
        states=status_words(),
    )


@room.app_template_global("edition_states")
def status_words() -> dict[str, str]:
    """Return each state of an edition in words."""
    return {
        "draft": _("Draft"),
        "released": _("Released"),
        "closing": _("Last mails"),
        "closed": _("Closed"),
        "cancelled": _("Cancelled"),
    }


@room.get("/editions/<week>")
def edition(week: str) -> str:
    """Show one week's edition."""
    return render_template("console/edition.html", noun="console.week", **facts(by_week(week)))


@room.get("/editions/<week>/panel")
def edition_panel(week: str) -> str:
    """Show the panel alone: the page asks for it again and again while mails leave."""
    return render_template("console/panel.html", **facts(by_week(week)))


def facts(found: Edition) -> dict[str, Any]:
    """Return what the panel shows of an edition."""
    mine = programme()
    begun = perf_counter()
    told = counts(found, request.args.get("count") == "1")
    took = perf_counter() - begun
    return {
        "every": max(EVERY, ceil(took * 20)),
        "edition": found,
        "days": days_of(found.week),
        "c": told,
        "moving": found.status in ("released", "closing") and (told.quiet > 0 or not found.paused),
        "sentences": [(code, language_name(code)) for code in (mine.languages if mine else ["en"])],
    }


def release(found: Edition, by: str) -> str:
    editions.release(found, by)
    return _("Released. Nothing leaves for five minutes; until then you can undo it.")


def undo(found: Edition, by: str) -> str:
    editions.undo(found, by)
    return _("Undone. The edition is a draft again and nothing was sent.")


def pause(found: Edition, by: str) -> str:
    editions.pause(found, by)
    return _("Paused. No further mail leaves until you resume.")


def resume(found: Edition, by: str) -> str:
    editions.resume(found, by)
    return _("Resumed. Mails leave again at their hour.")


def late(found: Edition, by: str) -> str:
    n = editions.send_held(found, by)
    return ngettext("%(num)s late mail leaves now.", "%(num)s late mails leave now.", n)


def cancel(found: Edition, by: str) -> str:
    editions.cancel(found, by)
    return _("Cancelled. What had not left never will.")


ACTS: dict[str, Callable[[Edition, str], str]] = {
    "release": release,
    "undo": undo,
    "pause": pause,
    "resume": resume,
    "late": late,
    "cancel": cancel,
}


@room.post("/editions/<week>/act")
def edition_act(week: str) -> Response:
    """Do one of ACTS; a refusal says why and what to do instead."""
    found = by_week(week)
    act = ACTS.get(request.form.get("act", ""))
    if act is None:
        abort(400)
    try:
        done(act(found, f"liaison:{g.liaison.id}"))
    except editions.EditionError as refusal:
        refused(said(refusal.words))
    return to(found)


@room.post("/editions/<week>/words")
def edition_words(week: str) -> Response:
    """Set the liaison's one sentence in each language."""
    found = by_week(week)
    mine = programme()
    try:
        editions.set_words(
            found, {c: request.form.get(f"words-{c}", "")[:300] for c in (mine.languages if mine else [])}
        )
        done(_("Saved."))
    except editions.EditionError as refusal:
        refused(said(refusal.words))
    return to(found)


def to(found: Edition) -> Response:
    """Return to where the edition is shown: This week, or its own page."""
    if found.week == editions.current_week():
        return redirect(url_for("console.week"))
    return redirect(url_for("console.edition", week=found.week))
