"""The console's room. In: a session. Out: a signed-in liaison, her language and zone; or sign-in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from service import audit, gates, liaisons, programmes, roles
from service.database import db
from service.journal import log
from service.models import Programme
from service.web.language import gettext as _

room = Blueprint("console", __name__, url_prefix="/console")

OPEN = frozenset({"console.sign_in", "console.sign_in_post", "console.welcome", "console.welcome_post"})
"""The only endpoints that answer without a signed-in liaison."""


@room.before_request
def _signed_in() -> Response | tuple[str, int] | None:
    """Let a liaison in to what her role may; anybody else is led to sign-in and back to where she wanted to go."""
    if request.method == "POST" and "liaison" in session and request.endpoint not in OPEN:
        gates.act()  # two buttons pressed at the same moment: the second one sees what the first one did
    liaison = liaisons.in_session(session.get("liaison"), session.get("epoch"))
    g.liaison = liaison
    if liaison is not None:
        g.language = liaison.language
        audit.acting.set(audit.Actor(liaison.id))
        return None if request.endpoint in OPEN else _allowed()
    if request.endpoint in OPEN:
        return None
    session.pop("liaison", None)
    there = request.full_path.rstrip("?") if request.method == "GET" else None
    to = url_for("console.sign_in", next=there) if there and there != "/console/" else url_for("console.sign_in")
    if request.headers.get("HX-Request"):
        return Response(status=401, headers={"HX-Redirect": url_for("console.sign_in")})
    return redirect(to)


def _allowed() -> tuple[str, int] | None:
    """Refuse what this role may not, saying who may (service.web.console.rights)."""
    from service.web.console import rights

    if rights.here():
        return None
    needed = rights.needed(request.endpoint)
    log.warning("not allowed", liaison=g.liaison.id, role=g.liaison.role, endpoint=request.endpoint)
    ask = roles.who_may(needed)[:5]
    return render_template("console/not_yours.html", needed=needed, ask=ask, words=roles_in_words()), 403


def roles_in_words() -> dict[str, str]:
    """Return the roles' names in the page's language."""
    return {
        roles.Role.VIEWER: _("Viewer"),
        roles.Role.EDITOR: _("Editor"),
        roles.Role.LIAISON: _("Liaison"),
        roles.Role.OWNER: _("Owner"),
    }


@room.teardown_request
def _nobody_acts(_error: BaseException | None) -> None:
    audit.acting.set(None)


@room.after_request
def _same_origin_referrer(response: Any) -> Any:
    """Browsers must name our own origin on our own forms: CSRF protection looks at it over https."""
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response


@room.errorhandler(programmes.NoProgramme)
def _first_things_first(_error: programmes.NoProgramme) -> Response:
    """Lead to the page that says how a programme is created."""
    return redirect(url_for("console.week"))


def programme() -> Programme | None:
    """Return the programme; None before `goodword programme create`."""
    return db.session.get(Programme, 1)


def zone() -> str:
    """Return the zone in which this liaison reads times."""
    return str(g.liaison.zone) if g.get("liaison") else "UTC"


def done(text: str, *, undo: dict[str, Any] | None = None) -> None:
    """Say on the next page what was done; `undo` = {action: address of a POST, fields: [(name, value)…]}."""
    flash({"text": text, "undo": undo}, "done")  # type: ignore[arg-type]


def refused(text: str) -> None:
    """Say on the next page what could not be done, and what would help."""
    flash({"text": text, "undo": None}, "refused")  # type: ignore[arg-type]


@room.app_template_global()
def console_zone() -> str:
    return zone()


@room.context_processor
def _frame() -> dict[str, Any]:
    return {"liaison": g.get("liaison"), "programme": programme()}
