"""Previews. In: an edition and an employee. Out: her digest as she gets it or got it, opening nothing; a test mail.

It is shown in any language of the programme, in its own light or dark colours, with pictures or without, in the width
of a phone or a desk, and as text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask import Response as FlaskResponse
from flask import abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from service import digests, employees, jobs, previews, why
from service.database import db
from service.models import Edition, Employee
from service.models.people import Status
from service.previews import Look, NotKept
from service.web.console.cards import framed
from service.web.console.counts import reason_words
from service.web.console.editions import by_week
from service.web.console.room import done, programme, refused, room
from service.web.console.words import said
from service.web.language import gettext as _

SHOWN = 12
"""People offered at once; the search narrows them."""

_DARK = re.compile(r"@media\s*\(prefers-color-scheme:\s*dark\)")
_SCHEMES = re.compile(r'(<meta name="(?:supported-)?color-schemes?" content=")[^"]*"')
_PICTURE = re.compile(r'(<img\b[^>]*?\bsrc=")[^"]*"')


@room.app_template_filter("mail_state")
def mail_state(state: str) -> str:
    """Return what became of one mail, in words."""
    return _(why.STATES[state])


@dataclass(frozen=True)
class View:
    """How a mail is looked at, as the address says it."""

    text: bool = False
    phone: bool = False
    theme: str = ""
    """light or dark; "": as the reader's own device has it."""
    pictures: bool = True
    language: str = ""
    """Of the programme's; "": her own."""

    def address(self, **changes: Any) -> dict[str, str]:
        """Return this view with changes as parts of an address; what is usual is left out."""
        now = {**vars(self), **changes}
        found = {
            "view": "text" if now["text"] else "",
            "size": "phone" if now["phone"] else "",
            "theme": now["theme"],
            "pictures": "" if now["pictures"] else "off",
            "language": now["language"],
        }
        return {name: value for name, value in found.items() if value}


def view() -> View:
    """Return how this request wants to look."""
    asked, mine = request.args, programme()
    language = asked.get("language", "")
    return View(
        text=asked.get("view") == "text",
        phone=asked.get("size") == "phone",
        theme=asked["theme"] if asked.get("theme") in ("light", "dark") else "",
        pictures=asked.get("pictures") != "off",
        language=language if mine and language in mine.languages else "",
    )


def as_seen(html: str, wanted: View) -> str:
    """Return the mail's HTML as a mail program of these habits shows it: its own dark rules on or off, no pictures."""
    if wanted.theme:
        html = _DARK.sub("@media all" if wanted.theme == "dark" else "@media not all", html)
        html = _SCHEMES.sub(rf'\1{wanted.theme}"', html)
    if not wanted.pictures:
        html = _PICTURE.sub(r'\1data:,"', html)
    # Links of what is shown open nothing: the frame may open no window.
    return html.replace("<head>", '<head><base target="_blank">', 1)


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
    offered, wanted = people(who), view()
    candidates = [db.get_or_404(Employee, employee_id)] if employee_id else offered
    chosen, reason, look = next(iter(candidates), None), None, None
    for each in candidates:
        try:
            look = digests.preview(edition, each, wanted.language or None)
            chosen, reason = each, None
            break
        except digests.NoDigest as none:
            reason = reason or reason_words().get(none.reason, str(none.reason))
    row = previews.mail_of(edition, chosen) if chosen else None
    return render_template(
        "console/preview.html",
        noun="console.week",
        edition=edition,
        chosen=chosen,
        offered=offered,
        who=who,
        reason=reason,
        look=look,
        view=wanted,
        page="console.edition_preview",
        place={"week": edition.week, "employee": chosen.id} if chosen else {},
        frame="console.edition_preview_mail",
        left=row is not None and row.submitted_at is not None,
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
    edition, wanted = by_week(week), view()
    try:
        html = digests.preview(edition, db.get_or_404(Employee, employee_id), wanted.language or None).html
    except digests.NoDigest:
        abort(404)
    return framed(as_seen(html, wanted))


@room.get("/editions/<week>/mails/<int:employee_id>")
def edition_mail(week: str, employee_id: int) -> str:
    """Show the very mail that somebody got in this edition, or say why it cannot be shown."""
    edition, chosen = by_week(week), db.get_or_404(Employee, employee_id)
    look, gone, row = _very_mail(edition, chosen)
    return render_template(
        "console/mail.html",
        noun="console.week",
        edition=edition,
        chosen=chosen,
        row=row,
        look=look,
        why=gone,
        view=view(),
        page="console.edition_mail",
        place={"week": week, "employee_id": employee_id},
        frame="console.edition_mail_frame",
    )


@room.get("/editions/<week>/mails/<int:employee_id>/frame")
def edition_mail_frame(week: str, employee_id: int) -> FlaskResponse:
    """Answer that mail's HTML alone."""
    look, _why, _row = _very_mail(by_week(week), db.get_or_404(Employee, employee_id))
    if look is None:
        abort(404)
    return framed(as_seen(look.html, view()))


def _very_mail(edition: Edition, employee: Employee) -> tuple[Look | None, str, Any]:
    row = previews.mail_of(edition, employee)
    if row is None:
        return None, _("No mail was made for her in this edition."), None
    try:
        return previews.sent(row), "", row
    except NotKept as gone:
        return None, said(gone.words), row


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
