"""Passes of people. In: a pass from a URL, or whom one is made for. Out: the employee behind it, or that it ended."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa

from emails import passes
from emails.passes import Purpose, WrongPass
from emails.values import Passes
from service import clock, keys
from service.database import db
from service.models import Employee, RetiredLink, SigningKey
from service.models.people import Status

EPOCH = date(1970, 1, 1)
LASTS = {Purpose.SHARE: 90, Purpose.ME: 30}
"""Days that a pass opens its door. A claim's ends with its prize's deadline; unsubscribing never ends."""

ENDED = frozenset({Status.LEFT, Status.GONE})


class EndedPass(Exception):
    """A genuine pass that no longer opens: she left, her links were reset, or its days are over."""


def today_number(now: datetime) -> int:
    """Return the day of this moment as passes count it: days since 1970-01-01 in UTC."""
    return (now.astimezone(UTC).date() - EPOCH).days


def keyring(purpose: str = Purpose.SHARE) -> dict[int, bytes]:
    """Return key id → key of all keys that verify this purpose; retired ones verify only unsubscribing."""
    return {
        key.id: keys.material(key)
        for key in keys.listed()
        if key.retired_at is None or Purpose(purpose) is Purpose.UNSUBSCRIBE
    }


def newest_key_id() -> int:
    """Return the id of the key that signs now.

    Raises LookupError where no programme was created yet: that makes the first key.
    """
    found = db.session.scalar(
        sa.select(SigningKey.id)
        .where(SigningKey.retired_at.is_(None))
        .order_by(SigningKey.created_at.desc(), SigningKey.id.desc())
        .limit(1)
    )
    if found is None:
        raise LookupError("there is no signing key; `goodword programme create` makes the first one")
    return found


def passes_for(link_id: str, day: int, key_id: int) -> Passes:
    """Return the four passes of one mail: `link_id` as in the employee's row, `day` of today_number().

    Raises LookupError for a key id that does not exist.
    """
    return passes.make(key_of(key_id), key_id, bytes.fromhex(link_id), day)


def key_of(key_id: int) -> bytes:
    """Return the bytes of the key with this id, to sign many mails with. Raises LookupError."""
    key = db.session.get(SigningKey, key_id)
    if key is None:
        raise LookupError(f"there is no signing key {key_id}")
    return keys.material(key)


def open_pass(text: str, purpose: str) -> Employee:
    """Return whom this pass belongs to.

    Raises emails.passes.WrongPass (the page is a uniform 404) or EndedPass (410): a leaver's, one from before
    her `links_from` or of a link id that a reset replaced, or one past its days (share 90, me 30).
    """
    found = passes.read(text, purpose, keyring(purpose))
    employee = _behind(found.link_id.hex())
    if employee is None:
        raise WrongPass
    age = today_number(clock.now()) - found.day
    if (
        employee.link_id != found.link_id.hex()
        or employee.status in ENDED
        or EPOCH + timedelta(days=found.day) < employee.links_from
        or age > LASTS.get(Purpose(purpose), age)
    ):
        raise EndedPass
    return employee


def open_unsubscribe(text: str) -> Employee | None:
    """Return whom a genuine unsubscribe pass belongs to, however old and whatever became of her since.

    None: her row is gone, and a genuine pass still deserves its 200. Raises WrongPass for a pass that is not ours.
    """
    return _behind(passes.read(text, Purpose.UNSUBSCRIBE, keyring(Purpose.UNSUBSCRIBE)).link_id.hex())


def _behind(link_id: str) -> Employee | None:
    """Return the employee who has or had this link id."""
    return db.session.scalar(
        sa.select(Employee).where(
            sa.or_(
                Employee.link_id == link_id,
                Employee.id.in_(sa.select(RetiredLink.employee_id).where(RetiredLink.link_id == link_id)),
            )
        )
    )


__all__ = [
    "LASTS",
    "EndedPass",
    "Purpose",
    "WrongPass",
    "keyring",
    "newest_key_id",
    "open_pass",
    "open_unsubscribe",
    "passes_for",
    "today_number",
]
