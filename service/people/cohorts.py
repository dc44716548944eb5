"""Cohorts. In: names and employees. Out: named groups, and a programme that begins with some of them only.

Who waits before the gate meanwhile, says service.people.gate; who takes part already goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from service.bulk import insert_or_ignore
from service.database import db
from service.journal import log
from service.models import Cohort, CohortMember, Employee
from service.people import gate, inviting
from service.validation import N_, Invalid, Words, one_line

LONGEST = 80
QUICK = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Group:
    """One cohort and how many are in it."""

    id: int
    name: str
    begins: bool
    people: int


def everyone() -> list[Group]:
    """Return all cohorts by name with their size."""
    asked = (
        sa.select(Cohort.id, Cohort.name, Cohort.begins, sa.func.count(CohortMember.employee_id))
        .outerjoin(CohortMember, CohortMember.cohort_id == Cohort.id)
        .group_by(Cohort.id, Cohort.name, Cohort.begins)
        .order_by(Cohort.name)
    )
    return [Group(*row) for row in db.session.execute(asked)]


def of(employee: Employee) -> list[str]:
    """Return the names of the cohorts she is in."""
    asked = sa.select(Cohort.name).join(CohortMember, CohortMember.cohort_id == Cohort.id)
    return list(db.session.scalars(asked.where(CohortMember.employee_id == employee.id).order_by(Cohort.name)))


def create(name: str) -> Cohort:
    """Make a cohort. Commits. Raises Invalid for a name that is empty, too long or taken."""
    name = one_line(name)
    if not name or len(name) > LONGEST:
        raise Invalid({"name": Words(N_("Give the group a name of at most 80 signs."))})
    if db.session.scalar(sa.select(Cohort.id).where(sa.func.lower(Cohort.name) == name.lower())):
        raise Invalid({"name": Words(N_("There is a group of this name."))})
    row = Cohort(name=name)
    db.session.add(row)
    db.session.commit()
    return row


def delete(cohort: Cohort) -> None:
    """Delete a cohort; its people stay. Commits. Raises Invalid while the programme begins with it."""
    if cohort.begins and gate.settings().limited:
        raise Invalid({"name": Words(N_("The programme begins with this group. Choose another one first."))})
    db.session.delete(cohort)
    db.session.commit()


def add(cohort_id: int, people: Sequence[Employee]) -> list[int]:
    """Put people into a cohort; return the ids of whom it is new for. Commits. Raises Invalid for no such cohort."""
    if db.session.get(Cohort, cohort_id) is None:
        raise Invalid({"cohort": Words(N_("Choose a group."))})
    asked = sa.select(CohortMember.employee_id).where(CohortMember.cohort_id == cohort_id)
    there = set(db.session.scalars(asked.where(CohortMember.employee_id.in_([each.id for each in people]))))
    new = [each.id for each in people if each.id not in there]
    for number in new:
        row = {"cohort_id": cohort_id, "employee_id": number}
        db.session.execute(insert_or_ignore(CohortMember).values(**row))
    inviting.sort_out()
    db.session.commit()
    return new


def remove(cohort_id: int, ids: Collection[int]) -> int:
    """Take people out of a cohort; return how many were in it. Commits."""
    gone = sa.delete(CohortMember).where(CohortMember.cohort_id == cohort_id, CohortMember.employee_id.in_(ids))
    count = db.session.execute(gone.execution_options(**QUICK)).rowcount  # type: ignore[attr-defined]
    inviting.sort_out()
    db.session.commit()
    return int(count)


def limit(ids: Collection[int]) -> None:
    """Begin with these cohorts only; everybody else who has not begun waits. Commits. Raises Invalid for none."""
    known = set(db.session.scalars(sa.select(Cohort.id).where(Cohort.id.in_(ids))))
    if not known:
        raise Invalid({"cohorts": Words(N_("Choose at least one group to begin with."))})
    for cohort in db.session.scalars(sa.select(Cohort)):
        cohort.begins = cohort.id in known
    gate.stored().limited = True
    inviting.sort_out()
    db.session.commit()
    log.info("programme limited", cohorts=len(known))


def widen() -> int:
    """Open the programme to everybody, and invite who waited; return how many invitations will go. Commits."""
    gate.stored().limited = False
    invited = inviting.sort_out()
    db.session.commit()
    log.info("programme widened", invitations=invited)
    return invited
