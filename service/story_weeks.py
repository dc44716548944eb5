"""Weeks of stories. In: a first week. Out: stories by the week they begin in, campaigns across weeks; a story moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from emails import slots
from service import clock, programmes, stories
from service.database import db
from service.models import Campaign, Story
from service.models.content import StoryStatus
from service.validation import N_, Invalid, Words

SHOWN = 6
"""Weeks side by side."""
ENDING = timedelta(days=14)
"""A story that is shown no longer than that ends soon."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A campaign across the weeks shown: the first and last of them that it touches, counted from 0."""

    campaign: Campaign
    first: int
    last: int


@dataclass(slots=True)
class Weeks:
    """What the calendar shows."""

    weeks: list[str]
    stories: dict[str, list[Story]] = field(default_factory=dict)
    """Week → stories that begin in it, in the order of their beginning."""
    bars: list[Bar] = field(default_factory=list)


def calendar(first: str | None = None) -> Weeks:
    """Return SHOWN weeks from this one on (None: the current one): stories that are not archived, and campaigns.

    Raises ValueError for what is no week.
    """
    zone = programmes.current().zone
    week = first or slots.week_of(clock.now(), zone)
    shown = Weeks([slots.shifted(week, n) for n in range(SHOWN)])
    begin, end = _midnight(week, zone), _midnight(slots.shifted(week, SHOWN), zone)
    asked = sa.select(Story).where(
        Story.publish_from >= begin,
        Story.publish_from < end,
        Story.evergreen.is_(False),
        Story.status != StoryStatus.ARCHIVED,
    )
    for story in db.session.scalars(asked.order_by(Story.publish_from, Story.id)):
        shown.stories.setdefault(slots.week_of(story.publish_from, zone), []).append(story)
    shown.bars = bars(week)
    return shown


def bars(week: str, *where: sa.ColumnElement[bool]) -> list[Bar]:
    """Return the campaigns, those of these conditions, that run in SHOWN weeks from this one on. Reads only."""
    monday = slots.monday(week)
    sunday = monday + timedelta(weeks=SHOWN, days=-1)
    running = sa.select(Campaign).where(Campaign.starts_on <= sunday, Campaign.ends_on >= monday, *where)
    return [
        Bar(
            campaign,
            max(0, (campaign.starts_on - monday).days // 7),
            min(SHOWN - 1, (campaign.ends_on - monday).days // 7),
        )
        for campaign in db.session.scalars(running.order_by(Campaign.starts_on, Campaign.id))
    ]


def week_of(story: Story) -> str:
    """Return the week in which the story begins, in the programme's zone."""
    return slots.week_of(story.publish_from, programmes.current().zone)


def move(story: Story, week: str, by: int | None = None) -> bool:
    """Let the story begin in this week, on the same day and hour; return whether that changed it. Commits.

    Raises Invalid for what is no week, and where the story would end before it begins.
    """
    zone = ZoneInfo(programmes.current().zone)
    try:
        weeks = (slots.monday(week) - slots.monday(week_of(story))).days // 7
    except ValueError as wrong:
        raise Invalid({"week": Words(N_("Choose a week from the list."))}) from wrong
    if not weeks:
        return False
    # By the calendar of the zone, so that nine in the morning stays nine when clocks change.
    local = story.publish_from.astimezone(zone) + timedelta(weeks=weeks)
    stories.edit(story, by=by, publish_from=local)
    return True


def ending(now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that a story is shown now and not for long."""
    return sa.and_(Story.status == StoryStatus.APPROVED, Story.publish_until > now, Story.publish_until <= now + ENDING)


def _midnight(week: str, zone: str) -> datetime:
    return datetime.combine(slots.monday(week), time(), ZoneInfo(zone))
