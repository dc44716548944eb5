"""Suppressions. In: an address and what happened. Out: which classes of mail it never gets again, and why."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from flask import current_app

from service import clock
from service.bulk import among, insert_or_ignore
from service.database import db
from service.models.mail import Suppression

_BLOCK = 64
"""Bytes that SHA-256 takes at a time."""

ALL = "all"
"""The scope that stops every class: bounces, spam reports, leaving, erasure."""

CLASSES = {
    "digest": "digest",
    "invitation": "digest",
    "reminder": "digest",
    "welcome": "onboarding",
    "sharing": "onboarding",
    "badge": "recognition",
    "frozen": "draw",
    "winner": "draw",
    "passed-on": "draw",
    "fresh-link": "own-page",
    "suggestion": "suggestion",
    "did-well": "shares",
    "winners": "winners",
    "your-month": "month",
    "campaign-kickoff": "campaign",
    "campaign-closing": "campaign",
    "report": "report",
    "test": "test",
}
"""Kind of mail → class. One-click unsubscribe of a mail stops its class alone (service.mail_choices says which can)."""

SCOPES = frozenset({ALL, *CLASSES.values()})
REASONS = frozenset({"bounced", "complained", "unsubscribed", "left", "erased"})


def address_hash(address: str) -> str:
    """Return the keyed hash (64 hex characters) by which an address is known after its person is forgotten.

    HMAC-SHA-256 under the deployment's secret; capital letters and Unicode's composed or decomposed form do not matter.
    """
    return address_hashes([address])[0]


def address_hashes(addresses: Iterable[str]) -> list[str]:
    """Return the hash of each of these addresses, as `address_hash`."""
    inner, outer = _begun(current_app.config["GOODWORD"].secret)
    found = []
    for address in addresses:
        plain = address.strip()
        first, second = inner.copy(), outer.copy()
        first.update((plain if plain.isascii() else unicodedata.normalize("NFC", plain)).lower().encode())
        second.update(first.digest())
        found.append(second.hexdigest())
    return found


@lru_cache(maxsize=8)
def _begun(secret: str) -> tuple[Any, Any]:
    """Return HMAC-SHA-256 (RFC 2104) under this secret, its inner and its outer hash begun: a copy is half the work."""
    key = secret.encode()
    key = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    inner = hashlib.sha256(bytes(n ^ 0x36 for n in key) + b"goodword-address-v1|")
    return inner, hashlib.sha256(bytes(n ^ 0x5C for n in key))


def suppress(address: str, scope: str, reason: str) -> None:
    """Stop mails of this scope (a class of CLASSES, or "all") to the address; the first reason stays. Never commits.

    Raises ValueError for an unknown scope or reason.
    """
    suppress_hash(address_hash(address), scope, reason)


def suppress_hash(hashed: str, scope: str, reason: str) -> None:
    """Stop mails of this scope to an address known by its hash alone. Never commits."""
    if scope not in SCOPES or reason not in REASONS:
        raise ValueError(f"no suppression is called {scope!r} for {reason!r}")
    db.session.flush()
    row = {"address_hash": hashed, "scope": scope, "reason": reason, "since": clock.now()}
    db.session.execute(insert_or_ignore(Suppression).values(**row))


def lift(address: str, scope: str | None = None) -> int:
    """Take back one suppression of the address (None: every one); return how many there were. Never commits."""
    return lift_hash(address_hash(address), scope)


def lift_hash(hashed: str, scope: str | None = None) -> int:
    """Take back one suppression of an address known by its hash alone (None: every one). Never commits."""
    found = sa.delete(Suppression).where(Suppression.address_hash == hashed)
    if scope is not None:
        found = found.where(Suppression.scope == scope)
    return int(db.session.execute(found).rowcount)  # type: ignore[attr-defined]


def suppressed(hashed: str, kind: str) -> str | None:
    """Return why this address gets no mail of this kind (a key of CLASSES), or None if it may."""
    return suppressed_among([hashed], kind).get(hashed)


def suppressed_among(hashes: list[str], kind: str) -> dict[str, str]:
    """Return hash → reason for those of these addresses that get no mail of this kind; "all" speaks first."""
    asked = sa.select(Suppression.address_hash, Suppression.scope, Suppression.reason).where(
        among(Suppression.address_hash, hashes), Suppression.scope.in_((ALL, CLASSES[kind]))
    )
    rows = sorted(db.session.execute(asked), key=lambda row: row.scope == ALL)
    return {row.address_hash: row.reason for row in rows}


def stops(hashed: Any, kind: Any) -> sa.ColumnElement[bool]:
    """Return the condition that a suppression stops mails of this kind to this address, both columns of a statement.

    Several may; the one of scope "all" speaks first.
    """
    mine = sa.case(CLASSES, value=kind)
    return sa.and_(Suppression.address_hash == hashed, sa.or_(Suppression.scope == ALL, Suppression.scope == mine))


def suppressed_all(kind: str) -> dict[str, str]:
    """Return hash → reason for every address that gets no mail of this kind, for planning a whole edition."""
    asked = sa.select(Suppression.address_hash, Suppression.scope, Suppression.reason).where(
        Suppression.scope.in_((ALL, CLASSES[kind]))
    )
    rows = sorted(db.session.execute(asked), key=lambda row: row.scope == ALL)
    return {row.address_hash: row.reason for row in rows}
