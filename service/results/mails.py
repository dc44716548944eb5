"""Mails. In: a period. Out: what became of its editions' digests, share buttons followed, and addresses that closed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from scoring import weeks
from service.database import db
from service.models import DayFigure, EditionFigure, Suppression
from service.models.mail import MailState
from service.models.results import EVERYBODY
from service.results import scopes
from service.results.periods import Period

LEFT = (MailState.ACCEPTED, MailState.DELIVERED, MailState.BOUNCED, MailState.DROPPED, MailState.AMBIGUOUS)
"""States of a mail that left, or may have."""


@dataclass(frozen=True, slots=True)
class EditionLine:
    """An edition's digests; `arrived` counts those delivered, and accepted where nothing else is heard."""

    week: str
    sent: int
    arrived: int
    bounced: int
    failed: int
    suppressed: int
    buttons: int


def editions(period: Period) -> list[EditionLine]:
    """Return the editions whose week began in the period, in order."""
    first = weeks.week_of_day(period.begins)
    if weeks.monday(first) < period.begins:
        first = weeks.shift(first, 1)
    last = weeks.week_of_day(period.ends)
    asked = sa.select(EditionFigure).where(EditionFigure.week >= first, EditionFigure.week <= last)
    found = db.session.scalars(asked.order_by(EditionFigure.week)).all()
    buttons = _buttons(weeks.monday(found[0].week), weeks.monday(found[-1].week) + timedelta(days=6)) if found else {}
    return [_line(one.week, Counter(one.states), buttons.get(one.week, 0)) for one in found]


def _line(week: str, states: Counter[str], buttons: int) -> EditionLine:
    return EditionLine(
        week,
        sent=sum(states[s] for s in LEFT),
        arrived=states[MailState.ACCEPTED] + states[MailState.DELIVERED],
        bounced=states[MailState.BOUNCED],
        failed=states[MailState.FAILED] + states[MailState.DROPPED],
        suppressed=states[MailState.SUPPRESSED],
        buttons=buttons,
    )


def _buttons(begins: date, ends: date) -> Counter[str]:
    """Return how many share buttons were followed, by week."""
    asked = sa.select(DayFigure.day, sa.func.sum(DayFigure.opened)).where(
        DayFigure.team_id == EVERYBODY, DayFigure.day.between(begins, ends)
    )
    found: Counter[str] = Counter()
    for day, n in db.session.execute(asked.group_by(DayFigure.day)):
        found[weeks.week_of_day(day)] += int(n)
    return found


def goodbyes(period: Period) -> dict[str, int]:
    """Return how many addresses closed to mails in the period and are closed still, by reason, most first."""
    zone = ZoneInfo(scopes.zone())
    begin = datetime.combine(period.begins, time(), zone).astimezone(UTC)
    end = datetime.combine(period.ends + timedelta(days=1), time(), zone).astimezone(UTC)
    asked = sa.select(Suppression.reason, sa.func.count()).where(Suppression.since >= begin, Suppression.since < end)
    found: dict[str, int] = dict(db.session.execute(asked.group_by(Suppression.reason)).all())
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
