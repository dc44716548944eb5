"""Whose. In: an edition and a state of its mails or a reason for none. Out: the people of whom it holds, by pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from emails.picks import Reason
from service import readers
from service.boards import FEWEST
from service.choosing import Choosing
from service.database import db
from service.models import Edition, Employee, Omission, Outbox
from service.models.mail import MailState, stands

PER_PAGE = 50


OTHER = "other"


def in_groups(counts: Mapping[str, int]) -> tuple[dict[str, int], bool]:
    """Return reasons with their numbers of people as works-council mode tells them, and whether that hides anybody.

    No number is below FEWEST. What is below stands together as OTHER; where that too would be below, the smallest
    number joins it, so that nobody finds the rest by subtracting.
    Where all together are fewer than FEWEST, nothing is told but that.
    """
    told = sorted(((n, reason) for reason, n in counts.items() if n >= FEWEST), reverse=True)
    rest = sum(n for n in counts.values() if n < FEWEST)
    while 0 < rest < FEWEST and told:
        rest += told.pop()[0]
    found = {reason: n for n, reason in told}
    if rest >= FEWEST:
        found[OTHER] = rest
    return found, 0 < rest < FEWEST


@dataclass(frozen=True)
class Person:
    """One person and what is on record of her mail."""

    employee: Employee | None
    """None: erased, or never in the programme under this subject."""
    why: str | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class People:
    """A page of people; `total` counts all."""

    people: Sequence[Person]
    total: int
    page: int
    pages: int


def whose(edition: Edition, code: str, page: int = 1) -> People:
    """Return the people whose mail of this edition is in a state (MailState), or who get none for a reason (Reason).

    What the edition has not decided yet is foretold where nothing at all is decided (a draft). Raises LookupError for
    a code that is neither.
    """
    if code in set(MailState):
        return _mailed(edition, code, page)
    if code not in set(Reason):
        raise LookupError(code)
    if edition.frozen is None:
        return _foretold(edition, code, page)
    return _paged(
        sa.select(Employee, sa.null(), sa.null())
        .select_from(Omission)
        .outerjoin(Employee, Employee.subject == Omission.subject)
        .where(Omission.edition_id == edition.id, Omission.reason == code)
        .order_by(Omission.subject),
        page,
    )


def _mailed(edition: Edition, code: str, page: int) -> People:
    """Find the page's few rows by number first: neither facts nor people are read of those on other pages."""
    where = [Outbox.edition_id == edition.id, Outbox.kind == readers.KIND, Outbox.state == code]
    if (place := stands(code)) is not None:
        where.append(Outbox.stands == place)
    total = db.session.scalar(sa.select(sa.func.count()).select_from(Outbox).where(*where)) or 0
    page, pages = _within(page, total)
    numbers = sa.select(Outbox.id).where(*where).order_by(Outbox.id).limit(PER_PAGE).offset((page - 1) * PER_PAGE)
    rows = db.session.execute(
        sa.select(Employee, Outbox.why, sa.func.coalesce(Outbox.settled_at, Outbox.due_at))
        .select_from(Outbox)
        .outerjoin(Employee, Employee.subject == Outbox.subject)
        .where(Outbox.id.in_(db.session.scalars(numbers).all()))
        .order_by(Outbox.id)
    )
    return People([Person(*row) for row in rows], total, page, pages)


def _paged(asked: Any, page: int) -> People:
    total = db.session.scalar(sa.select(sa.func.count()).select_from(asked.order_by(None).subquery())) or 0
    page, pages = _within(page, total)
    rows = db.session.execute(asked.limit(PER_PAGE).offset((page - 1) * PER_PAGE))
    return People([Person(*row) for row in rows], total, page, pages)


def _foretold(edition: Edition, code: str, page: int) -> People:
    choosing = Choosing(edition)
    ids = [
        id_
        for number in range(readers.last_page() + 1)
        for id_, decision in choosing.decided(readers.on_page(number))
        if decision.reason == code
    ]
    page, pages = _within(page, len(ids))
    here = ids[(page - 1) * PER_PAGE : page * PER_PAGE]
    people = db.session.scalars(sa.select(Employee).where(Employee.id.in_(here)).order_by(Employee.id))
    return People([Person(employee) for employee in people], len(ids), page, pages)


def _within(page: int, total: int) -> tuple[int, int]:
    pages = max(1, -(-total // PER_PAGE))
    return min(max(1, page), pages), pages
