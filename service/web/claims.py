"""Claims. In: a claim pass and a draw. Out: the prize offered to her, and her yes or no to it.

GET shows; claiming and declining are POSTs with a nonce of that GET.
"""

from __future__ import annotations

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from service import draws
from service.draws import NotOffered
from service.models import Draw
from service.models.draws import RankState
from service.passes import Purpose
from service.web import nonces, reader
from service.web.security import csrf

room = Blueprint("claims", __name__)
csrf.exempt(room)  # its POSTs carry a nonce of their GET instead: service.web.nonces


def _found(name: str) -> Draw:
    found = draws.find(name)
    if found is None:
        abort(404)
    return found


@room.get("/claim/<text>/<name>")
def page(text: str, name: str) -> str | tuple[str, int]:
    """Show the prize and until when it may be claimed; changes nothing."""
    employee = reader.open_pass(text, Purpose.CLAIM)
    draw = _found(name)
    try:
        rank = draws.claim_of(employee, draw)
    except NotOffered as refusal:
        return _not_offered(text, draw, refusal)
    return reader.show(
        "draws/claim.html",
        text,
        draw=draw,
        rank=rank,
        claimed=rank.state == RankState.CLAIMED,
        zone=employee.zone,
        initials=reader.initials(employee.name),
    )


@room.post("/claim/<text>/<name>")
def act(text: str, name: str) -> Response | tuple[str, int]:
    """Claim or decline, as her button said."""
    employee = reader.open_pass(text, Purpose.CLAIM)
    draw = _found(name)
    nonces.check(text, f"claim:{draw.name}")
    try:
        if request.form.get("act") == "claim":
            draws.claim(employee, draw)
        elif request.form.get("act") == "decline":
            draws.decline(employee, draw)
        else:
            abort(400)
    except NotOffered as refusal:
        return _not_offered(text, draw, refusal)
    return redirect(url_for("claims.page", text=text, name=name), 303)


def _not_offered(text: str, draw: Draw, refusal: NotOffered) -> tuple[str, int]:
    """Her no is a plain answer; a prize that was hers and has gone on is 410, one never offered 404."""
    status = {"declined": 200, "never-offered": 404}.get(refusal.why, 410)
    if status == 404:
        abort(404)
    return reader.show("draws/ended.html", text, draw=draw, why=refusal.why), status
