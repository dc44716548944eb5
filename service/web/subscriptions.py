"""Subscriptions. In: an unsubscribe pass. Out: GET asks, POST acts, and a genuine pass always gets its 200.

RFC 8058: mail programs POST `List-Unsubscribe=One-Click` here without cookies, nonce or session, and get no redirect.
"""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from service import choices, passes
from service.models import Employee
from service.models.people import Status
from service.web import reader
from service.web.security import csrf

room = Blueprint("subscriptions", __name__)
csrf.exempt(room)  # RFC 8058, 3.2: the POST comes from the mail program, which has no token


@room.get("/u/<text>")
def ask(text: str) -> str:
    """Show what the button will stop. Changes nothing."""
    return _page(text, passes.open_unsubscribe(text), done=False)


@room.post("/u/<text>")
def unsubscribe(text: str) -> str | Response:
    """Stop the weekly mail, whatever the body says: a mail program's one click and the page's button are the same."""
    employee = passes.open_unsubscribe(text)
    if employee is not None:
        choices.unsubscribe(employee)
    return _page(text, employee, done=True)


def _page(text: str, employee: Employee | None, done: bool) -> str:
    if employee is not None:
        reader.speak(employee)
    away = employee is None or employee.status in (Status.LEFT, Status.GONE) or not employee.email
    stopped = employee is not None and choices.mail_stopped(employee) is not None
    return reader.show("subscriptions/page.html", text, done=done, stopped=stopped or away, away=away)
