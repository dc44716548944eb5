"""The gate. In: how the programme brings colleagues in. Out: who waits before it, as conditions of one place.

While the programme is limited, whoever has not begun and is in no cohort that begins waits (Employee.waits); before the
day of the invitations, whoever was not invited yet does. Who waits gets no invitation, no reminder and no digest.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from emails.slots import day_in
from service import clock, programmes
from service.database import db
from service.models import Cohort, CohortMember, Employee, Onboarding
from service.models.people import Status


def settings() -> Onboarding:
    """Return how colleagues are brought in; the defaults where nobody has said."""
    found = db.session.get(Onboarding, 1)
    return found or Onboarding(id=1, limited=False, invite_on=None, welcome=True, sharing=True, reminders=2)


def stored() -> Onboarding:
    """Return the row to change; makes it if there is none. Does not commit."""
    found = settings()
    db.session.add(found)
    db.session.flush()
    return found


def early() -> bool:
    """Tell whether the day of the invitations is still to come, in the programme's zone."""
    day = settings().invite_on
    return day is not None and day_in(clock.now(), programmes.current().zone) < day


def newcomers_wait() -> bool:
    """Tell whether somebody new, who is in no cohort, waits."""
    return settings().limited or early()


def waiting() -> Any:
    """Return the condition that an employee has to wait."""
    inside = sa.select(CohortMember.employee_id).join(Cohort, Cohort.id == CohortMember.cohort_id).where(Cohort.begins)
    reasons = [Employee.id.not_in(inside)] if settings().limited else []
    reasons += [Employee.invited_at.is_(None)] if early() else []
    if not reasons:
        return sa.false()
    return sa.and_(Employee.status == Status.INVITED, Employee.email.is_not(None), sa.or_(*reasons))
