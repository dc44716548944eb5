"""Topics at work. In: two topics. Out: who follows and what stands on each, and the one merged into the other."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service import audit, gates, topics
from service.database import db
from service.journal import log
from service.models import Badge, Edition, Employee, Feed, FeedItem, Story, Topic
from service.models.mail import EditionStatus
from service.models.people import Status
from service.validation import N_, Invalid, Words, one_line

PART = (Status.INVITED, Status.ACTIVE, Status.PAUSED)
"""Who counts as following: whoever takes part, or may."""
QUICK = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Standing:
    """One topic, with the people who follow it and the stories that have it."""

    topic: Topic
    followers: int
    stories: int


def everyone() -> list[Standing]:
    """Return all topics by name, retired ones last. Reads only."""
    part = Employee.status.in_(PART)
    followers = _counted(Employee.topics, part)
    stories = _counted(Story.topics, sa.true())
    found = [Standing(topic, followers[topic.id], stories[topic.id]) for topic in topics.all_topics()]
    return sorted(found, key=lambda one: one.topic.retired)


def merge(topic: Topic, into: Topic, typed: str) -> tuple[int, int]:
    """Give everything of a topic to another one and delete it; return its followers and stories. Commits.

    `typed` must be its name, whatever the capitals: nothing takes this back.

    Its names mean the other one from now on, in files of colleagues and categories of feeds.
    Feeds, what waits under Review and wishes for less move along, and so does the choice of editions that are still
    on their way; what these say stays as it was frozen. Raises Invalid for another name, for a topic and itself,
    and while a badge counts it.
    """
    if one_line(typed).casefold() != one_line(topic.name).casefold():
        raise Invalid({"typed": Words(N_("Type the name exactly as it stands above."))})
    if topic.id == into.id:
        raise Invalid({"into": Words(N_("Choose another topic to merge with."))})
    gates.people()
    rows = sa.select(Topic.id).where(Topic.id.in_((topic.id, into.id))).order_by(Topic.id).with_for_update()
    if len(db.session.scalars(rows).all()) < 2:
        raise Invalid({"into": Words(N_("Choose another topic to merge with."))})
    db.session.refresh(topic)
    db.session.refresh(into)
    for badge in db.session.scalars(sa.select(Badge)):
        if f'"topic": "{topic.slug}"' in json.dumps(badge.declaration):
            said = Words(N_("The badge %(badge)s counts this topic. Change it first."), {"badge": badge.slug})
            raise Invalid({"into": said})
    old, new = topic.id, into.id
    for edition in _on_their_way():
        frozen = dict(edition.frozen or {})
        edition.frozen = {**frozen, "candidates": [_with(each, old, new) for each in frozen["candidates"]]}
    people, stories = _counted(Employee.topics, Employee.status.in_(PART))[old], 0
    _people(old, new)
    for row in _rows():
        if old in row.topics:
            row.topics = _moved(row.topics, old, new)
            stories += isinstance(row, Story)
    for story in db.session.scalars(sa.select(Story).where(Story.lead_topic == old)):
        story.lead_topic = new
    into.former = sorted(topics.keys_of(topic) | set(into.former))
    db.session.flush()
    audit.note("merged", "topic", {"name": topic.name}, {"name": into.name}, which=str(new))
    db.session.delete(topic)
    db.session.commit()
    log.info("topics merged", topic=old, into=new, people=people, stories=stories)
    return people, stories


def _counted(column: Any, where: Any) -> Counter[int]:
    """Return how many rows have each topic: people follow few different lists, however many people there are."""
    listed = sa.cast(column, sa.Text)
    found: Counter[int] = Counter()
    for text, rows in db.session.execute(sa.select(listed, sa.func.count()).where(where).group_by(listed)):
        for topic in json.loads(text):
            found[topic] += rows
    return found


def _on_their_way() -> Iterator[Edition]:
    """Yield the released editions that are not over; nobody plans a page of them until this transaction ends."""
    over = (EditionStatus.DRAFT, EditionStatus.CLOSED, EditionStatus.CANCELLED)
    asked = sa.select(Edition.id).where(Edition.status.not_in(over)).order_by(Edition.id)
    for number in db.session.scalars(asked).all():
        gates.close(number)
        edition = db.session.get_one(Edition, number, populate_existing=True)
        if edition.frozen is not None:
            yield edition


def _with(candidate: dict[str, Any], old: int, new: int) -> dict[str, Any]:
    return {**candidate, "topics": _moved(candidate["topics"], old, new)}


def _people(old: int, new: int) -> None:
    """Move followers and wishes for less, a statement for each list that somebody has."""
    for column, was, will in ((Employee.topics, old, new), (Employee.fewer, f"topic:{old}", f"topic:{new}")):
        text = sa.cast(column, sa.Text)
        for listed in db.session.scalars(sa.select(text).group_by(text)).all():
            known = json.loads(listed)
            if was in known:
                moved = sa.update(Employee).where(text == listed).values({column: _moved(known, was, will)})
                db.session.execute(moved.execution_options(**QUICK))


def _rows() -> Iterator[Any]:
    for model in (Story, Feed, FeedItem):
        yield from db.session.scalars(sa.select(model))


def _moved(ids: list[Any], old: object, new: object) -> list[Any]:
    """Return the list with the one for the other, each once; a sorted one stays so."""
    moved = list(dict.fromkeys(new if each == old else each for each in ids))
    return sorted(moved) if ids == sorted(ids) else moved
