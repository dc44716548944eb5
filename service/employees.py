"""Employees. In: files of HR systems, single words. Out: people invited, kept up to date, found; her choices first."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from service.addresses import NotAnAddress, normal_address
from service.database import db
from service.employees_import import Preview, Report, apply, preview
from service.models import Employee
from service.models.people import Status
from service.people import seeking
from service.sheets import Unreadable
from service.validation import N_, Invalid, Words

__all__ = [
    "NotAnAddress",
    "Preview",
    "Report",
    "Unreadable",
    "apply",
    "by_address",
    "normal_address",
    "preview",
    "restore",
    "search",
]


def by_address(text: str) -> Employee | None:
    """Return who has this address, however it is written; None: nobody, or it is no address."""
    try:
        address = normal_address(text)
    except NotAnAddress:
        return None
    return db.session.scalar(sa.select(Employee).where(Employee.email == address))


def search(words: str = "", status: str = "") -> sa.Select[Employee]:
    """Return a SELECT of employees, by name, whose name, address, office or team holds the words; "" asks nothing."""
    asked = sa.select(Employee).options(joinedload(Employee.team)).order_by(Employee.sought, Employee.id)
    if status:
        asked = asked.where(Employee.status == status)
    fits = seeking.fitting(words)
    return asked if fits is None else asked.where(fits)


def restore(employee: Employee) -> Employee:
    """Take back that somebody is gone (the file was wrong, or she came back); she counts as invited.

    Who left by her own choice comes back by herself only: Invalid.
    """
    if employee.status != Status.GONE:
        raise Invalid({"status": Words(N_("Only somebody marked as gone can be brought back."))})
    employee.status = Status.INVITED  # active again with the next edition, or when she opts in
    employee.left_at = None
    db.session.commit()
    return employee
