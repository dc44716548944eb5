"""Looking up. In: salt and address of somebody's mail, or her entrant. Out: her tickets, their numbers and her rank."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from scoring import draws as rules_of
from service.database import db
from service.draws import trail
from service.models import Draw, Entrant, Rank


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a pool. Tickets are numbered from 0, as the protocol does; `rank` None: none, or not drawn."""

    entrant: str
    tickets: int
    total: int
    first: int
    last: int
    rank: int | None
    disqualified: str | None
    """The reason, if the trail says so."""


def entrant_of(draw: Draw, salt: str, address: str) -> str | None:
    """Return the entrant of a salt and an address, however they were copied; None: that is no salt."""
    try:
        return rules_of.entrant(draw.name, salt.strip().lower(), address.strip())
    except ValueError:
        return None


def look_up(draw: Draw, entrant: str) -> Entry | None:
    """Return what stands in the pool under these 64 characters; None: nothing. It reads only and keeps nothing."""
    mine = db.session.scalar(sa.select(Entrant).where(Entrant.draw_id == draw.id, Entrant.entrant == entrant))
    if mine is None:
        return None
    tickets = sa.select(sa.func.coalesce(sa.func.sum(Entrant.tickets), 0)).where(Entrant.draw_id == draw.id)
    first = int(db.session.scalar(tickets.where(Entrant.entrant < entrant)) or 0)
    return Entry(
        entrant=entrant,
        tickets=mine.tickets,
        total=int(db.session.scalar(tickets) or 0),
        first=first,
        last=first + mine.tickets - 1,
        rank=db.session.scalar(sa.select(Rank.rank).where(Rank.draw_id == draw.id, Rank.entrant == entrant)),
        disqualified=trail.disqualified(draw).get(entrant),
    )
