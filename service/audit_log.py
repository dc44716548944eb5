"""The audit log as it is read. In: who, what, since when. Out: its lines, the newest first, and who acted by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.database import db
from service.models import AuditLine, Liaison
from service.results import tables

COMMAND_LINE = "command-line"


def asked(who: str = "", what: str = "", since: datetime | None = None) -> sa.Select[Any]:
    """Return the query of the lines of one actor (liaison id or COMMAND_LINE), of one kind of thing, since a moment."""
    query = sa.select(AuditLine)
    if who == COMMAND_LINE:
        query = query.where(AuditLine.liaison_id.is_(None))
    elif who.isdigit():
        query = query.where(AuditLine.liaison_id == int(who))
    if what:
        query = query.where(AuditLine.what == what)
    return query.where(AuditLine.at >= since) if since else query


def names() -> dict[int, str]:
    """Return liaison id → name, of those removed too."""
    return {row.id: row.name for row in db.session.execute(sa.select(Liaison.id, Liaison.name))}


def lines(query: sa.Select[Any], most: int) -> list[AuditLine]:
    """Return at most this many lines, the newest first."""
    return list(db.session.scalars(query.order_by(AuditLine.id.desc()).limit(most)))


def facts(line: AuditLine, known: dict[int, str]) -> dict[str, Any]:
    """Return a line as plain facts; `who` is the name, or "command line"."""
    who = "command line" if line.liaison_id is None else known.get(line.liaison_id, f"liaison {line.liaison_id}")
    return {
        "at": line.at.isoformat(),
        "who": who,
        "act": line.act,
        "what": line.what,
        "which": line.which,
        "title": line.title,
        "before": line.before,
        "after": line.after,
    }


def to_csv(found: Sequence[AuditLine]) -> bytes:
    """Return the lines as CSV, one row a field; no cell of it is a formula."""
    known = names()
    head = ("at", "who", "act", "what", "which", "title", "field", "before", "after")
    return tables.to_csv(head, (row for line in found for row in _rows(facts(line, known))))


def _rows(line: dict[str, Any]) -> Iterator[list[Any]]:
    first = [line[name] for name in ("at", "who", "act", "what", "which", "title")]
    for field in sorted({*line["before"], *line["after"]}) or [""]:
        yield [*first, field, shown(line["before"].get(field)), shown(line["after"].get(field))]


def shown(value: Any) -> str:
    """Return a value of before or after as one text."""
    if isinstance(value, dict):
        return "; ".join(f"{key}: {shown(each)}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(shown(each) for each in value)
    return "" if value is None else str(value)
