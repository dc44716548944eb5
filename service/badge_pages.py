"""Badge pages. In: an award of hers and her wish. Out: a public page of it under a random code, while she shows it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from scoring.badges import Badge
from service import badge_books, suppressions
from service.database import db
from service.journal import log
from service.models import Award, Employee
from service.models.people import Status

_LETTERS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

NAMES = ("none", "initials", "alias")
"""What the page may say of her name."""


class Unknown(LookupError):
    """There is no such award, or not hers."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What an award's page shows: nothing of points, shares or addresses."""

    badge: Badge
    level: int
    levels: int
    earned_at: datetime
    name: str
    revoked_why: str | None
    revoked: bool
    code: str


def show(employee: Employee, award_id: int, name: str) -> str:
    """Give a badge of hers a public page, which says this much of her name (one of NAMES); return its code. Commits.

    It shows the highest level that she holds, so that a new one needs no new page.

    Raises Unknown; ValueError for another kind of name.
    """
    if name not in NAMES:
        raise ValueError(name)
    award = _hers(employee, award_id)
    if award.revoked_at is not None:
        raise Unknown
    words = [word for word in (employee.name or "").split() if word[0].isalnum()]
    initials = " ".join(f"{word[0].upper()}." for word in (words[:1] + words[1:][-1:]))
    award.shown_as = {"none": "", "initials": initials, "alias": employee.alias or initials}[name]
    award.page = award.page or "".join(secrets.choice(_LETTERS) for _ in range(12))
    db.session.commit()
    log.info("award shown", badge=award.badge)
    return award.page


def hide(employee: Employee, award_id: int) -> None:
    """Take the page away; its code never leads anywhere again. Commits. Raises Unknown."""
    award = _hers(employee, award_id)
    award.page, award.shown_as = None, ""
    db.session.commit()


def _hers(employee: Employee, award_id: int) -> Award:
    award = db.session.get(Award, award_id)
    if award is None or award.subject != employee.subject:
        raise Unknown
    return award


def page(code: str) -> Shown:
    """Return what the page of this code shows. Raises Unknown where there is none, or she left or is gone."""
    gone = (Status.LEFT, Status.GONE, Status.SUSPENDED)
    award = db.session.scalar(
        sa.select(Award)
        .join(Employee, Employee.subject == Award.subject)
        .where(Award.page == code, Employee.status.not_in(gone), Employee.email.is_not(None))
    )
    if award is None:
        raise Unknown
    badge = next((k.badge for k in badge_books.everything() if k.badge.slug == award.badge), None)
    if badge is None:
        raise Unknown
    mine = sa.select(Award).where(Award.subject == award.subject, Award.badge == award.badge)
    best = db.session.scalars(mine.where(Award.revoked_at.is_(None)).order_by(Award.level.desc())).first() or award
    gone_for = award.revoked_why if best.revoked_at is not None else None
    lost = best.revoked_at is not None
    return Shown(badge, best.level, len(badge.levels), best.earned_at, award.shown_as, gone_for, lost, code)


def set_mails(employee: Employee, wanted: bool) -> None:
    """Mail her of badges, or not; every other mail stays as it is. Commits."""
    if employee.email:
        if wanted and not mails_on(employee):
            suppressions.lift(employee.email, "recognition")
        elif not wanted:
            suppressions.suppress(employee.email, "recognition", "unsubscribed")
    db.session.commit()


def mails_on(employee: Employee) -> bool:
    """Tell whether mails about badges reach her."""
    hashed = suppressions.address_hash(employee.email or "")
    return bool(employee.email) and suppressions.suppressed(hashed, "badge") is None
