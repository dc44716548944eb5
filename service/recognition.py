"""Recognition. In: subjects and a week, or an employee. Out: what digest and page say of points, badges, people near.

Reads only. A batch of thousands of subjects takes a handful of queries, not one a person.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from emails.values import Neighbour, You
from scoring import badges, points, standings, weeks
from scoring.badges import About, Brief
from scoring.shares import COUNTED, Facts, State
from scoring.visits import HUMAN
from service import badge_books, boards, clock, ledger, untold, words_of_lines, words_of_score
from service.alike import alike_of
from service.board import NEAR, Board, short, standing_lines
from service.books import FOLDED, Terms, known, terms
from service.bulk import among
from service.database import db
from service.draws.plans import usual
from service.models import Award, Employee, Evidence, LedgerEntry, Share, Story, Total
from service.unsaid import unsaid as shares_unsaid

UNKNOWN = About()
"""A story of which badges need know nothing."""

BATCH = 5000
"""Subjects that one query names at most."""


def board_of(week: str) -> Board:
    """Return the board that the digests of a week show, as it stands now: read it once, and decide many with it."""
    return Board(_month(week, terms().zone))


def digest_facts(subjects: Sequence[str], week: str, board: Board | None = None) -> dict[str, You]:
    """Return what the digest of a week (`2026-W47`) says to each of these subjects; unknown ones get zeros.

    *This month* is the month of now, or of the week's nearest moment where now lies outside the week. Shares and
    visits are those of the week before; she is asked about shares opened since her last mail. `board` (of `board_of`)
    spares reading the board of all for each call; points are then those of the board, so that a mail never contradicts
    itself.
    """
    agreed = terms()
    month, begin, now = _month(week, agreed.zone), weeks.begin(week, agreed.zone), clock.now()
    found: dict[str, You] = {}
    groups = boards.only_groups()
    around = {} if board or groups else people_near(subjects, month)
    counting = badge_books.declared()
    ladders = badges.ladders(counting, badge_books.begun(agreed))
    names = tuple(_named(slug) for slug, *_ in ladders)
    alike = alike_of(week, month, agreed, frozenset(usual().networks_out), ladders, names)
    for n in range(0, len(subjects), BATCH):
        batch = list(subjects[n : n + BATCH])
        hers = _visited(batch, agreed.zone, counting)
        rest = badge_books.resting(list(hers), agreed.zone) if hers else {}
        unsaid, told = shares_unsaid(batch, now), untold.news(batch, now, counting)
        readers = _readers(list(hers), weeks.begin(weeks.shift(week, -1), agreed.zone), begin)
        totals = {} if board else _totals(batch, month)
        for subject in batch:
            shares = hers.get(subject)
            more = dict[str, Any]()
            you = alike.told(shares, rest[subject]) if shares else alike.nobody
            if (visits := readers.get(subject, 0)) > you.visits:
                more["visits"] = visits
            if board is None:
                worth, near = totals.get(subject, 0), around.get(subject, ())
            else:
                line = board.line(subject)
                worth, near = (board.off(subject), ()) if line is None else (board.points(line), board.near(line))
            if subject in unsaid:
                more["unsaid"] = unsaid[subject]
            if subject in told:
                more["news"] = told[subject]
            if worth > 0:
                more["points"], more["near"] = worth, () if groups else near
            found[subject] = replace(you, **more) if more else you
    return found


def _month(week: str, zone: str) -> str:
    begin, end = weeks.begin(week, zone), weeks.begin(weeks.shift(week, 1), zone)
    return weeks.month_of(min(max(clock.now(), begin), end - timedelta(microseconds=1)), zone)


def _visited(subjects: Sequence[str], zone: str, counting: Sequence[badges.Badge]) -> dict[str, list[Brief]]:
    """Return what counting needs of the confirmed shares of each of these subjects."""
    # As text: the driver would read each list by three functions of Python.
    visited, was_engaged = sa.cast(Share.visited_at, sa.Text), Share.state == State.ENGAGED
    query = sa.select(Share.subject, visited, Share.network, Share.own_words, Share.story_id, was_engaged).where(
        among(Share.subject, subjects), Share.state.in_(COUNTED)
    )
    rows = db.session.connection().execute(query).all()
    asked = any(badge_books.asks_stories(badge) for badge in counting)
    about = badge_books.about({story for *_others, story, _engaged in rows}) if asked else {}
    found: dict[str, list[Brief]] = defaultdict(list)
    for subject, text, network, own_words, story, engaged in rows:
        if moments := json.loads(text or "[]"):
            begun = tuple(sorted(_week_of(moment, zone) for moment in moments))
            found[subject].append(Brief(begun, network, own_words, about.get(story, UNKNOWN), engaged))
    return found


def _week_of(moment: str, zone: str) -> str:
    """Return the week of a moment in ISO text; of all moments in UTC within an hour of one week it is known at once."""
    whole = _week_of_hour(moment[:13], zone) if moment.endswith("+00:00") else None
    return whole or weeks.week_of(datetime.fromisoformat(moment), zone)


@lru_cache(maxsize=1 << 14)
def _week_of_hour(hour: str, zone: str) -> str | None:
    """Return the week of an hour in UTC, like 2026-11-16T10; None where another begins within it."""
    begin = datetime.fromisoformat(f"{hour}:00:00+00:00")
    first, last = (weeks.week_of(begin + timedelta(minutes=late), zone) for late in (0, 59))
    return first if first == last else None


def _named(slug: str) -> str:
    """Return a badge's slug where the catalogues have its name, else the title that the programme gave it."""
    return slug if slug in words_of_score.BADGES else badge_books.title(slug) or slug


def confirmed_shares(subjects: Sequence[str]) -> dict[str, list[Facts]]:
    """Return the shares of each of these subjects that a human visited, in one query."""
    query = sa.select(Share.subject, *FOLDED).where(among(Share.subject, subjects))
    found: dict[str, list[Facts]] = defaultdict(list)
    for share in db.session.execute(query.where(Share.state.in_(COUNTED))):
        found[share.subject].append(known(share))
    return found


def _readers(subjects: Sequence[str], begin: datetime, end: datetime) -> dict[str, int]:
    """How many humans each of these subjects brought between two moments: shares remember twenty, evidence all."""
    if not subjects:
        return {}
    reader = sa.cast(Evidence.share_id, sa.String) + ":" + sa.func.coalesce(Evidence.visitor, "")
    query = (
        sa.select(Share.subject, sa.func.count(reader.distinct()).label("readers"))
        .join(Evidence, Evidence.share_id == Share.id)
        .where(Evidence.at >= begin, Evidence.at < end, Evidence.kind == "visit", Evidence.verdict == HUMAN)
        .where(among(Share.subject, subjects))
        .group_by(Share.subject)
    )
    return {line.subject: line.readers for line in db.session.execute(query)}


def _totals(subjects: Sequence[str], period: str) -> dict[str, int]:
    query = sa.select(Total.subject, Total.points).where(Total.period == period, among(Total.subject, subjects))
    return {line.subject: line.points for line in db.session.execute(query)}


def people_near(subjects: Sequence[str], period: str) -> dict[str, tuple[Neighbour, ...]]:
    """Return for each of these subjects the board around her: two above, herself, two below.

    One person's is found by the index. For more it is one pass over the board of all, which is read in its order and
    never held, and one query for the names. Who left the programme or the company, is suspended, or asked for it
    stands on no board, nor does anybody with 0 points.
    """
    if len(subjects) == 1:
        return _near_one(subjects[0], period)
    board = standings.board((line.subject, line.points) for line in db.session.execute(standing_lines(period)))
    around = standings.around(board, set(subjects), NEAR)
    names = _names(sorted({line.subject for lines in around.values() for line in lines}))
    return {
        her: tuple(Neighbour(names[n.subject], n.points, n.place, n.subject == her) for n in lines)
        for her, lines in around.items()
    }


def _near_one(subject: str, period: str) -> dict[str, tuple[Neighbour, ...]]:
    person = db.session.scalar(sa.select(Employee).where(Employee.subject == subject))
    rows = boards.near(person, period) if person else []
    return {subject: tuple(Neighbour(row.name, row.figure, row.place, row.her) for row in rows)} if rows else {}


def _names(subjects: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for n in range(0, len(subjects), BATCH):
        query = sa.select(Employee.subject, Employee.alias, Employee.name)
        rows = db.session.execute(query.where(Employee.subject.in_(subjects[n : n + BATCH])))
        found |= {line.subject: line.alias or short(line.name or "") for line in rows}
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """One line of her points. `message` and `values` are for the catalogue (service.words_of_score)."""

    at: datetime
    points: int
    message: str
    values: Mapping[str, object]
    story: str
    network: str
    count: int = 1
    """Readers that this line stands for."""
    why: tuple[words_of_lines.Said, ...] = ()
    """What it rests on, as messages; moments among their values are shown in her zone."""


@dataclass(frozen=True, slots=True)
class Badge:
    """A badge on her page: the highest level earned at a moment, and `have` of `need` steps to the next one."""

    slug: str
    name: str
    help: str
    earned_at: datetime | None = None
    have: int = 0
    need: int = 0
    level: int = 0
    """The highest earned."""
    levels: int = 1
    """All there are."""
    award: Award | None = None
    """The one that has a public page, else the highest level's."""
    kind: str = "shares"
    """What it counts: its picture goes by this."""


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What her page says of her score. `you` is this week's; messages still want translating."""

    you: You
    month: str
    ever: int
    lines: tuple[Line, ...]
    badges: tuple[Badge, ...]
    shares: tuple[Share, ...]


def page_facts(employee: Employee, limit: int = 50) -> PageFacts:
    """Return all that an employee's page says of points, badges, shares, tickets, streak and people near her.

    At most `limit` lines of points and shares, newest first. Reasons, badges' names and helps are messages of
    service.words_of_score to be translated; `Share.state` has its words in STATES there.
    """
    agreed, now = terms(), clock.now()
    week = weeks.week_of(now, agreed.zone)
    shares = db.session.scalars(
        sa.select(Share)
        .options(sa.orm.joinedload(Share.story))
        .where(Share.subject == employee.subject)
        .order_by(Share.created_at.desc(), Share.id.desc())
        .limit(limit)
    ).all()
    return PageFacts(
        you=digest_facts([employee.subject], week)[employee.subject],
        month=weeks.month_of(now, agreed.zone),
        ever=ledger.total(employee.subject),
        lines=tuple(_lines(employee.subject, agreed))[:limit],
        badges=tuple(_badges(employee, week, agreed)),
        shares=tuple(shares),
    )


def _lines(subject: str, agreed: Terms) -> Iterator[Line]:
    """Her ledger, newest event first; readers of one share that follow one another stand in one line."""
    rows = db.session.execute(
        sa.select(
            LedgerEntry.at,
            LedgerEntry.points,
            LedgerEntry.reason,
            Share.network,
            Story.title,
            Share.id,
            LedgerEntry.reverses_id,
            Share.opened_at,
            Share.seen_at,
            Share.visited_at,
            Share.code,
        )
        .outerjoin(Share, LedgerEntry.share_id == Share.id)
        .outerjoin(Story, Share.story_id == Story.id)
        .where(LedgerEntry.subject == subject)
        .order_by(LedgerEntry.at.desc(), LedgerEntry.id.desc())
    )
    back = sa.orm.aliased(LedgerEntry)
    origins = sa.select(back.id, back.at, back.points, back.reason).join(
        LedgerEntry, LedgerEntry.reverses_id == back.id
    )
    taken_back = {row.id: row for row in db.session.execute(origins.where(LedgerEntry.subject == subject))}
    for (reason, network, title, _share), group in groupby(rows, lambda r: (r.reason, r.network, r.title, r.id)):
        lines = list(group)
        parts = [lines] if reason == points.VISITOR else [[line] for line in lines]
        for part in parts:
            message, values = words_of_score.of_reason(reason, network or "", agreed.rules.declared_days)
            worth = sum(line.points for line in part)
            why = words_of_lines.evidence(
                part, taken_back.get(part[0].reverses_id), agreed.zone, agreed.rules.declared_days
            )
            yield Line(part[0].at, worth, message, values, title or "", network or "", len(part), why)


def _badges(employee: Employee, week: str, agreed: Terms) -> Iterator[Badge]:
    """Every badge that is switched on or was earned: the highest level, and the steps to the next one."""
    subject = employee.subject
    hers = confirmed_shares([subject])[subject]
    kept = badge_books.everything()
    of = [each.badge for each in kept]
    surroundings = badge_books.around({subject: hers}, of, agreed.zone)[subject]
    awards: dict[str, Award] = {}
    held = sa.select(Award).where(Award.subject == subject, Award.revoked_at.is_(None)).order_by(Award.level)
    shown: dict[str, Award] = {}
    for award in db.session.scalars(held):
        awards[award.badge] = award
        if award.page:
            shown[award.badge] = award
    for each in kept:
        badge, best = each.badge, awards.get(each.badge.slug)
        if not each.on and best is None:
            continue
        name, help_ = words_of_score.of_badge(badge, employee.language)
        needs = badge.thresholds(agreed.rules)
        have, need = (best.level, best.level) if best else (0, needs[0])
        if badge.criterion.kind not in badges.TOGETHER:
            step = badges.steps(badge, hers, badge_books.begun(agreed), agreed.zone, week, surroundings)
            have, need = step.have, step.need
        level = best.level if best else 0
        hers_to_show = shown.get(badge.slug, best)
        yield Badge(
            badge.slug,
            name,
            help_,
            best.earned_at if best else None,
            have,
            need,
            level,
            len(needs),
            hers_to_show,
            badge.criterion.kind,
        )
