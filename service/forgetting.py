"""Forgetting. In: evidence that is old enough. Out: it is gone, and nobody's score changed by that.

Hashes that are the same on all shares live 7 days, raw events with the hashes of their visitors 30 (PROTOCOLS).
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

import sqlalchemy as sa

from scoring import shares, weeks
from scoring.quarantine import REASON
from scoring.rules import Timetable
from scoring.shares import Event
from service import books, clock, results
from service.database import db
from service.models import Evidence, Quarantine, QuarantinedVisit, Share
from service.quarantine import LATE, ever_held
from service.settling import settle

KEPT = timedelta(days=30)
"""How long raw events live."""

WEEKLY = timedelta(days=7)
"""How long hashes live that tell a visitor of many shares."""

QUICK = {"synchronize_session": False}


def forget() -> int:
    """Forget all that is old enough; return how many raw events and weekly hashes that were. A use case: commits."""
    return forget_weeks() + forget_evidence()


def forget_weeks() -> int:
    """Forget weekly hashes after 7 days and the marks of patterns made of them; return how many events had one.

    A use case: commits. What is left of an odd pattern names shares and moments.
    """
    now = clock.now()
    agreed = books.terms()
    old = sa.update(Evidence).where(Evidence.weekly.is_not(None), Evidence.at < now - WEEKLY)
    count = len(db.session.execute(old.values(weekly=None, weekly_place=None).returning(Evidence.id)).all())
    week = weeks.week_of(now - LATE, agreed.zone)
    db.session.execute(
        sa.update(Quarantine).where(Quarantine.mark.is_not(None), Quarantine.week < week).values(mark=None)
    )
    db.session.commit()
    return count


def forget_evidence() -> int:
    """Delete raw events older than 30 days, whose facts stay with their shares; return how many.

    A use case: commits after each person. What is left of a forgotten visitor is marked, so that nobody counts twice,
    and visits of odd patterns leave their moments, so that these can still be decided.
    """
    until = clock.now() - KEPT
    results.before_forgetting(until)
    old = sa.select(Share.subject).join(Evidence, Evidence.share_id == Share.id).where(Evidence.at < until)
    subjects = db.session.scalars(old.distinct().order_by(Share.subject)).all()
    db.session.commit()
    count = 0
    for subject in subjects:
        settle(subject)
        count += forget_evidence_of(subject, until)
        db.session.commit()
    return count


def forget_evidence_of(subject: str, until: datetime) -> int:
    """Delete the raw events of somebody's shares from before this moment; return how many. Does not commit.

    Whoever calls it has settled her: her shares' facts say what the events said.
    """
    rules = books.terms().times
    for share, visited in _visits(subject, until).items():
        _keep_in_mind(share, visited, until, rules)
    hers = sa.select(Share.id).where(Share.subject == subject)
    gone = sa.delete(Evidence).where(Evidence.share_id.in_(hers), Evidence.at < until).execution_options(**QUICK)
    return len(db.session.execute(gone.returning(Evidence.id)).all())


def _visits(subject: str, until: datetime) -> dict[Share, list[Evidence]]:
    """Return the visits of those of her shares that have visits to forget."""
    old = sa.select(Evidence.share_id).where(Evidence.kind == "visit", Evidence.at < until)
    asked = (
        sa.select(Share, Evidence)
        .join(Evidence, Evidence.share_id == Share.id)
        .where(Share.subject == subject, Share.id.in_(old), Evidence.kind == "visit")
    )
    found: dict[Share, list[Evidence]] = defaultdict(list)
    for share, row in db.session.execute(asked.execution_options(populate_existing=True)):
        found[share].append(row)
    return found


def _keep_in_mind(share: Share, rows: list[Evidence], until: datetime, rules: Timetable) -> None:
    """Mark what is kept of visitors who are forgotten, and let patterns stand for the visits that they held."""
    held = ever_held([row.id for row in rows])
    visited = {row.id: Event("visit", row.at, row.verdict, None, row.visitor, row.again, row.place) for row in rows}
    aside = {row.id for row in rows if row.reason == REASON}
    remains = shares.forgetting(visited, aside, until, share.opened_at, rules)
    counted = shares.counted(visited.values(), share.opened_at, rules)
    for row in rows:
        if row.id in remains.again:
            row.again = True
        if row.id in held and row.at < until:
            first = row.id in remains.first or counted.get(row.visitor or "") == row.at
            stands = sa.update(QuarantinedVisit).where(QuarantinedVisit.evidence_id == row.id)
            db.session.execute(stands.values(evidence_id=None, first=first).execution_options(**QUICK))
    db.session.flush()
