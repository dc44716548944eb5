"""Mails in doubt. In: what may or may not have arrived, and what the liaison found out. Out: each decided, by her."""

from __future__ import annotations

import sqlalchemy as sa
from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from service import clock, delivery, jobs
from service.database import db
from service.models import Employee, Outbox
from service.models.mail import MailState
from service.web.console.lists import Filter, listing
from service.web.console.person import kind_words
from service.web.console.room import done, refused, room
from service.web.console.session import safe_next
from service.web.language import gettext as _


@room.get("/doubts")
def doubts() -> str:
    """Show the mails of which nobody knows whether they arrived; each may be decided 15 minutes after doubt began."""
    words = {"digest": _("Digest"), **kind_words()}
    doubted = Outbox.stands == MailState.AMBIGUOUS
    kinds = db.session.scalars(sa.select(Outbox.kind).where(doubted).distinct().order_by(Outbox.kind))
    found = listing(
        sa.select(Outbox).where(doubted),
        endpoint="console.doubts",
        sorts={"since": Outbox.submitted_at},
        default="since",
        filters=(
            Filter(
                "kind", _("Mail"), {kind: words.get(kind, kind) for kind in kinds}, lambda k: Outbox.kind == k, True
            ),
        ),
    )
    asked = sa.select(Employee).where(Employee.subject.in_([row.subject for row in found.rows]))
    people = {employee.subject: employee for employee in db.session.scalars(asked)}
    return render_template(
        "console/doubts.html",
        noun="console.week",
        listing=found,
        rows=[(row, people.get(row.subject), delivery.decided_from(row)) for row in found.rows],
        kinds=words,
        now=clock.now(),
    )


@room.post("/doubts/<int:number>")
def doubt_decide(number: int) -> Response:
    """Write down that a mail arrived, or let it be sent again: the liaison's word is the evidence."""
    act = request.form.get("act")
    if act not in ("accepted", "again"):
        abort(400)
    try:
        delivery.resolve(number, act == "accepted")
        if act == "again":
            jobs.wake("deliver")
        done(_("Noted: it arrived.") if act == "accepted" else _("It is sent once more."))
    except delivery.NotNow:
        refused(_("This mail cannot be decided now. Its answer may still come, or it was settled this very moment."))
    except LookupError:
        abort(404)
    return redirect(safe_next(request.form.get("back") or url_for("console.doubts")))
