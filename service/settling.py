"""Settling. In: a subject whose evidence changed. Out: her shares' facts and states, ledger, totals and awards agree.

Everything is worked out anew from facts, so that settling is idempotent and late or repeated events change nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from scoring import badges, points, shares
from scoring.points import Booked, Entry, Reversal, Rules
from scoring.shares import Event, Facts
from service import clock, ledger
from service.database import db
from service.journal import log
from service.models import Award, Campaign, Evidence, LedgerEntry, Programme, Share, Story

KEPT = timedelta(days=30)
"""How long raw events live."""


@dataclass(frozen=True)
class Terms:
    """The programme's zone and rules."""

    zone: str
    rules: Rules


@dataclass
class Books:
    """All that is stored of one subject's shares and score, and what follows from it."""

    stored: dict[int, Facts] = field(default_factory=dict)
    """By share id, as the share's row says."""
    states: dict[int, str] = field(default_factory=dict)
    folded: dict[int, Facts] = field(default_factory=dict)
    """By share id, as evidence says."""
    booked: list[Booked] = field(default_factory=list)
    awards: dict[str, tuple[datetime, datetime | None]] = field(default_factory=dict)
    """Slug → (earned, revoked)."""


def terms() -> Terms:
    """Return the programme's zone and rules; the defaults in UTC before there is a programme."""
    found = db.session.execute(sa.select(Programme.zone, Programme.rules).where(Programme.id == 1)).first()
    return Terms(found.zone, Rules.of(found.rules)) if found else Terms("UTC", Rules())


def lock(subject: str) -> None:
    """Let nobody else settle this subject until the transaction ends.

    Call it before changing a share's row in a transaction that will settle: whoever settles holds this lock first and
    rows second. SQLite has one writer anyway.
    """
    if db.engine.dialect.name == "postgresql":
        # On the connection, not the session: a flush before the lock would take row locks in the wrong order.
        db.session.connection().execute(
            sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:s, 0))"), {"s": subject}
        )


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


def owed(books: Books, agreed: Terms, now: datetime) -> tuple[Entry | Reversal, ...]:
    """Return the lines that a subject's ledger lacks."""
    due = points.due(tuple(books.folded.values()), agreed.rules, agreed.zone, now)
    lapsed = now - timedelta(days=agreed.rules.declared_days)
    return points.differences(due, [b for b in books.booked if b.share], lapsed)


def read(subjects: Sequence[str], rules: Rules) -> dict[str, Books]:
    """Return the books of each of these subjects, in four queries."""
    found = {subject: Books() for subject in subjects}
    owner: dict[int, str] = {}
    rows = db.session.execute(
        sa.select(Share, Campaign.multiplier, Campaign.starts_on, Campaign.ends_on)
        .join(Story, Share.story_id == Story.id)
        .outerjoin(Campaign, Story.campaign_id == Campaign.id)
        .where(Share.subject.in_(subjects))
        .order_by(Share.id)
        .execution_options(populate_existing=True)
    )
    for share, multiplier, starts_on, ends_on in rows:
        owner[share.id] = share.subject
        books = found[share.subject]
        books.states[share.id] = share.state
        facts = known(share)
        if multiplier is not None:
            facts = shares.during(facts, multiplier, starts_on, ends_on)
        books.stored[share.id] = facts
    events = _events(subjects)
    for id_, subject in owner.items():
        books = found[subject]
        books.folded[id_] = shares.fold(books.stored[id_], events.get(id_, ()), rules)
    for subject, lines in ledger.booked(subjects).items():
        found[subject].booked = lines
    awards = sa.select(Award.subject, Award.badge, Award.earned_at, Award.revoked_at)
    for subject, badge, earned_at, revoked_at in db.session.execute(awards.where(Award.subject.in_(subjects))):
        found[subject].awards[badge] = earned_at, revoked_at
    return found


def known(share: Share) -> Facts:
    """Return what a share's row says, as scoring knows it (without its campaign)."""
    return Facts(
        network=share.network,
        opened_at=share.opened_at,
        declared_at=share.declared_at,
        seen_at=share.seen_at,
        visited_at=tuple(sorted(datetime.fromisoformat(m) for m in share.visited_at or ())),
        own_words=share.own_words,
        story_id=share.story_id,
        key=f"share:{share.id}",
    )


def _columns(facts: Facts) -> dict[str, object]:
    return {
        "opened_at": facts.opened_at,
        "declared_at": facts.declared_at,
        "seen_at": facts.seen_at,
        "visited_at": [m.astimezone(UTC).isoformat(timespec="microseconds") for m in facts.visited_at],
    }


def _events(subjects: Sequence[str]) -> dict[int, list[Event]]:
    rows = db.session.execute(
        sa.select(
            Evidence.share_id,
            Evidence.kind,
            Evidence.at,
            Evidence.verdict,
            Evidence.reason,
            Evidence.visitor,
            Evidence.again,
            Evidence.facts,
        )
        .join(Share, Evidence.share_id == Share.id)
        .where(Share.subject.in_(subjects))
    )
    found: dict[int, list[Event]] = {}
    for share_id, kind, at, verdict, reason, visitor, again, facts in rows:
        crawler = facts.get("crawler") or ((reason or "").partition("crawler:")[2] or None)
        found.setdefault(share_id, []).append(Event(kind, at, verdict, crawler, visitor, again))
    return found


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
            first.verdict == "human",
            first.at < limit,
        )
        later = (Evidence.share_id.in_(hers), Evidence.at >= limit, Evidence.kind == "visit", counted)
        quick = {"synchronize_session": False}
        db.session.execute(sa.update(Evidence).where(*later).values(again=True).execution_options(**quick))
        gone = sa.delete(Evidence).where(Evidence.share_id.in_(hers), Evidence.at < limit).execution_options(**quick)
        count += len(db.session.execute(gone.returning(Evidence.id)).all())
        db.session.commit()
    return count
