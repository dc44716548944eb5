"""Badge books. In: subjects and their shares. Out: the programme's badges, weeks of rest, stories, and what is earned.

Reads only: settling, verifying and showing all ask here, so that they never disagree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from scoring import badges, weeks
from scoring.badges import TOGETHER, About, Around, Badge, Kind
from scoring.rules import Timetable
from scoring.shares import Facts
from service import clock
from service.books import Terms
from service.bulk import among
from service.database import db
from service.models import Badge as Row
from service.models import Campaign, Edition, Employee, Holiday, Rest, Story, Topic
from service.models.mail import EditionStatus

Level = tuple[str, int]
"""Slug and level."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A badge as the programme has it."""

    badge: Badge
    on: bool
    own: bool
    """The programme made it; its words are in the declaration."""


def everything() -> list[Kept]:
    """Return every badge: Goodword's in their order, then the programme's own by slug."""
    rows = {row.slug: row for row in db.session.scalars(sa.select(Row).order_by(Row.slug))}
    found = []
    for badge in badges.DEFAULTS:
        row = rows.pop(badge.slug, None)
        changed = badges.read(row.declaration) if row and row.declaration else badge
        found.append(Kept(changed, row.on if row else True, changed is not badge))
    found += [Kept(badges.read(row.declaration), row.on, True) for row in rows.values() if row.declaration]
    return found


def declared() -> tuple[Badge, ...]:
    """Return the badges that are switched on, in the order in which they are offered."""
    return tuple(kept.badge for kept in everything() if kept.on)


def begun(agreed: Terms) -> Timetable:
    """Return the versions of the rules up to now: what counts for badges."""
    return agreed.times.until(clock.now())


def title(slug: str, language: str = "") -> str | None:
    """Return the title that the programme gave a badge of its own; None for Goodword's, whose words are catalogued."""
    declaration = db.session.scalar(sa.select(Row.declaration).where(Row.slug == slug))
    return said(declaration["title"], language) if declaration else None


def said(words: Mapping[str, str], language: str = "") -> str:
    """Return words in this language, else in English, else in the first there are."""
    return words.get(language) or words.get("en") or next(iter(words.values()), "")


def around(shares: Mapping[str, Iterable[Facts]], of: Sequence[Badge], zone: str) -> dict[str, Around]:
    """Return what surrounds each subject's shares, as far as these badges ask for it, in a handful of queries."""
    stories: Mapping[int, About] = {}
    if any(asks_stories(b) for b in of):
        stories = about({f.story_id for hers in shares.values() for f in hers})
    rest: Mapping[str, frozenset[str]] = {}
    if any(b.criterion.in_a_row for b in of):
        rest = resting(list(shares), zone)
    return {subject: Around(stories, rest.get(subject, frozenset())) for subject in shares}


def asks_stories(badge: Badge) -> bool:
    """Tell whether counting for this badge needs the topics or campaigns of stories."""
    c = badge.criterion
    return bool(c.topic or c.campaign or c.kind in (Kind.TOPICS, Kind.ONE_TOPIC, Kind.ONE_CAMPAIGN))


def about(ids: Iterable[int]) -> dict[int, About]:
    """Return slugs of topics and campaign for each of these stories."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    slugs = {topic.id: topic.slug for topic in db.session.execute(sa.select(Topic.id, Topic.slug))}
    found: dict[int, About] = {}
    for n in range(0, len(wanted), 5000):
        query = sa.select(Story.id, Story.topics, Campaign.slug).outerjoin(Campaign, Story.campaign_id == Campaign.id)
        for number, topics, campaign in db.session.execute(query.where(Story.id.in_(wanted[n : n + 5000]))):
            found[number] = About(tuple(slugs[t] for t in topics if t in slugs), campaign)
    return found


def resting(subjects: Sequence[str], zone: str) -> dict[str, frozenset[str]]:
    """Return for each subject the weeks that break no row: her pauses, the company's holidays, weeks without edition.

    A week that a pause touches on one day is one of them. Nobody's weeks lie in the future.
    """
    now = weeks.week_of(clock.now(), zone)
    sent, by_zone = set[str](), defaultdict[str, set[str]](set)
    pauses: list[tuple[str, frozenset[str]]] = []
    for kind, what, where, from_on, until_on in db.session.execute(_rests(subjects)):
        if kind == "rest":
            pauses.append((what, _touched(from_on, until_on, now)))
        elif kind == "edition":
            sent.add(what)
        else:
            by_zone[where].add(what)
    everybody = frozenset(without_edition(sent, now) | by_zone.pop("", set()))
    found = dict.fromkeys(subjects, everybody)
    if by_zone:
        places = sa.select(Employee.subject, Employee.zone).where(Employee.zone.in_(list(by_zone)))
        for subject, where in db.session.execute(places.where(among(Employee.subject, subjects))):
            found[subject] |= by_zone[where]
    for subject, touched in pauses:
        found[subject] |= touched
    return found


def _rests(subjects: Sequence[str]) -> Any:
    """Return the query of pauses (of whom, from, until), weeks with an edition, and the company's (week, zone)."""
    never, nowhere = sa.null(), sa.literal("")
    pauses = sa.select(sa.literal("rest"), Rest.subject, nowhere, Rest.from_on, Rest.until_on)
    editions = sa.select(sa.literal("edition"), Edition.week, nowhere, never, never)
    holidays = sa.select(sa.literal("holiday"), Holiday.week, Holiday.zone, never, never)
    return sa.union_all(
        pauses.where(among(Rest.subject, subjects)),
        editions.where(Edition.released_at.is_not(None), Edition.status != EditionStatus.CANCELLED),
        holidays,
    )


def without_edition(sent: set[str], current: str) -> set[str]:
    """Return the weeks since the first edition, up to the one before `current`, that are not among those `sent`."""
    found, week = set(), min(sent, default=current)
    while week < current:
        if week not in sent:
            found.add(week)
        week = weeks.shift(week, 1)
    return found


def _touched(from_on: date, until_on: date | None, current: str) -> frozenset[str]:
    last = weeks.monday(current) + timedelta(days=6)
    until = last if until_on is None else min(until_on, last)
    days = (until - from_on).days
    first = from_on - timedelta(days=from_on.weekday())
    return frozenset(weeks.week_of_day(first + timedelta(days=n)) for n in range(0, days + from_on.weekday() + 1, 7))


def earned(
    shares: Mapping[str, Sequence[Facts]], agreed: Terms, of: Sequence[Badge] | None = None
) -> dict[str, dict[Level, datetime]]:
    """Return for each subject the levels that her own shares earned, each with its moment.

    `of` are the badges that count (None: those switched on). Kinds of criteria.TOGETHER are given by service.badges.
    """
    if not any(f.visited_at for hers in shares.values() for f in hers):
        return {subject: {} for subject in shares}
    counting = declared() if of is None else of
    surroundings, times = around(shares, counting, agreed.zone), begun(agreed)
    return {
        subject: {
            (e.badge, e.level): e.at for e in badges.earned(hers, times, agreed.zone, counting, surroundings[subject])
        }
        for subject, hers in shares.items()
    }


def settled(of: Iterable[Badge] | None = None) -> frozenset[str]:
    """Return the slugs whose awards follow from a person's own shares, among badges that are switched on."""
    return frozenset(b.slug for b in (declared() if of is None else of) if b.criterion.kind not in TOGETHER)
