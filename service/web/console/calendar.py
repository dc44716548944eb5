"""The calendar of weeks. In: a first week. Out: stories by week, campaigns across them; a story moved, with undo."""

from __future__ import annotations

from typing import Any

from flask import abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from emails import slots
from service import clock, story_weeks
from service.database import db
from service.models import Story
from service.validation import Invalid
from service.web.console.counts import days_of
from service.web.console.room import done, programme, refused, room
from service.web.console.words import said_all
from service.web.language import gettext as _


@room.get("/calendar")
def calendar() -> str | Response:
    """Show six weeks from the one that the address names."""
    if programme() is None:
        return redirect(url_for("console.week"))
    asked = request.args.get("from")
    try:
        shown = story_weeks.calendar(asked or None)
    except ValueError:
        abort(404)
    now = slots.week_of(clock.now(), str(programme().zone))  # type: ignore[union-attr]
    first = shown.weeks[0]
    return render_template(
        "console/calendar.html",
        noun="console.calendar",
        shown=shown,
        now=now,
        asked=asked,
        earlier=slots.shifted(first, -story_weeks.SHOWN),
        later=slots.shifted(first, story_weeks.SHOWN),
        days=days_of,
        targets=[slots.shifted(min(first, now), n) for n in range(2 * story_weeks.SHOWN + 1)],
    )


@room.post("/stories/<int:story_id>/move")
def story_move(story_id: int) -> Response:
    """Let a story begin in another week."""
    story = db.get_or_404(Story, story_id)
    week, before = request.form.get("week", ""), story_weeks.week_of(story)
    try:
        if story_weeks.move(story, week, g.liaison.id):
            back = {"action": url_for("console.story_move", story_id=story_id), "fields": [("week", before)]}
            done(_("“%(title)s” begins in week %(week)s now.", title=story.title, week=int(week[-2:])), undo=back)
    except Invalid as refusal:
        refused(" ".join(said_all(refusal.errors).values()))
    there: dict[str, Any] = {"from": request.form["from"]} if request.form.get("from") else {}
    return redirect(url_for("console.calendar", **there))
