"""Badges on the web. In: names of pictures, codes of awards, her wishes. Out: medals, pages of awards, her choice."""

from __future__ import annotations

import re

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from emails import medals
from emails.networks import NETWORKS, composer_url
from scoring.badges import LEVELS, Kind
from service import badge_pages, settings
from service.badge_pages import Shown
from service.database import db
from service.models import Employee, Programme
from service.passes import Purpose
from service.web import nonces, reader
from service.web.language import current
from service.web.language import gettext as _
from service.web.security import csrf
from service.words_of_score import of_badge

room = Blueprint("badges", __name__)
csrf.exempt(room)  # its POSTs come from her page and carry a nonce of its GET: service.web.nonces

PLACES = ("linkedin", "x", "bluesky", "facebook")
"""Networks that the page offers: those that take a link and show its card."""

_NAME = re.compile(r"([a-z-]{1,30})-([1-9])-[0-9a-f]{24}\.(svg|png|card\.png)")


@room.app_template_global()
def medal(kind: str, level: int, form: str = "svg") -> str:
    """Return the address of a medal's picture."""
    return f"/medals/{medals.name(kind, max(level, 1), form)}"


@room.get("/medals/<name>")
def picture(name: str) -> Response:
    """Serve a medal under its content's hash: it never changes, so everybody may keep it."""
    found = _NAME.fullmatch(name)
    if found is None or found[1] not in set(Kind) or int(found[2]) > LEVELS:
        abort(404)
    kind, level, form = found[1], int(found[2]), found[3]
    if medals.name(kind, level, form) != name:
        abort(404)
    mime = "image/svg+xml" if form == "svg" else "image/png"
    response = Response(medals.picture(kind, level, form), mimetype=mime)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Content-Security-Policy"] = "default-src 'none'"
    return response


@room.get("/a/<code>")
def award(code: str) -> tuple[str, int]:
    """Show an award that somebody chose to show; 404 once she took the page away."""
    try:
        found = badge_pages.page(code)
    except badge_pages.Unknown:
        abort(404)
    programme = db.session.get(Programme, 1)
    name, help_ = of_badge(found.badge, current())
    link = f"{settings().base_url}/a/{code}"
    title = _(name)
    page = render_template(
        "badges/page.html",
        award=found,
        title=title,
        help=_(help_) if help_ else "",
        link=link,
        base=settings().base_url,
        programme=programme,
        programme_name=programme.name if programme else None,
        places=[(NETWORKS[slug].label, composer_url(slug, link, _words(found, title), title)) for slug in PLACES],
        words=_words(found, title),
    )
    return page, 410 if found.revoked else 200


def _words(found: Shown, title: str) -> str:
    programme = db.session.get(Programme, 1)
    called = programme.name if programme else "Goodword"
    return _("The badge “%(badge)s” in %(programme)s", badge=title, programme=called)


@room.post("/me/<text>/badges")
def choose(text: str) -> AnyResponse:
    """Show one of her awards publicly, take its page away, or switch mails about badges."""
    employee = reader.open_pass(text, Purpose.ME)
    nonces.check(text, "badges")
    form = request.form
    number = form.get("award", 0, type=int)
    try:
        match form.get("act"):
            case "show":
                badge_pages.show(employee, number, form.get("name", "none"))
            case "hide":
                badge_pages.hide(employee, number)
            case "mails-on":
                badge_pages.set_mails(employee, True)
            case "mails-off":
                badge_pages.set_mails(employee, False)
            case _:
                abort(400)
    except badge_pages.Unknown:
        abort(404)
    except ValueError:
        abort(400)
    return redirect(url_for("me.page", text=text, done="badges", _anchor="badges"), 303)


@room.app_template_test("mailed_of_badges")
def _mailed(employee: Employee) -> bool:
    return badge_pages.mails_on(employee)
