"""Visiting. In: hits on short links. Out: their evidence with verdicts, and the sharers' scores settled.

A visit is judged in two steps. What one hit says by itself is derived at once, and its address is gone (`arrived`);
what needs other visits to be told (a burst, the sharer herself) is looked up when it is judged, in batches and by the
visits' own times, so that neither order nor repetition of batches matters (`record`, `judge_arrivals`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from scoring import visits
from scoring.rules import Timetable
from service import books, clock, poster_visits, settling
from service.books import terms
from service.database import db
from service.links import by_code, leads_to, new_click, way_of
from service.models import Arrival, Evidence, Share
from service.visiting_facts import Intake
from service.visiting_history import Arrived, History, completed, facts_of

VISITS_A_HEAD = 5
"""So many times as many visits as sharers are judged in one transaction at most (settling.people_at_once)."""
AT_ONCE = 2000
"""Visits that are read at a time."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for a page, as far as evidence needs it. The address is hashed at once and kept nowhere."""

    method: str = "GET"
    address: str = ""
    agent: str = ""
    purpose: str = ""
    language: str = ""
    dest: str = ""
    """The Sec-Fetch-Dest header."""


def arrived(intake: Intake, share_id: int, salt: str, asked: Asked, at: datetime, click: str | None = None) -> Arrived:
    """Return what is kept of one hit: hashes and facts, the address no more."""
    return Arrived(share_id, at, *intake.marks(salt, asked), click, intake.hit(asked).to_json())


def visit(code: str, asked: Asked) -> str:
    """Record one GET of a short link with its verdict, settle what it proves, and return where it leads. Commits.

    Raises UnknownCode.
    """
    share = by_code(code)
    way = way_of(share)
    click = new_click() if way.click else None
    if share.salt is not None:  # else her data were erased: the link goes on, nothing is counted
        record([arrived(Intake.read(), share.id, share.salt, asked, clock.now(), click)])
    return way.to(click)


def look_up(code: str, click: str | None = None) -> str:
    """Return where a short link leads, with this click's id where one is wanted, recording nothing.

    Raises UnknownCode.
    """
    return leads_to(by_code(code), click)


def record(arrivals: Sequence[Arrived]) -> int:
    """Judge these visits, keep them as evidence and settle their sharers; return how many were kept.

    A use case: commits after every few people. Visits of erased people's links are dropped.
    """
    kept = 0
    owners = _owners({each.share_id for each in arrivals})
    known = [(owners[each.share_id], each) for each in arrivals if each.share_id in owners]
    for subjects, some in _few(known):
        books.lock_all(subjects)
        kept += _keep(some)
        db.session.commit()
    return kept


def judge_arrivals() -> int:
    """Judge all visits that wait in the table of arrivals, of shares and of posters; return how many.

    A use case: commits after every few people, so that it can be stopped and repeated at any moment, and run twice at
    once: who deletes an arrival's row is the one who judges it.
    """
    count = 0
    oldest = sa.select(Arrival.id, Arrival.share_id, Arrival.poster_id).order_by(Arrival.id).limit(AT_ONCE)
    while found := db.session.execute(oldest).all():
        by_poster = {id_: poster_id for id_, _share_id, poster_id in found if poster_id is not None}
        waiting = [(id_, share_id) for id_, share_id, _poster_id in found if share_id is not None]
        owners = _owners({share_id for _, share_id in waiting})
        db.session.rollback()  # nothing is held while the locks are waited for
        if by_poster:
            count += poster_visits.judge(list(by_poster), set(by_poster.values()))
            db.session.commit()
        nobodys = [id_ for id_, share_id in waiting if share_id not in owners]
        if nobodys:
            count += len(_claimed(nobodys))
            db.session.commit()
        for subjects, ids in _few([(owners[share_id], id_) for id_, share_id in waiting if share_id in owners]):
            books.lock_all(subjects)
            claimed = _claimed(ids)
            _keep(claimed)
            db.session.commit()
            count += len(claimed)
    db.session.rollback()
    return count


def _owners(share_ids: set[int]) -> dict[int, str]:
    """Return share id → subject of those shares that there are."""
    found = db.session.execute(sa.select(Share.id, Share.subject).where(Share.id.in_(share_ids)))
    return {row.id: row.subject for row in found}


def _few(known: Sequence[tuple[str, T]]) -> Iterator[tuple[list[str], list[T]]]:
    """Yield some of these (subject, visit) at a time, as (subjects, visits).

    Sorted by subject: two that lock many never wait for each other in a circle.
    """
    people = settling.people_at_once()
    subjects: list[str] = []
    some: list[T] = []
    for subject, each in sorted(known, key=lambda pair: pair[0]):
        new = not subjects or subjects[-1] != subject
        if len(some) >= people * VISITS_A_HEAD or (new and len(subjects) >= people):
            yield subjects, some
            subjects, some, new = [], [], True
        subjects += [subject] if new else []
        some.append(each)
    if some:
        yield subjects, some


def _claimed(ids: list[int]) -> list[Arrived]:
    columns = [getattr(Arrival, name) for name in Arrived.__slots__]
    deleted = sa.delete(Arrival).where(Arrival.id.in_(ids)).returning(*columns)
    rows = db.session.execute(deleted.execution_options(synchronize_session=False))
    return [Arrived(**{**row, "facts": json.loads(row["facts"])}) for row in rows.mappings()]


def _keep(arrivals: Sequence[Arrived]) -> int:
    """Add the evidence of these visits and settle whom it concerns; the caller holds the locks of their sharers."""
    if not arrivals:
        return 0
    asked = sa.select(Share).where(Share.id.in_({each.share_id for each in arrivals}))
    shares = {s.id: s for s in db.session.scalars(asked.execution_options(populate_existing=True)) if s.salt}
    counted = [each for each in arrivals if each.share_id in shares]
    history, times = History.of(counted), terms().times
    rows, concerned = [], set()
    for each in counted:
        hit = completed(each, history)
        verdict = visits.judge(hit)
        rows.append(_row(each, hit, verdict))
        if _matters(each, verdict, shares[each.share_id], history, times):
            concerned.add(shares[each.share_id].subject)
    if rows:
        db.session.execute(sa.insert(Evidence), rows)
    concerned |= {shares[share_id].subject for share_id in history.judge_again()}
    settling.settle_all(concerned)
    return len(rows)


def _row(each: Arrived, hit: visits.Hit, verdict: visits.Verdict) -> dict[str, Any]:
    columns = {name: getattr(each, name) for name in Arrived.__slots__}
    judged = {"kind": "visit", "verdict": verdict.kind, "reason": verdict.reason, "again": False}
    return {**columns, **judged, "facts": facts_of(hit, verdict)}


def _matters(each: Arrived, verdict: visits.Verdict, share: Share, history: History, times: Timetable) -> bool:
    """Tell whether a visit can change what its share proves. Settling reads all evidence of a sharer: a flood of one
    link must not do so again and again."""
    if verdict.crawler and visits.proves(verdict.crawler, share.network):
        return share.seen_at is None or each.at < share.seen_at
    if verdict.kind != visits.HUMAN:
        return False
    paid = [datetime.fromisoformat(moment) for moment in share.visited_at or ()]
    before = history.person.get((each.share_id, each.visitor))
    if before is not None and before <= each.at and before in paid:
        return False  # this visitor counts already, by an earlier visit
    return len(paid) < times.of(each.at).visitors_a_share or each.at <= max(paid)  # else all that are paid for came
