"""People in the console. In: a search or a file. Out: who takes part, a file's preview, and its rows taken in."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import sqlalchemy as sa
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from service import employees
from service.database import db
from service.models import Employee, Team
from service.web.console.lists import Filter, listing
from service.web.console.person import known
from service.web.console.room import done, room
from service.web.console.words import people_states, said
from service.web.language import gettext as _
from service.web.language import ngettext


@room.get("/people", endpoint="people")
def index() -> str:
    """Show who takes part."""
    return page("")


@room.post("/people/search")
def people_search() -> str:
    """Show who fits a search. By POST: names and addresses never stand in an address."""
    return page(request.form.get("q", "")[:100])


def page(q: str) -> str:
    """Return the list of people, narrowed by the words `q`."""
    teams = {str(t.id): t.name for t in db.session.scalars(sa.select(Team).order_by(Team.name))}
    found = listing(
        sa.select(Employee).options(sa.orm.joinedload(Employee.team)),
        endpoint="console.people",
        sorts={
            "name": sa.func.lower(sa.func.coalesce(Employee.name, Employee.email, "")),
            "status": Employee.status,
            "since": Employee.created_at,
        },
        default="name",
        search=(Employee.name, Employee.email, Employee.office),
        filters=(
            Filter("status", _("Status"), people_states(), lambda v: Employee.status == v, chips=True),
            Filter("team", _("Team"), teams, lambda v: Employee.team_id == int(v)),
        ),
        words=q,
    )
    lines = known(q) if q and not found.total and "@" in q else None
    return render_template("console/people.html", listing=found, lines=lines, noun="console.people")


@room.get("/people/import")
def people_import() -> str:
    """Show how a file of colleagues is brought in."""
    return render_template("console/people_import.html", noun="console.people", seen=None, error=None)


@room.post("/people/import")
def people_preview() -> tuple[str, int] | str:
    """Show what taking in the file would do; nothing is written. The file comes back inside the page."""
    upload = request.files.get("file")
    data = upload.read() if upload else b""
    return shown(data, bool(request.form.get("complete")))


@room.post("/people/import/take")
def people_take() -> Response | tuple[str, int] | str:
    """Take in the good rows of the file that was previewed; who is missing is gone only if that was ticked."""
    data = unpacked(request.form.get("data", ""))
    complete = bool(request.form.get("complete"))
    try:
        report = employees.apply(employees.preview(data, complete), confirm_gone=bool(request.form.get("confirm_gone")))
    except employees.Unreadable as refusal:
        return shown(data, complete, said(refusal.words))
    done(
        ngettext("%(num)s colleague is new.", "%(num)s colleagues are new.", report.added)
        + " "
        + ngettext("%(num)s changed.", "%(num)s changed.", report.changed)
    )
    return redirect(url_for("console.people"))


def shown(data: bytes, complete: bool, error: str | None = None) -> tuple[str, int] | str:
    """Return the preview of a file, or why it cannot be read."""
    seen: Any = None
    if not data:
        error = error or _("Choose a file first.")
    elif error is None:
        try:
            seen = employees.preview(data, complete)
        except employees.Unreadable as refusal:
            error = said(refusal.words)
    page = render_template(
        "console/people_import.html",
        noun="console.people",
        seen=seen,
        error=error,
        complete=complete,
        data=base64.b64encode(zlib.compress(data)).decode() if seen else "",
    )
    return (page, 422) if error else page


def unpacked(text: str) -> bytes:
    """Return the file that the preview page carried; b"" where it is damaged. Never more than 8 MB."""
    try:
        return zlib.decompressobj().decompress(base64.b64decode(text, validate=True), 8 * 1024 * 1024)
    except (ValueError, zlib.error):
        return b""
