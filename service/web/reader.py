"""The reader. In: a pass. Out: the employee behind it, her language, and the little that a page may say of her."""

from __future__ import annotations

from typing import Any

from flask import current_app, g, render_template, request
from werkzeug.exceptions import Gone, NotFound
from werkzeug.wrappers import Response

from emails.networks import NETWORKS
from emails.passes import WrongPass
from service import passes
from service.database import db
from service.models import Employee, Programme
from service.passes import EndedPass
from service.visiting import Asked
from service.visiting_facts import READ, headers_of
from service.web import nonces
from service.web.language import LANGUAGES
from service.web.language import gettext as _


def open_pass(text: str, purpose: str) -> Employee:
    """Return the employee behind the pass and turn the page to her language.

    Wrong and ended passes leave as WrongPass and EndedPass: see `answer_wrong` and `answer_ended`.
    """
    employee = passes.open_pass(text, purpose)
    speak(employee)
    return employee


def speak(employee: Employee) -> None:
    """Turn this page to her language."""
    g.language = employee.language if employee.language in LANGUAGES else "en"


def show(template: str, pass_text: str, **values: Any) -> str:
    """Return a page of this pass: it knows the programme's name and can make nonces for its forms."""
    programme = db.session.get(Programme, 1)
    return render_template(
        template,
        programme=programme,
        programme_name=programme.name if programme else None,
        pass_text=pass_text,
        nonce=lambda act: nonces.make(pass_text, act),
        network_label=network_label,
        networks=NETWORKS,
        **values,
    )


def initials(name: str | None) -> str:
    """Return all that a page under a share pass says of her name: "N. B." for Noor Benali, "N." for Noor."""
    words = [word for word in (name or "").split() if word[0].isalnum()]
    return " ".join(f"{word[0].upper()}." for word in (words[:1] + words[1:][-1:]))


def asked() -> Asked:
    """Return what evidence needs of this request."""
    return Asked(address=request.remote_addr or "", **headers_of(tuple(map(request.environ.get, READ)))._asdict())


def network_label(slug: str) -> str:
    """Return the network's name for people; only two of them are words and not names."""
    if slug == "email":
        return _("E-mail")
    if slug == "copy":
        return _("Copy link")
    return NETWORKS[slug].label if slug in NETWORKS else slug


def answer_wrong(_error: WrongPass) -> Response:
    """Answer a wrong pass with the same 404 as any page that is not there."""
    return current_app.make_response(current_app.handle_http_exception(NotFound()))


def answer_ended(_error: EndedPass) -> Response:
    """Answer an ended pass with 410."""
    return current_app.make_response(current_app.handle_http_exception(Gone()))
