"""Wishes. In: an employee's rhythm, day and hour, what she wants less of. Out: these in the page's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from babel.dates import format_time, get_day_names

from emails.slots import Rhythm
from service import steering
from service.database import db
from service.models import Employee, Programme, Topic
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


@dataclass(frozen=True, slots=True)
class Less:
    """A wish for less in words: its button, which is its name in a list too, and what it brings about."""

    name: str
    told: str


def less(wanted: str) -> Less:
    """Return a wish of service.steering in words of the page's language."""
    topic = db.session.get(Topic, steering.topic_of(wanted) or 0)
    if topic is None:
        return Less(
            _("No promotional stories"),
            _("Stories that promote something of ours will not come to you."),
        )
    name = topic.names.get(current()) or topic.name
    return Less(
        _("Fewer on %(topic)s", topic=name),
        _("At most one story on %(topic)s will come in each mail.", topic=name),
    )
