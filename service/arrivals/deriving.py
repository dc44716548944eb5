"""Deriving. In: visits as a request told them. Out: rows without addresses, what they share worked out once."""

from __future__ import annotations

import json
import time
from typing import Any, NamedTuple

from scoring.visits import Hit
from service import clock, visiting_facts
from service.arrivals.known import Link
from service.arrivals.store import Row
from service.database import db
from service.visiting import Asked
from service.visiting_facts import Headers

FRESH = 60.0
"""Seconds after which the week's key and the company's ranges are read again."""
MOST = 20_000
"""Browsers and addresses whose facts are kept in mind."""


_USUAL = Hit().to_json()


class Visit(NamedTuple):
    """One visit, as the answering thread leaves it."""

    link: Link
    at: float
    address: str
    headers: Headers
    click: str | None


class Deriver:
    """Makes rows of visits for one process. Needs the application's context."""

    def __init__(self) -> None:
        self._intake: visiting_facts.Intake | None = None
        self._read = 0.0
        self._table: Any = None
        self._flags: dict[str, tuple[str, ...]] = {}
        self._facts: dict[tuple[Headers, tuple[str, ...]], str] = {}

    def rows(self, visits: list[Visit]) -> list[Row]:
        """Return a row for each visit. Raises sqlalchemy.exc.SQLAlchemyError if nothing was ever read."""
        intake, offset = self._given(), clock.offset().total_seconds()
        return [
            Row(
                *(v.link.share_id, v.at + offset, *intake.marks(v.link.salt or "", self._asked(v)), v.click),
                self._facts_of(intake, v),
            )
            for v in visits
        ]

    def _given(self) -> visiting_facts.Intake:
        now = time.monotonic()
        if self._intake is None or now - self._read > FRESH:
            try:
                found = visiting_facts.Intake.read()
                db.session.commit()
            finally:
                db.session.remove()
            if found != self._intake:
                self._flags.clear()
            self._intake, self._read = found, now
        table = visiting_facts.ranges()
        if table is not self._table:
            self._table = table
            self._flags.clear()
            self._facts.clear()
        return self._intake

    def _asked(self, visit: Visit) -> Asked:
        method, agent, purpose, language, dest = (text.replace("\0", "") for text in visit.headers)
        return Asked(method, visit.address, agent, purpose, language, dest)

    def _facts_of(self, intake: visiting_facts.Intake, visit: Visit) -> str:
        flags = self._flags.get(visit.address)
        if flags is None:
            if len(self._flags) >= MOST:
                self._flags.clear()
            flags = self._flags[visit.address] = visiting_facts.flags(visit.address, intake.company)
        found = self._facts.get((visit.headers, flags))
        if found is None:
            if len(self._facts) >= MOST:
                self._facts.clear()
            said = intake.hit(self._asked(visit)).to_json()
            told = {name: value for name, value in said.items() if value != _USUAL[name]}
            found = self._facts[visit.headers, flags] = json.dumps(told, separators=(",", ":"))
        return found
