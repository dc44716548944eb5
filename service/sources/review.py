"""Review. In: what feeds proposed, and what a person decides. Out: stories, or proposals that never come back; undo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from scoring.alike import Titles
from service import clock, duplicates, programmes, stories
from service.database import db
from service.models import Edition, Feed, FeedItem, Share, Story
from service.models.feeds import Decided
from service.validation import N_, Invalid, Words


@dataclass
class Accepted:
    """What became of accepting several: stories by item, and why others could not be."""

    stories: dict[int, Story] = field(default_factory=dict)
    """Item id → its story."""
    refused: dict[int, Words] = field(default_factory=dict)
    """Item id → why not."""


def proposals(feed: Feed | None = None) -> sa.Select[Any]:
    """Return the query for what waits, of one feed or of all."""
    asked = sa.select(FeedItem).where(FeedItem.state == Decided.WAITING)
    return asked if feed is None else asked.where(FeedItem.feed_id == feed.id)


def count() -> int:
    """Return how many wait."""
    return db.session.scalar(sa.select(sa.func.count()).where(FeedItem.state == Decided.WAITING)) or 0


def find(ids: Iterable[int]) -> list[FeedItem]:
    """Return the proposals with these ids, in their order; those that are none any more are left out."""
    wanted = list(dict.fromkeys(ids))
    found = {i.id: i for i in db.session.scalars(sa.select(FeedItem).where(FeedItem.id.in_(wanted)))}
    return [found[id_] for id_ in wanted if id_ in found]


def fields_of(item: FeedItem) -> dict[str, Any]:
    """Return the story that this proposal would be, as stories.FIELDS names it."""
    feed = item.feed
    return {
        **stories.DEFAULTS,
        "kind": feed.kind if feed else stories.DEFAULTS["kind"],
        "campaign_id": feed.campaign_id if feed else None,
        "title": item.title,
        "summary": item.summary,
        "url": item.url,
        "language": item.language,
        "topics": list(item.topics),
        "publish_from": item.published if item.published and item.published <= clock.now() else None,
        "picture_hash": item.picture_hash,
        "picture_alt": item.picture_alt,
        "source": feed.name if feed else "",
    }


def accept(items: Sequence[FeedItem], by: int | None = None) -> Accepted:
    """Make stories of these proposals and approve them; where a second person must, they are drafts. Commits.

    What cannot be a story, such as one without a topic, goes on waiting with the reason. `by`: the liaison.
    """
    done = Accepted()
    second = programmes.current().second_approval
    for item in items:
        if item.state != Decided.WAITING:
            continue
        if not item.topics:
            done.refused[item.id] = Words(N_("Give “%(title)s” a topic first."), {"title": item.title})
            continue
        try:
            story = stories.add(**fields_of(item))
        except Invalid as refusal:
            done.refused[item.id] = next(iter(refusal.errors.values()))
            continue
        taken(item, story)
        story.written_by = by
        if not second:
            stories.approve_one(story, by)
        done.stories[item.id] = story
    db.session.commit()
    return done


def taken(item: FeedItem, story: Story) -> None:
    """Note that this proposal became this story. Does not commit."""
    item.state, item.story_id, item.decided_at = Decided.ACCEPTED, story.id, clock.now()
    if story.guid is None and db.session.scalar(sa.select(Story.id).where(Story.guid == item.guid)) is None:
        story.guid = item.guid
    story.feed = item.feed.url if item.feed else story.feed


def made(items: Sequence[FeedItem], story: Story) -> None:
    """Note that a person made this story of these proposals in the editor. Commits."""
    for item in items:
        if item.state == Decided.WAITING:
            taken(item, story)
    db.session.commit()


def decline(items: Sequence[FeedItem]) -> int:
    """Decline these proposals for good; return how many waited. Commits."""
    changed = [item for item in items if item.state == Decided.WAITING]
    for item in changed:
        item.state, item.decided_at = Decided.DECLINED, clock.now()
    db.session.commit()
    return len(changed)


def undo(items: Sequence[FeedItem]) -> int:
    """Let these wait again, the stories they became gone as if never made; return how many. Commits.

    Raises Invalid and changes nothing where an edition was released or somebody shared since.
    """
    gone = [item for item in items if item.state == Decided.ACCEPTED and item.story_id]
    for item in gone:
        released = sa.select(Edition.id).where(Edition.released_at >= item.decided_at).limit(1)
        shared = sa.select(Share.id).where(Share.story_id == item.story_id).limit(1)
        if db.session.scalar(released) is not None or db.session.scalar(shared) is not None:
            message = N_("“%(title)s” may be in a digest by now; archive the story instead.")
            raise Invalid({"id": Words(message, {"title": item.title})})
    changed = 0
    for item in items:
        if item.state not in (Decided.ACCEPTED, Decided.DECLINED):
            continue
        story = item.story
        item.state, item.story, item.decided_at = Decided.WAITING, None, None
        db.session.flush()
        if story is not None:
            db.session.delete(story)
        changed += 1
    db.session.commit()
    return changed


def twins(items: Sequence[FeedItem]) -> dict[int, list[Story]]:
    """Return item id → stories that are perhaps the same: that lead to its page, or have nearly its title."""
    keys = {item.address_key for item in items if item.address_key}
    by_key: dict[str, Story] = {}
    for story in duplicates.keyed(keys):
        for key in (story.address_key, story.canonical_key):
            if key:
                by_key.setdefault(key, story)
    titles = Titles(duplicates.recent_titles())
    near = {item.id: [id_ for id_, _how in titles.alike(item.title)][:2] for item in items}
    wanted = {id_ for ids in near.values() for id_ in ids}
    rows = {s.id: s for s in db.session.scalars(sa.select(Story).where(Story.id.in_(wanted)))}
    found = {}
    for item in items:
        same = [by_key[item.address_key]] if item.address_key in by_key else []
        found[item.id] = list(dict.fromkeys([*same, *(rows[id_] for id_ in near[item.id] if id_ in rows)]))
    return found
