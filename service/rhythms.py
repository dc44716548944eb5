"""Rhythms. In: an employee's wish of how often, which day, which hour. Out: the week it counts from, her next mail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from emails import slots
from emails.slots import Rhythm
from service import clock, programmes, readers, weeks
from service.database import db
from service.freezing import LATE
from service.models import Edition, Employee, Omission, Outbox
from service.models.mail import EditionStatus, MailState
from service.models.people import Status

AHEAD = 60
"""Her next mail is looked for in so many weeks: last week, a year's pause and the longest rhythm after it."""

OPEN = (EditionStatus.RELEASED, EditionStatus.CLOSING)
NOTHING_COMES = (Status.LEFT, Status.GONE, Status.SUSPENDED)
WAITS = (MailState.QUEUED, MailState.LEASED, MailState.RETRY)


def anchor(employee: Employee, rhythm: str) -> str | None:
    """Return the week from which a rhythm chosen now is counted; None for weekly.

    It is the week of her latest mail, so that the next comes a fortnight or a month after it; where that would be
    over already, or she has had none, it is the week in which the next may come.
    """
    if rhythm == Rhythm.WEEKLY:
        return None
    following = _next_slot_week(employee)
    latest = db.session.scalar(
        sa.select(sa.func.max(Edition.week))
        .join(Outbox, Outbox.edition_id == Edition.id)
        .where(Outbox.subject == employee.subject, Outbox.kind == readers.KIND, Outbox.state.in_(readers.SHOWN))
    )
    if latest is not None and slots.her_next_week(slots.shifted(latest, 1), rhythm, latest) >= following:
        return str(latest)
    return following


def next_mail(employee: Employee) -> datetime | None:
    """Return when her next digest comes, if there is something new then; None where none comes as things stand.

    Her pause, rhythm, day and hour count, and a mail that is planned already. Reads only.
    """
    if employee.status in NOTHING_COMES or not employee.email:
        return None
    programme = programmes.current()
    # Last week's edition may still owe her its mail: released late, or her Monday has come before the programme's.
    week = slots.shifted(_this_week(employee), -1)
    planned = _planned(employee, week)
    for _ in range(AHEAD):
        if (row := planned.get(week)) is not None:
            if row.state in WAITS and row.due_at > clock.now():
                return row.due_at
        elif readers.her_week(week, employee.rhythm, employee.rhythm_from):
            at = _leaves(employee, week, readers.slot_of(employee, week, programme).at)
            if at is not None and not readers.paused_at(employee, at):
                return at
        week = slots.shifted(week, 1)
    return None


def _leaves(employee: Employee, week: str, at: datetime) -> datetime | None:
    """Return when an unplanned mail of this slot leaves: then, at once where she chose a slot just past, or never."""
    now = clock.now()
    if at > now:
        return at
    if employee.slot_since is None or now - max(at, employee.slot_since) >= LATE:
        return None
    edition = weeks.find(week)
    if edition is None or edition.status not in OPEN:
        return None
    if db.session.get(Omission, (edition.id, employee.subject)) is not None:
        return None
    return max(now, edition.leaves_at or now)


def _next_slot_week(employee: Employee) -> str:
    """Return the first week of which her slot is still to come and nothing is planned for her yet."""
    programme, now = programmes.current(), clock.now()
    week = _this_week(employee)
    planned = _planned(employee, week)
    while week in planned or readers.slot_of(employee, week, programme).at <= now:
        week = slots.shifted(week, 1)
    return week


def _this_week(employee: Employee) -> str:
    return slots.week_of(clock.now(), readers.known_zone(employee.zone))


def _planned(employee: Employee, since: str) -> dict[str, Any]:
    """Return week → (state, due_at) of her digests of this week and later."""
    asked = (
        sa.select(Edition.week, Outbox.state, Outbox.due_at)
        .join(Edition, Edition.id == Outbox.edition_id)
        .where(
            Outbox.subject == employee.subject,
            Outbox.kind == readers.KIND,
            Outbox.state != MailState.CANCELLED,
            Edition.week >= since,
        )
    )
    return {row.week: row for row in db.session.execute(asked)}
