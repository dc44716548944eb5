"""Freezing. In: the stories, campaigns and programme as they stand. Out: an edition's texts and candidates as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from emails import slots, values
from emails.picks import Candidate
from service import clock, outbox, programmes
from service.database import db
from service.delivery.states import LATE
from service.models import Campaign, Edition, Programme, Story, StoryUse, Topic
from service.models.content import StoryStatus


@dataclass(frozen=True)
class Frozen:
    """What an edition may say: its texts, and what the choice knows of its stories."""

    texts: values.Edition
    candidates: tuple[Candidate, ...]

    def to_json(self) -> dict[str, Any]:
        """Return JSON that emails.values.Edition.from_json reads too."""
        return {**self.texts.to_json(), "candidates": [c.to_json() for c in self.candidates]}

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Frozen:
        return cls(values.Edition.from_json(found), tuple(map(Candidate.from_json, found["candidates"])))


def texts_of(edition: Edition) -> Frozen:
    """Return what the edition says: as frozen at release, for a draft as it stands now.

    A story archived since the release is no longer among the candidates: what was pulled back is not sent anew.
    """
    if edition.frozen is None:
        return freeze(edition)
    frozen = Frozen.from_json(edition.frozen)
    asked = sa.select(Story.id).where(Story.status == StoryStatus.ARCHIVED)
    archived = set(db.session.scalars(asked))
    return replace(frozen, candidates=tuple(c for c in frozen.candidates if c.id not in archived))


def freeze(edition: Edition) -> Frozen:
    """Return the texts of everything that this edition may show in any of its slots, as they stand now."""
    programme = programmes.current()
    zone = ZoneInfo(programme.zone)
    begin, end = week_bounds(edition.week)
    pairs: list[tuple[Story, Candidate]] = []
    resting = _resting(edition.week)
    for story in _approved(begin, end):
        if story.id in resting:
            continue
        candidate = _candidate(story, zone)
        if candidate is not None and candidate.published < end and candidate.topics:
            pairs.append((story, candidate))
    topics = {t.id: t for t in db.session.scalars(sa.select(Topic))}
    texts = values.Edition(
        week=edition.week,
        programme=values.Programme(**outbox.programme_facts()),
        stories=tuple(_text(story, topics, programme) for story, _ in pairs),
        words=dict(edition.words or {}),
        winners=_winners(),
    )
    return Frozen(texts, tuple(candidate for _, candidate in pairs))


def week_bounds(week: str) -> tuple[datetime, datetime]:
    """Return moments between which every slot of the week lies, from UTC+14 to UTC-12, lateness included."""
    monday = datetime.combine(slots.monday(week), time(), ZoneInfo("UTC"))
    return monday - timedelta(hours=14), monday + timedelta(days=7, hours=12) + LATE


def _approved(begin: datetime, end: datetime) -> Iterable[Story]:
    asked = (
        sa.select(Story)
        .where(
            Story.status == StoryStatus.APPROVED,
            Story.publish_from < end,
            sa.or_(Story.publish_until.is_(None), Story.publish_until > begin),
        )
        .options(joinedload(Story.campaign))
        .order_by(Story.id)
    )
    return db.session.scalars(asked)


def _resting(week: str) -> set[int]:
    """Return the evergreen stories that an edition before this one used, and that rest for so many weeks after it."""
    asked = (
        sa.select(Story.id, Story.rest_weeks, sa.func.max(StoryUse.week))
        .join(StoryUse, StoryUse.story_id == Story.id)
        .where(Story.evergreen, Story.rest_weeks > 0, StoryUse.week < week)
        .group_by(Story.id, Story.rest_weeks)
    )
    return {id_ for id_, rest, last in db.session.execute(asked) if slots.shifted(last, rest) >= week}


def _candidate(story: Story, zone: ZoneInfo) -> Candidate | None:
    """Return what the choice knows of a story; None if its own audience and its campaign's share no team."""
    campaign = story.campaign
    audience = frozenset(story.audience)
    published = story.publish_from
    if campaign is not None:
        # Nobody sees a campaign's story before the campaign begins; it is news on that day.
        published = max(published, _midnight(campaign.starts_on, zone))
        wanted = frozenset(campaign.audience)
        if audience and wanted and audience.isdisjoint(wanted):
            return None
        audience = audience & wanted if audience and wanted else audience | wanted
    return Candidate(
        id=story.id,
        kind=story.kind,
        language=story.language,
        topics=frozenset(story.topics),
        published=published,
        until=story.publish_until,
        audience=audience,
        campaign=campaign is not None,
        campaign_until=None if campaign is None else _midnight(campaign.ends_on + timedelta(days=1), zone),
        evergreen=story.evergreen,
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(ZoneInfo("UTC"))


def _text(story: Story, topics: dict[int, Topic], programme: Programme) -> values.Story:
    lead = topics.get(story.lead_topic or 0) or next((topics[t] for t in story.topics if t in topics), None)
    campaign: Campaign | None = story.campaign
    base = outbox.settings().base_url
    return values.Story(
        id=story.id,
        title=story.title,
        summary=story.summary,
        language=story.language,
        topic={"": lead.name, **lead.names} if lead else {"": ""},
        picture=f"{base}/pictures/{story.picture_hash}.jpg" if story.picture_hash else None,
        alt=story.picture_alt,
        campaign=campaign.name if campaign else None,
        hashtags=tuple(campaign.hashtags) if campaign else (),
        evergreen=story.evergreen,
        internal=story.internal,
    )


def _winners() -> tuple[values.Winner, ...]:
    from service.draws import last_winners

    return tuple(last_winners(clock.now()))
