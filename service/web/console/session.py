"""Sign-in and sign-out. In: address and password. Out: a session of this liaison's present epoch, or none."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import g, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from service import liaisons
from service.journal import log
from service.web.console.room import room


def safe_next(target: str | None) -> str:
    """Return the path to go to after sign-in: only one inside the console, never another host (open redirects)."""
    home = url_for("console.week")
    if not target or "\\" in target or any(ord(sign) < 33 for sign in target):
        return home
    try:
        parts = urlsplit(target)
    except ValueError:
        return home
    if parts.scheme or parts.netloc or not target.startswith("/console/") or "/../" in parts.path:
        return home
    return target


@room.get("/sign-in")
def sign_in() -> Response | str:
    """Show the form; a liaison who is signed in already goes on."""
    if g.liaison is not None:
        return redirect(safe_next(request.args.get("next")))
    return render_template("console/sign_in.html", next=request.args.get("next", ""), email="", failed=False)


@room.post("/sign-in")
def sign_in_post() -> Response | tuple[str, int]:
    """Begin a session. A locked liaison and a wrong password look alike: neither tells a guesser anything."""
    email = request.form.get("email", "")
    try:
        liaison = liaisons.check_password(email, request.form.get("password", ""))
    except liaisons.Refused:
        next_ = request.form.get("next", "")
        return render_template("console/sign_in.html", next=next_, email=email, failed=True), 422
    session.clear()  # nothing planted before sign-in survives it
    session.permanent = True
    session["liaison"], session["epoch"] = liaison.id, liaison.session_epoch
    log.info("signed in", liaison=liaison.id)
    return redirect(safe_next(request.form.get("next")))


@room.post("/sign-out")
def sign_out() -> Response:
    """End this session; "everywhere" ends those on all devices."""
    if request.form.get("everywhere"):
        liaisons.end_sessions(g.liaison)
    session.clear()
    return redirect(url_for("console.sign_in"))
