"""Conversions. In: reports of systems with a token, and of listed sites' pages. Out: each counted once.

Systems: POST /api/v1/conversions. Pages: the script /conversions.js and POST /api/v1/conversions/pixel, which answers
every report of a listed site alike, so that nobody learns which clicks there are. docs/results.md tells how.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from service import conversions
from service.validation import Invalid
from service.web import records
from service.web.security import csrf

room = Blueprint("conversions", __name__)
csrf.exempt(room)  # called by machines and by other sites' pages; nothing here goes by a cookie

LARGEST = 16 * 1024
"""Bytes of a report."""

PAGES_A_MINUTE = 1200
"""Reports of pages that one process looks at in a minute: what is public can be flooded."""

_SCRIPT = Path(__file__).resolve().parent.parent / "static" / "conversions.js"
_looked_at = [0, 0]


@room.post("/api/v1/conversions")
def report() -> Response:
    """Count a conversion: 201 new, 200 counted before, 401, 404 unknown click, 413, 415, 422 by field, 429."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    source = conversions.source_of(token.strip()) if scheme.lower() == "bearer" else None
    if source is None:
        answer = _answer(401, error="token", message="Send Authorization: Bearer with a token that is valid.")
        answer.headers["WWW-Authenticate"] = 'Bearer realm="conversions"'
        return answer
    if request.mimetype != "application/json":
        return _answer(415, error="type", message="Send JSON as application/json.")
    body = _body()
    if isinstance(body, Response):
        return body
    try:
        new = conversions.record(conversions.parse(body), source)
    except Invalid as refusal:
        return _answer(422, error="fields", fields={name: str(words) for name, words in refusal.errors.items()})
    except conversions.UnknownClick:
        return _answer(404, error="click", message="No visit of the last 30 days has this id.")
    except conversions.TooMany:
        answer = _answer(429, error="too-many", message="Enough for this minute; send it again later.")
        answer.headers["Retry-After"] = "60"
        return answer
    return _answer(201 if new else 200, counted=new)


@room.route("/api/v1/conversions/pixel", methods=["POST", "OPTIONS"])
@records
def pixel() -> Response:
    """Count what a page of a listed site reports: 204 whatever became of it, 403 for any other site, 429."""
    origin, site_key = request.headers.get("Origin", ""), request.args.get("key", "")
    if not conversions.allows(site_key, origin):
        return Response(status=403)
    if request.method == "POST":
        if _flooded():
            return _open(Response(status=429), origin)
        body = _body()
        if isinstance(body, Response):
            return _open(body, origin)
        try:
            conversions.record(conversions.parse(body), conversions.PAGE)
        except Invalid as refusal:
            fields = {name: str(words) for name, words in refusal.errors.items()}
            return _open(_answer(422, error="fields", fields=fields), origin)
        except conversions.UnknownClick:
            pass  # counted; the page learns nothing
        except conversions.TooMany:
            return _open(Response(status=429), origin)
    return _open(Response(status=204), origin)


@room.get("/conversions.js")
def script() -> Response:
    """Give the script that listed sites put on their pages."""
    answer = Response(_SCRIPT.read_bytes(), mimetype="text/javascript")
    answer.headers["Cache-Control"] = "public, max-age=3600"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


def _open(answer: Response, origin: str) -> Response:
    """Let a listed site's page read the answer: no other, and without cookies."""
    answer.headers["Access-Control-Allow-Origin"] = origin
    answer.headers["Access-Control-Allow-Headers"] = "Content-Type"
    answer.headers["Access-Control-Allow-Methods"] = "POST"
    answer.headers["Access-Control-Max-Age"] = "600"
    answer.headers["Vary"] = "Origin"
    return answer


def _body() -> dict[str, Any] | Response:
    request.max_content_length = LARGEST
    try:
        found = json.loads(request.get_data(cache=False, as_text=True))
    except RequestEntityTooLarge:
        return _answer(413, error="size", message="A report has at most 16 KB.")
    except (ValueError, RecursionError):
        return _answer(400, error="json", message="This is not JSON.")
    if not isinstance(found, dict):
        return _answer(400, error="json", message="Send one JSON object.")
    return found


def _flooded() -> bool:
    minute = int(time.monotonic() // 60)
    if _looked_at[0] != minute:
        _looked_at[:] = [minute, 0]
    _looked_at[1] += 1
    return _looked_at[1] > PAGES_A_MINUTE


def _answer(status: int, **told: Any) -> Response:
    return Response(json.dumps(told) + "\n", status=status, mimetype="application/json")
