"""Deriving. In: visits as a request told them. Out: rows without addresses, what they share worked out once."""

from __future__ import annotations

import json
import time
from typing import Any, NamedTuple

import sqlalchemy as sa

from scoring.visits import Hit
from service import clock, network_ranges, proxies, settings, visiting_facts
from service.arrivals.known import Link
from service.arrivals.store import Row
from service.database import db
from service.visiting import Asked
from service.visiting_facts import Headers
from service.visitor_marks import begun, hashes, placed, salted

FRESH = 60.0
"""Seconds after which the week's key and the company's ranges are read again, and addresses are out of mind."""
MOST = 20_000
"""Browsers and addresses whose facts are kept in mind."""


_USUAL = Hit().to_json()


class Visit(NamedTuple):
    """One visit, as the answering thread leaves it: it does nothing that can be done later."""

    link: Link
    at: float
    peer: str
    """The address that asked, perhaps a proxy's."""
    chain: str | None
    """What it sent as X-Forwarded-For."""
    headers: Headers
    click: str | None


class _Origin(NamedTuple):
    """What an address says."""

    place: tuple[str, bytes | None]
    address: str
    flags: tuple[str, ...]


class Deriver:
    """Makes rows of visits for one process. Needs the application's context."""

    def __init__(self) -> None:
        self._intake: visiting_facts.Intake | None = None
        self._read = 0.0
        self._table: Any = None
        self._origins: dict[tuple[str, str | None], _Origin] = {}
        self._facts: dict[tuple[Headers, tuple[str, ...]], str] = {}

    def rows(self, visits: list[Visit]) -> list[Row]:
        """Return a row for each visit. Raises sqlalchemy.exc.SQLAlchemyError if nothing was ever read."""
        intake, offset = self._given(), clock.offset().total_seconds()
        origins, facts, rows = self._origins, self._facts, []
        week, secret = begun(intake.week_key), settings().secret
        for link, at, peer, chain, headers, click in visits:
            origin = origins.get((peer, chain)) or self._origin(intake, peer, chain)
            told = facts.get((headers, origin.flags)) or self._fact(intake, headers, origin)
            marks = hashes(salted(secret, link.salt or ""), week, origin.place, headers.agent)
            rows.append(Row(link.share_id, at + offset, *marks, click, told))
        return rows

    def forget(self) -> None:
        """Let go of all addresses that were looked up lately; from any thread."""
        self._origins.clear()
        network_ranges.forget_addresses()
        proxies.forget_addresses()

    def _given(self) -> visiting_facts.Intake:
        now = time.monotonic()
        if self._intake is None or now - self._read > FRESH:
            try:
                found = visiting_facts.Intake.read()
                db.session.commit()
            except sa.exc.SQLAlchemyError:
                if self._intake is None:
                    raise
                found = self._intake  # the database is away: what held a minute ago holds for one more
            finally:
                db.session.remove()
            self._origins.clear()
            self._intake, self._read = found, now
        table = visiting_facts.ranges()
        if table is not self._table:
            self._table = table
            self._origins.clear()
            self._facts.clear()
        return self._intake

    def _origin(self, intake: visiting_facts.Intake, peer: str, chain: str | None) -> _Origin:
        if len(self._origins) >= MOST:
            self._origins.clear()
        address = proxies.address_of(peer, chain)
        found = _Origin(placed(address), address, visiting_facts.flags(address, intake.company))
        self._origins[peer, chain] = found
        return found

    def _fact(self, intake: visiting_facts.Intake, headers: Headers, origin: _Origin) -> str:
        if len(self._facts) >= MOST:
            self._facts.clear()
        method, agent, purpose, language, dest = (text.replace("\0", "") for text in headers)
        said = intake.hit(Asked(method, origin.address, agent, purpose, language, dest)).to_json()
        told = {name: value for name, value in said.items() if value != _USUAL[name]}
        found = self._facts[headers, origin.flags] = json.dumps(told, separators=(",", ":"))
        return found
