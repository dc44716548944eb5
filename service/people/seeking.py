"""Seeking. In: words as somebody types them. Out: employees found by name, address, office or team, on both databases.

Words are compared folded: without accents and capitals. Each employee's own are written beside her when she changes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from service.bulk import BATCH
from service.database import db
from service.models import Employee, Team

_PLAIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i", "ħ": "h"})
"""Letters that Unicode does not take apart."""

LONGEST = 100
"""Signs of what is typed that count."""


def folded(text: str) -> str:
    """Return the text without capitals and accents, each run of spaces one: "Žiga  Kovač" is "ziga kovac"."""
    apart = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    return " ".join("".join(sign for sign in apart if not unicodedata.combining(sign)).split())


def words_of(values: Mapping[str, Any]) -> str:
    """Return what somebody with this name, email and office is found and sorted by: her name stands first."""
    return folded(" ".join(str(values.get(key) or "") for key in ("name", "email", "office")))


@event.listens_for(Employee, "before_insert")
@event.listens_for(Employee, "before_update")
def _write(_mapper: Any, _connection: Any, employee: Employee) -> None:
    employee.sought = words_of({"name": employee.name, "email": employee.email, "office": employee.office})


def remember(limit: int = 100_000) -> int:
    """Write down the words of employees whose are not known (bulk writes forget them); return how many. Commits.

    A use case: run hourly, and safe at any moment.
    """
    count = 0
    while count < limit:
        asked = sa.select(Employee.id, Employee.name, Employee.email, Employee.office)
        rows = db.session.execute(asked.where(Employee.sought.is_(None)).order_by(Employee.id).limit(BATCH)).all()
        if not rows:
            break
        db.session.execute(sa.update(Employee), [{"id": r.id, "sought": words_of(r._asdict())} for r in rows])
        db.session.commit()
        count += len(rows)
    return count


def fitting(typed: str) -> sa.ColumnElement[bool] | None:
    """Return the condition that each word typed stands in her name, address, office or team; None: nothing typed."""
    words = folded(typed[:LONGEST]).split()
    if not words:
        return None
    teams = db.session.execute(sa.select(Team.id, Team.name)).all()
    found = []
    for word in words:
        there = Employee.sought.contains(word, autoescape=True)
        ids = [team.id for team in teams if word in folded(team.name)]
        found.append(sa.or_(there, Employee.team_id.in_(ids)) if ids else there)
    return sa.and_(*found)
