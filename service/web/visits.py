"""Visits. In: public short links and posters. Out: the way to the story, its card, or what became of it.

People are led on at once; programs that make previews get a page with the story's card, at the link's own address, so
that what they show keeps the unique code. HEAD is answered and not counted. Links lead only where a story's stored
address says.
"""

from __future__ import annotations

from collections import OrderedDict
from time import time

import sqlalchemy as sa
from flask import Blueprint, abort, current_app, g, redirect, render_template, request
from werkzeug.wrappers import Response

from service import cards, links, posters, visiting
from service.arrivals.intake import NAME, Intake
from service.database import db, reading
from service.journal import log
from service.models import Programme, Story
from service.models.content import Afterwards
from service.visiting_facts import READ
from service.web import reader, records
from service.web.language import LANGUAGES

room = Blueprint("visits", __name__)

TAKEN = "goodword.visit_taken"
"""Stands in a WSGI environment, with the click's id or nothing, where service.web.redirects has taken the visit."""

MOST_REMEMBERED = 10_000
_remembered: OrderedDict[tuple[str, str], str] = OrderedDict()
"""(database, code) → target of links this process has seen lately: they go on working while the database is away."""


@room.get("/r/<code>")
@records
def follow(code: str) -> Response:
    """Lead to the story and record the visit; unknown 404, database away and link not remembered 503."""
    place = (str(db.engine.url), code)
    try:
        taken = request.environ.get(TAKEN)
        if taken is None and request.method == "GET":
            target = visiting.visit(code, reader.asked())
        else:
            target = visiting.look_up(code, taken)
        share = links.by_code(code)
        way = links.way_of(share)
        if page := answer(share.story, way, links.short_link(code), target):
            return page
    except links.UnknownCode:
        abort(404)
    except sa.exc.OperationalError as away:
        db.session.rollback()
        known = _remembered.get(place)
        log.error("visit not recorded: the database is away", error=type(away).__name__, cached=known is not None)
        if known is None:
            abort(503)
        return lead(known)
    _remembered[place] = target
    _remembered.move_to_end(place)
    while len(_remembered) > MOST_REMEMBERED:
        _remembered.popitem(last=False)
    return lead(target)


@room.get("/p/<code>")
@records
def poster(code: str) -> Response:
    """Lead from a poster's code to its story, and count the visit for the poster alone.

    Unknown 404; database away and link not known 503. Where an intake stands in front, it takes the visit.
    """
    intake: Intake | None = current_app.extensions.get(NAME)
    return _recorded(code) if intake is None else _taken(code, intake)


def _taken(code: str, intake: Intake) -> Response:
    """Answer as `_recorded` does; the database is asked for nothing but a page, and may be away."""
    reading.set(True)
    try:
        link = intake.look_up(code, poster=True)
    except sa.exc.SQLAlchemyError as away:
        log.error("a poster's link is not known and the database is away", error=type(away).__name__)
        abort(503)
    if link is None:
        abort(404)
    click = links.new_click() if link.way.click else None
    if request.method == "GET":
        raw = tuple(map(request.environ.get, READ))
        intake.take((link, time(), request.remote_addr or "", None, raw, click))
    try:
        if link.way.page or links.wants_card(request.headers.get("User-Agent", "")):
            found = posters.by_code(code)
            if page := answer(found.story, link.way, posters.link_of(found), link.way.to(click)):
                return page
    except links.UnknownCode:
        abort(404)
    except sa.exc.SQLAlchemyError as away:
        db.session.rollback()
        log.error("a poster's page cannot be made: the database is away", error=type(away).__name__)
        if link.way.page:
            abort(503)
    return lead(link.way.to(click))


def _recorded(code: str) -> Response:
    try:
        found = posters.by_code(code)
    except links.UnknownCode:
        abort(404)
    way = links.way_to(found.story, posters.NETWORK)
    target = way.to() if request.method == "HEAD" else way.to(posters.visit(found, reader.asked(), way.click))
    return answer(found.story, way, posters.link_of(found), target) or lead(target)


def lead(target: str) -> Response:
    """Return the redirect; it is never kept, so that every click arrives."""
    response = redirect(target, 302)
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("User-Agent")
    return response


def answer(story: Story, way: links.Way, link: str, target: str) -> Response | None:
    """Return the page that stands in for the redirect, or None where this visitor is to be led on."""
    if way.page:
        return _moved(story, way, target)
    if not links.wants_card(request.headers.get("User-Agent", "")):
        return None
    g.language = story.language if story.language in LANGUAGES else "en"
    page = render_template("visits/card.html", card=cards.card_of(story, link), target=target)
    response = Response(page, mimetype="text/html")
    response.vary.add("User-Agent")
    return response


def _moved(story: Story, way: links.Way, target: str) -> Response:
    """Return what became of an archived story: where it may still be read, or that it was withdrawn (410)."""
    g.language = story.language if story.language in LANGUAGES else "en"
    programme = db.session.get(Programme, 1)
    explains = way.page == Afterwards.EXPLAINS
    page = render_template(
        "visits/moved.html",
        story=story if explains else None,
        target=target,
        host=links.host_of(story.url),
        company=programme.company if programme else "",
        programme_name=programme.name if programme else None,
    )
    return Response(page, 200 if explains else 410, mimetype="text/html")
