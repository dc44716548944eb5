"""Keys of passes. In: the secret and the rows of signing keys. Out: the first key made once, and every key's bytes."""

from __future__ import annotations

import hmac
import secrets

import sqlalchemy as sa

from service import settings
from service.database import db
from service.models import SigningKey

FIRST = 1


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
