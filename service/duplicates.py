"""Duplicates. In: address and title of a story to be. Out: stories that are perhaps the same, with the reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from scoring.alike import address_key, alike
from service import clock
from service.database import db
from service.models import Story
from service.models.content import StoryStatus

WINDOW = timedelta(days=180)
"""Titles are compared with those of stories that are not older; addresses with all."""
MOST = 3
"""Shown to a person."""


@dataclass(frozen=True, slots=True)
class Twin:
    """A story that is perhaps the same. `same_address`: it leads to the same page; else its title is alike."""

    story: Story
    same_address: bool


def of(url: str, title: str, canonical_key: str | None = None, but: int | None = None) -> list[Twin]:
    """Return the stories that lead to the same page or have nearly this title, without story `but`; at most MOST."""
    by_address = keyed({key for key in (address_key(url), canonical_key) if key})
    found = [Twin(story, True) for story in by_address if story.id != but]
    known = {twin.story.id for twin in found}
    near = [id_ for id_, _how in alike(title, recent_titles()) if id_ != but and id_ not in known]
    rows = {s.id: s for s in db.session.scalars(sa.select(Story).where(Story.id.in_(near[:MOST])))}
    return [*found, *(Twin(rows[id_], False) for id_ in near[:MOST])][:MOST]


def keyed(keys: Iterable[str]) -> list[Story]:
    """Return the stories that have one of these keys of an address (scoring.alike), the oldest first."""
    wanted = sorted(keys)
    asked = sa.select(Story).where(sa.or_(Story.address_key.in_(wanted), Story.canonical_key.in_(wanted)))
    return list(db.session.scalars(asked.order_by(Story.id))) if wanted else []


def recent_titles() -> list[tuple[int, str]]:
    """Return (id, title) of the stories within WINDOW that are not archived."""
    since = clock.now() - WINDOW
    asked = sa.select(Story.id, Story.title).where(Story.created_at >= since, Story.status != StoryStatus.ARCHIVED)
    return [(id_, title) for id_, title in db.session.execute(asked.order_by(Story.id.desc()).limit(5000))]
