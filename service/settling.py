"""Settling. In: a subject whose evidence changed. Out: her shares' facts and states, ledger, totals and awards agree.

Everything is worked out anew from facts, so that settling is idempotent and late or repeated events change nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from scoring import badges, points, shares, visits
from scoring.points import Entry, Reversal
from scoring.shares import Facts
from service import clock, ledger
from service.books import Books, Terms, lock, owed, read, terms
from service.database import db
from service.journal import log
from service.models import Award, Evidence, LedgerEntry, Share

KEPT = timedelta(days=30)
"""How long raw events live."""


def settle(subject: str) -> tuple[Entry | Reversal, ...]:
    """Bring shares, ledger, totals and awards of a subject to what her evidence says; return the new ledger lines.

    Idempotent and safe to run many times at once. Flushes, does not commit.
    """
    lock(subject)
    agreed, now = terms(), clock.now()
    books = read([subject], agreed.rules)[subject]
    for id_, facts in books.folded.items():
        state = shares.state_of(facts, agreed.rules)
        if (facts, state) != (books.stored[id_], books.states[id_]):
            db.session.execute(sa.update(Share).where(Share.id == id_).values(**_columns(facts), state=state))
    lines = owed(books, agreed, now)
    ledger.book(subject, lines, agreed.zone)
    _award(subject, books, agreed, now)
    if lines:
        log.info("score settled", lines=len(lines), points=sum(line.points for line in lines))
    return lines


def _columns(facts: Facts) -> dict[str, object]:
    return {
        "opened_at": facts.opened_at,
        "declared_at": facts.declared_at,
        "seen_at": facts.seen_at,
        "visited_at": [m.astimezone(UTC).isoformat(timespec="microseconds") for m in facts.visited_at],
    }


def _award(subject: str, books: Books, agreed: Terms, now: datetime) -> None:
    """Give badges that are earned, take back those that are not, by upsert."""
    earned = {e.badge: e.at for e in badges.earned(tuple(books.folded.values()), agreed.rules, agreed.zone)}
    for badge, at in earned.items():
        if books.awards.get(badge) != (at, None):
            row = {"subject": subject, "badge": badge, "level": 1, "earned_at": at, "created_at": now}
            upsert = ledger.insert(Award).values(row)
            db.session.execute(
                upsert.on_conflict_do_update(
                    index_elements=["subject", "badge", "level"], set_={"earned_at": at, "revoked_at": None}
                )
            )
    for badge, (_at, revoked_at) in books.awards.items():
        if badge not in earned and revoked_at is None:
            db.session.execute(
                sa.update(Award)
                .where(Award.subject == subject, Award.badge == badge, Award.revoked_at.is_(None))
                .values(revoked_at=now)
            )


def settle_due() -> int:
    """Take back declared points whose time to be confirmed ran out; return how many people were settled.

    A use case: commits after each person, so that it can be stopped and repeated at any moment.
    """
    limit = clock.now() - timedelta(days=terms().rules.declared_days)
    back = sa.orm.aliased(LedgerEntry)
    subjects = db.session.scalars(
        sa.select(Share.subject)
        .join(LedgerEntry, LedgerEntry.share_id == Share.id)
        .where(
            Share.state.in_((shares.State.DECLARED, shares.State.SEEN)),
            Share.declared_at <= limit,
            LedgerEntry.reason.in_((points.DECLARED, points.SEEN)),
            ~sa.exists().where(back.reverses_id == LedgerEntry.id),
        )
        .distinct()
        .order_by(Share.subject)
    ).all()
    db.session.commit()
    for subject in subjects:
        settle(subject)
        db.session.commit()
    return len(subjects)


def forget_evidence() -> int:
    """Delete raw events older than 30 days, whose facts stay with their shares; return how many.

    A use case: commits after each person. What is left of a forgotten visitor is marked, so that nobody counts twice.
    """
    limit = clock.now() - KEPT
    old = sa.select(Share.subject).join(Evidence, Evidence.share_id == Share.id).where(Evidence.at < limit)
    subjects = db.session.scalars(old.distinct().order_by(Share.subject)).all()
    db.session.commit()
    count = 0
    for subject in subjects:
        settle(subject)
        hers = sa.select(Share.id).where(Share.subject == subject)
        first = sa.orm.aliased(Evidence)
        counted = sa.exists().where(
            first.share_id == Evidence.share_id,
            sa.func.coalesce(first.visitor, "") == sa.func.coalesce(Evidence.visitor, ""),
            first.verdict == visits.HUMAN,
            first.at < limit,
        )
        later = (Evidence.share_id.in_(hers), Evidence.at >= limit, Evidence.kind == "visit", counted)
        quick = {"synchronize_session": False}
        db.session.execute(sa.update(Evidence).where(*later).values(again=True).execution_options(**quick))
        gone = sa.delete(Evidence).where(Evidence.share_id.in_(hers), Evidence.at < limit).execution_options(**quick)
        count += len(db.session.execute(gone.returning(Evidence.id)).all())
        db.session.commit()
    return count


@dataclass(slots=True)
class Settled:
    """What settling everybody changed: people looked at, verdicts given anew, ledger lines booked."""

    people: int = 0
    verdicts: int = 0
    lines: int = 0


def settle_all(progress: Callable[[int], None] | None = None) -> Settled:
    """Judge the visits still kept by today's rules and settle everybody: after rules, zone or a campaign changed.

    A use case: commits after each person, so that it can be stopped and repeated at any moment. `progress` is told 1
    for each person. Differences become reversals, as always.
    """
    done = Settled()
    for batch in ledger.batches():
        db.session.commit()
        for subject in batch:
            lock(subject)
            done.verdicts += _judge_again(subject)
            done.lines += len(settle(subject))
            done.people += 1
            db.session.commit()
            if progress:
                progress(1)
    return done


def _judge_again(subject: str) -> int:
    """Give today's verdict on each visit whose facts are still kept; return how many changed."""
    rows = db.session.scalars(
        sa.select(Evidence)
        .join(Share, Evidence.share_id == Share.id)
        .where(Share.subject == subject, Evidence.kind == "visit")
        .execution_options(populate_existing=True)
    )
    count = 0
    for row in rows:
        if "agent" not in row.facts:
            continue
        verdict = visits.judge(visits.Hit.from_json(row.facts))
        if (verdict.kind, verdict.reason, verdict.crawler) != (row.verdict, row.reason, row.facts.get("crawler")):
            row.verdict, row.reason = verdict.kind, verdict.reason
            row.facts = {**row.facts, "crawler": verdict.crawler}
            count += 1
    return count
