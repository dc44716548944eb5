"""Wishes. In: an employee's rhythm, day and hour. Out: when her mail comes, in one line of the page's language."""

from __future__ import annotations

from datetime import time

from babel.dates import format_time, get_day_names

from emails.slots import Rhythm
from service.models import Employee, Programme
from service.web.language import current
from service.web.language import gettext as _


def days() -> dict[int, str]:
    """Return the names of the days by number (0 Monday) as they stand alone."""
    return dict(get_day_names("wide", "stand-alone", locale=current()))


def hour(value: int) -> str:
    """Return a full hour as clocks of the page's language show it."""
    return str(format_time(time(value), "short", locale=current()))


def rhythms() -> dict[str, str]:
    """Return each rhythm in words."""
    return {
        Rhythm.WEEKLY: _("Every week"),
        Rhythm.FORTNIGHTLY: _("Every second week"),
        Rhythm.MONTHLY: _("Once a month"),
    }


def wish(employee: Employee, programme: Programme) -> str:
    """Return when her mail comes in one line, like "Every second week: Thursday, 18:00"."""
    return _(
        "%(rhythm)s: %(day)s, %(hour)s",
        rhythm=rhythms()[employee.rhythm],
        day=days()[(employee.slot_weekday or programme.slot_weekday) - 1],
        hour=hour(programme.slot_hour if employee.slot_hour is None else employee.slot_hour),
    )
