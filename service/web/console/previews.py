"""Previews. In: an edition and an employee. Out: her digest as she would get it, opening nothing; a test mail."""

from __future__ import annotations

from flask import Response as FlaskResponse
from flask import abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from service import digests, employees, jobs
from service.database import db
from service.models import Edition, Employee
from service.models.people import Status
from service.web.console.cards import framed
from service.web.console.counts import reason_words
from service.web.console.editions import by_week
from service.web.console.room import done, programme, refused, room
from service.web.language import gettext as _

SHOWN = 12
"""People offered at once; the search narrows them."""


@room.get("/editions/<week>/preview")
def edition_preview(week: str) -> str:
    """Show the digest of one employee (default: the first who gets one), and whom else to look at it as."""
    return page(by_week(week), request.args.get("employee", type=int), "")


@room.post("/editions/<week>/preview")
def edition_preview_find(week: str) -> str:
    """Search for somebody to look at it as. By POST: names never stand in an address."""
    return page(by_week(week), request.form.get("employee", type=int), request.form.get("who", "")[:100])


def page(edition: Edition, employee_id: int | None, who: str) -> str:
    """Return the preview page; `who` narrows the people offered."""
    offered = people(who)
    candidates = [db.get_or_404(Employee, employee_id)] if employee_id else offered
    chosen, reason, look = next(iter(candidates), None), None, None
    for each in candidates:
        try:
            look = digests.preview(edition, each)
            chosen, reason = each, None
            break
        except digests.NoDigest as none:
            reason = reason or reason_words().get(none.reason, str(none.reason))
    return render_template(
        "console/preview.html",
        noun="console.week",
        edition=edition,
        chosen=chosen,
        offered=offered,
        who=who,
        reason=reason,
        look=look,
        view="text" if request.args.get("view") == "text" else "html",
        phone=request.args.get("size") == "phone",
    )


def people(who: str) -> list[Employee]:
    """Return the people offered: who fits the words, or without words two for each language of the mails."""
    asked = employees.search(who).where(Employee.email.is_not(None), Employee.status != Status.GONE)
    if who.strip():
        return list(db.session.scalars(asked.limit(SHOWN)))
    mine = programme()
    active = asked.where(Employee.status == Status.ACTIVE)
    found = [
        employee
        for language in (mine.languages if mine else [])
        for employee in db.session.scalars(active.where(Employee.language == language).limit(2))
    ]
    return found or list(db.session.scalars(asked.limit(SHOWN)))


@room.get("/editions/<week>/preview/<int:employee_id>/mail")
def edition_preview_mail(week: str, employee_id: int) -> FlaskResponse:
    """Answer the mail's HTML alone, for the frame."""
    edition = by_week(week)
    try:
        html = digests.preview(edition, db.get_or_404(Employee, employee_id)).html
    except digests.NoDigest:
        abort(404)
    # Links of a preview open nothing: the frame may open no window.
    return framed(html.replace("<head>", '<head><base target="_blank">', 1))


@room.post("/editions/<week>/test")
def edition_test(week: str) -> Response:
    """Send the liaison herself the digest as this employee would get it."""
    edition = by_week(week)
    employee = db.get_or_404(Employee, request.form.get("employee", type=int) or 0)
    try:
        digests.send_test(edition, employee, g.liaison.email)
        jobs.wake("deliver")
        done(_("A test is on its way to %(address)s.", address=g.liaison.email))
    except digests.NoDigest as none:
        refused(_("There is nothing to send: %(reason)s.", reason=reason_words().get(none.reason, str(none.reason))))
    return redirect(url_for("console.edition_preview", week=week, employee=employee.id))
