"""Marks of visitors. In: an address and an agent. Out: keyed hashes of them, and nothing that leads back.

Two hashes are salted per share and live 30 days with its evidence; two lie under a key of the week, the same on all
shares, and live 7 days (PROTOCOLS, identity and privacy). Both keys hang on GOODWORD_SECRET too, so that the database
alone, or a backup of it, is not enough to try addresses out.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from service import clock, settings
from service.bulk import insert_or_ignore
from service.database import db
from service.models import WeeklyKey
from service.network_ranges import place_of, unplaced


class Marks(NamedTuple):
    """Hashes of 32 hexadecimal signs; fields are named like Evidence's columns."""

    visitor: str
    """Address and agent, salted per share."""
    place: str | None
    """Address alone, salted per share; None for an address that says nothing of a place."""
    weekly: str
    """Address and agent, under the week's key."""
    weekly_place: str | None
    """Address alone, under the week's key; None as above."""


def visitor_hashes(share_salt: str, week_key: bytes, address: str, agent: str) -> Marks:
    """Return the marks of whoever came from this address with this agent. Of IPv6 only the /64 matters.

    `share_salt` is hexadecimal (Share.salt), `week_key` from `week_key()`.
    """
    place = place_of(address)
    key = _salted(settings().secret, share_salt)
    who = f"visitor|{place}|{agent}".encode()
    if unplaced(address):
        return Marks(_hash(key, who), None, _hash(week_key, who), None)
    where = f"place|{place}".encode()
    return Marks(_hash(key, who), _hash(key, where), _hash(week_key, who), _hash(week_key, where))


def _hash(key: bytes, said: bytes) -> str:
    """Return the first half of HMAC-SHA-256 (RFC 2104), begun with the key once.

    Not `hmac.digest`: that lets other threads go first at every call, four times for each visit of a flood.
    """
    inner, outer = (half.copy() for half in _begun(key))
    inner.update(said)
    outer.update(inner.digest())
    return outer.hexdigest()[:32]


@lru_cache(maxsize=8192)
def _begun(key: bytes) -> tuple[Any, Any]:
    whole = key.ljust(64, b"\0")  # all keys here are digests, shorter than SHA-256's block
    return tuple(hashlib.sha256(bytes(byte ^ pad for byte in whole)) for pad in (0x36, 0x5C))  # type: ignore[return-value]


@lru_cache(maxsize=4096)
def _salted(secret: str, salt: str) -> bytes:
    return hmac.digest(secret.encode(), b"goodword-visitor-v1|" + salt.encode(), "sha256")


def week_key(now: datetime | None = None) -> bytes:
    """Return the key of this ISO week (UTC), made now if it is the week's first use; older ones are then deleted.

    Writes at most once a week; flushes, does not commit.
    """
    week = "{:04}-W{:02}".format(*(now or clock.now()).isocalendar()[:2])
    asked = sa.select(WeeklyKey.key).where(WeeklyKey.week == week)
    found = db.session.scalar(asked)
    if found is None:
        # Two processes may both find none: the row that came first is the one.
        db.session.execute(insert_or_ignore(WeeklyKey).values(week=week, key=secrets.token_hex(32)))
        db.session.execute(sa.delete(WeeklyKey).where(WeeklyKey.week < week))
        found = db.session.scalar(asked)
        assert found is not None
    return hmac.digest(settings().secret.encode(), b"goodword-week-v1|" + found.encode(), "sha256")
