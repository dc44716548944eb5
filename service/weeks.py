"""Weeks of the programme. In: the clock and everybody's slots. Out: which edition matters now, and when it begins."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from emails import slots
from service import clock, programmes, readers
from service.database import db
from service.freezing import LATE, week_bounds
from service.models import Edition
from service.models.mail import EditionStatus

WARNED = timedelta(hours=24)
"""Not released this long before the first slot: the liaison is told, or it is released by itself where that is set."""


def current_week() -> str:
    """Return the week of the edition that matters now: this one until its last slot is a day past, then the next."""
    programme = programmes.current()
    now = clock.now()
    week = slots.week_of(now, programme.zone)
    last = last_slot(week)
    return week if now < last + LATE else slots.shifted(week, 1)


def at_hand() -> list[str]:
    """Return the week that matters now, and the next one where it begins within a day: they overlap.

    Somebody may have chosen Sunday evening and somebody else Monday morning.
    """
    week = current_week()
    following = slots.shifted(week, 1)
    # A million people are counted only where the week may have begun in some zone by then.
    by = clock.now() + WARNED
    return [week, following] if by >= week_bounds(following)[0] and by >= first_slot(following) else [week]


def overdue() -> list[Edition]:
    """Return the drafts that should have been released by now, earliest first; reads only."""
    found = [edition for week in at_hand() if (edition := find(week)) is not None]
    return [edition for edition in found if is_overdue(edition)]


def first_slot(week: str) -> datetime:
    """Return the first moment at which a mail of this week may leave."""
    return min((s.at for s in _slots(week)), default=_own_slot(week))


def last_slot(week: str) -> datetime:
    """Return the last moment for which a mail of this week is planned."""
    return max((s.at for s in _slots(week)), default=_own_slot(week))


def bounds(week: str) -> tuple[datetime, datetime]:
    """Return the first and the last slot of this week, by one look at everybody."""
    moments = [s.at for s in _slots(week)] or [_own_slot(week)]
    return min(moments), max(moments)


def _slots(week: str) -> dict[readers.Slot, int]:
    return readers.all_slots(week, programmes.current())


def _own_slot(week: str) -> datetime:
    programme = programmes.current()
    return slots.slot(week, programme.slot_weekday, programme.slot_hour, programme.zone)


def find(week: str | None = None) -> Edition | None:
    """Return the edition of this week (None: the one that matters now) if it exists; reads only."""
    return db.session.scalar(sa.select(Edition).where(Edition.week == (week or current_week())))


def recent(limit: int = 10) -> list[Edition]:
    """Return the newest editions, newest first."""
    return list(db.session.scalars(sa.select(Edition).order_by(Edition.week.desc()).limit(limit)))


def is_overdue(edition: Edition) -> bool:
    """Tell whether a draft should have been released by now: its first slot is less than a day away, or past."""
    return edition.status == EditionStatus.DRAFT and clock.now() >= first_slot(edition.week) - WARNED
