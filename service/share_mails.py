"""Share mails. In: shares that found readers. Out: news of them, one mail a person and week; the rest to the digest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

import sqlalchemy as sa

from emails import news
from service import clock, outbox
from service.database import db
from service.dialects import written
from service.journal import log
from service.models import Employee, Outbox, Share, ShareNews, Story
from service.models.people import Status
from service.share_news import TOO_OLD
from service.untold import by_digest

KIND = "did-well"
APART = timedelta(days=7)
"""Between two such mails to one person; what comes meanwhile stands in her digest."""
SETTLING = timedelta(minutes=30)
"""News wait so long for more of the same, and for visits that are judged again."""
AT_ONCE = 500


def tell() -> int:
    """Put a mail into the outbox for everybody with news of shares; return how many mails. Commits.

    Who had such a mail within a week is told by her digest. Who pauses, left or is suspended is not mailed.
    """
    now = clock.now()
    old = sa.update(ShareNews).where(ShareNews.told_at.is_(None), ShareNews.at < now - TOO_OLD)
    if passed := written(old.values(told_at=now, how="old")):
        log.info("news of shares too old to be mailed", news=passed)
    in_digest = by_digest(ShareNews.subject, ShareNews.at)
    db.session.execute(
        sa.update(ShareNews).where(ShareNews.told_at.is_(None), in_digest).values(told_at=now, how="digest")
    )
    db.session.commit()
    lately = sa.exists().where(
        Outbox.subject == ShareNews.subject, Outbox.kind == KIND, Outbox.created_at > now - APART
    )
    there = sa.exists().where(
        Employee.subject == ShareNews.subject,
        Employee.status.in_((Status.ACTIVE, Status.INVITED)),
        Employee.email.is_not(None),
    )
    untold = sa.select(ShareNews.subject).where(ShareNews.told_at.is_(None), ShareNews.at <= now - SETTLING)
    query = untold.where(~lately, there).distinct().order_by(ShareNews.subject).limit(AT_ONCE)
    told, last = 0, ""
    while subjects := list(db.session.scalars(query.where(ShareNews.subject > last))):
        last = subjects[-1]
        waiting: dict[str, list[ShareNews]] = defaultdict(list)
        hers = sa.select(ShareNews).where(ShareNews.subject.in_(subjects), ShareNews.told_at.is_(None))
        # Who waited here for another worker asks once more: that one's mail is there by now.
        db.session.execute(hers.order_by(ShareNews.share_id, ShareNews.readers).with_for_update())
        for row in db.session.scalars(hers.where(~lately).execution_options(populate_existing=True)):
            waiting[row.subject].append(row)
        found = _found({row.share_id for rows in waiting.values() for row in rows})
        for employee in db.session.scalars(sa.select(Employee).where(Employee.subject.in_(subjects))):
            rows = waiting[employee.subject]
            for row in rows:
                row.told_at, row.how = now, "mail"
            best = _best(rows, found)
            if best:
                first = max(rows, key=lambda row: (row.readers, row.share_id))
                occasion = f"{KIND}:{first.share_id}-{first.readers}"
                facts = {"shares": [each.to_json() for each in best]}
                told += outbox.enqueue(employee, KIND, occasion, facts) is not None
        db.session.commit()
    if told:
        log.info("shares that did well told", mails=told)
    return told


def _best(hers: Iterable[ShareNews], found: dict[int, news.Found]) -> list[news.Found]:
    """Return each share that still has the readers that made it news, the most read first, three at most."""
    steps: dict[int, int] = {}
    for row in hers:
        steps[row.share_id] = max(row.readers, steps.get(row.share_id, 0))
    held = [found[share] for share, step in steps.items() if share in found and found[share].readers >= step]
    return sorted(held, key=lambda each: -each.readers)[:3]


def _found(shares: Iterable[int]) -> dict[int, news.Found]:
    rows = db.session.execute(
        sa.select(Share.id, Story.title, Story.language, Share.network, Share.visited_at)
        .join(Story, Share.story_id == Story.id)
        .where(Share.id.in_(list(shares)))
    )
    return {row.id: news.Found(row.title, row.network, len(row.visited_at), row.language) for row in rows}
