"""Liaisons. In: an owner's word on who may sign in, and one's own account. Out: roles, links, locks; a new password."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import abort, g, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from service import liaisons as people
from service import roles
from service.database import db
from service.locales import own_name
from service.models import Liaison
from service.validation import Invalid
from service.web.console.lists import Filter, listing
from service.web.console.room import done, refused, roles_in_words, room, zone
from service.web.console.session import safe_next
from service.web.console.words import said_all
from service.web.language import LANGUAGES
from service.web.language import gettext as _


@room.get("/settings/liaisons")
def liaisons() -> str:
    """Show who may sign in, and as what."""
    return _page({}, {})


@room.post("/settings/liaisons")
def liaison_add() -> str | tuple[str, int]:
    """Add a liaison and show her one-time link, this once."""
    given = {name: request.form.get(name, "") for name in ("email", "name", "role")}
    try:
        _liaison, token = roles.invite(given["email"], given["name"], given["role"], zone=zone())
    except Invalid as refusal:
        return _page(given, said_all(refusal.errors)), 422
    return _page({}, {}, url_for("console.welcome", token=token, _external=True))


@room.post("/settings/liaisons/<int:number>")
def liaison_change(number: int) -> Response | str:
    """Change a liaison's role, send her a new link, lock or unlock her, end her sessions, or take her out."""
    liaison = db.session.get(Liaison, number)
    if liaison is None or liaison.removed_at is not None:
        abort(404)
    act = request.form.get("act", "")
    acts: dict[str, Any] = {
        "role": lambda: roles.change(liaison, request.form.get("role", "")),
        "lock": lambda: roles.lock(liaison),
        "unlock": lambda: roles.unlock(liaison),
        "sessions": lambda: people.end_sessions(liaison),
        "remove": lambda: roles.remove(liaison),
    }
    if act == "link":
        return _page({}, {}, url_for("console.welcome", token=roles.fresh_link(liaison), _external=True))
    if act not in acts:
        abort(400)
    try:
        acts[act]()
    except Invalid as refusal:
        refused(next(iter(said_all(refusal.errors).values())))
    else:
        done(_("Changed: %(name)s.", name=liaison.name))
    return redirect(safe_next(request.form.get("back") or url_for("console.liaisons")))


def _page(values: dict[str, str], errors: dict[str, str], link: str = "") -> str:
    states = {**roles_in_words(), "locked": _("Locked")}
    found = listing(
        sa.select(Liaison).where(Liaison.removed_at.is_(None)),
        endpoint="console.liaisons",
        sorts={"name": sa.func.lower(Liaison.name), "role": Liaison.role},
        default="name",
        filters=(
            Filter(
                "role",
                _("Role"),
                states,
                lambda role: Liaison.locked if role == "locked" else Liaison.role == role,
                chips=True,
            ),
        ),
    )
    return render_template(
        "console/liaisons.html",
        noun="console.liaisons",
        listing=found,
        rows=found.rows,
        roles=list(roles_in_words().items()),
        v=values,
        errors=errors,
        link=link,
    )


@room.get("/welcome/<token>")
def welcome(token: str) -> str | tuple[str, int]:
    """Show the form for a first password; opening it uses nothing up."""
    found = roles.by_link(token)
    return render_template("console/welcome.html", token=token, found=found, errors={}), 200 if found else 410


@room.post("/welcome/<token>")
def welcome_post(token: str) -> Response | tuple[str, int]:
    """Set the password; the link ends."""
    try:
        roles.use_link(token, request.form.get("password", ""))
    except Invalid as refusal:
        found, errors = roles.by_link(token), said_all(refusal.errors)
        return render_template("console/welcome.html", token=token, found=found, errors=errors), 422 if found else 410
    return redirect(url_for("console.sign_in"))


@room.get("/account")
def account() -> str:
    """Show how one is called, reads and signs in."""
    return _account({}, {"name": g.liaison.name, "language": g.liaison.language, "zone": g.liaison.zone})


@room.post("/account")
def account_save() -> Response | tuple[str, int]:
    """Change one's own name, language and time zone, or the password."""
    form = request.form
    given = {name: form.get(name, getattr(g.liaison, name)) for name in ("name", "language", "zone")}
    try:
        if form.get("act") == "password":
            people.change_password(g.liaison, form.get("old", ""), form.get("password", ""))
            session["epoch"] = g.liaison.session_epoch
        else:
            people.describe(g.liaison, **given)
            g.language = g.liaison.language
    except Invalid as refusal:
        return _account(said_all(refusal.errors), given), 422
    done(_("Changed."))
    return redirect(url_for("console.account"))


def _account(errors: dict[str, str], values: dict[str, str]) -> str:
    tongues = [(code, own_name(code)) for code in LANGUAGES]
    return render_template("console/account.html", noun="console.account", v=values, errors=errors, languages=tongues)
