"""The free way into a draw. In: a me pass and an open draw. Out: what taking part without sharing means; her yes or no.

GET shows; taking part and taking it back are POSTs with a nonce of that GET.
"""

from __future__ import annotations

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from service import draws
from service.draws import free_way
from service.passes import Purpose
from service.web import nonces, reader
from service.web.security import csrf

room = Blueprint("free_way", __name__)
csrf.exempt(room)  # its POSTs carry a nonce of their GET instead: service.web.nonces


@room.get("/me/<text>/draws/<name>")
def page(text: str, name: str) -> str | tuple[str, int]:
    """Show what taking part without sharing means; changes nothing."""
    employee = reader.open_pass(text, Purpose.ME)
    for draw, tickets, inside in free_way.open_to(employee):
        if draw.name == name:
            return reader.show("draws/free_way.html", text, draw=draw, tickets=tickets, inside=inside)
    found = draws.find(name)
    if found is None:
        abort(404)
    return reader.show("draws/free_way.html", text, draw=found, tickets=0, inside=False), 410


@room.post("/me/<text>/draws/<name>")
def act(text: str, name: str) -> Response:
    """Take part, or take it back, as her button said."""
    employee = reader.open_pass(text, Purpose.ME)
    nonces.check(text, f"draw:{name}")
    draw = draws.find(name)
    deed = {"enter": free_way.enter, "withdraw": free_way.withdraw}.get(request.form.get("act", ""))
    if draw is None or deed is None:
        abort(404 if draw is None else 400)
    deed(employee, draw)
    return redirect(url_for("free_way.page", text=text, name=name), 303)
