"""Visits. In: public short links. Out: the story, with the visit recorded and judged; a cached way on while we cannot.

HEAD is answered and not counted. Addresses lead only where a story's stored address says.
"""

from __future__ import annotations

from collections import OrderedDict

import sqlalchemy as sa
from flask import Blueprint, abort, redirect, request
from werkzeug.wrappers import Response

from service import links, visiting
from service.database import db
from service.journal import log
from service.web import reader, records

room = Blueprint("visits", __name__)

MOST_REMEMBERED = 10_000
_remembered: OrderedDict[tuple[str, str], str] = OrderedDict()
"""(database, code) → target of links this process has seen lately: they go on working while the database is away."""


@room.get("/r/<code>")
@records
def follow(code: str) -> Response:
    """Redirect to the story and record the visit; unknown 404, database away and link not remembered 503."""
    place = (str(db.engine.url), code)
    try:
        target = visiting.look_up(code) if request.method == "HEAD" else visiting.visit(code, reader.asked())
    except links.UnknownCode:
        abort(404)
    except sa.exc.OperationalError as away:
        db.session.rollback()
        known = _remembered.get(place)
        log.error("visit not recorded: the database is away", error=type(away).__name__, cached=known is not None)
        if known is None:
            abort(503)
        return redirect(known)
    _remembered[place] = target
    _remembered.move_to_end(place)
    while len(_remembered) > MOST_REMEMBERED:
        _remembered.popitem(last=False)
    return redirect(target)
