"""Mail choices. In: an employee and classes of mail. Out: which of them reach her; each can be switched off alone.

What concerns a prize (frozen, winner and claim mails) is in no class that can be switched; neither is the answer to
something she asked for herself.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from service import choices, suppressions
from service.database import db
from service.journal import log
from service.models import Employee, Suppression
from service.suppressions import ALL

SWITCHED = ("digest", "onboarding", "campaign", "recognition", "shares", "month", "winners")
"""Classes of mail that she may switch, in the order of her page; /u/<pass>/<class> stops one."""


def stopped(employee: Employee) -> dict[str, str]:
    """Return class (and "all") → reason for what does not reach her address. Reads only."""
    if not employee.email:
        return {ALL: "erased"}
    hashed = suppressions.address_hash(employee.email)
    asked = sa.select(Suppression.scope, Suppression.reason).where(Suppression.address_hash == hashed)
    return {scope: reason for scope, reason in db.session.execute(asked) if scope == ALL or scope in SWITCHED}


def wanted(employee: Employee) -> list[str]:
    """Return the classes that reach her, in their order; none where every mail is stopped. Reads only."""
    off = stopped(employee)
    return [] if ALL in off else [each for each in SWITCHED if each not in off]


def stop(employee: Employee, which: str) -> None:
    """Stop one class of mail; every other stays as it is. Again is no harm. Commits. Raises KeyError for no class."""
    if which not in SWITCHED:
        raise KeyError(which)
    if which == "digest":
        choices.unsubscribe(employee)
        return
    if employee.email:
        suppressions.suppress(employee.email, which, "unsubscribed")
    db.session.commit()
    log.info("mails switched off", subject=employee.subject, mails=which)


def choose(employee: Employee, which: Iterable[str]) -> None:
    """Switch exactly these classes on, the others off. Commits.

    Only her own switching off is taken back: what a bounce or a complaint stopped stays stopped.
    """
    on, now = set(which), stopped(employee)
    for each in SWITCHED:
        if each not in on and each not in now:
            stop(employee, each)
        elif each in on and now.get(each) == "unsubscribed" and employee.email:
            suppressions.lift(employee.email, each)
    db.session.commit()
