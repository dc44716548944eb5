"""Posters in the console. In: a story. Out: its QR code for paper and walls, and how many people came by it."""

from __future__ import annotations

from flask import Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from service import posters, stories
from service.database import db
from service.models import Story
from service.models.content import Afterwards
from service.validation import Invalid, slug_of
from service.web.console.room import done, refused, room
from service.web.console.words import said_all
from service.web.language import gettext as _

FORMS = {"svg": "image/svg+xml", "png": "image/png"}


@room.get("/stories/<int:story_id>/poster")
def poster(story_id: int) -> str:
    """Show the story's QR code with its counts, or offer to make it."""
    story = db.get_or_404(Story, story_id)
    found = posters.poster_of(story)
    return render_template(
        "console/poster.html",
        noun="console.stories",
        story=story,
        poster=found,
        link=posters.link_of(found) if found else None,
    )


@room.post("/stories/<int:story_id>/poster")
def poster_make(story_id: int) -> AnyResponse:
    """Make the story's poster link."""
    try:
        posters.make(db.get_or_404(Story, story_id))
    except Invalid as refusal:
        refused(" ".join(said_all(refusal.errors).values()))
        return redirect(url_for("console.story", story_id=story_id), 303)
    return redirect(url_for("console.poster", story_id=story_id), 303)


@room.get("/stories/<int:story_id>/poster.<form>")
def poster_code(story_id: int, form: str) -> Response:
    """Serve the QR code as SVG or PNG; `?save` gives it a file's name."""
    found = posters.poster_of(db.get_or_404(Story, story_id))
    if found is None or form not in FORMS:
        abort(404)
    answer = Response(posters.qr(posters.link_of(found), form), mimetype=FORMS[form])
    if "save" in request.args:
        name = slug_of(found.story.title) or f"story-{story_id}"
        answer.headers["Content-Disposition"] = f'attachment; filename="poster-{name[:60]}.{form}"'
    return answer


@room.post("/stories/<int:story_id>/links")
def story_links(story_id: int) -> AnyResponse:
    """Say what an archived story's links do from now on."""
    chosen = request.form.get("afterwards", "")
    if chosen not in set(Afterwards):
        abort(400)
    stories.archive(db.get_or_404(Story, story_id), afterwards=chosen)
    done(_("Saved."))
    return redirect(url_for("console.story", story_id=story_id), 303)
