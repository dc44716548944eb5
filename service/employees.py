"""Employees. In: files of HR systems. Out: people invited and kept up to date, her own choices first."""

from __future__ import annotations

import sqlalchemy as sa

from service.addresses import NotAnAddress, normal_address
from service.database import db
from service.models import Employee

__all__ = ["NotAnAddress", "by_address", "normal_address"]


def by_address(text: str) -> Employee | None:
    """Return who has this address, however it is written; None: nobody, or it is no address."""
    try:
        address = normal_address(text)
    except NotAnAddress:
        return None
    return db.session.scalar(sa.select(Employee).where(Employee.email == address))
