"""Accepting. In: an employee who read the policy. Out: which version, and when; of everybody only how many."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

import sqlalchemy as sa

from service import clock, programmes
from service.bulk import insert_or_ignore
from service.choices import Refused
from service.database import db
from service.models import Employee, PolicyAcceptance, Programme
from service.models.people import Status
from service.validation import N_


def version(programme: Programme | None) -> str | None:
    """Return the SHA-256 in hex of the policy in all its languages; None where none is written."""
    if programme is None or not programme.policy:
        return None
    whole = json.dumps(programme.policy, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(whole.encode()).hexdigest()


def accept(employee: Employee, read: str) -> None:
    """Keep that she read this version of the policy, once. Commits. Raises Refused where it is no longer the policy."""
    if not read or read != version(programmes.found()):
        raise Refused("policy", N_("The policy has changed meanwhile. Please read it once more."))
    row = {"subject": employee.subject, "version": read, "at": clock.now()}
    db.session.execute(insert_or_ignore(PolicyAcceptance).values(**row))
    db.session.commit()


def accepted_at(employee: Employee) -> datetime | None:
    """Return when she accepted the present policy; None: not yet."""
    asked = sa.select(PolicyAcceptance.at).where(
        PolicyAcceptance.subject == employee.subject, PolicyAcceptance.version == version(programmes.found())
    )
    return db.session.scalar(asked)


def accepted() -> tuple[int, int]:
    """Return how many of those who take part accepted the present policy, and how many these are."""
    part = Employee.status.in_((Status.INVITED, Status.ACTIVE, Status.PAUSED))
    read = sa.select(PolicyAcceptance.subject).where(PolicyAcceptance.version == version(programmes.found()))
    of = sa.select(sa.func.count()).select_from(Employee).where(part)
    return db.session.scalar(of.where(Employee.subject.in_(read))) or 0, db.session.scalar(of) or 0
