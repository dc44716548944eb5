"""Draws in public. In: a draw's name. Out: its page, its files as they were hashed, its trail, one entry."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, abort, render_template, request

import scoring
from service import draws
from service.database import db
from service.draws import trail
from service.draws.looking import Entry, entrant_of, look_up
from service.draws.plans import Plan
from service.models import Draw, Programme
from service.models.draws import DrawStatus
from service.web.language import current
from service.web.reader import initials
from service.web.security import csrf

room = Blueprint("draws", __name__)

VERIFIER = Path(scoring.__file__).parent / "verify_draw.py"


def _found(name: str) -> Draw:
    found = draws.find(name)
    if found is None:
        abort(404)
    return found


@room.get("/draws")
def listing() -> str:
    """Show all draws that are or were in public."""
    shown = [d for d in draws.listed() if d.status != DrawStatus.OPEN]
    return _page("draws/list.html", draws=shown, outcomes={d.id: draws.outcome(d) for d in shown})


@room.get("/draws/<name>")
def page(name: str) -> str:
    """Show what anybody may know of a draw."""
    return _draw_page(_found(name))


@room.post("/draws/<name>/check")
@csrf.exempt
def check(name: str) -> str:
    """Look one entry up, for a browser that cannot do it by itself; nothing is changed and nothing kept.

    What she types stands in the body alone: in no address and no log. Without a salt nobody learns anything.
    """
    draw, typed = _found(name), {key: request.form.get(key, "")[:320] for key in ("salt", "address", "entrant")}
    entrant = entrant_of(draw, typed["salt"], typed["address"]) if typed["salt"].strip() else None
    found = look_up(draw, entrant or typed["entrant"].strip().lower())
    return _draw_page(draw, entry=found, asked=True)


def _draw_page(draw: Draw, entry: Entry | None = None, asked: bool = False) -> str:
    return _page(
        "draws/page.html",
        draw=draw,
        outcome=draws.outcome(draw),
        initials=initials,
        entry=entry,
        asked=asked,
        events=trail.events(draw),
        trail_hash=trail.last_hash(draw),
        claim_days=Plan.of(draw).claim_days,
        rules=draws.rules_for(draw, current()),
    )


@room.get("/draws/<name>/ranks.txt")
def ranks(name: str) -> Response:
    """Serve the ranks, a line each, as the three programs write them."""
    draw = _found(name)
    if draw.status != DrawStatus.DRAWN:
        abort(404)
    return _file(draws.ranks_file(draw), f"{draw.name}-ranks.txt")


@room.get("/draws/<name>/events.txt")
def events(name: str) -> Response:
    """Serve the trail, line by line as it is chained."""
    draw = _found(name)
    return _file(trail.trail_file(draw), f"{draw.name}-events.txt")


@room.get("/draws/<name>/pool.txt")
def pool(name: str) -> Response:
    """Serve the pool file, byte for byte as it was hashed."""
    draw = _found(name)
    if draw.pool is None:
        abort(404)
    return _file(draw.pool.encode(), f"{draw.name}-pool.txt")


@room.get("/draws/<name>/rules.txt")
def rules(name: str) -> Response:
    """Serve the rules file as it is hashed into the pool."""
    draw = _found(name)
    return _file(draws.rules_file(draw), f"{draw.name}-rules.txt")


@room.get("/draws/<name>/source.txt")
def source(name: str) -> Response:
    """Serve the source's text as it is hashed into the pool."""
    draw = _found(name)
    return _file(draws.source_file(draw), f"{draw.name}-source.txt")


@room.get("/draws/verify_draw.py")
def verifier() -> Response:
    """Serve the page of Python that checks any draw and shares no code with us."""
    return _file(VERIFIER.read_bytes(), "verify_draw.py")


def _file(data: bytes, name: str) -> Response:
    answer = Response(data, mimetype="text/plain")
    answer.headers["Content-Disposition"] = f'inline; filename="{name}"'
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _page(template: str, **values: object) -> str:
    programme = db.session.get(Programme, 1)
    return render_template(
        template, programme=programme, programme_name=programme.name if programme else None, **values
    )
