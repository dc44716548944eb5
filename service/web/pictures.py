"""Pictures on the web. In: a content hash. Out: the picture, never changing, so cached for a year by everybody."""

from __future__ import annotations

import re

from flask import Blueprint, Response, abort, request

from service.database import db
from service.models import Picture

room = Blueprint("pictures", __name__)


@room.get("/pictures/<name>.jpg")
def picture(name: str) -> Response:
    """Serve a stored picture. Other sites (web mailers) may show it: that is what it is for."""
    if not re.fullmatch(r"[0-9a-f]{64}", name):
        abort(404)
    if name in request.if_none_match:
        # The name is the content: who has it has the right one, even without asking the database.
        return _kept(Response(status=304), name)
    found = db.session.get(Picture, name)
    if found is None:
        abort(404)
    return _kept(Response(found.body, mimetype=found.mime), name)


def _kept(response: Response, name: str) -> Response:
    response.set_etag(name)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Content-Security-Policy"] = "default-src 'none'"
    return response
