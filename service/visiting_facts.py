"""Facts of a visit. In: a request. Out: a Hit for scoring.visits and hashes of who asked; the address is gone.

What one request says by itself is derived here, at intake. What only other visits tell (a burst, the sharer herself)
is for service.visiting_history.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

import sqlalchemy as sa

from scoring.visits import FOREIGN, PUBLISHED, UNKNOWN, Hit
from scoring.visits_agents import MOST, claim
from service import network_ranges, settings
from service.database import db
from service.models import Programme
from service.network_ranges import Table
from service.visitor_marks import Marks, visitor_hashes, week_key


class Request(Protocol):
    """What is looked at of a request (service.visiting.Asked)."""

    @property
    def method(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def agent(self) -> str: ...
    @property
    def purpose(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def dest(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Intake:
    """What intake needs of the database, read once for many hits: the week's key and the company's own ranges."""

    week_key: bytes
    company: tuple[str, ...] = ()

    @classmethod
    def read(cls, now: datetime | None = None) -> Intake:
        """Return this moment's intake. Writes the week's key once a week; does not commit."""
        return cls(week_key(now), company_networks())

    def marks(self, salt: str, asked: Request) -> Marks:
        """Return the hashes of who asks, for the share of this salt."""
        return visitor_hashes(salt, self.week_key, asked.address, asked.agent)

    def hit(self, asked: Request) -> Hit:
        """Return what this request says by itself."""
        return derive(asked, self.company)


class Headers(NamedTuple):
    """What is read of a request's headers: fields of service.visiting.Asked."""

    method: str
    agent: str
    purpose: str
    language: str
    dest: str


READ = (
    *("REQUEST_METHOD", "HTTP_USER_AGENT", "HTTP_ACCEPT_LANGUAGE", "HTTP_SEC_FETCH_DEST"),
    *("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ"),
)
"""What evidence needs of a WSGI request, beside its address."""

Raw = tuple[str | None, ...]
"""Values of READ, None for what was not sent."""


def headers_of(raw: Raw) -> Headers:
    """Return what evidence needs of a request, of what it says by the names of READ."""
    method, agent, language, dest, *ahead = raw
    purpose = " ".join(filter(None, ahead))
    return Headers(method or "GET", (agent or "").replace("\0", ""), purpose, language or "", dest or "")


def ranges() -> Table:
    """Return the table of ranges in use: `.flags(address)` answers at once for addresses asked lately."""
    return network_ranges.table(settings().data / "ranges")


def flags(address: str, company: Collection[str] = ()) -> tuple[str, ...]:
    """Return what this address is known for; `company` holds the company's own ranges (`company_networks`)."""
    known = ranges().flags(address)
    if company and "company" not in known and network_ranges.inside(address, tuple(company)):
        return tuple(sorted((*known, "company")))
    return known


def company_networks() -> tuple[str, ...]:
    """Return the company's own ranges of addresses, a setting of the programme."""
    return tuple(db.session.scalar(sa.select(Programme.company_networks).where(Programme.id == 1)) or ())


def derive(asked: Request, company: Collection[str] = ()) -> Hit:
    """Return what one request says by itself, as scoring.visits judges it; reads nothing but the table of ranges.

    Of the facts `herself`, `same_network`, `burst` and `again` nothing is known yet.
    """
    flagged = flags(asked.address, company)
    return Hit(
        method=asked.method[:16],
        agent=asked.agent[:MOST],
        purpose=asked.purpose[:80],
        language=asked.language[:80],
        flags=flagged,
        origin=_origin(asked.agent, flagged),
        dest=asked.dest[:20],
    )


def _origin(agent: str, flagged: tuple[str, ...]) -> str:
    said = claim(agent[:MOST])
    if said.crawler is None:
        return UNKNOWN
    if f"net:{said.crawler}" in flagged:
        return PUBLISHED
    return FOREIGN if ranges().networks.get(said.crawler) else UNKNOWN
