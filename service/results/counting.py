"""Counting. In: shares that the database noted as changed. Out: the figures, current and right.

One counts at a time, in batches that commit; what comes meanwhile is noted again and counted next. Raw visits are
forgotten after 30 days: what they brought is counted before (`before_forgetting`) and stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from scoring import results
from scoring.shares import Facts
from scoring.weeks import day_of
from service import books, clock
from service.bulk import insert_or_ignore
from service.database import db
from service.dialects import postgres
from service.ledger import insert
from service.models import (
    ChangedShare,
    CountedShare,
    Employee,
    Evidence,
    Programme,
    ResultsState,
    Share,
    StatedAudience,
)
from service.models.results import EVERYBODY
from service.results import audiences
from service.results.figuring import Added, add

AT_ONCE = 1000
"""Shares that are counted in one transaction."""

LOCK = 0x676F6F64_0005
"""PostgreSQL's advisory lock: one counts at a time."""


_ALSO = (Share.subject, Share.state, Share.salt, Share.text_id, Employee.team_id, StatedAudience.people)
"""What is read beside a share's folded facts."""


@dataclass(frozen=True)
class Counted:
    """What one share brings now, and what it is counted under."""

    row: dict[str, Any]
    """Of CountedShare."""
    added: dict[str, int]


def count() -> int:
    """Count what changed; return how many shares that were. A use case: commits after each batch."""
    done = 0
    while True:
        _alone()
        state = _state()
        oldest = sa.select(ChangedShare.id).order_by(ChangedShare.id).limit(AT_ONCE * 4)
        taken = sa.delete(ChangedShare).where(ChangedShare.id.in_(oldest)).returning(ChangedShare.share_id)
        ids = set(db.session.scalars(taken.execution_options(synchronize_session=False)))
        if ids:
            added = Added()
            for part in _parts(sorted(ids)):
                _keep(of_shares(part, state), added)
            add(added)
            state.counted_at = clock.now()
            done += len(ids)
        db.session.commit()
        if not ids:
            return done


def before_forgetting(until: datetime) -> None:
    """Count everything, and hold what visits brought before the first whole day after `until`. A use case: commits."""
    count()
    _alone()
    state = _state()
    whole = day_of(until, state.zone) + timedelta(days=1)
    if state.visits_from is None or state.visits_from < whole:
        state.visits_from = whole
    db.session.commit()


def recount() -> int:
    """Note every share as changed and count them all; return how many. A use case: commits."""
    _alone()
    _state()
    _all_changed()
    db.session.commit()
    return count()


def of_shares(ids: Collection[int], state: ResultsState) -> Iterator[Counted]:
    """Give what each of these shares brings now; one whose sharer was erased stays as it was counted."""
    before = {c.share_id: c for c in db.session.scalars(_fresh(CountedShare).where(CountedShare.share_id.in_(ids)))}
    averages = audiences.averages()
    asked = (
        sa.select(*books.FOLDED, *_ALSO)
        .outerjoin(Employee, Employee.subject == Share.subject)
        .outerjoin(
            StatedAudience, sa.and_(StatedAudience.subject == Share.subject, StatedAudience.network == Share.network)
        )
        .where(Share.id.in_(ids))
    )
    rows = db.session.execute(asked).all()
    visits = _visits(ids, state)
    for share in rows:
        former = before.get(share.id)
        if former is not None and share.salt is None:
            continue
        facts = books.known(share)
        team = former.team_id if former else share.team_id or EVERYBODY
        audience = former.audience if former else share.people or averages.get(share.network, 0)
        yield _counted(share, facts, former, team, audience, visits.get(share.id, ()), state)


def _counted(
    share: Any, facts: Facts, former: CountedShare | None, team: int, audience: int, visits: Any, state: ResultsState
) -> Counted:
    words = "own" if facts.own_words else str(share.text_id or "title")
    own = results.of_share(facts, share.state, audience, words, state.zone)
    seen = results.of_visits(visits, state.zone)
    whole = state.visits_from or date.min
    seen_before = {c: n for c, n in former.visits.items() if results.day_of_cell(c) >= whole} if former else {}
    proof = results.first_proof(facts)
    row = {
        "share_id": share.id,
        "subject": share.subject,
        "story_id": share.story_id,
        "network": share.network,
        "team_id": team,
        "audience": audience,
        "day": day_of(proof, state.zone) if proof else None,
        "facts": dict(own),
        "visits": {cell: n for cell, n in seen.items() if results.day_of_cell(cell) >= whole},
    }
    added = results.difference(own, former.facts if former else {})
    for cell, n in results.difference(row["visits"], seen_before).items():
        added[cell] = added.get(cell, 0) + n
    return Counted(row, added)


def _keep(counted: Iterator[Counted], added: Added) -> None:
    """Write what the figures hold of these shares from now on, and note what that adds."""
    rows = []
    for each in counted:
        rows.append(each.row)
        row = each.row
        added.take(row["subject"], row["team_id"], row["network"], row["story_id"], each.added)
    if rows:
        upsert = insert(CountedShare).values(rows)
        changing = ("day", "facts", "visits")
        db.session.execute(
            upsert.on_conflict_do_update(
                index_elements=["share_id"], set_={name: getattr(upsert.excluded, name) for name in changing}
            )
        )


def _visits(ids: Collection[int], state: ResultsState) -> Mapping[int, list[tuple[datetime, str, str]]]:
    asked = sa.select(Evidence.share_id, Evidence.at, Evidence.verdict, Evidence.reason).where(
        Evidence.share_id.in_(ids), Evidence.kind == "visit", Evidence.verdict.is_not(None)
    )
    if state.visits_from is not None:
        asked = asked.where(Evidence.at >= _begin(state.visits_from, state.zone))
    found: dict[int, list[tuple[datetime, str, str]]] = {}
    for share_id, at, verdict, reason in db.session.execute(asked):
        found.setdefault(share_id, []).append((at, verdict or "", reason or ""))
    return found


def _begin(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def _alone() -> None:
    """Wait until nobody else counts; SQLite has one writer anyway."""
    if postgres():
        db.session.execute(sa.text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK})


def _state() -> ResultsState:
    """Return where counting stands; the first time, and after a change of zone, all shares are to be counted."""
    zone = db.session.scalar(sa.select(Programme.zone)) or "UTC"
    found = db.session.scalar(_fresh(ResultsState))
    if found is None:
        made = insert_or_ignore(ResultsState).values(id=1, zone=zone, counted_at=clock.now())
        db.session.execute(made)
        found = db.session.scalars(_fresh(ResultsState)).one()
        _all_changed()
    if found.zone != zone:
        found.zone = zone
        _all_changed()
    return found


def _all_changed() -> None:
    everything = sa.select(Share.id).order_by(Share.id)
    db.session.execute(sa.insert(ChangedShare).from_select(["share_id"], everything))


def _parts(ids: list[int]) -> Iterator[list[int]]:
    for n in range(0, len(ids), AT_ONCE):
        yield ids[n : n + AT_ONCE]


def _fresh(table: Any) -> Any:
    return sa.select(table).execution_options(populate_existing=True)
