"""Stories. In: what the liaison writes or a feed brings. Out: stories, their status and share texts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from service import clock
from service.database import db
from service.models import Programme, Story
from service.models.content import Afterwards, StoryStatus
from service.story_fields import DEFAULTS as DEFAULTS
from service.story_fields import FIELDS as FIELDS
from service.story_fields import LONGEST_ALT as LONGEST_ALT
from service.story_fields import LONGEST_SUMMARY as LONGEST_SUMMARY
from service.story_fields import LONGEST_TITLE as LONGEST_TITLE
from service.story_fields import checked
from service.story_fields import normal_url as normal_url
from service.validation import N_, Check, Invalid, Words


def create(*, by: int | None = None, **fields: Any) -> Story:
    """Create a draft from FIELDS (title and url are needed), written by this liaison. Raises Invalid."""
    story = add(**fields)
    story.written_by = by
    db.session.commit()
    return story


def add(**fields: Any) -> Story:
    """Add a draft like `create`, for the caller to commit. Raises Invalid."""
    values = checked({**DEFAULTS, **fields}, None)
    story = Story(status=StoryStatus.DRAFT, **values)
    try:
        with db.session.begin_nested():
            db.session.add(story)
    except IntegrityError as taken:  # somebody else was faster with the same address
        raise Invalid({"url": Words(N_("There is a story with this address already."))}) from taken
    return story


def edit(story: Story, *, by: int | None = None, **fields: Any) -> Story:
    """Change some FIELDS; an approved story stays approved, unless a second person must approve what `by` changed.

    Raises Invalid and changes nothing then.
    """
    set_some(story, fields, by)
    db.session.commit()
    return story


def set_some(story: Story, fields: dict[str, Any], by: int | None) -> bool:
    """Change some FIELDS like `edit`, for the caller to commit; return whether any did. Raises Invalid."""
    now = {name: getattr(story, name) for name in FIELDS}
    now["topics"] = ordered_topics(story)
    changed = False
    for name, value in checked({**now, **fields}, story).items():
        if getattr(story, name) != value:
            setattr(story, name, value)
            changed = True
    if changed:
        rewritten(story, by)
    return changed


def rewritten(story: Story, by: int | None) -> None:
    """Note who changed the content; where a second person must approve, that is asked anew. Does not commit."""
    story.written_by = by
    if by is not None and story.status == StoryStatus.APPROVED and _second():
        story.status, story.approved_at, story.approved_by = StoryStatus.DRAFT, None, None


def waits_for_another(story: Story, by: int | None) -> bool:
    """Return whether this liaison may not approve the story, because she wrote it or changed it last."""
    return by is not None and story.written_by == by and story.status != StoryStatus.APPROVED and _second()


def _second() -> bool:
    programme = db.session.get(Programme, 1)
    return programme is not None and programme.second_approval


def ordered_topics(story: Story) -> list[int]:
    """Return the story's topic ids, its lead topic first."""
    return sorted(story.topics, key=lambda topic: (topic != story.lead_topic, topic))


def approve(*stories: Story, by: int | None = None) -> int:
    """Approve these stories, so that editions may choose them; return how many were not approved before.

    Raises Invalid where one cannot be shown: without a topic nobody can follow it, a picture needs its words; and
    where liaison `by` wrote it and a second person must approve. The command line (None) is somebody else.
    """
    for story in stories:
        check = Check()
        if waits_for_another(story, by):
            check.refuse("status", N_("“%(title)s” waits for another’s yes: you wrote it last."), title=story.title)
        if not story.topics:
            check.refuse("topics", N_("Give “%(title)s” a topic: people follow topics."), title=story.title)
        if story.picture_hash and not story.picture_alt:
            check.refuse(
                "picture_alt",
                N_("Say what the picture of “%(title)s” shows, for who cannot see it."),
                title=story.title,
            )
        check.done()
    changed = [story for story in stories if story.status != StoryStatus.APPROVED]
    for story in changed:
        approve_one(story, by)
    db.session.commit()
    return len(changed)


def approve_one(story: Story, by: int | None) -> None:
    """Approve this story, which was checked. Does not commit."""
    story.status, story.approved_at, story.approved_by = StoryStatus.APPROVED, clock.now(), by


def archive(*stories: Story, afterwards: str | None = None) -> int:
    """Archive these stories: no later edition chooses them. Return how many were not yet, or whose links now change.

    `afterwards` says what their short links do: lead on, explain, or end (models.content.Afterwards). None: they lead
    on, or do what was said when the story was archived before. Raises ValueError for another word.
    """
    then = None if afterwards is None else Afterwards(afterwards)
    changed = [s for s in stories if s.status != StoryStatus.ARCHIVED or then not in (None, s.afterwards)]
    for story in changed:
        story.status, story.afterwards = StoryStatus.ARCHIVED, then or Afterwards.LEADS
    db.session.commit()
    return len(changed)


def draft(*stories: Story) -> int:
    """Make these stories drafts again (undoes approve and archive); return how many were none."""
    changed = [story for story in stories if story.status != StoryStatus.DRAFT]
    for story in changed:
        story.status, story.approved_at, story.approved_by = StoryStatus.DRAFT, None, None
    db.session.commit()
    return len(changed)


def import_feed(source: str, **options: Any) -> Any:
    """Import RSS or Atom from a file or URL; see service.stories_feed.import_feed."""
    from service.stories_feed import import_feed as read_in

    return read_in(source, **options)


def find(ids: Iterable[int]) -> list[Story]:
    """Return the stories with these ids, in the order of the ids. Raises Invalid naming the first that is none."""
    wanted = list(dict.fromkeys(ids))
    found = {s.id: s for s in db.session.scalars(sa.select(Story).where(Story.id.in_(wanted)))}
    for missing in (i for i in wanted if i not in found):
        raise Invalid({"id": Words(N_("There is no story %(id)d."), {"id": missing})})
    return [found[i] for i in wanted]
