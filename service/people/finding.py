"""Finding. In: words and filters. Out: a page of employees, counted as far as a person reads; fast among a million."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from service.database import db
from service.models import CohortMember, Employee, Suppression
from service.people.seeking import fitting

PER_PAGE = 50
COUNTED = 10_000
"""Nobody leafs further: beyond, the list asks for a narrower search."""

SORTS: dict[str, tuple[Any, ...]] = {
    "name": (Employee.sought, Employee.id),
    "-name": (Employee.sought.desc(), Employee.id.desc()),
    "since": (Employee.id,),
    "-since": (Employee.id.desc(),),
    "status": (Employee.status, Employee.sought),
    "-status": (Employee.status.desc(), Employee.sought.desc()),
}
"""Each goes by an index: ids grow with time."""


def _suppressed(_value: str) -> Any:
    return sa.exists().where(Suppression.address_hash == Employee.address_hash)


def _cohort(value: str) -> Any:
    members = sa.select(CohortMember.employee_id).where(CohortMember.cohort_id == int(value))
    return Employee.id.in_(members)


FILTERS: dict[str, Callable[[str], Any]] = {
    "status": lambda value: Employee.status == value,
    "team": lambda value: Employee.team_id == int(value) if value != "none" else Employee.team_id.is_(None),
    "language": lambda value: Employee.language == value,
    "office": lambda value: Employee.office == value,
    "cohort": _cohort,
    "leader": lambda _value: Employee.leads,
    "suppressed": _suppressed,
    "draws": lambda _value: Employee.excluded_from_draws,
    "waits": lambda _value: Employee.waits,
}
"""Name of a filter → the condition that its value means."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of people. `more`: there are more than `total`, which nobody counted."""

    rows: Sequence[Employee]
    total: int
    more: bool
    page: int
    pages: int


def find(words: str = "", chosen: Mapping[str, str] | None = None, sort: str = "name", page: int = 1) -> Found:
    """Return a page of those who fit all words and filters; who was erased is in no list. Reads only.

    `chosen`: name of FILTERS → value; `sort`: a key of SORTS.
    """
    query = sa.select(Employee).where(Employee.email.is_not(None))
    for name, value in (chosen or {}).items():
        query = query.where(FILTERS[name](value))
    fits = fitting(words)
    if fits is not None:
        query = query.where(fits)
    seen = query.with_only_columns(sa.literal(1)).limit(COUNTED + 1).subquery()
    counted = db.session.scalar(sa.select(sa.func.count()).select_from(seen)) or 0
    total = min(counted, COUNTED)
    pages = max(1, -(-total // PER_PAGE))
    page = min(max(1, page), pages)
    rows = query.options(joinedload(Employee.team)).order_by(*SORTS[sort])
    found = db.session.scalars(rows.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
    return Found(found, total, counted > COUNTED, page, pages)


def anybody() -> bool:
    """Tell whether anybody is in the programme's list at all."""
    return db.session.scalar(sa.select(Employee.id).where(Employee.email.is_not(None)).limit(1)) is not None


def offices() -> list[str]:
    """Return the offices there are, by name, two hundred at most.

    Each is looked for behind the one before: among a million people this asks for a few rows, not for all.
    """
    found: list[str] = []
    last = ""
    while len(found) < 200:
        asked = sa.select(sa.func.min(Employee.office)).where(Employee.office > last)
        office = db.session.scalar(asked)
        if office is None:
            break
        found.append(office)
        last = office
    return found
