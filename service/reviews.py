"""Reviews. In: nothing, or a person or short link. Out: odd patterns as a liaison reviews them, visits with verdicts.

Reads only. Shows shares and moments; of a visitor nothing but what browser it said it was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scoring import quarantine as odd
from scoring import visits
from service import boards
from service import words_of_quarantine as words
from service.addresses import NotAnAddress, normal_address
from service.database import db
from service.links import UnknownCode, by_code
from service.models import Employee, Evidence, Liaison, Quarantine, QuarantinedVisit, Share, Story

SHOWN = 200
"""Decided patterns that are shown, the newest."""


PATTERNS = sa.select(Quarantine)
OLDEST_FIRST = sa.case((Quarantine.decision.is_(None), Quarantine.id), else_=2**31 - 1 - Quarantine.id)
"""In what order patterns are looked at: the longest waiting first, then those decided, the newest first."""


@dataclass(frozen=True, slots=True)
class Held:
    """The visits of one share that a pattern holds."""

    share: int
    sharer: str | None
    """The colleague's name; None: a former colleague."""
    story: str
    network: str
    visits: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """One pattern as it is reviewed; `row.decision` None: it waits."""

    row: Quarantine
    held: Sequence[Held]
    liaison: str | None

    @property
    def visits(self) -> int:
        return sum(line.visits for line in self.held)


def waiting() -> int:
    """Return how many patterns wait for a decision."""
    return db.session.scalar(sa.select(sa.func.count(Quarantine.id)).where(Quarantine.decision.is_(None))) or 0


def open_reviews() -> list[Review]:
    """Return the patterns that wait for a decision, the oldest first."""
    return of(list(db.session.scalars(PATTERNS.where(Quarantine.decision.is_(None)).order_by(Quarantine.id))))


def decided_reviews() -> list[Review]:
    """Return the patterns that were decided, the latest decision first."""
    asked = PATTERNS.where(Quarantine.decision.is_not(None))
    return of(list(db.session.scalars(asked.order_by(Quarantine.decided_at.desc(), Quarantine.id.desc()).limit(SHOWN))))


def _together(lines: Sequence[Held]) -> Held:
    """Return a pattern's visits as one line of no share and nobody: figures of one person are for her alone."""
    first, last = min(line.first for line in lines), max(line.last for line in lines)
    return Held(0, None, "", "", sum(line.visits for line in lines), first, last)


def of(rows: Sequence[Quarantine]) -> list[Review]:
    """Return these patterns with what they hold, in their order."""
    held: dict[int, list[Held]] = defaultdict(list)
    lines = (
        sa.select(
            QuarantinedVisit.quarantine_id, Share.id, Employee.name, Employee.email, Story.title, Share.network,
            sa.func.count(QuarantinedVisit.id), sa.func.min(QuarantinedVisit.at), sa.func.max(QuarantinedVisit.at),
        )
        .join(Share, QuarantinedVisit.share_id == Share.id)
        .join(Story, Share.story_id == Story.id)
        .outerjoin(Employee, Employee.subject == Share.subject)
        .where(QuarantinedVisit.quarantine_id.in_([row.id for row in rows]))
        .group_by(
            QuarantinedVisit.quarantine_id, Share.id, Employee.name, Employee.email, Story.title, Share.network
        )
        .order_by(Employee.name, Share.id)
    )  # fmt: skip
    for number, share, name, email, story, network, count, first, last in db.session.execute(lines):
        held[number].append(Held(share, name or email, story, network, count, first, last))
    if boards.only_groups():
        held = defaultdict(list, {number: [_together(lines)] for number, lines in held.items()})
    names: dict[int, str] = {n.id: n.name for n in db.session.scalars(sa.select(Liaison))}
    return [Review(row, held[row.id], names.get(row.decided_by or 0)) for row in rows]


class Nobody(LookupError):
    """No share has this code, and nobody in the programme this address."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One piece of evidence with its verdict in words."""

    code: str
    story: str
    network: str
    at: datetime
    kind: str
    verdict: str | None
    reason: str | None
    words: str
    agent: str
    crawler: str | None


def seen(who: str) -> list[Seen]:
    """Return what was seen of one short link (its code) or of all shares of a person (an address), oldest first.

    Raises Nobody.
    """
    try:
        of = Share.id == by_code(who.rstrip("/").rpartition("/")[2]).id
    except UnknownCode:
        of = Share.subject == _subject(who)
    asked = (
        sa.select(Evidence, Share.code, Share.network, Story.title)
        .join(Share, Evidence.share_id == Share.id)
        .join(Story, Share.story_id == Story.id)
        .where(of)
        .order_by(Evidence.at, Evidence.id)
    )
    return list(_told(db.session.execute(asked)))


def _subject(who: str) -> str:
    try:
        found = db.session.scalar(sa.select(Employee.subject).where(Employee.email == normal_address(who)))
    except NotAnAddress:
        found = None
    if found is None:
        raise Nobody(who)
    return found


def in_words(reason: str | None) -> str:
    """Return a verdict's reason in words, in English."""
    return words.REASON if reason == odd.REASON else visits.REASONS.get(reason or "", reason or "")


def _told(rows: Iterable[Any]) -> Iterator[Seen]:
    for row, code, network, title in rows:
        said = in_words(row.reason)
        agent, crawler = str(row.facts.get("agent", "")), row.facts.get("crawler")
        yield Seen(code, title, network, row.at, row.kind, row.verdict, row.reason, said, agent, crawler)
