"""Rests. In: an employee's status, the last day of her pause and her zone. Out: whether she rests, and when she did."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa

from emails import slots
from service.database import db
from service.models.badges import Rest
from service.models.people import Status


class Resting(Protocol):
    """What is to be known of somebody: an Employee, or a row with these columns."""

    @property
    def status(self) -> str: ...
    @property
    def paused_until(self) -> date | None: ...
    @property
    def zone(self) -> str: ...


@lru_cache(maxsize=1024)
def known_zone(zone: str) -> str:
    """Return the zone, or UTC for one that this machine's tables (no longer) have: one row must not stop the others."""
    try:
        return ZoneInfo(zone).key
    except (ZoneInfoNotFoundError, ValueError):
        return "UTC"


def moment_at(day: date, hour: int, zone: str) -> datetime:
    """Return the moment (UTC) at which it is this hour of this day there."""
    return datetime.combine(day, time(hour), ZoneInfo(known_zone(zone))).astimezone(UTC)


def paused_at(person: Resting, moment: datetime) -> bool:
    """Tell whether she rests at this aware moment: paused, and her last day of it is not yet over in her zone."""
    if person.status != Status.PAUSED:
        return False
    return person.paused_until is None or slots.day_in(moment, known_zone(person.zone)) <= person.paused_until


def begin(subject: str, day: date, until: date | None) -> None:
    """Note that she pauses from this day on, up to and with `until` (None: for ever); a pause that goes on is changed.

    Streaks pass over the weeks that her pauses touch. Does not commit.
    """
    going_on = sa.or_(Rest.until_on.is_(None), Rest.until_on >= day)
    row = db.session.scalars(sa.select(Rest).where(Rest.subject == subject, going_on).order_by(Rest.id.desc())).first()
    if row is None:
        db.session.add(Rest(subject=subject, from_on=day, until_on=until))
    else:
        row.until_on = until


def end(subject: str, day: date) -> None:
    """Note that her pause ended on this day. Does not commit."""
    going_on = sa.or_(Rest.until_on.is_(None), Rest.until_on > day)
    db.session.execute(sa.update(Rest).where(Rest.subject == subject, going_on).values(until_on=day))
