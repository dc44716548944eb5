"""Badges. In: what the liaison decides, and everybody's shares. Out: badges switched, tried, given and taken back.

Levels that follow from a person's own shares are given by service.settling; here are those that others decide on too,
and what concerns everybody at once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from scoring import badges, weeks
from scoring.badges import TOGETHER, Kind, Line, Wrong
from scoring.shares import COUNTED
from service import badge_books, clock, ledger
from service.books import Terms, lock, terms
from service.database import db
from service.journal import log
from service.models import Award, Badge, Campaign, Employee, Holiday, Share, Story
from service.models.content import StoryStatus
from service.models.people import Status

AT_ONCE = 2000
"""People whose shares are read at a time."""
TAKING_PART = (Status.INVITED, Status.ACTIVE, Status.PAUSED)
EVERYBODY = 80
"""Per cent of advocates: a badge that more of them hold tells nobody anything."""
SILENT = 4
"""Weeks without an award, of a badge that was given in several of the weeks before, look like a rule that broke."""


class Unknown(LookupError):
    """There is no such badge, or nobody holds it."""


def switch(slug: str, on: bool) -> None:
    """Give a badge from now on, or no more; what was earned stays. Commits. Raises Unknown."""
    if not any(kept.badge.slug == slug for kept in badge_books.everything()):
        raise Unknown(slug)
    row = db.session.get(Badge, slug) or Badge(slug=slug)
    row.on, row.changed_at = on, clock.now()
    db.session.add(row)
    db.session.commit()
    log.info("badge switched", badge=slug, on=on)


def export() -> list[dict[str, Any]]:
    """Return every badge as JSON values, Goodword's with `own` false and no words."""
    return [{**badges.write(k.badge), "on": k.on, "own": k.own} for k in badge_books.everything()]


def read(found: Any) -> list[tuple[badges.Badge, bool, bool]]:
    """Return (badge, on, own) for each declaration of a file: one object or a list of them. Raises Wrong."""
    items = found if isinstance(found, list) else [found]
    usual = {b.slug: b for b in badges.DEFAULTS}
    done: list[tuple[badges.Badge, bool, bool]] = []
    for number, item in enumerate(items, 1):
        if not isinstance(item, Mapping):
            raise Wrong(f"badge {number}", "object")
        plain = {name: value for name, value in item.items() if name not in ("on", "own")}
        on = item.get("on", True)
        if not isinstance(on, bool):
            raise Wrong(f"badge {number}: on", "yes")
        slug = plain.get("slug")
        if isinstance(slug, str) and slug in usual and not plain.get("title"):
            # One of Goodword's, whose words are in the catalogues: only its levels may be others.
            known = usual[slug]
            plain = {**badges.write(known), **plain, "title": {"en": slug}}
            try:
                badge = badges.read(plain)
            except Wrong as wrong:
                raise Wrong(f"badge {number}: {wrong.field}", wrong.problem, **wrong.values) from None
            same = (badge.levels, badge.criterion) == (known.levels, known.criterion)
            if not same:
                raise Wrong(f"badge {number}: title", "missing")
            done.append((known, on, False))
            continue
        try:
            done.append((badges.read(plain), on, True))
        except Wrong as wrong:
            raise Wrong(f"badge {number}: {wrong.field}", wrong.problem, **wrong.values) from None
    return done


def apply(found: Any) -> list[str]:
    """Keep the declarations of a file; return their slugs. Badges that it does not name stay. Commits. Raises Wrong."""
    kept = read(found)
    for badge, on, own in kept:
        row = db.session.get(Badge, badge.slug) or Badge(slug=badge.slug)
        row.on, row.changed_at = on, clock.now()
        row.declaration = badges.write(badge) if own else None
        db.session.add(row)
    db.session.commit()
    log.info("badges declared", badges=[badge.slug for badge, _on, _own in kept])
    return [badge.slug for badge, _on, _own in kept]


def revoke(subject: str, slug: str, reason: str) -> int:
    """Take a badge, all its levels, back from somebody for a reason; it does not come back by itself. Commits.

    Returns how many levels. Raises Unknown where she holds none, ValueError for an empty reason.
    """
    why = " ".join(reason.split())[:200]
    if not why:
        raise ValueError("say why")
    held = sa.select(Award).where(Award.subject == subject, Award.badge == slug, Award.revoked_at.is_(None))
    awards = db.session.scalars(held).all()
    if not awards:
        raise Unknown(slug)
    for award in awards:
        award.revoked_at, award.revoked_why = clock.now(), why
    db.session.commit()
    log.info("badge taken back", badge=slug, levels=len(awards))
    return len(awards)


def holidays(zone: str, in_weeks: Iterable[str]) -> None:
    """Set the weeks in which the company rests, for people of one zone (empty: everybody). Commits.

    Raises ValueError for what is no ISO week.
    """
    wanted = sorted({week for week in in_weeks if weeks.monday(week)})
    db.session.execute(sa.delete(Holiday).where(Holiday.zone == zone))
    db.session.add_all(Holiday(week=week, zone=zone) for week in wanted)
    db.session.commit()


def settle_together(tell: bool = True, note: Callable[[int, int], object] | None = None) -> int:
    """Give and take back badges that others' shares decide on too; return how many levels changed. Commits.

    Being first goes by what is confirmed now. A team's and a whole campaign's badge stay while any share of hers is
    confirmed: neither who joins a team nor a story more takes them away. Unless `tell`, nobody is mailed of what is
    given. `note` is told of levels given and taken back in the transaction of each badge.
    """
    agreed, now = terms(), clock.now()
    times = badge_books.begun(agreed)
    of = [b for b in badge_books.declared() if b.criterion.kind in TOGETHER]
    if not of:
        return 0
    lines = list(confirmed_lines())
    anybody = {line.subject for line in lines}
    changed = 0
    for badge in of:
        lock(f"badge:{badge.slug}")
        given = back = 0
        due = {
            (subject, e.level): e.at
            for subject, at in moments(badge.criterion.kind, lines, agreed).items()
            for e in badges.reached(badge, at, times)
        }
        rows = db.session.scalars(sa.select(Award).where(Award.badge == badge.slug)).all()
        awards = {(row.subject, row.level): row for row in rows}
        firsts = badge.criterion.kind in (Kind.FIRST_OF_STORY, Kind.FIRST_ON_NETWORK)
        for key, at in due.items():
            award = awards.get(key)
            if award is None:
                row = {"subject": key[0], "badge": badge.slug, "level": key[1], "earned_at": at, "created_at": now}
                told = {} if tell else {"told_at": now}
                made = ledger.insert(Award).values({**row, **told}).on_conflict_do_nothing().returning(Award.id)
                given += db.session.execute(made).first() is not None
            elif award.revoked_at and not award.revoked_why:
                award.revoked_at, award.earned_at = None, at
                given += 1
        for key, award in awards.items():
            if award.revoked_at is None and key not in due and (firsts or key[0] not in anybody):
                award.revoked_at = now
                back += 1
        if note and (given or back):
            note(given, back)
        db.session.commit()
        changed += given + back
    return changed


def moments(kind: Kind, lines: list[Line], agreed: Terms) -> Mapping[str, list[datetime]]:
    """Return when each subject did what a badge that others decide on too counts, by all confirmed shares."""
    if kind is Kind.FIRST_OF_STORY:
        return badges.first_of_story(lines)
    if kind is Kind.FIRST_ON_NETWORK:
        return badges.first_on_network(lines)
    if kind is Kind.WHOLE_CAMPAIGN:
        today = weeks.day_of(clock.now(), agreed.zone)
        rows = db.session.execute(
            sa.select(Campaign.slug, Story.id)
            .join(Story, Story.campaign_id == Campaign.id)
            .where(Campaign.ends_on < today, Story.status.in_((StoryStatus.APPROVED, StoryStatus.ARCHIVED)))
        )
        stories: dict[str, list[int]] = defaultdict(list)
        for slug, story in rows:
            stories[slug].append(story)
        return badges.whole_campaign(lines, stories)
    people = sa.select(Employee.subject, Employee.team_id).where(
        Employee.team_id.is_not(None), Employee.status.in_(TAKING_PART)
    )
    teams = {row.subject: row.team_id for row in db.session.execute(people)}
    return badges.team(lines, teams, Counter(teams.values()), agreed.zone)


def confirmed_lines() -> Iterator[Line]:
    """Yield every confirmed share: whose, of which story, on which network, when first visited."""
    rows = db.session.execute(
        sa.select(Share.subject, Share.story_id, Share.network, Share.visited_at).where(Share.state.in_(COUNTED))
    )
    for subject, story, network, visited in rows:
        if visited:
            yield Line(subject, story, network, datetime.fromisoformat(visited[0]))


def concerned() -> Any:
    """Return the subjects of everybody with a share or an award."""
    return sa.union(sa.select(Share.subject), sa.select(Award.subject)).subquery()


def sharers(last: str = "") -> Iterator[list[str]]:
    """Give everybody with a share or an award, by subject, after this one; read anew for each batch."""
    everybody = concerned()
    query = sa.select(everybody.c.subject).order_by(everybody.c.subject).limit(AT_ONCE)
    while batch := list(db.session.scalars(query.where(everybody.c.subject > last))):
        yield batch
        last = batch[-1]


@dataclass(frozen=True, slots=True)
class Standing:
    """A badge as the console and the command line list it."""

    badge: badges.Badge
    on: bool
    own: bool
    levels: tuple[int, ...]
    """How many people hold each level."""
    last: datetime | None
    """The last award."""
    warning: str = ""
    """silent, everybody or nothing."""


def standings() -> list[Standing]:
    """Return every badge with how many hold each level and what looks wrong with its rule."""
    now = clock.now()
    counts = sa.select(Award.badge, Award.level, sa.func.count()).where(Award.revoked_at.is_(None))
    held = {(slug, level): n for slug, level, n in db.session.execute(counts.group_by(Award.badge, Award.level))}
    lasts = dict(db.session.execute(sa.select(Award.badge, sa.func.max(Award.created_at)).group_by(Award.badge)).all())
    earlier: Counter[str] = Counter()
    for n in range(SILENT, 3 * SILENT):
        week = (
            sa.select(Award.badge)
            .distinct()
            .where(Award.created_at > now - timedelta(weeks=n + 1), Award.created_at <= now - timedelta(weeks=n))
        )
        earlier.update(db.session.scalars(week))
    advocates = held.get((badges.FIRST_WORD, 1), 0)
    found = []
    for kept in badge_books.everything():
        slug = kept.badge.slug
        levels = tuple(held.get((slug, n), 0) for n in range(1, len(kept.badge.levels) + 1))
        last = lasts.get(slug)
        warning = ""
        if kept.on and last and last <= now - timedelta(weeks=SILENT) and earlier[slug] >= 3:
            warning = "silent"
        elif kept.on and slug != badges.FIRST_WORD and advocates >= 10 and 100 * levels[-1] > EVERYBODY * advocates:
            warning = "everybody"
        found.append(Standing(kept.badge, kept.on, kept.own, levels, last, warning))
    return found
