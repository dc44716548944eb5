"""Deriving. In: visits as a request told them. Out: rows without addresses, what they share worked out once."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from scoring.visits import Hit
from service import clock, network_ranges, proxies, settings, visiting_facts
from service.arrivals.known import Link
from service.arrivals.store import Row
from service.database import db
from service.visiting import Asked
from service.visiting_facts import Headers, Raw, headers_of
from service.visitor_marks import begun, hashed, hashes, placed, salted

FRESH = 60.0
"""Seconds after which the week's key and the company's ranges are read again, and addresses are out of mind."""
MOST = 20_000
"""Browsers and addresses whose facts are kept in mind."""


_USUAL = Hit().to_json()


Visit = tuple[Link, float, str, str | None, Raw, str | None]
"""One visit, as the answering thread leaves it, which does nothing that can be done later: the link, the moment
(seconds since 1970), the address that asked (perhaps a proxy's), what it sent as X-Forwarded-For, its headers, and the
click's id. A plain tuple: nothing else is made as fast."""


class _Caller(NamedTuple):
    """What an address with its headers says on every link: hashes of the week, facts, and what shares hash of it."""

    who: bytes
    where: bytes | None
    weekly: str
    weekly_place: str | None
    facts: str


class Deriver:
    """Makes rows of visits for one process. Needs the application's context."""

    def __init__(self) -> None:
        self._intake: visiting_facts.Intake | None = None
        self._read = 0.0
        self._table: Any = None
        self._callers: dict[tuple[str, str | None, Raw], _Caller] = {}
        self._facts: dict[tuple[Headers, tuple[str, ...]], str] = {}

    def rows(self, visits: Sequence[Visit]) -> list[Row]:
        """Return a row for each visit. Raises sqlalchemy.exc.SQLAlchemyError if nothing was ever read."""
        intake, offset = self._given(), clock.offset().total_seconds()
        known, week, secret, rows = self._callers.get, begun(intake.week_key), settings().secret, []
        for link, at, peer, chain, raw, click in visits:
            caller = known((peer, chain, raw)) or self._caller(intake, week, peer, chain, raw)
            who, where, weekly, weekly_place, facts = caller
            visitor = salted(secret, link.salt or "").copy()
            if link.poster_id is not None:  # nobody's share: no pattern is looked for, no other hash is kept
                visitor.update(who)
                rows.append(Row(None, at + offset, visitor.hexdigest(), None, None, None, click, facts, link.poster_id))
                continue
            if where is None:
                place = None
            else:
                placed_hash = visitor.copy()
                placed_hash.update(where)
                place = placed_hash.hexdigest()
            visitor.update(who)
            rows.append(Row(link.share_id, at + offset, visitor.hexdigest(), place, weekly, weekly_place, click, facts))
        return rows

    def forget(self) -> None:
        """Let go of all addresses that were looked up lately; from any thread."""
        self._callers.clear()
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
            self._callers.clear()
            self._intake, self._read = found, now
        table = visiting_facts.ranges()
        if table is not self._table:
            self._table = table
            self._callers.clear()
            self._facts.clear()
        return self._intake

    def _caller(self, intake: visiting_facts.Intake, week: Any, peer: str, chain: str | None, raw: Raw) -> _Caller:
        if len(self._callers) >= MOST:
            self._callers.clear()
        address, headers = proxies.address_of(peer, chain), headers_of(raw)
        flags = visiting_facts.flags(address, intake.company)
        facts = self._facts.get((headers, flags)) or self._fact(intake, headers, address, flags)
        place = placed(address)
        marks = hashes(week, week, place, headers.agent)
        found = _Caller(hashed(place, headers.agent), place[1], marks.weekly, marks.weekly_place, facts)
        self._callers[peer, chain, raw] = found
        return found

    def _fact(self, intake: visiting_facts.Intake, headers: Headers, address: str, flags: tuple[str, ...]) -> str:
        if len(self._facts) >= MOST:
            self._facts.clear()
        method, agent, purpose, language, dest = (text.replace("\0", "") for text in headers)
        said = intake.hit(Asked(method, address, agent, purpose, language, dest)).to_json()
        told = {name: value for name, value in said.items() if value != _USUAL[name]}
        found = self._facts[headers, flags] = json.dumps(told, separators=(",", ":"))
        return found
