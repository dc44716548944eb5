"""Keys of passes. In: the secret and the rows of signing keys. Out: keys made, retired, listed, and their bytes.

The newest signs, all verify, retired ones verify only unsubscribing. A key's id is one byte of every pass it signed,
so an id is never used again: its old unsubscribe links are in inboxes for ever, and a genuine one always answers 200.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from service import clock, settings
from service.database import db
from service.journal import log
from service.models import Outbox, SigningKey
from service.models.mail import MailState

FIRST, LAST = 1, 255
"""Ids are handed out from 1 to 255, then 0: as many as one byte can say."""
MOST = 256

OPENS = timedelta(days=90)
"""Days that the longest-lived pass opens its door: a share pass (PROTOCOLS). Unsubscribing is not one of them."""

UNSENT = (
    MailState.QUEUED,
    MailState.LEASED,
    MailState.SUBMITTING,
    MailState.RETRY,
    MailState.HELD,
    MailState.AMBIGUOUS,
)
"""States of mails that may still leave, with passes of the key that was newest when they were planned."""


class Refused(Exception):
    """A key cannot be made or retired now; the text says why, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One key and what may be done with it."""

    key: SigningKey
    signs: bool
    until: date | None
    """The last day on which a pass of it may open something; None while it signs, or once it is retired."""

    @property
    def state(self) -> str:
        """signs, verifies or retired."""
        return "retired" if self.key.retired_at else "signs" if self.signs else "verifies"


def ensure() -> SigningKey:
    """Return the newest key, making the first one where there is none. Does not commit: the use case does."""
    found = db.session.scalars(
        sa.select(SigningKey).order_by(SigningKey.created_at.desc(), SigningKey.id.desc())
    ).first()
    if found is None:
        found = SigningKey(id=FIRST, salt=secrets.token_hex(32))
        db.session.add(found)
        db.session.flush()
    return found


def material(key: SigningKey) -> bytes:
    """Return the 64 bytes that sign: HMAC-SHA-512 of the key's salt under GOODWORD_SECRET.

    The database alone, or the secret alone, signs nothing.
    """
    return hmac.digest(settings().secret.encode(), b"goodword-key-v1|" + key.salt.encode("ascii"), "sha512")


def listed() -> list[SigningKey]:
    """Return all keys, oldest first."""
    return list(db.session.scalars(sa.select(SigningKey).order_by(SigningKey.created_at, SigningKey.id)))


def standings() -> list[Standing]:
    """Return all keys with what they do, oldest first."""
    found = listed()
    return [
        Standing(key, newer is None, None if newer is None or key.retired_at else opens_until(newer.created_at))
        for key, newer in zip(found, [*found[1:], None], strict=True)
    ]


def opens_until(superseded_at: datetime) -> date:
    """Return the last day on which a pass may open that was signed before a newer key came.

    Passes count their days from midnight UTC, and planning that had begun may finish with the older key.
    """
    return superseded_at.date() + OPENS + timedelta(days=1)


def rotate() -> SigningKey:
    """Make a new key, which signs from now on; every older one goes on verifying. Commits.

    Raises Refused where all ids are used up, or where there is no key yet.
    """
    found = listed()
    if not found:
        raise Refused("There is no key yet; `goodword programme create` makes the first one.")
    taken = {key.id for key in found}
    free = next((id_ for id_ in (*range(FIRST, LAST + 1), 0) if id_ not in taken), None)
    if free is None:
        raise Refused(
            f"All {MOST} key ids are used up, and none is used again: unsubscribe links signed with each of them "
            "are in inboxes. The newest key goes on signing."
        )
    # A clock that was set back must not leave the older key the newest.
    made = SigningKey(
        id=free,
        salt=secrets.token_hex(32),
        created_at=max(clock.now(), found[-1].created_at + timedelta(microseconds=1)),
    )
    try:
        with db.session.begin_nested():
            db.session.add(made)
    except IntegrityError as taken_meanwhile:
        raise Refused("Somebody else is rotating keys at this moment; `goodword keys list` shows.") from taken_meanwhile
    db.session.commit()
    log.info("signing key made", key=made.id, left=MOST - len(taken) - 1)
    return made


def left() -> int:
    """Return how many keys can still be made."""
    return MOST - (db.session.scalar(sa.select(sa.func.count()).select_from(SigningKey)) or 0)


def unsent(key_id: int) -> int:
    """Return how many mails may still leave whose passes this key signs."""
    signed = Outbox.facts["pass"]["key"].as_integer() == key_id
    asked = sa.select(sa.func.count()).select_from(Outbox).where(Outbox.state.in_(UNSENT), signed)
    return int(db.session.scalar(asked) or 0)


def retire(key_id: int, force: bool = False) -> SigningKey:
    """Let this key verify nothing but unsubscribing from now on. Commits.

    Raises Refused for an unknown key, the one that signs, one retired before, and, unless forced, one whose passes
    may still open something or are in mails not yet sent.
    """
    found = next((standing for standing in standings() if standing.key.id == key_id), None)
    if found is None:
        raise Refused(f"There is no key {key_id}; `goodword keys list` shows them.")
    if found.signs:
        raise Refused(f"Key {key_id} signs; make a new one first with `goodword keys rotate`.")
    if found.key.retired_at:
        raise Refused(f"Key {key_id} is retired already, since {found.key.retired_at.date()}.")
    if not force:
        if waiting := unsent(key_id):
            raise Refused(
                f"{waiting} mails that are not sent yet have links signed with key {key_id}; retire it once they are "
                "out. --force ends those links before they arrive."
            )
        assert found.until is not None
        if clock.now().date() <= found.until:
            raise Refused(
                f"Links signed with key {key_id} are in inboxes and open until {found.until}; retire it from "
                f"{found.until + timedelta(days=1)} on. --force ends them now: if it has leaked, do that."
            )
    found.key.retired_at = clock.now()
    db.session.commit()
    log.info("signing key retired", key=key_id, forced=force)
    return found.key
