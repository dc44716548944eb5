"""Filling in. In: a wish to give everybody what she earned already. Out: awards given and taken back, told how far.

A worker goes through everybody with a share or an award, by subject. How far it is stands in the database and is
written in the transaction of each person, so a filling that was killed goes on where it was, and two workers at one
filling do nothing twice. A trial of declarations is a filling too, which only counts: batch by batch, in the same row.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import sqlalchemy as sa

from service import badge_trials, badges, clock
from service.books import lock, terms
from service.database import db, reading
from service.journal import log
from service.models import Award, Badge, BadgeFilling
from service.settling import settle

TASK = "badge-fillings"
AT_ONCE = 1000
"""A trial of so few people is worked out while who asked for it waits."""


def begin(tell: bool = False) -> BadgeFilling:
    """Begin a filling for a worker (`work`) and return it, or the one under way, if no badge changed since. Commits.

    Nobody is mailed of what it gives, unless `tell`; it stands on their pages all the same. Who calls wakes the task
    `TASK`.
    """
    lock("badge-filling")
    waiting = _waiting().where(BadgeFilling.tried.is_(None))
    found = db.session.scalars(waiting.order_by(BadgeFilling.id.desc()).limit(1)).first()
    changed = db.session.scalar(sa.select(sa.func.max(Badge.changed_at)))
    if found is None or found.tell != tell or (changed and changed > found.began_at):
        found = BadgeFilling(tell=tell, people=_people(), began_at=clock.now())
        db.session.add(found)
    db.session.commit()
    return found


def try_out(declared: Any) -> BadgeFilling:
    """Begin a trial of these declarations and return it, worked out already where the people are few. Commits.

    It takes the place of the trial before it, under way or not: there is never more than one. The same declarations
    that are tried just now are not begun again. Who calls wakes the task `TASK` where it is not finished. Raises
    scoring.badges.Wrong.
    """
    of = [badge for badge, _on, _own in badges.read(declared)]
    tried = declared if isinstance(declared, list) else [declared]
    lock("badge-filling")
    found = trial()
    if found is None or found.finished_at is not None or found.tried != tried:
        _forget_trials()
        found = BadgeFilling(people=_people(), tried=tried, found=badge_trials.nothing(of), began_at=clock.now())
        db.session.add(found)
    db.session.commit()
    if found.people <= AT_ONCE and found.finished_at is None:
        _count(found, None)
    return found


def forget_trial() -> None:
    """Forget what was tried: its declarations were kept, or nobody wants them. Commits."""
    _forget_trials()
    db.session.commit()


def trial() -> BadgeFilling | None:
    """Return the trial there is, under way or finished. Reads only."""
    asked = sa.select(BadgeFilling).where(BadgeFilling.tried.is_not(None)).order_by(BadgeFilling.id.desc())
    return db.session.scalars(asked.limit(1).execution_options(populate_existing=True)).first()


def _forget_trials() -> None:
    db.session.execute(sa.delete(BadgeFilling).where(BadgeFilling.tried.is_not(None)))


def _people() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(badges.concerned())) or 0


def latest() -> BadgeFilling | None:
    """Return the filling under way, else the one that ended last. Reads only."""
    fillings = sa.select(BadgeFilling).where(BadgeFilling.tried.is_(None))
    waiting = _waiting().where(BadgeFilling.tried.is_(None))
    under_way = db.session.scalars(waiting.order_by(BadgeFilling.id).limit(1)).first()
    return under_way or db.session.scalars(fillings.order_by(BadgeFilling.id.desc()).limit(1)).first()


def work(progress: Callable[[int], None] | None = None) -> int:
    """Do every filling that waits; return how many levels were given or taken back.

    A use case: commits after each person, so that it can be stopped and repeated at any moment.
    """
    changed = 0
    while row := db.session.scalars(_waiting().order_by(BadgeFilling.id).limit(1)).first():
        if row.tried is not None:
            number = row.id
            if not _count(row, progress) and db.session.get(BadgeFilling, number) is not None:
                break  # another worker is at it; one that is no more gave way to another trial
            continue
        number, last, tell = row.id, row.last, row.tell
        db.session.commit()
        if not _everybody(number, last, tell, progress):
            break
        badges.settle_together(tell, partial(_note, number))
        ended = (
            sa.update(BadgeFilling)
            .where(BadgeFilling.id == number, BadgeFilling.finished_at.is_(None))
            .values(finished_at=clock.now())
            .returning(BadgeFilling.given, BadgeFilling.taken_back)
        )
        found = db.session.execute(ended).first()
        db.session.commit()
        if found:
            log.info("badges filled in", given=found.given, taken_back=found.taken_back)
            changed += found.given + found.taken_back
    return changed


def _everybody(number: int, last: str, tell: bool, progress: Callable[[int], None] | None) -> bool:
    """Settle everybody after `last`; False where another worker is at it, who is left to it."""
    for subjects in badges.sharers(last):
        db.session.commit()
        for subject in subjects:
            before = _held(subject)
            settle(subject)
            after = _held(subject)
            if not tell:
                new = sa.update(Award).where(Award.id.in_(after - before), Award.told_at.is_(None))
                db.session.execute(new.values(told_at=clock.now()))
            given, back = BadgeFilling.given + len(after - before), BadgeFilling.taken_back + len(before - after)
            if not _step(number, last, subject, given=given, taken_back=back):
                db.session.rollback()
                return False
            db.session.commit()
            last = subject
            if progress:
                progress(1)
    return True


def _count(row: BadgeFilling, progress: Callable[[int], None] | None) -> bool:
    """Count what a trial's declarations would give everybody after `last`; False where another worker is at it."""
    number, last = row.id, row.last
    of, counts = [badge for badge, _on, _own in badges.read(row.tried)], row.found or {}
    agreed = terms()
    for subjects in badges.sharers(last):
        db.session.commit()
        counts = badge_trials.added(counts, _read(lambda: badge_trials.of_people(of, subjects, agreed)))  # noqa: B023
        if not _step(number, last, subjects[-1], len(subjects), found=counts):
            db.session.rollback()
            return False
        db.session.commit()
        last = subjects[-1]
        if progress:
            progress(len(subjects))
    db.session.commit()
    counts = badge_trials.added(counts, _read(lambda: badge_trials.of_all(of, agreed)))
    mine = sa.update(BadgeFilling).where(BadgeFilling.id == number, BadgeFilling.finished_at.is_(None))
    db.session.execute(mine.where(BadgeFilling.last == last).values(found=counts, finished_at=clock.now()))
    db.session.commit()
    log.info("badges tried", badges=sorted(counts))
    return True


def _read(work: Callable[[], badge_trials.Compared]) -> badge_trials.Compared:
    """Do work that only reads, in a transaction that keeps no other from SQLite's writing."""
    token = reading.set(True)
    try:
        return work()
    finally:
        db.session.rollback()
        reading.reset(token)


def _held(subject: str) -> set[int]:
    held = sa.select(Award.id).where(Award.subject == subject, Award.revoked_at.is_(None))
    return set(db.session.scalars(held))


def _step(number: int, before: str, subject: str, people: int = 1, **values: Any) -> bool:
    """Note that so many more people are done, up to this one; False if they are not the next ones any more."""
    mine = sa.update(BadgeFilling).where(BadgeFilling.id == number, BadgeFilling.last == before)
    noted = mine.where(BadgeFilling.finished_at.is_(None)).values(
        last=subject, done=BadgeFilling.done + people, **values
    )
    return db.session.execute(noted.returning(BadgeFilling.id)).first() is not None


def _note(number: int, given: int, back: int) -> None:
    counted = sa.update(BadgeFilling).where(BadgeFilling.id == number)
    db.session.execute(counted.values(given=BadgeFilling.given + given, taken_back=BadgeFilling.taken_back + back))


def _waiting() -> sa.Select[BadgeFilling]:
    return sa.select(BadgeFilling).where(BadgeFilling.finished_at.is_(None))
