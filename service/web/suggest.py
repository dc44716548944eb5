"""Suggesting. In: a me pass and what she found. Out: it waits for the liaison, and her page says what became of it."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from service import choices, suggestions
from service.database import db
from service.passes import Purpose
from service.web import nonces, reader
from service.web.me import _page as shown
from service.web.security import csrf

room = Blueprint("suggest", __name__)
csrf.exempt(room)  # its POST carries a nonce of its GET instead: service.web.nonces
room.add_app_template_global(suggestions.hers, "suggestions_of")


@room.post("/me/<text>/suggest")
def send(text: str) -> Response | tuple[str, int]:
    """Keep a suggestion; one that cannot stand is shown again with all that was typed."""
    employee = reader.open_pass(text, Purpose.ME)
    nonces.check(text, "suggest")
    form = request.form
    try:
        suggestions.suggest(employee, form.get("url", ""), form.get("why", ""), form.get("words", ""))
    except choices.Refused as refusal:
        db.session.rollback()
        return shown(text, employee, error=refusal), 422
    return redirect(url_for("me.page", text=text, done="suggest", _anchor="suggest"), 303)
