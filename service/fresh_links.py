"""Fresh links. In: a pass to her page whose days are over. Out: a mail to her own address with a new one.

A page's link lasts 30 days, and mails may come 35 days apart. Whoever holds the old link learns nothing by asking: the
new one goes to the address on record alone, at most once a day.
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from emails import passes as signed
from service import clock, outbox, passes, suppressions
from service.database import db
from service.journal import log
from service.models import Employee

KIND = "fresh-link"


def owner(text: str) -> Employee | None:
    """Return whose page this pass opened until its days were over; None for every other pass.

    None too for who left or is gone, whose links were reset since, or to whom no mail may go: these get the page that
    says no more than that the link has ended.
    """
    try:
        found = signed.read(text, passes.Purpose.ME, passes.keyring(passes.Purpose.ME))
    except passes.WrongPass:
        return None
    employee = db.session.scalar(sa.select(Employee).where(Employee.link_id == found.link_id.hex()))
    if employee is None or employee.status in passes.ENDED or not employee.email:
        return None
    if passes.EPOCH + timedelta(days=found.day) < employee.links_from:
        return None
    if passes.today_number(clock.now()) - found.day <= passes.LASTS[passes.Purpose.ME]:
        return None
    stopped = suppressions.suppressed(suppressions.address_hash(employee.email), KIND)
    return employee if stopped is None else None


def send(employee: Employee) -> bool:
    """Mail her a fresh link to her page; return False where today's was asked for before. Commits."""
    today = clock.now().date().isoformat()
    row = outbox.enqueue(employee, KIND, f"{KIND}:{today}", {"days": passes.LASTS[passes.Purpose.ME]})
    db.session.commit()
    if row is not None:
        log.info("fresh link asked for", subject=employee.subject)
    return row is not None
