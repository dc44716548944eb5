"""Roles. In: a liaison, what she shall be allowed. Out: her role, lock, removal, one-time link; always an owner.

viewer reads results, stories and campaigns, never individuals; editor writes content; liaison runs the programme;
owner also says who else may.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from enum import StrEnum

import sqlalchemy as sa

from service import clock, liaisons
from service.database import db
from service.journal import log
from service.models import Liaison
from service.validation import N_, Check, Invalid, Words


class Role(StrEnum):
    """What a liaison may do in the console; each may all that the ones before it may."""

    VIEWER = "viewer"
    EDITOR = "editor"
    LIAISON = "liaison"
    OWNER = "owner"


ORDER = tuple(Role)
LINK_LIVES = timedelta(hours=72)
"""How long a one-time link waits for its liaison."""


def allows(role: str, needed: Role) -> bool:
    """Return whether somebody of this role may do what needs that one; an unknown role may nothing."""
    return role in ORDER and ORDER.index(Role(role)) >= ORDER.index(needed)


def who_may(needed: Role) -> list[Liaison]:
    """Return the liaisons who may do what needs this role, owners first, then by name."""
    found = [one for one in liaisons.everybody() if not one.locked and allows(one.role, needed)]
    return sorted(found, key=lambda one: (one.role != Role.OWNER, one.name))


def invite(email: str, name: str, role: str, *, language: str = "en", zone: str = "UTC") -> tuple[Liaison, str]:
    """Add a liaison who will choose her own password; return her and the token of her one-time link. Commits.

    Raises Invalid.
    """
    liaison = liaisons.add(email, name, None, role=role, language=language, zone=zone)
    return liaison, fresh_link(liaison)


def fresh_link(liaison: Liaison) -> str:
    """Return the token of a new one-time link, valid for LINK_LIVES; an earlier link ends. Commits."""
    token = secrets.token_urlsafe(32)
    liaison.link_hash, liaison.link_until = _hash(token), clock.now() + LINK_LIVES
    db.session.commit()
    return token


def by_link(token: str) -> Liaison | None:
    """Return the liaison whose one-time link this is; None where it is over, used or unknown."""
    found = db.session.scalar(
        sa.select(Liaison).where(Liaison.link_hash == _hash(token), Liaison.link_until > clock.now())
    )
    return found if found is not None and not found.locked and found.removed_at is None else None


def use_link(token: str, password: str) -> Liaison:
    """Give the liaison of this link the password she chose; the link ends. Commits. Raises Invalid."""
    liaison = by_link(token)
    if liaison is None:
        raise Invalid({"link": Words(N_("This link has been used or is over; ask for a new one."))})
    return liaisons.set_password(liaison.email, password)


def change(liaison: Liaison, role: str) -> None:
    """Give a liaison another role. Commits. Raises Invalid for an unknown one, or where no owner would be left."""
    check = Check()
    if role not in ORDER:
        check.refuse("role", N_("Choose one of the roles."))
    elif role != Role.OWNER:
        _another_owner(check, "role", liaison)
    check.done()
    liaison.role = role
    db.session.commit()
    log.info("role changed", liaison=liaison.id, role=role)


def lock(liaison: Liaison) -> None:
    """Keep a liaison out and end her sessions. Commits. Raises Invalid where no owner would be left."""
    check = Check()
    _another_owner(check, "locked", liaison)
    check.done()
    liaison.locked, liaison.session_epoch = True, liaison.session_epoch + 1
    db.session.commit()
    log.info("liaison locked", liaison=liaison.id)


def unlock(liaison: Liaison) -> None:
    """Let a liaison in again, also one who tried too many passwords. Commits."""
    liaison.locked, liaison.failures, liaison.locked_until = False, 0, None
    db.session.commit()
    log.info("liaison unlocked", liaison=liaison.id)


def remove(liaison: Liaison) -> None:
    """Take a liaison out for good; her name stays in the audit log. Commits. Raises Invalid for the last owner."""
    check = Check()
    _another_owner(check, "removed", liaison)
    check.done()
    liaison.removed_at, liaison.session_epoch = clock.now(), liaison.session_epoch + 1
    liaison.link_hash = liaison.link_until = None
    liaison.password_hash = liaisons.NO_PASSWORD
    db.session.commit()
    log.info("liaison removed", liaison=liaison.id)


def _another_owner(check: Check, name: str, liaison: Liaison) -> None:
    """Refuse what would leave no owner. The owners' rows are locked, so that two cannot demote each other at once."""
    owners = db.session.scalars(
        sa.select(Liaison.id)
        .where(Liaison.role == Role.OWNER, Liaison.removed_at.is_(None), Liaison.locked.is_(False))
        .with_for_update()
    ).all()
    if list(owners) == [liaison.id]:
        check.refuse(name, N_("She is the only owner; make somebody else an owner first."))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
