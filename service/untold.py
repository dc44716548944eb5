"""Untold. In: subjects. Out: badges and shares that are news and of which no mail has told: their digest does.

The tasks that mail them take what a digest was made after for told, so that nobody hears of one thing twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from emails.values import News
from service import badge_books
from service.bulk import among
from service.database import db
from service.models import Award, Outbox, Share, ShareNews, Story
from service.models.mail import MailState
from service.share_news import TOO_OLD

AT_MOST = 3
"""Pieces of news in one digest; her page has all."""
TITLE = 80
"""Characters of a story's title."""


def news(subjects: Sequence[str], now: datetime, declared: Sequence[badge_books.Badge]) -> dict[str, tuple[News, ...]]:
    """Return subject → what her digest of now tells her; who has no news is left out. One query; reads only.

    `declared` are the badges that are on.
    """
    found: dict[str, list[News]] = defaultdict(list)
    best: dict[tuple[str, str], int] = {}
    read: dict[int, tuple[str, News]] = {}
    for subject, slug, number, title, visited in db.session.execute(_untold(subjects, now - TOO_OLD)):
        if slug is not None:
            best[subject, slug] = max(number, best.get((subject, slug), 0))
            continue
        short = title if len(title) <= TITLE else f"{title[: TITLE - 1].rstrip()}…"
        read[number] = (subject, News("share", short, len(visited)))
    kept = {badge.slug: badge for badge in declared}
    for (subject, slug), level in sorted(best.items()):
        if slug in kept:
            badge = kept[slug]
            title = badge_books.said(badge.title) if badge.title else slug
            found[subject].append(News("badge", title, level if len(badge.levels) > 1 else 0))
    for _share, (subject, told) in sorted(read.items(), key=lambda each: (-each[1][1].number, each[0])):
        found[subject].append(told)
    return {subject: tuple(hers[:AT_MOST]) for subject, hers in found.items()}


def _untold(subjects: Sequence[str], since: datetime) -> Any:
    """Return the query of news since a moment: levels (of whom, badge, level), and shares (of whom, its id, story)."""
    shares = (
        sa.select(
            ShareNews.subject,
            sa.cast(sa.null(), Award.badge.type).label("badge"),
            ShareNews.share_id,
            Story.title,
            Share.visited_at,
        )
        .join(Share, Share.id == ShareNews.share_id)
        .join(Story, Story.id == Share.story_id)
        .where(among(ShareNews.subject, subjects), ShareNews.told_at.is_(None), ShareNews.at > since)
    )
    awards = sa.select(Award.subject, Award.badge, Award.level, sa.null(), sa.null()).where(
        among(Award.subject, subjects), Award.told_at.is_(None), Award.revoked_at.is_(None), Award.created_at > since
    )
    return sa.union_all(shares, awards)


def by_digest(subject: Any, since: Any) -> sa.ColumnElement[bool]:
    """Return the condition that a digest with news was made for somebody since a moment (columns), and so told her.

    One without any was written while these were not in the database yet: it told nothing.
    """
    return sa.exists().where(
        Outbox.subject == subject,
        Outbox.kind == "digest",
        Outbox.created_at >= since,
        Outbox.facts["you"]["news"].as_string().is_not(None),
        Outbox.state.not_in((MailState.SUPPRESSED, MailState.CANCELLED)),
    )
