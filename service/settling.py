"""Settling. In: subjects whose evidence changed. Out: their shares' facts and states, ledger, totals and awards agree.

Everything is worked out anew from facts, so that settling is idempotent and late or repeated events change nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm.util import identity_key

from scoring import points, shares
from scoring.points import Entry, Reversal
from scoring.shares import Facts
from service import badge_books, clock, ledger, share_news
from service.books import Books, Terms, lock_all, owed, read, terms
from service.campaign_sums import Change
from service.database import db
from service.journal import log
from service.models import Award, LedgerEntry, Share


def people_at_once() -> int:
    """Return how many people are settled in one transaction: on SQLite everybody else waits for it."""
    return 100 if db.engine.dialect.name == "postgresql" else 40


def settle(subject: str) -> tuple[Entry | Reversal, ...]:
    """Bring shares, ledger, totals and awards of a subject to what her evidence says; return the new ledger lines.

    Idempotent and safe to run many times at once. Flushes, does not commit.
    """
    return settle_all([subject])[subject]


def settle_all(subjects: Collection[str]) -> dict[str, tuple[Entry | Reversal, ...]]:
    """Settle many people in as many statements as one, with the same result as one after the other; return the new
    ledger lines by subject, sorted.

    Holds the locks of all of them until the transaction ends: some dozens at once, not all there are. As above.
    """
    whom = sorted(set(subjects))
    if not whom:
        return {}
    lock_all(whom)
    agreed, now = terms(), clock.now()
    read_now = read(whom, agreed.times)
    changes = _tell_shares(read_now, agreed, now)
    lines = {subject: owed(read_now[subject], agreed, now) for subject in whom}
    ledger.book_all(lines, agreed.zone, changes)
    _award(read_now, agreed, now)
    count, points = sum(map(len, lines.values())), sum(line.points for hers in lines.values() for line in hers)
    if count:
        log.info("scores settled", people=sum(map(bool, lines.values())), lines=count, points=points)
    return lines


def _tell_shares(read_now: Mapping[str, Books], agreed: Terms, now: datetime) -> list[Change]:
    """Write what evidence says of each share into its row, where that says something else; return what counts anew."""
    rows, changes = [], []
    for subject, books in read_now.items():
        for id_, facts in books.folded.items():
            state = shares.state_of(facts, agreed.times)
            if (facts, state) != (books.stored[id_], books.states[id_]):
                rows.append({"id": id_, **_columns(facts), "state": state})
                change = _change(subject, id_, (books.states[id_], books.stored[id_]), (state, facts))
                if change.shares or change.readers:
                    changes.append(change)
                if state == shares.State.ENGAGED:
                    before = len(books.stored[id_].visited_at)
                    share_news.note(subject, id_, before, facts.visited_at, agreed.rules.engaged_from, now)
    if rows:
        db.session.execute(sa.update(Share), rows)
    for row in rows:  # a bulk update leaves those in the session as they are
        held = db.session.identity_map.get(identity_key(Share, row["id"]))
        if held is not None:
            db.session.expire(held, [name for name in row if name != "id"])
    return changes


def _change(subject: str, share_id: int, before: tuple[str, Facts], now: tuple[str, Facts]) -> Change:
    (was, read_before), (is_, read_now) = (shares.weight(state, len(f.visited_at)) for state, f in (before, now))
    return Change(subject, share_id, is_ - was, read_now - read_before)


def _columns(facts: Facts) -> dict[str, object]:
    return {
        "opened_at": facts.opened_at,
        "declared_at": facts.declared_at,
        "seen_at": facts.seen_at,
        "visited_at": [m.astimezone(UTC).isoformat(timespec="microseconds") for m in facts.visited_at],
    }


def _award(read_now: Mapping[str, Books], agreed: Terms, now: datetime) -> None:
    """Give levels of badges that shares earn, take back those that they do not; what a person took back stays."""
    folded = {subject: tuple(books.folded.values()) for subject, books in read_now.items()}
    visited = {subject for subject, hers in folded.items() if any(facts.visited_at for facts in hers)}
    whom = [subject for subject, books in read_now.items() if books.awards or subject in visited]
    if not whom:
        return
    counting = badge_books.declared()
    earned = badge_books.earned({subject: folded[subject] for subject in whom}, agreed, counting)
    settled = badge_books.settled(counting)
    given, taken = [], []
    for subject in whom:
        awards = read_now[subject].awards
        for (badge, level), at in earned[subject].items():
            award = awards.get((badge, level))
            if award and (award.revoked_why or (award.earned_at, award.revoked_at) == (at, None)):
                continue
            given.append({"subject": subject, "badge": badge, "level": level, "earned_at": at, "created_at": now})
        for (badge, level), award in awards.items():
            if badge in settled and (badge, level) not in earned[subject] and award.revoked_at is None:
                taken.append(award.id)
    if given:
        upsert = ledger.insert(Award)
        upsert = upsert.on_conflict_do_update(
            index_elements=["subject", "badge", "level"],
            set_={"earned_at": upsert.excluded.earned_at, "revoked_at": None},
        )
        db.session.connection().execute(upsert, given)
        for books in read_now.values():
            for award in books.awards.values():
                db.session.expire(award)  # as above
    if taken:
        db.session.execute(sa.update(Award).where(Award.id.in_(taken)).values(revoked_at=now))


def settle_due() -> int:
    """Take back declared points whose time to be confirmed ran out; return how many people were settled.

    A use case: commits after some dozens of people, so that it can be stopped and repeated at any moment.
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
    for begin in range(0, len(subjects), people_at_once()):
        settle_all(subjects[begin : begin + people_at_once()])
        db.session.commit()
    return len(subjects)
