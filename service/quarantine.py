"""Quarantine. In: a week's evidence, and a liaison's decisions. Out: odd patterns kept, their visits set aside or back.

What is looked for is scoring.quarantine. A visit that a pattern holds is *suspected*, with the reason *quarantined*,
until every pattern that holds it is decided to count; settling then books the difference, as always.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from scoring import quarantine as odd
from scoring import visits, weeks
from scoring.quarantine import Pattern, Visit
from service import books, clock, settling
from service.database import db, reading
from service.journal import log
from service.models import Evidence, Quarantine, QuarantinedVisit, Share

COUNT, LEAVE_OUT = "count", "leave-out"

LATE = timedelta(hours=1)
"""So long after a week's end its last visits are still looked at; its first hashes are being forgotten by then."""

CHUNK = 500


class Unknown(LookupError):
    """No pattern has this number."""


def look() -> int:
    """Look for odd patterns in the week that runs (and the one just over); return how many were found or changed.

    A use case: commits. While a week runs, its open patterns are brought to exactly what is seen now, those that are
    no more go, and a decided one takes in what is new of its kind, under the decision that stands.
    """
    agreed, now = books.terms(), clock.now()
    week = weeks.week_of(now, agreed.zone)
    begin = weeks.begin(week, agreed.zone)
    earlier = weeks.shift(week, -1)
    since = weeks.begin(earlier, agreed.zone) if now < begin + LATE else begin
    db.session.commit()
    seen = _seen(since)
    found = {(p.code, p.week, p.mark): p for p in odd.patterns(*seen, agreed.rules, agreed.zone)}
    lock()
    kept = {(q.pattern, q.week, q.mark or ""): q for q in _of_weeks((week, earlier))}
    changed = 0
    touched: set[int] = set()
    for key, pattern in found.items():
        row = kept.get(key)
        if row is None:
            row = Quarantine(pattern=pattern.code, week=pattern.week, mark=pattern.mark, found_at=now)
            db.session.add(row)
        new, gone = _fit(row, pattern, exact=row.decision is None and pattern.week == week)
        touched |= new | gone
        changed += bool(new or gone)
    for key, row in kept.items():
        if key not in found and row.week == week and row.decision is None:
            touched |= {v.evidence_id for v in row.visits if v.evidence_id is not None}
            db.session.delete(row)
            changed += 1
    db.session.flush()
    _set_aside(touched)
    db.session.commit()
    if changed:
        log.info("odd patterns of visits", found=len(found), changed=changed)
    return changed


def lock() -> None:
    """Let nobody else change patterns until the transaction ends; taken before any subject's lock."""
    books.lock("quarantine")


def _of_weeks(names: Collection[str]) -> Sequence[Quarantine]:
    rows = sa.select(Quarantine).where(Quarantine.week.in_(names)).options(sa.orm.selectinload(Quarantine.visits))
    return db.session.scalars(rows.execution_options(populate_existing=True)).all()


def _seen(since: datetime) -> tuple[list[Visit], list[Visit]]:
    """Return the visits since then that are human but for a pattern, and who opened shares in the inbox."""
    asked = (
        sa.select(
            Evidence.id, Evidence.share_id, Share.subject, Evidence.at, Evidence.weekly, Evidence.weekly_place,
            Evidence.kind, Evidence.verdict, Evidence.reason,
        )
        .join(Share, Evidence.share_id == Share.id)
        .where(Evidence.at >= since, Evidence.weekly.is_not(None))
    )  # fmt: skip
    came, opened = list[Visit](), list[Visit]()
    token = reading.set(True)  # SQLite's writers need not wait for this
    try:
        for row in db.session.execute(asked):
            visit = Visit(row.id, row.share_id, row.subject, row.at, row.weekly, row.weekly_place)
            if row.kind != "visit":
                opened.append(visit)
            elif row.verdict == visits.HUMAN or row.reason == odd.REASON:
                came.append(visit)
        db.session.rollback()
    finally:
        reading.reset(token)
    return came, opened


def _fit(row: Quarantine, pattern: Pattern, exact: bool) -> tuple[set[int], set[int]]:
    """Bring a pattern's row to what was seen; return ids of the evidence that came to it and that went."""
    held = {v.evidence_id: v for v in row.visits}
    seen = set(pattern.visits)
    gone = {n for n in held if n is not None and n not in seen} if exact else set()
    for n in gone:
        row.visits.remove(held[n])
    wanted = sorted(seen - held.keys())
    new: set[int] = set()
    for n in range(0, len(wanted), CHUNK):
        asked = sa.select(Evidence.id, Evidence.share_id, Evidence.at)
        for id_, share_id, at in db.session.execute(asked.where(Evidence.id.in_(wanted[n : n + CHUNK]))):
            row.visits.append(QuarantinedVisit(share_id=share_id, evidence_id=id_, at=at))
            new.add(id_)
    if new or gone:
        row.facts = dict(pattern.facts)
    return new, gone


def _set_aside(evidence: Collection[int], shares: Collection[int] = ()) -> None:
    """Give these visits the verdict that the patterns holding them leave them, and settle whose shares they are."""
    numbers = sorted(evidence)
    subjects: set[str] = set()
    for n in range(0, len(numbers), CHUNK):
        owner = sa.select(Share.subject).join(Evidence, Evidence.share_id == Share.id)
        subjects |= set(db.session.scalars(owner.where(Evidence.id.in_(numbers[n : n + CHUNK]))))
    subjects |= set(db.session.scalars(sa.select(Share.subject).where(Share.id.in_(sorted(shares)))))
    for subject in sorted(subjects):
        books.lock(subject)
    for n in range(0, len(numbers), CHUNK):
        _judge(numbers[n : n + CHUNK])
    db.session.flush()
    for subject in sorted(subjects):
        settling.settle(subject)


def _judge(numbers: Sequence[int]) -> None:
    held = held_evidence(numbers)
    rows = sa.select(Evidence).where(Evidence.id.in_(numbers)).execution_options(populate_existing=True)
    for row in db.session.scalars(rows):
        if row.id in held:
            hold(row)
        elif row.reason == odd.REASON:
            before = row.facts.get("before_quarantine", "browser")
            row.verdict, row.reason = visits.HUMAN, before
            row.facts = {key: value for key, value in row.facts.items() if key != "before_quarantine"}


def hold(row: Evidence) -> None:
    """Set a human visit aside; its own reason is kept with its facts. Other verdicts stay: they count for nothing."""
    if row.verdict == visits.HUMAN:
        row.facts = {**row.facts, "before_quarantine": row.reason}
        row.verdict, row.reason = odd.SUSPECTED, odd.REASON


def held_evidence(numbers: Collection[int]) -> set[int]:
    """Return which of these pieces of evidence a pattern holds that is open or left out."""
    asked = sa.select(QuarantinedVisit.evidence_id).join(Quarantine, QuarantinedVisit.quarantine_id == Quarantine.id)
    asked = asked.where(Quarantine.decision.is_distinct_from(COUNT))
    return _those(asked, numbers)


def ever_held(numbers: Collection[int]) -> set[int]:
    """Return which of these pieces of evidence a pattern holds, whatever was decided."""
    return _those(sa.select(QuarantinedVisit.evidence_id), numbers)


def _those(asked: sa.Select[Any], numbers: Collection[int]) -> set[int]:
    found: set[int] = set()
    wanted = sorted(numbers)
    for n in range(0, len(wanted), CHUNK):
        here = asked.where(QuarantinedVisit.evidence_id.in_(wanted[n : n + CHUNK]))
        found |= {id_ for id_ in db.session.scalars(here) if id_ is not None}
    return found


def decide(number: int, decision: str | None, reason: str = "", by: int | None = None) -> Quarantine:
    """Write down what a liaison decided on a pattern (None: nothing any more), and book the difference. Commits.

    `decision` is COUNT or LEAVE_OUT; `reason` is in her own words; `by` is the liaison's id. Raises Unknown, or
    ValueError for any other decision.
    """
    if decision not in (COUNT, LEAVE_OUT, None):
        raise ValueError(f"no decision {decision!r}")
    lock()
    row = db.session.get(Quarantine, number, populate_existing=True)
    if row is None:
        raise Unknown(number)
    row.decision = decision
    row.decided_at, row.decided_by = (clock.now(), by) if decision else (None, None)
    row.reason = (reason.strip()[:500] or None) if decision else None
    db.session.flush()
    db.session.expire(row, ["visits"])
    _set_aside(
        {v.evidence_id for v in row.visits if v.evidence_id is not None},
        {v.share_id for v in row.visits if v.evidence_id is None},
    )
    db.session.commit()
    log.info("odd pattern decided", pattern=row.pattern, decision=decision or "open again")
    return row
