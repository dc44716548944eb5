"""Months on the web. In: the name of a picture that a mail holds. Out: the picture, for whoever has the name."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from service import month_mails

room = Blueprint("months", __name__)


@room.get("/months/<name>")
def picture(name: str) -> Response:
    """Serve the picture of a month; its name says what is drawn and is sealed, so that nobody can ask for others."""
    found = month_mails.picture(name)
    if found is None:
        abort(404)
    response = Response(found, mimetype="image/png")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Content-Security-Policy"] = "default-src 'none'"
    return response
