"""Liaisons. In: addresses and passwords. Out: who may sign in to the console, or a refusal that tells nothing."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from service import clock
from service.addresses import NotAnAddress, normal_address
from service.database import db
from service.journal import log
from service.locales import language_of, zone_of
from service.models import Liaison
from service.validation import N_, Check

TRIES = 5
"""Wrong passwords in a row after which the door stays shut for a while."""
REST = timedelta(minutes=15)
SHORTEST, LONGEST = 10, 1024
"""Characters of a password. NIST SP 800-63B: length counts, composition rules do not."""

NO_PASSWORD = "!"  # noqa: S105
"""Stands where no password was chosen yet; nothing fits it."""

_hasher = PasswordHasher()  # argon2id, RFC 9106's second recommended set of parameters


class Refused(Exception):
    """Address and password do not fit, or there is no such liaison: the caller is not told which."""


class Locked(Refused):
    """Too many wrong tries in a row; even the right password waits until the rest is over."""


def add(
    email: str, name: str, password: str | None, *, role: str | None = None, language: str = "en", zone: str = "UTC"
) -> Liaison:
    """Let a person sign in to the console. Commits.

    The first one is the owner whatever `role` says; later ones are a liaison unless it says otherwise. Without a
    password she needs a one-time link (service.roles). Somebody removed earlier comes back. Raises Invalid where the
    address is no address or is taken, the name is empty, the role unknown, or the password is too short.
    """
    check = Check()
    address = _address(check, email)
    if address and by_email(address) is not None:
        check.refuse("email", N_("There is a liaison with this address already."))
    name = check.text("name", name, 80, required=True)
    if role not in (None, "viewer", "editor", "liaison", "owner"):
        check.refuse("role", N_("Choose one of the roles."))
    if password is not None:
        _long_enough(check, password)
    check.done()
    role = "owner" if not everybody() else role or "liaison"
    liaison = db.session.scalar(sa.select(Liaison).where(Liaison.email == address)) or Liaison(email=address)
    liaison.name, liaison.role, liaison.language, liaison.zone = name, role, language, zone
    liaison.password_hash = NO_PASSWORD if password is None else _hasher.hash(password)
    liaison.removed_at, liaison.locked, liaison.failures, liaison.locked_until = None, False, 0, None
    db.session.add(liaison)
    db.session.commit()
    log.info("liaison added", liaison=liaison.id, role=role)
    return liaison


def set_password(email: str, password: str) -> Liaison:
    """Give a liaison a new password, end all her sessions and any lock-out. Commits.

    Raises Invalid where there is no such liaison or the password is too short.
    """
    check = Check()
    liaison = by_email(email)
    if liaison is None:
        check.refuse("email", N_("There is no liaison with this address."))
    _long_enough(check, password)
    check.done()
    assert liaison is not None
    liaison.password_hash = _hasher.hash(password)
    liaison.session_epoch += 1
    liaison.failures, liaison.locked_until = 0, None
    liaison.link_hash = liaison.link_until = None
    db.session.commit()
    log.info("password set", liaison=liaison.id)
    return liaison


def everybody() -> list[Liaison]:
    """Return all liaisons by name, without those removed."""
    here = sa.select(Liaison).where(Liaison.removed_at.is_(None))
    return list(db.session.scalars(here.order_by(Liaison.name, Liaison.id)))


def by_email(email: str) -> Liaison | None:
    """Return the liaison with this address in any spelling; None where there is none or she was removed."""
    try:
        address = normal_address(email)
    except NotAnAddress:
        return None
    return db.session.scalar(sa.select(Liaison).where(Liaison.email == address, Liaison.removed_at.is_(None)))


def check_password(email: str, password: str) -> Liaison:
    """Return the liaison whose address and password these are. Commits.

    A try is counted before the password is looked at, so that guesses made at the same moment cannot outrun the lock.
    Raises Locked after TRIES wrong ones in a row (for REST, then counting begins anew), else Refused.
    """
    liaison = by_email(email)
    if liaison is None or liaison.locked or liaison.password_hash == NO_PASSWORD:
        _fits(_nobody(), password)
        raise Refused
    now = clock.now()
    fresh_start = sa.and_(Liaison.locked_until.is_not(None), Liaison.locked_until <= now)
    tries = sa.case((fresh_start, 1), else_=Liaison.failures + 1)
    counted = db.session.execute(
        sa.update(Liaison)
        .where(Liaison.id == liaison.id, sa.or_(Liaison.locked_until.is_(None), Liaison.locked_until <= now))
        .values(failures=tries, locked_until=sa.case((tries >= TRIES, now + REST), else_=None))
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    if counted.rowcount == 0:  # type: ignore[attr-defined]
        _fits(_nobody(), password)
        log.warning("sign-in refused", liaison=liaison.id, why="locked")
        raise Locked
    if not _fits(liaison.password_hash, password):
        log.warning("sign-in refused", liaison=liaison.id, why="password")
        raise Refused
    liaison.failures, liaison.locked_until = 0, None
    if _hasher.check_needs_rehash(liaison.password_hash):
        liaison.password_hash = _hasher.hash(password)
    db.session.commit()
    return liaison


def in_session(liaison_id: object, epoch: object) -> Liaison | None:
    """Return the liaison of a session cookie; None where she is gone, kept out, or the session of an earlier epoch."""
    if not isinstance(liaison_id, int):
        return None
    liaison = db.session.get(Liaison, liaison_id)
    if liaison is None or liaison.locked or liaison.removed_at is not None:
        return None
    return liaison if liaison.session_epoch == epoch else None


def change_password(liaison: Liaison, old: str, new: str) -> None:
    """Let a signed-in liaison choose another password; her other sessions end. Commits. Raises Invalid."""
    check = Check()
    _long_enough(check, new)
    try:
        check_password(liaison.email, old)
    except Refused:
        check.refuse("old", N_("This is not your present password."))
    check.done()
    set_password(liaison.email, new)


def describe(liaison: Liaison, *, name: str, language: str, zone: str) -> None:
    """Change how a liaison is called and in which language and time zone she reads. Commits. Raises Invalid."""
    check = Check()
    name = check.text("name", name, 80, required=True)
    if (code := language_of(language)) is None:
        check.refuse("language", N_("We know no language %(language)s."), language=language)
    if (known := zone_of(zone)) is None:
        check.refuse("zone", N_("We know no time zone %(zone)s; write it like Europe/Rome."), zone=zone)
    check.done()
    liaison.name, liaison.language, liaison.zone = name, str(code), str(known)
    db.session.commit()


def end_sessions(liaison: Liaison) -> None:
    """End all sessions of this liaison, on every device. Commits."""
    liaison.session_epoch += 1
    db.session.commit()


@cache
def _nobody() -> str:
    """Return the hash of nobody's password: an unknown address then takes as long as a known one."""
    return _hasher.hash("nobody's password")


def _long_enough(check: Check, password: str) -> None:
    if len(password) < SHORTEST:
        check.refuse("password", N_("Choose a password of %(shortest)d or more characters."), shortest=SHORTEST)
    elif len(password) > LONGEST:
        check.refuse("password", N_("Keep it to %(longest)d characters."), longest=LONGEST)


def _fits(known: str, password: str) -> bool:
    try:
        return _hasher.verify(known, password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False


def _address(check: Check, email: str) -> str:
    try:
        return normal_address(email)
    except NotAnAddress as refusal:
        check.refuse("email", refusal.words.message, **refusal.words.values)
        return ""
