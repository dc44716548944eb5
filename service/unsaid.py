"""Unsaid. In: subjects, or an employee and a story. Out: shares that were opened and of which she has not told yet.

The digest that follows asks *Did you post it?* once, gently; a scanner's openings are nobody's intention and are left
out as far as their evidence says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from emails.slots import Rhythm
from emails.values import Unsaid
from scoring.shares import State
from service.bulk import among
from service.database import db
from service.models import Employee, Evidence, LedgerEntry, Share, Story
from service.models.content import StoryStatus

AT_MOST = 2
"""Shares that one digest asks about."""

MANY = 4
"""Who opened more stories than this between two mails is taken for a scanner, which opens every link of a mail."""

BETWEEN = {Rhythm.WEEKLY: timedelta(days=7), Rhythm.FORTNIGHTLY: timedelta(days=14), Rhythm.MONTHLY: timedelta(days=35)}
"""Time from one mail to the next: what was opened earlier was asked about then."""

TITLE = 80
"""Characters of a story's title in the question."""


def unsaid(subjects: Sequence[str], now: datetime) -> dict[str, tuple[Unsaid, ...]]:
    """Return subject → what the digest that leaves about now asks her; who is asked nothing is left out.

    One query, however many subjects. Reads only.
    """
    # Where scanners open every link of a mail, what she opened herself is still hers.
    opened = sa.select(Evidence.id).where(
        Evidence.share_id == Share.id,
        Evidence.kind == "opened",
        sa.or_(Evidence.verdict == "human", Evidence.verdict.is_(None)),
    )
    asked = (
        sa.select(Share.subject, Share.story_id, Share.network, Share.opened_at, Story.title, Employee.rhythm)
        .join(Story, Story.id == Share.story_id)
        .join(Employee, Employee.subject == Share.subject)
        .where(
            among(Share.subject, subjects),
            Share.declared_at.is_(None),
            Share.state.in_((State.OPENED, State.SEEN)),
            Share.opened_at > now - max(BETWEEN.values()),
            Story.status == StoryStatus.APPROVED,
            opened.exists(),
        )
        .order_by(Share.subject, Share.opened_at.desc(), Share.id.desc())
    )
    found: dict[str, dict[int, Unsaid]] = {}
    for share in db.session.execute(asked):
        if share.opened_at > now - BETWEEN[Rhythm(share.rhythm)]:
            told = Unsaid(share.story_id, _short(share.title), share.network)
            found.setdefault(share.subject, {}).setdefault(share.story_id, told)
    return {who: tuple(hers.values())[:AT_MOST] for who, hers in found.items() if len(hers) <= MANY}


def _short(title: str) -> str:
    return title if len(title) <= TITLE else title[: TITLE - 1].rstrip() + "…"


def share_on(employee: Employee, story: Story, network: str) -> Share | None:
    """Return her share of this story on this network, None where she never opened it."""
    wanted = sa.select(Share).where(
        Share.subject == employee.subject, Share.story_id == story.id, Share.network == network
    )
    return db.session.scalar(wanted)


def worth(share: Share) -> int:
    """Return the points that this share has brought so far."""
    asked = sa.select(sa.func.sum(LedgerEntry.points)).where(LedgerEntry.share_id == share.id)
    return int(db.session.scalar(asked) or 0)
