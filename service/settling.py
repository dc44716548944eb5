"""Settling. In: a subject whose evidence changed. Out: her shares' facts and states, ledger, totals and awards agree.

Everything is worked out anew from facts, so that settling is idempotent and late or repeated events change nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from scoring import points, shares
from scoring.points import Entry, Reversal
from scoring.shares import Facts
from service import badge_books, clock, ledger, share_news
from service.books import Books, Terms, lock, owed, read, terms
from service.database import db
from service.journal import log
from service.models import Award, LedgerEntry, Share


def settle(subject: str) -> tuple[Entry | Reversal, ...]:
    """Bring shares, ledger, totals and awards of a subject to what her evidence says; return the new ledger lines.

    Idempotent and safe to run many times at once. Flushes, does not commit.
    """
    lock(subject)
    agreed, now = terms(), clock.now()
    books = read([subject], agreed.times)[subject]
    for id_, facts in books.folded.items():
        state = shares.state_of(facts, agreed.times)
        if (facts, state) != (books.stored[id_], books.states[id_]):
            db.session.execute(sa.update(Share).where(Share.id == id_).values(**_columns(facts), state=state))
            if state == shares.State.ENGAGED:
                before = len(books.stored[id_].visited_at)
                share_news.note(subject, id_, before, facts.visited_at, agreed.rules.engaged_from, now)
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
    """Give levels of badges that her shares earn, take back those that they do not; what a person took back stays."""
    folded = tuple(books.folded.values())
    if not books.awards and not any(facts.visited_at for facts in folded):
        return
    counting = badge_books.declared()
    earned = badge_books.earned({subject: folded}, agreed, counting)[subject]
    for (badge, level), at in earned.items():
        award = books.awards.get((badge, level))
        if award and (award.revoked_why or (award.earned_at, award.revoked_at) == (at, None)):
            continue
        row = {"subject": subject, "badge": badge, "level": level, "earned_at": at, "created_at": now}
        upsert = ledger.insert(Award).values(row)
        db.session.execute(
            upsert.on_conflict_do_update(
                index_elements=["subject", "badge", "level"], set_={"earned_at": at, "revoked_at": None}
            )
        )
    settled = badge_books.settled(counting)
    for (badge, level), award in books.awards.items():
        if badge in settled and (badge, level) not in earned and award.revoked_at is None:
            db.session.execute(sa.update(Award).where(Award.id == award.id).values(revoked_at=now))


def settle_due() -> int:
    """Take back declared points whose time to be confirmed ran out; return how many people were settled.

    A use case: commits after each person, so that it can be stopped and repeated at any moment.
    """
    times, now = terms().times, clock.now()
    begun = [None, *(at for at, _rules in times.later), None]
    lapsed = []
    for n, rules in enumerate(times.everything()):
        asked = [Share.declared_at <= now - timedelta(days=rules.declared_days)]
        asked += [Share.declared_at >= begun[n]] if begun[n] else []
        asked += [Share.declared_at < begun[n + 1]] if begun[n + 1] else []
        lapsed.append(sa.and_(*asked))
    back = sa.orm.aliased(LedgerEntry)
    subjects = db.session.scalars(
        sa.select(Share.subject)
        .join(LedgerEntry, LedgerEntry.share_id == Share.id)
        .where(
            Share.state.in_((shares.State.DECLARED, shares.State.SEEN)),
            sa.or_(*lapsed),
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
