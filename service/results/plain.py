"""Plainly. In: shares and their kept visits. Out: what each brings by cell, one by one: what counting must say.

`service.results.figuring` counts the same in sets, in the database; `verifying` and tests set this beside it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from scoring import results
from scoring.results import day_of_cell, periods_of
from service import books
from service.database import db
from service.models import CountedShare, Employee, Evidence, ResultsState, Share, StatedAudience, Story
from service.models.results import EVERYBODY, WHATEVER
from service.results import audiences

Key = tuple[Any, ...]

_ALSO = (
    Share.subject,
    Share.state,
    Share.salt,
    Share.text_id,
    Employee.team_id,
    StatedAudience.people,
    Story.campaign_id,
)
"""What is read beside a share's folded facts."""


@dataclass(frozen=True)
class Brought:
    """What one share brings now by cell (scoring.results), and what it is counted under."""

    share_id: int
    subject: str
    team: int
    network: str
    story: int
    campaign: int
    cells: Counter[str]


def of_shares(ids: Collection[int], state: ResultsState) -> Iterator[Brought]:
    """Give what each of these shares brings now; not one that was counted and whose sharer was erased since."""
    asked = sa.select(CountedShare).where(CountedShare.share_id.in_(ids))
    before = {c.share_id: c for c in db.session.scalars(asked.execution_options(populate_existing=True))}
    averages = audiences.averages()
    rows = db.session.execute(
        sa.select(*books.FOLDED, *_ALSO)
        .outerjoin(Employee, Employee.subject == Share.subject)
        .outerjoin(Story, Story.id == Share.story_id)
        .outerjoin(
            StatedAudience, sa.and_(StatedAudience.subject == Share.subject, StatedAudience.network == Share.network)
        )
        .where(Share.id.in_(ids))
    ).all()
    visits = _visits(ids, state)
    for share in rows:
        former = before.get(share.id)
        if former is not None and share.salt is None:
            continue
        facts = books.known(share)
        stated = averages.get(share.network, 0) if share.people is None else share.people
        words = "own" if facts.own_words else str(share.text_id or "title")
        cells = results.of_share(facts, share.state, former.audience if former else stated, words, state.zone)
        cells += results.of_visits(visits.get(share.id, ()), state.zone)
        team = former.team_id if former else share.team_id or EVERYBODY
        campaign = share.campaign_id or WHATEVER
        yield Brought(share.id, share.subject, team, share.network, share.story_id, campaign, cells)


def counted(held: CountedShare, whole: date) -> Counter[str]:
    """Return what the figures hold of a share, by cell; of its visits those from the day `whole` on."""
    cells: Counter[str] = Counter()
    if held.opened_on:
        cells[f"{held.opened_on}|opened"] += 1
    if held.day is not None:
        at = datetime.combine(held.day, time(held.hour or 0))
        cells += results.of_post(at, held.state, held.audience, held.words, held.own_words)
    for day, n in held.readers.items():
        cells[f"{day}|readers"] += n
    for cell, n in held.visits.items():
        day, hour, what = cell.split("|", 2)
        if date.fromisoformat(day) >= whole:
            verdict, _, reason = what.partition(":")
            cells += results.of_visit(day, hour, verdict, reason, n)
    return cells


def _visits(ids: Collection[int], state: ResultsState) -> Mapping[int, list[tuple[datetime, str, str]]]:
    asked = sa.select(Evidence.share_id, Evidence.at, Evidence.verdict, Evidence.reason).where(
        Evidence.share_id.in_(ids), Evidence.kind == "visit", Evidence.verdict.is_not(None)
    )
    if state.visits_from is not None:
        asked = asked.where(Evidence.at >= begin(state.visits_from, state.zone))
    found: dict[int, list[tuple[datetime, str, str]]] = {}
    for share_id, at, verdict, reason in db.session.execute(asked):
        found.setdefault(share_id, []).append((at, verdict or "", reason or ""))
    return found


def begin(day: date, zone: str) -> datetime:
    """Return the moment (UTC) at which a day begins in this zone."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


@dataclass
class Added:
    """What shares add: by (team, day, network, story), (team, day, story, …), and people by (period, team, campaign,
    subject)."""

    days: defaultdict[Key, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    hours: defaultdict[Key, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    reasons: Counter[Key] = field(default_factory=Counter)
    people: defaultdict[Key, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def take(self, subject: str, team: int, network: str, story: int, campaign: int, cells: Mapping[str, int]) -> None:
        """Add the cells of one share to the figures of everybody and of the sharer's team; people by campaign too."""
        campaigns = (WHATEVER, campaign) if campaign else (WHATEVER,)
        for cell, n in cells.items():
            day, parts = day_of_cell(cell), cell.split("|")
            for of in (EVERYBODY, team) if team else (EVERYBODY,):
                if len(parts) == 2:
                    self.days[of, day, network, story][parts[1]] += n
                    if parts[1] in ("shares", "readers"):
                        for period, one in product(periods_of(day), campaigns):
                            self.people[period, of, one, subject][parts[1]] += n
                elif parts[1]:
                    self.hours[of, day, story, int(parts[1])][parts[2]] += n
                else:
                    self.reasons[of, day, story, parts[2]] += n
