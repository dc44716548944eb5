"""Rests. In: an employee's status, the last day of her pause and her zone. Out: whether she rests at a moment."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from emails import slots
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


def paused_at(person: Resting, moment: datetime) -> bool:
    """Tell whether she rests at this aware moment: paused, and her last day of it is not yet over in her zone."""
    if person.status != Status.PAUSED:
        return False
    return person.paused_until is None or slots.day_in(moment, known_zone(person.zone)) <= person.paused_until
