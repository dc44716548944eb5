"""Ledger. In: lines to book. Out: an append-only ledger with totals of the same transaction; its reading and proof."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite

from scoring import shares
from scoring.points import Entry, Reversal, base
from scoring.weeks import month_of
from service import badge_books, books, campaign_sums, clock, holders, joint_sums, team_sums, totals
from service.bulk import among
from service.campaign_sums import Change, Measure
from service.database import db
from service.models import Award, LedgerEntry, Share, Story, Total

EVER = totals.EVER

CHUNK = 500


class AppendOnly(Exception):
    """Somebody tried to change or delete a line of the ledger; a correction is a reversal."""


def insert(table: type) -> Any:
    """Return this database's INSERT that knows ON CONFLICT."""
    return (postgresql if db.engine.dialect.name == "postgresql" else sqlite).insert(table)


def book(subject: str, lines: Sequence[Entry | Reversal], zone: str) -> int:
    """Append lines to a subject's ledger and add them to her totals; return how many were new.

    A line whose key stands already is left out, points and all: many identical bookings make one line. Does not commit.
    """
    return book_all({subject: lines}, zone)


def book_all(lines: Mapping[str, Sequence[Entry | Reversal]], zone: str, changes: Sequence[Change] = ()) -> int:
    """Append lines by subject, many people's in as many statements as one's. As above.

    `changes` are of shares that count for more now, or for less, and go into the same totals.
    """
    ids = _ids(line.reverses for hers in lines.values() for line in hers if isinstance(line, Reversal))
    now = clock.now()
    rows: list[dict[str, Any]] = [
        {
            "key": line.key,
            "subject": subject,
            "points": line.points,
            "reason": line.reason,
            "facts": {},
            "share_id": int(line.share.removeprefix("share:")) if line.share else None,
            "at": line.at,
            "month": month_of(line.at, zone),
            "reverses_id": ids[line.reverses] if isinstance(line, Reversal) else None,
            "booked_at": now,
        }
        for subject, hers in lines.items()
        for line in hers
    ]
    if not rows and not changes:
        return 0
    shared = [row["share_id"] for row in rows if row["share_id"]]
    campaigns = campaign_sums.campaigns_of([*shared, *(change.share_id for change in changes)])
    added = campaign_sums.periods(changes, campaigns)
    new = _append(rows)
    for subject, at, share, points in new:
        for period in _periods(at, campaigns.get(share), zone):
            added[subject][period] += points
    totals.add_all(added)
    return len(new)


def _append(rows: list[dict[str, Any]]) -> Sequence[Any]:
    if not rows:
        return []
    statement = insert(LedgerEntry).on_conflict_do_nothing(index_elements=["key"])
    told = statement.returning(LedgerEntry.subject, LedgerEntry.at, LedgerEntry.share_id, LedgerEntry.points)
    return db.session.connection().execute(told, rows).all()


def _ids(keys: Iterable[str]) -> dict[str, int]:
    wanted = list(keys)
    if not wanted:
        return {}
    found = db.session.execute(sa.select(LedgerEntry.key, LedgerEntry.id).where(among(LedgerEntry.key, wanted)))
    return {line.key: line.id for line in found}


def _periods(at: datetime, campaign: int | None, zone: str) -> tuple[str, ...]:
    periods = totals.periods_of(at, zone)
    return periods if campaign is None else (*periods, campaign_sums.period_of(Measure.POINTS, campaign))


def entries(subject: str) -> list[LedgerEntry]:
    """Return a subject's lines, newest event first."""
    order = (LedgerEntry.at.desc(), LedgerEntry.id.desc())
    return list(db.session.scalars(sa.select(LedgerEntry).where(LedgerEntry.subject == subject).order_by(*order)))


def total(subject: str, period: str = EVER) -> int:
    """Return a subject's points in a period (`2026-11`, `2026-W47`, `2026-Q4`, `campaign:7`) or, by default, ever."""
    query = sa.select(Total.points).where(Total.subject == subject, Total.period == period)
    return db.session.scalar(query) or 0


@event.listens_for(LedgerEntry, "before_update")
@event.listens_for(LedgerEntry, "before_delete")
def _refuse(_mapper: Any, _connection: Any, line: LedgerEntry) -> None:
    raise AppendOnly(f"line {line.key} of the ledger stands; book a reversal instead")


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where the books do not agree. `what` names the line, total, share or badge."""

    kind: str
    """line, missing, surplus, total, share, badge or board."""
    subject: str
    what: str
    expected: str
    found: str


GRACE = timedelta(days=1)
"""What lapsed within this time may still wait for its reversal: `settle_due` runs on a schedule."""

AT_ONCE = 500
"""Subjects that are verified in one batch."""


def verify(progress: Callable[[int], None] | None = None) -> list[Finding]:
    """Work out everybody's score anew from shares and evidence, and return every difference, by subject.

    Reads only. What looks wrong is looked at again while nobody else can settle that person, so that work under way is
    no finding. `progress` is told how many subjects each batch had.
    """
    agreed = books.terms()
    findings: list[Finding] = []
    for batch in batches():
        for subject in sorted({f.subject for f in _check(batch, agreed)}):
            books.lock(subject)
            findings += _check([subject], agreed)
        if progress:
            progress(len(batch))
    for period, points, expected, found in holders.wrong():
        findings.append(Finding("board", "", f"{period}, {points} points", str(expected), str(found)))
    for period, team, points_of, points_kept in team_sums.wrong():
        findings.append(Finding("board", "", f"{period}, team {team}", points_of, points_kept))
    return findings


def count_subjects() -> int:
    """Return how many people have shares, lines, totals or badges."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(_everybody())) or 0


def _everybody() -> sa.Subquery:
    return sa.union(*(sa.select(t.subject) for t in (Share, LedgerEntry, Total, Award))).subquery()


def batches() -> Iterator[list[str]]:
    """Give everybody who has shares, lines, totals or badges, by subject, AT_ONCE at a time."""
    everybody, last = _everybody(), ""
    query = sa.select(everybody.c.subject).order_by(everybody.c.subject).limit(AT_ONCE)
    while batch := list(db.session.scalars(query.where(everybody.c.subject > last))):
        yield batch
        last = batch[-1]


def _check(subjects: Sequence[str], agreed: books.Terms) -> Iterator[Finding]:
    yield from _wrong_lines(subjects)
    yield from _wrong_totals(subjects, agreed.zone)
    now = clock.now()
    read = books.read(subjects, agreed.times)
    yield from _wrong_badges(read, agreed)
    for subject, hers in read.items():
        earlier = {line.key for line in books.owed(hers, agreed, now - GRACE)}
        for line in books.owed(hers, agreed, now):
            if line.key not in earlier:
                continue
            if isinstance(line, Reversal):
                yield Finding("surplus", subject, line.reverses, "0", str(-line.points))
            else:
                yield Finding("missing", subject, line.key, str(line.points), "0")
        for id_, facts in hers.folded.items():
            state = shares.state_of(facts, agreed.times)
            if state != hers.states[id_]:
                yield Finding("share", subject, f"share:{id_}", state, hers.states[id_])
            elif facts != hers.stored[id_]:
                yield Finding("share", subject, f"share:{id_}", _moments(facts), _moments(hers.stored[id_]))


def _moments(facts: shares.Facts) -> str:
    return f"declared {facts.declared_at}, seen {facts.seen_at}, visits {len(facts.visited_at)}"


def _wrong_badges(read: Mapping[str, books.Books], agreed: books.Terms) -> Iterator[Finding]:
    """Levels that are held and not earned, or earned and not held, unless a person took them back."""
    counting = badge_books.declared()
    settled = badge_books.settled(counting)
    folded = {subject: tuple(hers.folded.values()) for subject, hers in read.items()}
    for subject, earned in badge_books.earned(folded, agreed, counting).items():
        awards = {key: award for key, award in read[subject].awards.items() if key[0] in settled}
        held = {key: award.earned_at for key, award in awards.items() if award.revoked_at is None}
        for key in sorted(earned.keys() | held.keys()):
            if earned.get(key) != held.get(key) and not (key in awards and awards[key].revoked_why):
                what = key[0] if key[1] == 1 else f"{key[0]} {key[1]}"
                yield Finding("badge", subject, what, str(earned.get(key)), str(held.get(key)))


def _wrong_totals(subjects: Sequence[str], zone: str) -> Iterator[Finding]:
    sums: Counter[tuple[str, str]] = Counter()
    lines = (
        sa.select(LedgerEntry.subject, LedgerEntry.at, LedgerEntry.points, Story.campaign_id)
        .outerjoin(Share, LedgerEntry.share_id == Share.id)
        .outerjoin(Story, Share.story_id == Story.id)
        .where(LedgerEntry.subject.in_(subjects))
    )
    for subject, at, points, campaign in db.session.execute(lines):
        for period in _periods(at, campaign, zone):
            sums[subject, period] += points
    sums.update(campaign_sums.counted(subjects))
    joints = joint_sums.every()
    sums.update(joint_sums.expected(sums, joints))
    kept_rows = sa.select(Total.subject, Total.period, Total.points).where(Total.subject.in_(subjects))
    kept = {(t.subject, t.period): t.points for t in db.session.execute(kept_rows)}
    for subject, period in sorted(sums.keys() | kept.keys()):
        expected, found = sums[subject, period], kept.get((subject, period), 0)
        if expected != found:
            yield Finding("total", subject, period, str(expected), str(found))


def _wrong_lines(subjects: Sequence[str]) -> Iterator[Finding]:
    """Lines that contradict themselves: a month that is not their time's, a reversal unlike what it takes back."""
    origin = sa.orm.aliased(LedgerEntry)
    query = sa.select(LedgerEntry, origin).outerjoin(origin, LedgerEntry.reverses_id == origin.id)
    taken_back: set[int] = set()
    for line, of in db.session.execute(query.where(LedgerEntry.subject.in_(subjects)).order_by(LedgerEntry.id)):
        # A day's width either way: the programme's zone may have been another when the line was booked.
        months = {f"{line.at + timedelta(hours=h):%Y-%m}" for h in (-14, 14)}
        if line.month not in months:
            yield Finding("line", line.subject, line.key, " or ".join(sorted(months)), line.month)
        if of is None:
            continue
        expected = (of.subject, -of.points, of.at, of.month)
        if (line.subject, line.points, line.at, line.month) != expected:
            yield Finding(
                "line", line.subject, line.key, f"{-of.points} in {of.month}", f"{line.points} in {line.month}"
            )
        if base(line.key) != base(of.key) or line.share_id != of.share_id:
            yield Finding("line", line.subject, line.key, f"a reversal of {base(line.key)}", of.key)
        if of.id in taken_back or of.reverses_id is not None:
            yield Finding("line", line.subject, line.key, "one reversal of a booking", "another one")
        taken_back.add(of.id)
