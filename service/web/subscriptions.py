"""Subscriptions. In: an unsubscribe pass. Out: GET asks, POST acts, and a genuine pass always gets its 200.

RFC 8058: mail programs POST `List-Unsubscribe=One-Click` here without cookies, nonce or session, and get no redirect.
Each mail's own address ends with its class and stops that class alone; the digest's has none.
"""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from service import mail_choices, passes
from service.models import Employee
from service.models.people import Status
from service.suppressions import ALL
from service.validation import N_
from service.web import nonces, reader
from service.web.security import csrf

room = Blueprint("subscriptions", __name__)
csrf.exempt(room)  # RFC 8058, 3.2: the POST comes from the mail program, which has no token

NAMES: dict[str, str] = {
    "digest": N_("The mail with stories"),
    "onboarding": N_("First steps"),
    "campaign": N_("Campaigns"),
    "recognition": N_("My badges"),
    "shares": N_("My share did well"),
    "month": N_("My month"),
    "winners": N_("Who won"),
}
HELPS: dict[str, str] = {
    "digest": N_("What you may share, on your day."),
    "onboarding": N_("A welcome and how sharing works, once each, when you are new."),
    "campaign": N_("When one begins and when it ends."),
    "recognition": N_("When you earned one, at most once a day."),
    "shares": N_("When many people read what you shared, at most once a week."),
    "month": N_("What your shares brought in the month before, as a picture."),
    "winners": N_("After each draw that you took part in."),
}


@room.get("/u/<text>")
@room.get("/u/<text>/<which>")
def ask(text: str, which: str = "digest") -> str:
    """Show what the button will stop, and all mails with their switches. Changes nothing."""
    return _page(text, passes.open_unsubscribe(text), which, done="")


@room.post("/u/<text>")
@room.post("/u/<text>/<which>")
def unsubscribe(text: str, which: str = "digest") -> str | Response:
    """Stop this class of mail, whatever the body says: a mail program's click and the page's button are the same.

    A class that is no more stops nothing: there are no such mails.
    """
    employee = passes.open_unsubscribe(text)
    if employee is not None and which in mail_choices.SWITCHED:
        mail_choices.stop(employee, which)
    return _page(text, employee, which, done="stopped")


@room.post("/u/<text>/choose")
def choose(text: str) -> str | Response:
    """Switch classes as the page's boxes say; its form carries a nonce, as switching on is no mail program's act."""
    employee = passes.open_unsubscribe(text)
    nonces.check(text, "mails")
    if employee is not None:
        mail_choices.choose(employee, request.form.getlist("mails"))
    return _page(text, employee, "", done="chosen")


def _page(text: str, employee: Employee | None, which: str, done: str) -> str:
    if employee is not None:
        reader.speak(employee)
    away = employee is None or employee.status in (Status.LEFT, Status.GONE) or not employee.email
    off = mail_choices.stopped(employee) if employee is not None else {}
    return reader.show(
        "subscriptions/page.html",
        text,
        done=done,
        which=which if which in mail_choices.SWITCHED else "",
        stopped=away or ALL in off or which in off,
        blocked=ALL in off,
        away=away,
        off=off,
        classes=mail_choices.SWITCHED,
        names=NAMES,
        helps=HELPS,
    )
