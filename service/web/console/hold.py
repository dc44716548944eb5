"""The hold. In: why nothing at all is sent. Out: what to look at first, and the liaison's word that mails may flow."""

from __future__ import annotations

import sqlalchemy as sa
from flask import g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from service import delivery, jobs
from service.database import db
from service.delivery.mirrors import RESTORED
from service.models import Edition, Outbox
from service.models.mail import EditionStatus
from service.web.console.room import done, refused, room
from service.web.language import gettext as _


def _words() -> str:
    """Return what she types to confirm, in the page's language."""
    return _("let mails flow")


@room.get("/hold")
def hold() -> Response | str:
    """Show why nothing is sent, what would leave at once, and the form that releases it."""
    row = delivery.held()
    if row is None:
        return redirect(url_for("console.week"))
    return _page(wrong=False)


def _page(wrong: bool) -> str:
    row = delivery.held()
    return render_template(
        "console/hold.html",
        noun="console.week",
        restored=row is not None and row.held_why == RESTORED,
        since=row and row.held_at,
        editions=_editions(),
        others=_count(Outbox.edition_id.is_(None)),
        words=_words(),
        wrong=wrong,
    )


@room.post("/hold")
def hold_release() -> Response | tuple[str, int]:
    """Let mails flow again: a person says that none will be sent twice. The log keeps who said so."""
    if delivery.held() is None:
        refused(_("Nothing is held: mails flow."))
        return redirect(url_for("console.week"))
    if " ".join(request.form.get("words", "").split()).casefold() != _words().casefold():
        return _page(wrong=True), 422
    delivery.release_hold(f"liaison {g.liaison.id}")
    jobs.wake("deliver")
    done(_("Mails flow again."))
    return redirect(url_for("console.week"))


def _editions() -> list[tuple[Edition, int]]:
    """Return the editions that may still send, newest first, each with its mails that wait."""
    alive = sa.select(Edition).where(Edition.status.in_((EditionStatus.RELEASED, EditionStatus.CLOSING)))
    found = db.session.scalars(alive.order_by(Edition.week.desc())).all()
    return [(edition, _count(Outbox.edition_id == edition.id)) for edition in found]


def _count(which: sa.ColumnElement[bool]) -> int:
    asked = sa.select(sa.func.count()).select_from(Outbox).where(which, Outbox.stands == "due")
    return db.session.scalar(asked) or 0
