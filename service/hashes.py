"""Hashes. In: employees. Out: the hash of each one's address beside it, so that planning need not compute a million."""

from __future__ import annotations

import sqlalchemy as sa

from service.database import db
from service.journal import log
from service.models import Employee
from service.suppressions import address_hash, address_hashes


def missing(where: sa.ColumnElement[bool]) -> list[tuple[int, str]]:
    """Return (id, hash) of those of these employees whose hash is not written down."""
    asked = sa.select(Employee.id, Employee.email).where(
        Employee.address_hash.is_(None), Employee.email.is_not(None), where
    )
    rows = db.session.execute(asked).all()
    hashed = address_hashes(row.email for row in rows if row.email)
    return [(row.id, each) for row, each in zip(rows, hashed, strict=True)]


def remember(where: sa.ColumnElement[bool]) -> int:
    """Write down the missing hashes of these employees; return how many. Never commits.

    A change of address empties the hash (models.Employee), an import writes it.
    """
    found = missing(where)
    if found:
        db.session.execute(sa.update(Employee), [{"id": id_, "address_hash": each} for id_, each in found])
    return len(found)


def forget_those_of_another_secret() -> None:
    """Empty all hashes if GOODWORD_SECRET is no longer what they were made with. Never commits."""
    asked = sa.select(Employee.email, Employee.address_hash)
    known = db.session.execute(asked.where(Employee.address_hash.is_not(None), Employee.email.is_not(None)).limit(1))
    if (row := known.first()) is not None and address_hash(row.email or "") != row.address_hash:
        log.warning("addresses are hashed anew: the secret is another one than before")
        db.session.execute(sa.update(Employee).values(address_hash=None).execution_options(synchronize_session=False))
