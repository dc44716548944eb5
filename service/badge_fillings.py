"""Filling in. In: a wish to give everybody what she earned already. Out: awards given and taken back, told how far.

A worker goes through everybody with a share or an award, by subject. How far it is stands in the database and is
written in the transaction of each person, so a filling that was killed goes on where it was, and two workers at one
filling do nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import sqlalchemy as sa

from service import badges, clock
from service.books import lock
from service.database import db
from service.journal import log
from service.models import Award, Badge, BadgeFilling
from service.settling import settle

TASK = "badge-fillings"


def begin(tell: bool = False) -> BadgeFilling:
    """Begin a filling for a worker (`work`) and return it, or the one under way, if no badge changed since. Commits.

    Nobody is mailed of what it gives, unless `tell`; it stands on their pages all the same. Who calls wakes the task
    `TASK`.
    """
    lock("badge-filling")
    found = db.session.scalars(_waiting().order_by(BadgeFilling.id.desc()).limit(1)).first()
    changed = db.session.scalar(sa.select(sa.func.max(Badge.changed_at)))
    if found is None or found.tell != tell or (changed and changed > found.began_at):
        everybody = badges.concerned()
        people = db.session.scalar(sa.select(sa.func.count()).select_from(everybody)) or 0
        found = BadgeFilling(tell=tell, people=people, began_at=clock.now())
        db.session.add(found)
    db.session.commit()
    return found


def latest() -> BadgeFilling | None:
    """Return the filling under way, else the one that ended last. Reads only."""
    under_way = db.session.scalars(_waiting().order_by(BadgeFilling.id).limit(1)).first()
    return under_way or db.session.scalars(sa.select(BadgeFilling).order_by(BadgeFilling.id.desc()).limit(1)).first()


def work(progress: Callable[[int], None] | None = None) -> int:
    """Do every filling that waits; return how many levels were given or taken back.

    A use case: commits after each person, so that it can be stopped and repeated at any moment.
    """
    changed = 0
    while row := db.session.scalars(_waiting().order_by(BadgeFilling.id).limit(1)).first():
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
            if not _step(number, last, subject, len(after - before), len(before - after)):
                db.session.rollback()
                return False
            db.session.commit()
            last = subject
            if progress:
                progress(1)
    return True


def _held(subject: str) -> set[int]:
    held = sa.select(Award.id).where(Award.subject == subject, Award.revoked_at.is_(None))
    return set(db.session.scalars(held))


def _step(number: int, before: str, subject: str, given: int, back: int) -> bool:
    """Note that one more person is settled; False if that is not the next one any more."""
    mine = sa.update(BadgeFilling).where(BadgeFilling.id == number, BadgeFilling.last == before)
    noted = mine.where(BadgeFilling.finished_at.is_(None)).values(
        last=subject,
        done=BadgeFilling.done + 1,
        given=BadgeFilling.given + given,
        taken_back=BadgeFilling.taken_back + back,
    )
    return db.session.execute(noted.returning(BadgeFilling.id)).first() is not None


def _note(number: int, given: int, back: int) -> None:
    counted = sa.update(BadgeFilling).where(BadgeFilling.id == number)
    db.session.execute(counted.values(given=BadgeFilling.given + given, taken_back=BadgeFilling.taken_back + back))


def _waiting() -> sa.Select[BadgeFilling]:
    return sa.select(BadgeFilling).where(BadgeFilling.finished_at.is_(None))
