"""Reclassifying. In: today's rules. Out: verdicts given anew on the evidence that is kept, and everybody settled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from scoring import quarantine as odd
from scoring import visits
from scoring.points import Entry, Reversal
from scoring.visits import Verdict
from service import books, clock, ledger, quarantine
from service.database import db
from service.models import Evidence, Share
from service.settling import settle

Reason = tuple[str, str]
"""A verdict's kind and reason."""


@dataclass
class Reclassified:
    """What judging anew changed, or would change."""

    people: int = 0
    """Looked at."""
    verdicts: int = 0
    """Visits whose verdict or reason is another one."""
    reasons: Counter[tuple[Reason, Reason]] = field(default_factory=Counter)
    """(before, after) → visits."""
    lines: int = 0
    """Ledger lines booked."""
    who: dict[str, int] = field(default_factory=dict)
    """Subject → points gained or lost, of everybody with new lines; it may come out at 0."""

    @property
    def points(self) -> int:
        """Points gained and lost together."""
        return sum(self.who.values())


def reclassify(
    since: datetime | None = None, dry: bool = False, progress: Callable[[int], None] | None = None
) -> Reclassified:
    """Judge the visits still kept (those from `since` on) by today's rules and settle everybody.

    A use case: commits after each person, so that it can be stopped and repeated at any moment; `dry` writes nothing
    and says what would change. `progress` is told 1 for each person. Differences become reversals, as always; what
    an odd pattern holds stays aside.
    """
    done = Reclassified()
    agreed = books.terms()
    for batch in ledger.batches():
        if not dry:
            db.session.commit()
        for subject in batch:
            if not dry:
                books.lock(subject)
            judged = _judged(subject, since)
            for row, verdict in judged:
                after = (verdict.kind, verdict.reason)
                if (row.verdict, row.reason) != after:
                    done.reasons[(row.verdict or "", row.reason or ""), after] += 1
                done.verdicts += 1
            if dry:
                anew = {row.id: verdict for row, verdict in judged}
                lines = books.owed(books.read([subject], agreed.times, anew)[subject], agreed, clock.now())
            else:
                _write(judged)
                lines = settle(subject)
                db.session.commit()
            done.people += 1
            _add(done, subject, lines)
            if progress:
                progress(1)
    return done


def _add(done: Reclassified, subject: str, lines: Sequence[Entry | Reversal]) -> None:
    done.lines += len(lines)
    if lines:
        done.who[subject] = sum(line.points for line in lines)


def _judged(subject: str, since: datetime | None) -> list[tuple[Evidence, Verdict]]:
    """Return today's verdict on each visit whose facts are still kept, where it is another one."""
    asked = (
        sa.select(Evidence)
        .join(Share, Evidence.share_id == Share.id)
        .where(Share.subject == subject, Evidence.kind == "visit")
        .execution_options(populate_existing=True)
    )
    if since is not None:
        asked = asked.where(Evidence.at >= since)
    found = []
    rows = [row for row in db.session.scalars(asked) if "agent" in row.facts]
    held = quarantine.held_evidence([row.id for row in rows])
    for row in rows:
        verdict = visits.judge(visits.Hit.from_json(row.facts))
        if verdict.kind == visits.HUMAN and row.id in held:
            verdict = Verdict(odd.SUSPECTED, odd.REASON)
        if (verdict.kind, verdict.reason, verdict.crawler) != (row.verdict, row.reason, row.facts.get("crawler")):
            found.append((row, verdict))
    return found


def _write(judged: Sequence[tuple[Evidence, Verdict]]) -> None:
    for row, verdict in judged:
        if verdict.reason == odd.REASON:
            row.verdict = visits.HUMAN
            row.reason = visits.judge(visits.Hit.from_json(row.facts)).reason
            quarantine.hold(row)
            continue
        row.verdict, row.reason = verdict.kind, verdict.reason
        row.facts = {k: v for k, v in row.facts.items() if k != "before_quarantine"} | {"crawler": verdict.crawler}
    db.session.flush()
