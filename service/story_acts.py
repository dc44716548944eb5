"""Acts on stories. In: stories that a liaison picked, and what to do. Out: it done, and truly undone if she wants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service import clock, stories
from service.database import db
from service.models import Story, StoryAct
from service.validation import N_, Invalid, Words, whole

ACTS = ("approve", "archive", "draft", "topic", "campaign", "kind")
COLUMNS = (
    *("status", "approved_at", "approved_by", "afterwards", "written_by"),
    *("topics", "lead_topic", "campaign_id", "kind"),
)
"""What acts change, and undo gives back."""
MOMENTS = ("approved_at",)


def do(act: str, chosen: Sequence[Story], value: str = "", by: int | None = None) -> tuple[int | None, int]:
    """Do one of ACTS with these stories; return (number for `undo`, how many changed). Commits.

    topic: gives it to stories that lack it, after their own; campaign ("" for none), kind: sets it. Raises Invalid and
    changes nothing where one story cannot have it.
    """
    before = {story.id: _columns(story) for story in chosen}
    try:
        _doing(act, value, by)(chosen)
    except Invalid:
        db.session.rollback()
        raise
    changed: dict[str, Any] = {}
    for story in chosen:
        after = _columns(story)
        names = [name for name in COLUMNS if after[name] != before[story.id][name]]
        if names:
            changed[str(story.id)] = {
                "before": {name: before[story.id][name] for name in names},
                "after": {name: after[name] for name in names},
            }
    if not changed or by is None:
        db.session.commit()
        return None, len(changed)
    row = StoryAct(by=by, act=act, stories=changed)
    db.session.add(row)
    db.session.commit()
    return row.id, len(changed)


def undo(number: int, by: int) -> tuple[int, int]:
    """Give the stories of this liaison's act back what it took; return (how many, how many stay). Commits.

    What was changed again since stays as it is. Raises Invalid where there is nothing to undo.
    """
    row = db.session.get(StoryAct, number)
    if row is None or row.by != by or row.undone_at is not None:
        raise Invalid({"act": Words(N_("There is nothing to undo any more."))})
    found = {s.id: s for s in db.session.scalars(sa.select(Story).where(Story.id.in_(map(int, row.stories))))}
    restored = 0
    for id_, told in row.stories.items():
        story = found.get(int(id_))
        if story is None or any(_columns(story)[name] != value for name, value in told["after"].items()):
            continue
        for name, value in told["before"].items():
            setattr(story, name, datetime.fromisoformat(value) if name in MOMENTS and value else value)
        restored += 1
    row.undone_at = clock.now()
    db.session.commit()
    return restored, len(row.stories) - restored


def _doing(act: str, value: str, by: int | None) -> Callable[[Sequence[Story]], object]:
    if act == "approve":
        return lambda chosen: stories.approve(*chosen, by=by)
    if act == "archive":
        return lambda chosen: stories.archive(*chosen)
    if act == "draft":
        return lambda chosen: stories.draft(*chosen)
    return lambda chosen: [_set(story, act, value, by) for story in chosen]


def _set(story: Story, act: str, value: str, by: int | None) -> bool:
    wanted: Any = value
    if act == "topic":
        topic = whole(value)
        if topic is None:
            raise Invalid({"topics": Words(N_("Choose a topic first."))})
        ordered = stories.ordered_topics(story)
        wanted = ordered if topic in ordered else [*ordered, topic]
    name = {"topic": "topics", "campaign": "campaign_id", "kind": "kind"}[act]
    return stories.set_some(story, {name: wanted}, by)


def _columns(story: Story) -> dict[str, Any]:
    found = {name: getattr(story, name) for name in COLUMNS}
    return {**found, **{name: found[name].isoformat() if found[name] else None for name in MOMENTS}}
