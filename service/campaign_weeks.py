"""Weeks of campaigns. In: a first week. Out: campaigns across weeks, and what happens when: mails, draws, ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from emails import slots
from service import clock, programmes
from service.database import db
from service.models import Campaign, Contest, Draw
from service.models.draws import DrawStatus
from service.story_weeks import SHOWN, Bar, bars
from service.validation import N_

WHAT: dict[str, str] = {
    "begins": N_("Begins"),
    "kickoff": N_("Kick-off mail"),
    "contest": N_("Contest ends"),
    "ends": N_("Ends"),
    "closing": N_("Closing mail"),
    "draw": N_("Draw"),
}
"""What may happen on a day, in words; days that fall together stand in this order."""

HERE = Campaign.archived_at.is_(None)


@dataclass(frozen=True, slots=True)
class Day:
    """One thing of one campaign on one day of the programme's zone."""

    on: date
    what: str
    """A key of WHAT."""
    campaign: Campaign
    name: str = ""
    """Of a contest or draw, whose `key` leads to its page."""
    key: str | int = ""
    done: bool = False
    """Whether the mail was written, the contest closed, the draw drawn."""


@dataclass(slots=True)
class Weeks:
    """What the timeline shows."""

    weeks: list[str]
    bars: list[Bar] = field(default_factory=list)
    days: dict[str, list[Day]] = field(default_factory=dict)
    """Week → what happens in it, day by day."""


def timeline(first: str | None = None) -> Weeks:
    """Return SHOWN weeks from this one on (None: the current one), of campaigns that are not archived.

    Reads only. Raises ValueError for what is no week.
    """
    zone = programmes.current().zone
    week = first or slots.week_of(clock.now(), zone)
    shown = Weeks([slots.shifted(week, n) for n in range(SHOWN)])
    monday = slots.monday(week)
    sunday = monday + timedelta(weeks=SHOWN, days=-1)
    shown.bars = bars(week, HERE)
    order = list(WHAT)
    found = [*_own(shown.bars), *_contests(), *_draws(zone)]
    for day in sorted(found, key=lambda d: (d.on, order.index(d.what), d.campaign.id)):
        if monday <= day.on <= sunday:
            shown.days.setdefault(shown.weeks[(day.on - monday).days // 7], []).append(day)
    return shown


def _own(running: list[Bar]) -> list[Day]:
    found = []
    for campaign in (bar.campaign for bar in running):
        found += [Day(campaign.starts_on, "begins", campaign), Day(campaign.ends_on, "ends", campaign)]
        if campaign.kickoff:
            done = campaign.kickoff_done_at is not None
            found.append(Day(campaign.starts_on, "kickoff", campaign, done=done))
        if campaign.closing:
            found.append(Day(campaign.ends_on, "closing", campaign, done=campaign.closing_done_at is not None))
    return found


def _contests() -> list[Day]:
    asked = sa.select(Contest, Campaign).join(Campaign, Campaign.id == Contest.campaign_id)
    return [
        Day(row.ends_on, "contest", campaign, row.name, row.id, row.closed_at is not None)
        for row, campaign in _here(asked)
    ]


def _draws(zone: str) -> list[Day]:
    """Return draws of campaigns, on the day that their randomness is due, or on which they were drawn."""
    asked = sa.select(Draw, Campaign).join(Campaign, Campaign.id == Draw.campaign_id)
    asked = asked.where(Draw.status != DrawStatus.VOID)
    found = []
    for row, campaign in _here(asked):
        at = row.drawn_at or row.due_at
        day = at.astimezone(ZoneInfo(zone)).date() if at else campaign.ends_on
        found.append(Day(day, "draw", campaign, row.title, row.name, row.drawn_at is not None))
    return found


def _here(asked: Any) -> list[Any]:
    return list(db.session.execute(asked.where(HERE)).all())
