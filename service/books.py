"""Books. In: subjects. Out: what is stored of their shares and score, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scoring import points, shares
from scoring.points import Booked, Entry, Reversal, Rules
from scoring.rules import Timetable, held
from scoring.shares import Event, Facts, Span
from scoring.visits import HUMAN, SUSPECTED, Verdict
from service import clock
from service.database import db
from service.models import (
    Absence,
    Award,
    Campaign,
    Employee,
    Evidence,
    LedgerEntry,
    Programme,
    Quarantine,
    QuarantinedVisit,
    RuleSet,
    Share,
    Story,
)
from service.models.rules import LEFT


@dataclass(frozen=True)
class Terms:
    """The programme's zone and rules."""

    zone: str
    rules: Rules
    """Those valid at the moment that was asked for."""
    times: Timetable = field(default_factory=Timetable)
    """Those of every moment: events count by the rules of their own time."""


@dataclass
class Books:
    """All that is stored of one subject's shares and score, and what follows from it."""

    stored: dict[int, Facts] = field(default_factory=dict)
    """By share id, as the share's row says."""
    states: dict[int, str] = field(default_factory=dict)
    folded: dict[int, Facts] = field(default_factory=dict)
    """By share id, as evidence says."""
    booked: list[Booked] = field(default_factory=list)
    awards: dict[tuple[str, int], Award] = field(default_factory=dict)
    """By badge and level, those taken back too."""
    events: dict[int, list[Event]] = field(default_factory=dict)
    """By share id, the evidence that is still kept."""
    away: list[Span] = field(default_factory=list)
    """When she was suspended or had left."""

    def fold(self, rules: Rules | Timetable) -> dict[int, Facts]:
        """Return her shares by id as evidence says under these rules; what happened while she was away is left out."""
        times = held(rules)
        return {
            id_: shares.present(shares.fold(known, self.events.get(id_, ()), times), self.away)
            for id_, known in self.stored.items()
        }


def terms(moment: datetime | None = None) -> Terms:
    """Return the programme's zone, its rules valid at this moment (default: now), and those of every moment.

    Before there is a programme: the defaults, in UTC.
    """
    found = db.session.execute(sa.select(Programme.zone, Programme.rules).where(Programme.id == 1)).first()
    if found is None:
        return Terms("UTC", Rules())
    versions = sa.select(RuleSet.valid_from, RuleSet.values).where(RuleSet.withdrawn_at.is_(None))
    later = db.session.execute(versions.order_by(RuleSet.valid_from, RuleSet.version))
    times = Timetable(Rules.of(found.rules), tuple((at, Rules.of(values)) for at, values in later))
    return Terms(found.zone, times.of(moment or clock.now()), times)


def lock(subject: str) -> None:
    """Let nobody else settle this subject until the transaction ends.

    Call it before changing a share's row in a transaction that will settle: whoever settles holds this lock first and
    rows second. SQLite has one writer anyway.
    """
    lock_all([subject])


def lock_all(subjects: Sequence[str]) -> None:
    """Let nobody else settle any of these subjects, in this order: sorted, so that nobody waits in a circle."""
    if db.engine.dialect.name == "postgresql":
        # On the connection, not the session: a flush before the lock would take row locks in the wrong order.
        # A function in FROM gives its rows in their order, and each is locked before the next is drawn.
        db.session.connection().execute(
            sa.text("SELECT pg_advisory_xact_lock(hashtextextended(s, 0)) FROM unnest(CAST(:s AS text[])) s"),
            {"s": list(subjects)},
        )


def read(
    subjects: Sequence[str], rules: Rules | Timetable, judged: Mapping[int, Verdict] | None = None
) -> dict[str, Books]:
    """Return the books of each of these subjects, in six queries.

    `judged` gives pieces of evidence, by id, another verdict than the one that is stored.
    """
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
    events = _events(subjects, judged or {})
    for share_id, told in _stood_aside(subjects).items():
        events.setdefault(share_id, []).extend(told)
    for id_, subject in owner.items():
        found[subject].events[id_] = events.get(id_, [])
    for subject, spans in _away(subjects).items():
        found[subject].away = spans
    times = held(rules)
    for books in found.values():
        books.folded = books.fold(times)
    for subject, lines in _booked(subjects).items():
        found[subject].booked = lines
    awards = sa.select(Award).where(Award.subject.in_(subjects)).execution_options(populate_existing=True)
    for award in db.session.scalars(awards):
        found[award.subject].awards[award.badge, award.level] = award
    return found


FOLDED = (
    Share.id,
    Share.network,
    Share.opened_at,
    Share.declared_at,
    Share.seen_at,
    Share.visited_at,
    Share.own_words,
    Share.story_id,
)
"""The columns that `known` reads."""


def known(share: Any) -> Facts:
    """Return what a share or a row of its FOLDED columns says, as scoring knows it (without its campaign)."""
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


def owed(books: Books, agreed: Terms, now: datetime) -> tuple[Entry | Reversal, ...]:
    """Return the lines that a subject's ledger lacks."""
    due = points.due(tuple(books.folded.values()), agreed.times, agreed.zone, now)
    return points.differences(due, [b for b in books.booked if b.share], points.lapsed(agreed.times, now))


def _away(subjects: Sequence[str]) -> dict[str, list[Span]]:
    """Return when each of these subjects was suspended, had left, or has left and is not back."""
    found: dict[str, list[Span]] = {}
    absences = sa.select(Absence.subject, Absence.since, Absence.until).where(Absence.subject.in_(subjects))
    for subject, since, until in db.session.execute(absences.order_by(Absence.id)):
        found.setdefault(subject, []).append((since, until))
    left = sa.select(Employee.subject, Employee.left_at).where(Employee.subject.in_(subjects))
    for subject, left_at in db.session.execute(left.where(Employee.status.in_(LEFT))):
        if left_at is not None:
            found.setdefault(subject, []).append((left_at, None))
    return found


def _events(subjects: Sequence[str], judged: Mapping[int, Verdict]) -> dict[int, list[Event]]:
    rows = db.session.execute(
        sa.select(
            Evidence.id,
            Evidence.share_id,
            Evidence.kind,
            Evidence.at,
            Evidence.verdict,
            Evidence.reason,
            Evidence.visitor,
            Evidence.again,
            Evidence.facts,
            Evidence.place,
        )
        .join(Share, Evidence.share_id == Share.id)
        .where(Share.subject.in_(subjects))
    )
    found: dict[int, list[Event]] = {}
    for id_, share_id, kind, at, verdict, reason, visitor, again, facts, place in rows:
        crawler = facts.get("crawler") or ((reason or "").partition("crawler:")[2] or None)
        if (anew := judged.get(id_)) is not None:
            verdict, crawler = anew.kind, anew.crawler
        found.setdefault(share_id, []).append(Event(kind, at, verdict, crawler, visitor, again, place))
    return found


def _stood_aside(subjects: Sequence[str]) -> dict[int, list[Event]]:
    """Return the visits whose evidence is forgotten, and that an odd pattern held: they count if it is decided so."""
    rows = db.session.execute(
        sa.select(
            QuarantinedVisit.share_id,
            QuarantinedVisit.at,
            sa.func.max(sa.case((Quarantine.decision == "count", 0), else_=1)),
            sa.func.max(sa.case((QuarantinedVisit.first, 1), else_=0)),
        )
        .join(Quarantine, QuarantinedVisit.quarantine_id == Quarantine.id)
        .join(Share, QuarantinedVisit.share_id == Share.id)
        .where(QuarantinedVisit.evidence_id.is_(None), Share.subject.in_(subjects))
        .group_by(QuarantinedVisit.share_id, QuarantinedVisit.at)
    )
    found: dict[int, list[Event]] = {}
    for share_id, at, aside, first in rows:
        # One visit may be held by several patterns; of its visitor nothing is known but that this was somebody.
        verdict = HUMAN if first and not aside else SUSPECTED
        found.setdefault(share_id, []).append(Event("visit", at, verdict, visitor=f"at {at.isoformat()}"))
    return found


def _booked(subjects: Sequence[str]) -> dict[str, list[Booked]]:
    """Return the lines of each of these subjects as scoring.points knows them."""
    taken_back = sa.orm.aliased(LedgerEntry)
    rows = db.session.execute(
        sa.select(
            LedgerEntry.subject,
            LedgerEntry.key,
            LedgerEntry.points,
            LedgerEntry.at,
            LedgerEntry.reason,
            LedgerEntry.share_id,
            taken_back.key,
        )
        .outerjoin(taken_back, LedgerEntry.reverses_id == taken_back.id)
        .where(LedgerEntry.subject.in_(subjects))
        .order_by(LedgerEntry.id)
    )
    found: dict[str, list[Booked]] = {subject: [] for subject in subjects}
    for subject, key, worth, at, reason, share_id, reverses in rows:
        share = f"share:{share_id}" if share_id else ""
        found[subject].append(Booked(key, worth, at, reason, share, reverses))
    return found
