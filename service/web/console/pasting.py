"""Pasting in the console. In: a page's address. Out: the editor of stories, filled in, with what could not be had."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from werkzeug.wrappers import Response

from service import stories
from service.database import db
from service.models import Story
from service.sources import pasting
from service.validation import whole
from service.web.console import texts
from service.web.console.room import room
from service.web.console.stories import languages
from service.web.console.story import page, picture_of_form, typed
from service.web.console.words import said


@room.get("/stories/begin")
def story_begin() -> str:
    """Ask for the address of the page that a new story is about."""
    address = request.args.get("url", "")[:2000]
    return render_template("console/story_begin.html", noun="console.stories", address=address)


@room.post("/stories/paste")
def story_paste() -> Response | tuple[str, int]:
    """Read the page and show the editor filled in; what was typed already stays. Nothing is saved but its picture."""
    editing = "title" in request.form  # the editor sent this, not the page that asks for an address alone
    known = whole(request.form.get("story_id"))
    story = db.session.get(Story, known) if known else None
    number = story.id if story else None
    values = {**stories.DEFAULTS, "language": languages()[0], "url": request.form.get("url", "")}
    suggestions = None
    if editing:
        values = {**typed(request.form), "picture_hash": picture_of_form(story)}
        suggestions = texts.typed(request.form)
    try:
        found = pasting.read(values["url"])
    except pasting.NotRead as refusal:
        story = db.session.get(Story, number) if number else None
        errors = {"url": said(refusal.words)}
        return page(story, values, errors, suggestions, read={"failed": said(refusal.words)}), 422
    story = db.session.get(Story, number) if number else None
    filled = merged(values, found.values, editing)
    told = {
        "missing": found.missing,
        "picture": said(found.picture) if found.picture else None,
        "site": found.values["source"],
    }
    return page(story, filled, {}, suggestions, read=told), 200


def merged(values: dict[str, Any], found: dict[str, Any], editing: bool) -> dict[str, Any]:
    """Return the editor's values with what the page gave: into an editor that was typed in, only where it is empty."""
    if not editing:
        return {**values, **found}
    filled = {**values, "url": found["url"], "source": found["source"], "canonical_key": found["canonical_key"]}
    for name in ("title", "summary", "topics", "publish_from"):
        if not values.get(name) and found.get(name):
            filled[name] = found[name]
    if not values.get("picture_hash") and found.get("picture_hash"):
        filled["picture_hash"] = found["picture_hash"]
        filled["picture_alt"] = values.get("picture_alt") or found.get("picture_alt", "")
    return filled
