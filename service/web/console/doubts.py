"""Mails in doubt. In: what may or may not have arrived. Out: the list of them, and how each is decided."""

from __future__ import annotations

import sqlalchemy as sa
from flask import render_template

from service.database import db
from service.models import Employee, Outbox
from service.models.mail import MailState
from service.web.console.room import room


@room.get("/doubts")
def doubts() -> str:
    """Show the mails of which nobody knows whether they arrived, and how to decide."""
    asked = (
        sa.select(Outbox, Employee)
        .outerjoin(Employee, Employee.subject == Outbox.subject)
        .where(Outbox.state == MailState.AMBIGUOUS)
        .order_by(Outbox.submitted_at)
        .limit(50)
    )
    return render_template("console/doubts.html", noun="console.week", rows=db.session.execute(asked).all())
