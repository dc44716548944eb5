"""Badge mails. In: awards that nobody was told of. Out: one mail a person and day at most, with all of them."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import sqlalchemy as sa

from emails.values import EarnedBadge
from service import badge_books, clock, outbox
from service.database import db
from service.dialects import written
from service.journal import log
from service.models import Award, Employee, Outbox
from service.models.people import Status
from service.untold import by_digest

KIND = "badge"
AT_ONCE = 500
"""People told in one transaction."""
APART = timedelta(days=1)
"""Between two mails about badges to one person; what is earned meanwhile waits for the next one."""
SETTLING = timedelta(minutes=30)
"""An award waits so long for others of the same day, and for visits that are counted again."""
TOO_OLD = timedelta(days=7)
"""What is older stands on her page and is no news: she paused, or the mails were off."""


def tell() -> int:
    """Put a mail into the outbox for everybody with news of badges; return how many mails. Commits.

    What a digest was made after is told by it (service.untold): nobody hears of a badge twice.

    Who pauses, left or is suspended is not mailed; nor does a badge that was taken back make one.
    """
    now = clock.now()
    old = sa.update(Award).where(Award.told_at.is_(None), Award.created_at < now - TOO_OLD)
    if passed := written(old.values(told_at=now)):
        log.info("badges too old to be mailed", awards=passed)
    carried = sa.update(Award).where(
        Award.told_at.is_(None), Award.revoked_at.is_(None), by_digest(Award.subject, Award.created_at)
    )
    db.session.execute(carried.values(told_at=now))
    db.session.commit()
    kept = {each.badge.slug: each.badge for each in badge_books.everything()}
    lately = sa.exists().where(Outbox.subject == Award.subject, Outbox.kind == KIND, Outbox.created_at > now - APART)
    untold = sa.select(Award.subject).where(
        Award.told_at.is_(None), Award.revoked_at.is_(None), Award.created_at <= now - SETTLING, ~lately
    )
    mailed = sa.select(Employee.subject).where(
        Employee.status.in_((Status.ACTIVE, Status.INVITED)), Employee.email.is_not(None)
    )
    told, last = 0, ""
    query = untold.where(Award.subject.in_(mailed)).distinct().order_by(Award.subject).limit(AT_ONCE)
    while subjects := list(db.session.scalars(query.where(Award.subject > last))):
        last = subjects[-1]
        of: dict[str, list[Award]] = defaultdict(list)
        awards = sa.select(Award).where(Award.told_at.is_(None), Award.revoked_at.is_(None))
        awards = awards.where(Award.subject.in_(subjects)).order_by(Award.id)
        # Who waited here for another worker asks once more: that one's mail is there by now.
        db.session.execute(awards.with_for_update())
        for award in db.session.scalars(awards.where(~lately).execution_options(populate_existing=True)):
            of[award.subject].append(award)
        for employee in db.session.scalars(sa.select(Employee).where(Employee.subject.in_(list(of)))):
            hers = of[employee.subject]
            best: dict[str, Award] = {}
            for award in hers:
                award.told_at = now
                if award.badge in kept and award.level >= (best[award.badge].level if award.badge in best else 0):
                    best[award.badge] = award
            if not best:
                continue
            news = [_earned(award, kept[award.badge], employee.language) for award in best.values()]
            first = next(iter(best.values()))
            occasion = f"{KIND}:{first.badge}-{first.level}"
            row = outbox.enqueue(employee, KIND, occasion, {"badges": [each.to_json() for each in news]})
            told += row is not None
        db.session.commit()
    if told:
        log.info("badges told", mails=told)
    return told


def _earned(award: Award, badge: badge_books.Badge, language: str) -> EarnedBadge:
    title = badge_books.said(badge.title, language) if badge.title else badge.slug
    return EarnedBadge(title, badge.criterion.kind, award.level, len(badge.levels))
