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

from scoring import weeks
from service import clock, settings
from service.bulk import insert_or_ignore
from service.database import db
from service.models import Programme, WeeklyKey
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
    return hashes(salted(settings().secret, share_salt), begun(week_key), placed(address), agent)


def placed(address: str) -> tuple[str, bytes | None]:
    """Return where an address is, and what is hashed of it alone: None where it says nothing of a place."""
    place = place_of(address)
    return place, None if unplaced(address) else b"place|" + place.encode()


def hashes(share: Any, week: Any, place: tuple[str, bytes | None], agent: str) -> Marks:
    """Return the marks of whoever came from this place (`placed`) with this agent, under two begun hashes: of the
    share (`salted`) and of the week (`begun`)."""
    who, where = hashed(place, agent), place[1]
    if where is None:
        return Marks(_hash(share, who), None, _hash(week, who), None)
    return Marks(_hash(share, who), _hash(share, where), _hash(week, who), _hash(week, where))


def hashed(place: tuple[str, bytes | None], agent: str) -> bytes:
    """Return what is hashed of a visitor: where she is (`placed`) and her agent."""
    return f"visitor|{place[0]}|{agent}".encode()


def begun(key: bytes) -> Any:
    """Return a hash that has taken its key: BLAKE2b with a key makes a MAC by itself (RFC 7693), for a fifth of what
    an HMAC costs, four times for each visit of a flood."""
    return hashlib.blake2b(key=key, digest_size=16)


def _hash(under: Any, said: bytes) -> str:
    found = under.copy()
    found.update(said)
    return str(found.hexdigest())


@lru_cache(maxsize=8192)
def salted(secret: str, salt: str) -> Any:
    """Return a hash that has taken the key of a share's visitors (Share.salt), mixed with the installation's secret."""
    return begun(hmac.digest(secret.encode(), b"goodword-visitor-v1|" + salt.encode(), "sha256"))


def week_key(now: datetime | None = None) -> bytes:
    """Return the key of this ISO week of the programme, made now if it is its first use; older ones are then deleted.

    Writes at most once a week; flushes, does not commit.
    """
    zone = db.session.scalar(sa.select(Programme.zone).where(Programme.id == 1)) or "UTC"
    week = weeks.week_of(now or clock.now(), zone)
    asked = sa.select(WeeklyKey.key).where(WeeklyKey.week == week)
    found = db.session.scalar(asked)
    if found is None:
        # Two processes may both find none: the row that came first is the one.
        db.session.execute(insert_or_ignore(WeeklyKey).values(week=week, key=secrets.token_hex(32)))
        db.session.execute(sa.delete(WeeklyKey).where(WeeklyKey.week < week))
        found = db.session.scalar(asked)
        assert found is not None
    return hmac.digest(settings().secret.encode(), b"goodword-week-v1|" + found.encode(), "sha256")
