"""Strays. In: stories that changed campaigns. Out: their shares, which are counted under another campaign still."""

from __future__ import annotations

import sqlalchemy as sa

from service.database import db
from service.models import ChangedShare, CountedShare, Story
from service.models.results import WHATEVER


def note() -> int:
    """Note the counted shares of stories that belong to another campaign now; return how many. Does not commit."""
    some = stories()
    if not some:
        return 0
    mine = sa.select(Story.id, sa.func.coalesce(Story.campaign_id, WHATEVER).label("now")).where(Story.id.in_(some))
    moved = mine.subquery()
    astray = sa.select(CountedShare.share_id).join(moved, moved.c.id == CountedShare.story_id)
    noted = sa.insert(ChangedShare).from_select(["share_id"], astray.where(CountedShare.campaign_id != moved.c.now))
    return int(getattr(db.session.execute(noted), "rowcount", 0))


def stories() -> list[int]:
    """Return the stories of which shares are counted under another campaign than theirs, for up to a minute."""
    now = sa.func.coalesce(Story.campaign_id, WHATEVER)
    hers = sa.select(CountedShare.share_id).where(CountedShare.story_id == Story.id)
    # Below and above instead of other than: each is one look at an end of an index.
    other = sa.or_(
        *(hers.where(way).exists() for way in (CountedShare.campaign_id < now, CountedShare.campaign_id > now))
    )
    return list(db.session.scalars(sa.select(Story.id).where(other)))
