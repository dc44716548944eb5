"""Campaign sums. In: shares and their stories. Out: what each share counts for in its campaign, and under which name.

A campaign's board goes by points, confirmed shares or readers. Each is added up per person in service.totals, under
the names that are given here, in the transaction of whatever changes a share.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from scoring.shares import COUNTED
from service.database import db
from service.dialects import postgres
from service.models import LedgerEntry, Share, Story


class Measure(StrEnum):
    """What a campaign's board goes by."""

    POINTS = "points"
    SHARES = "shares"
    READERS = "readers"


@dataclass(frozen=True, slots=True)
class Change:
    """What a share counts for now beyond what it did."""

    subject: str
    share_id: int
    shares: int
    readers: int


def period_of(measure: Measure, campaign_id: int) -> str:
    """Return the period under which what a campaign's board goes by is added up."""
    return f"{name_of(measure)}:{campaign_id}"


def name_of(measure: Measure) -> str:
    """Return how names of such periods begin: "campaign" for points, as they did before there was anything else."""
    return "campaign" if measure == Measure.POINTS else measure.value


def periods(changes: Iterable[Change], campaigns: Mapping[int, int]) -> dict[str, Counter[str]]:
    """Return what is added by subject and period when these shares change; `campaigns` gives campaigns by share."""
    added: dict[str, Counter[str]] = defaultdict(Counter)
    for change in changes:
        campaign = campaigns.get(change.share_id)
        if campaign is not None:
            added[change.subject][period_of(Measure.SHARES, campaign)] += change.shares
            added[change.subject][period_of(Measure.READERS, campaign)] += change.readers
    return added


def readers_of_a_share() -> Any:
    """Return how many distinct people a share brought, as many as rules pay for."""
    length = sa.func.jsonb_array_length if postgres() else sa.func.json_array_length
    return length(Share.visited_at)


def campaigns_of(shares: Iterable[int]) -> dict[int, int]:
    """Return by share the campaign that its story belongs to; no story changes hers until this transaction ends."""
    ids = sorted(set(shares))
    asked = (
        sa.select(Share.id, Story.campaign_id)
        .join(Story, Share.story_id == Story.id)
        .where(Share.id.in_(ids), Story.campaign_id.is_not(None))
        .with_for_update(read=True, of=Story)
    )
    return {line.id: line.campaign_id or 0 for line in db.session.execute(asked)} if ids else {}


def of_story(story_id: int, connection: Connection) -> dict[str, dict[Measure, int]]:
    """Return by subject what a story's shares count for, added up from its shares and their lines."""
    found: dict[str, dict[Measure, int]] = defaultdict(dict)
    booked = (
        sa.select(LedgerEntry.subject, sa.func.sum(LedgerEntry.points))
        .join(Share, sa.and_(LedgerEntry.share_id == Share.id, LedgerEntry.subject == Share.subject))
        .where(Share.story_id == story_id)
        .group_by(LedgerEntry.subject)
    )
    for subject, points in connection.execute(booked):
        found[subject][Measure.POINTS] = int(points)
    shared = sa.select(Share.subject, sa.func.count(), sa.func.sum(readers_of_a_share()))
    shared = shared.where(Share.story_id == story_id, Share.state.in_(COUNTED)).group_by(Share.subject)
    for subject, shares, readers in connection.execute(shared):
        found[subject] |= {Measure.SHARES: int(shares), Measure.READERS: int(readers)}
    return found


def counted(subjects: Collection[str]) -> dict[tuple[str, str], int]:
    """Return by subject and period what these people's shares count for in campaigns, added up from the shares."""
    asked = (
        sa.select(Share.subject, Story.campaign_id, sa.func.count(), sa.func.sum(readers_of_a_share()))
        .join(Story, Share.story_id == Story.id)
        .where(Share.subject.in_(subjects), Story.campaign_id.is_not(None), Share.state.in_(COUNTED))
        .group_by(Share.subject, Story.campaign_id)
    )
    found = {}
    for subject, campaign, shares, readers in db.session.execute(asked):
        found[subject, period_of(Measure.SHARES, campaign)] = int(shares)
        found[subject, period_of(Measure.READERS, campaign)] = int(readers)
    return found


def ordered(ids: Sequence[int]) -> str:
    """Return how several campaigns are written down: their ids in order, each once, like 3+7."""
    return "+".join(map(str, sorted(set(ids))))
