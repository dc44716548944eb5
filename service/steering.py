"""Steering. In: an employee and a story. Out: what never comes to her again, what comes less, and both taken back.

Wishes join the discrete key of the choice (emails.picks), so that people with equal wishes still share their mails.
"""

from __future__ import annotations

import sqlalchemy as sa

from emails.picks import KIND, PROMOTIONAL, TOPIC
from service.bulk import insert_or_ignore
from service.database import db
from service.models import Declined, Employee, Story, Topic
from service.validation import whole

FEW = 5
"""Fewer people than these are nobody's business: no count of them is shown."""

NO_PROMOTION = KIND + PROMOTIONAL
"""The wish for no promotional stories."""


def topic_of(wish: str) -> int | None:
    """Return the topic of which this wish wants less; None for a wish of another kind."""
    number = wish.removeprefix(TOPIC)
    return whole(number) if number != wish else None


def wish_of(topic: int) -> str:
    """Return the wish for less of this topic."""
    return f"{TOPIC}{topic}"


def wishes_for(story: Story) -> list[str]:
    """Return the wishes that somebody may have who sees this story: less of its topics, its lead topic first, and no
    promotion where it is one."""
    known = set(db.session.scalars(sa.select(Topic.id).where(Topic.id.in_(story.topics))))
    topics = sorted(known, key=lambda topic: (topic != story.lead_topic, topic))
    return [*map(wish_of, topics), *([NO_PROMOTION] if story.kind == PROMOTIONAL else [])]


def decline(employee: Employee, story: Story) -> None:
    """Never show her this story again; mails that are on their way are not changed. Commits."""
    db.session.execute(insert_or_ignore(Declined).values(subject=employee.subject, story_id=story.id))
    db.session.commit()


def undo_decline(employee: Employee, story_id: int) -> None:
    """Let this story come to her again, if it was never shown to her. Commits."""
    db.session.execute(sa.delete(Declined).where(Declined.subject == employee.subject, Declined.story_id == story_id))
    db.session.commit()


def wish(employee: Employee, wanted: str) -> None:
    """Show her fewer of these (a wish of `wishes_for`). Commits. Raises ValueError for a wish that is none."""
    topic = topic_of(wanted)
    if wanted != NO_PROMOTION and (topic is None or db.session.get(Topic, topic) is None):
        raise ValueError("no such wish")
    db.session.refresh(employee, ["fewer"], with_for_update={"key_share": True})  # she may press two at once
    employee.fewer = sorted({*employee.fewer, wanted})
    db.session.commit()


def undo_wish(employee: Employee, wanted: str) -> None:
    """Take this wish back. Commits."""
    db.session.refresh(employee, ["fewer"], with_for_update={"key_share": True})
    employee.fewer = [each for each in employee.fewer if each != wanted]
    db.session.commit()


def has_declined(employee: Employee, story: Story) -> bool:
    """Tell whether she declined this story."""
    return db.session.get(Declined, (employee.subject, story.id)) is not None


def declined(employee: Employee, limit: int = 50) -> list[Story]:
    """Return the stories that she declined, the latest first."""
    asked = sa.select(Story).join(Declined, Declined.story_id == Story.id).where(Declined.subject == employee.subject)
    return list(db.session.scalars(asked.order_by(Declined.at.desc(), Story.id.desc()).limit(limit)))


def declines(story: Story) -> int | None:
    """Return how many people declined this story; None where they are fewer than FEW, for the sake of each."""
    count = db.session.scalar(sa.select(sa.func.count()).where(Declined.story_id == story.id)) or 0
    return count if count >= FEW else None
