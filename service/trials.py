"""Trials. In: rules and a period. Out: what would have changed in it, for whom, had they held; nothing is booked.

People are worked out batch by batch, so that a hundred thousand need no more memory than five hundred.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from heapq import nlargest
from typing import Any

import sqlalchemy as sa

from scoring import points, weeks
from scoring.rules import Rules, Timetable
from scoring.shares import Facts
from service import books, clock, ledger
from service.books import Books, Terms
from service.database import db, reading
from service.models import RuleTrial

PERIOD = timedelta(days=30)
"""What a trial looks back on by default: the days of which all evidence is kept."""

LARGEST = 10

AT_ONCE = 2000
"""So many people are worked out while the liaison waits; more by a worker."""

FOLDING = ("visitors_a_share", "visitors_a_place", "visit_after_seconds")
"""Rules that decide which visits count."""

Pair = list[int]
"""Before and after."""


@dataclass
class Outcome:
    """What would have changed. Points and lines are those of events in the period."""

    people: int = 0
    """With shares, looked at."""
    up: int = 0
    down: int = 0
    points: Pair = field(default_factory=lambda: [0, 0])
    reasons: dict[str, Pair] = field(default_factory=dict)
    """Reason of a line → points before and after."""
    tickets: dict[str, Pair] = field(default_factory=dict)
    """Month → draw tickets before and after."""
    other_tickets: int = 0
    """People whose tickets of some month would be others."""
    largest: list[tuple[str, int, int]] = field(default_factory=list)
    """(subject, points before, after) of those with the largest changes."""


def default_period() -> tuple[datetime, datetime]:
    """Return the last thirty days."""
    now = clock.now()
    return now - PERIOD, now


def run(rules: Rules, since: datetime, until: datetime, progress: Callable[[int], None] | None = None) -> Outcome:
    """Work out what would have changed between two moments had these rules held in that time. Reads only.

    `progress` is told how many people each batch had.
    """
    outcome = Outcome()
    agreed = books.terms()
    trial = Terms(agreed.zone, rules, agreed.times.since(since, rules))
    now = min(until, clock.now())
    for batch in ledger.batches():
        for subject, hers in books.read(batch, agreed.times).items():
            _add(outcome, subject, hers, (agreed, trial), (since, until), now)
        if progress:
            progress(len(batch))
    outcome.largest = [tuple(row) for row in outcome.largest]  # type: ignore[misc]
    return outcome


def _add(
    outcome: Outcome,
    subject: str,
    hers: Books,
    both: tuple[Terms, Terms],
    period: tuple[datetime, datetime],
    now: datetime,
) -> None:
    outcome.people += 1
    sums = [0, 0]
    tickets: dict[str, Pair] = defaultdict(lambda: [0, 0])
    for n, agreed in enumerate(both):
        same = n == 0 or not _folds_otherwise(both[0].times, agreed.times)
        folded = hers.folded if same else hers.fold(agreed.times)
        for reason, worth in _points(hers, folded, agreed, period, now, anew=n == 1).items():
            outcome.reasons.setdefault(reason, [0, 0])[n] += worth
            sums[n] += worth
        for month, count in _tickets(folded, agreed, period).items():
            tickets[month][n] = count
    outcome.points = [before + after for before, after in zip(outcome.points, sums, strict=True)]
    for month, pair in tickets.items():
        total = outcome.tickets.setdefault(month, [0, 0])
        outcome.tickets[month] = [total[0] + pair[0], total[1] + pair[1]]
    outcome.other_tickets += any(before != after for before, after in tickets.values())
    before, after = sums
    outcome.up += after > before
    outcome.down += after < before
    if before != after:
        rows = [*outcome.largest, (subject, before, after)]
        outcome.largest = nlargest(LARGEST, rows, key=lambda row: (abs(row[2] - row[1]), row[0]))


def _folds_otherwise(one: Timetable, other: Timetable) -> bool:
    def folding(times: Timetable) -> set[tuple[int, ...]]:
        return {tuple(getattr(rules, name) for name in FOLDING) for rules in times.everything()}

    return len(folding(one) | folding(other)) > 1


def _points(
    hers: Books,
    folded: Mapping[int, Facts],
    agreed: Terms,
    period: tuple[datetime, datetime],
    now: datetime,
    anew: bool,
) -> Counter[str]:
    """Points by reason of what is due in the period; suggestions are lines of their own."""
    since, until = period
    found: Counter[str] = Counter()
    for entry in points.due(tuple(folded.values()), agreed.times, agreed.zone, now):
        if since <= entry.at < until:
            found[entry.reason] += entry.points
    for line in points.standing(hers.booked).values():
        if line.reason == points.SUGGESTION and since <= line.at < until:
            found[line.reason] += agreed.times.of(line.at).suggestion if anew else line.points
    return found


def _tickets(folded: Mapping[int, Facts], agreed: Terms, period: tuple[datetime, datetime]) -> dict[str, int]:
    """Tickets of each month that the period touches: of all its active weeks, those before the period too."""
    active = {weeks.week_of(at, agreed.zone) for f in folded.values() if (at := f.confirmed_at)}
    months = {weeks.month_of(moment, agreed.zone) for moment in (period[0], period[1] - timedelta(microseconds=1))}
    months |= {m for w in active if min(months) < (m := weeks.month_of_week(w)) < max(months)}
    caps = {m: agreed.times.of(max(period[0], weeks.begin(weeks.weeks_of_month(m)[0], agreed.zone))) for m in months}
    return {m: n for m in months if (n := weeks.tickets(active, m, caps[m].tickets_a_month))}


def begin(rules: Rules, since: datetime, until: datetime, liaison_id: int | None = None) -> RuleTrial:
    """Write a trial down and, where the people are few, work it out at once; a worker does the others. Commits.

    Who calls wakes the task "rules" if the result is None.
    """
    row = RuleTrial(
        values=rules.to_json(), since=since, until=until, liaison_id=liaison_id, people=ledger.count_subjects()
    )
    db.session.add(row)
    db.session.commit()
    if row.people <= AT_ONCE:
        _work(row)
    return row


def find(number: int) -> RuleTrial | None:
    """Return a trial by number."""
    return db.session.get(RuleTrial, number)


def run_waiting() -> int:
    """Work out every trial that waits; return how many. A use case: commits."""
    count = 0
    waiting = sa.select(RuleTrial).where(RuleTrial.result.is_(None)).order_by(RuleTrial.id)
    while row := db.session.scalars(waiting.limit(1)).first():
        _work(row)
        count += 1
    return count


def _work(row: RuleTrial) -> None:
    number, rules, since, until = row.id, Rules.of(row.values), row.since, row.until
    done = 0
    db.session.commit()

    def told(people: int) -> None:
        nonlocal done
        done += people
        db.session.rollback()
        reading.set(False)
        _note(number, done=done)
        reading.set(True)

    token = reading.set(True)  # SQLite's writers need not wait for this
    try:
        outcome = run(rules, since, until, told)
        db.session.rollback()
    finally:
        reading.reset(token)
    _note(number, done=done, result=asdict(outcome))


def _note(number: int, **values: Any) -> None:
    db.session.execute(sa.update(RuleTrial).where(RuleTrial.id == number).values(**values))
    db.session.commit()
