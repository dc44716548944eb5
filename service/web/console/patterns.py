"""Odd patterns. In: visits that stand aside, and what the liaison decides. Out: they count, or are left out.

Shows shares and moments and nothing of a visitor. (In works-council mode individual figures are the person's alone:
this page must then show counts of five or more and no names.)
"""

from __future__ import annotations

from typing import Any

from flask import abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from service import quarantine, reviews
from service.models import Quarantine
from service.web.console.lists import Filter, listing
from service.web.console.room import done, room
from service.web.console.session import safe_next
from service.web.console.words import said
from service.web.language import gettext as _
from service.web.language import ngettext
from service.words_of_quarantine import noticed, perhaps


@room.app_template_filter("noticed")
def _noticed(review: reviews.Review) -> str:
    return said(noticed(review.row.pattern, review.row.facts))


@room.app_template_filter("perhaps")
def _perhaps(review: reviews.Review) -> str:
    return said(perhaps(review.row.pattern))


@room.get("/patterns")
def patterns() -> str:
    """Show the odd patterns that wait for a decision, and those decided."""
    states = {"waiting": _("Waiting"), "count": _("They count"), "leave-out": _("Left out")}

    def where(state: str) -> Any:
        return Quarantine.decision.is_(None) if state == "waiting" else Quarantine.decision == state

    found = listing(
        reviews.PATTERNS,
        endpoint="console.patterns",
        sorts={"order": reviews.OLDEST_FIRST},
        default="order",
        filters=(Filter("state", _("State"), states, where, chips=True),),
    )
    shown = reviews.of(found.rows)
    return render_template(
        "console/patterns.html",
        noun="console.week",
        listing=found,
        quiet=not reviews.waiting(),
        waiting=[each for each in shown if each.row.decision is None],
        decided=[each for each in shown if each.row.decision is not None],
    )


@room.post("/patterns/<int:number>")
def pattern_decide(number: int) -> Response:
    """Let a pattern's visits count, leave them out, or take back what was decided."""
    act = request.form.get("act")
    if act not in (quarantine.COUNT, quarantine.LEAVE_OUT, "undo"):
        abort(400)
    try:
        row = quarantine.decide(number, None if act == "undo" else act, request.form.get("reason", ""), g.liaison.id)
    except quarantine.Unknown:
        abort(404)
    undo = {"action": url_for("console.pattern_decide", number=row.id), "fields": [("act", "undo")]}
    if act == quarantine.COUNT:
        done(_("These visits count. Points and tickets are as if nothing had been set aside."), undo=undo)
    elif act == quarantine.LEAVE_OUT:
        done(_("These visits are left out."), undo=undo)
    else:
        done(_("This pattern waits for you again."))
    return redirect(safe_next(request.form.get("back") or url_for("console.patterns")))


def need() -> tuple[str, str, str] | None:
    """Return what *This week* says of patterns that wait: sentence, act, address; None where none does."""
    count = reviews.waiting()
    if not count:
        return None
    sentence = ngettext(
        "%(num)s odd pattern of visits was noticed; its visits stand aside until you decide.",
        "%(num)s odd patterns of visits were noticed; their visits stand aside until you decide.",
        count,
    )
    return sentence, _("Look at it"), url_for("console.patterns")
