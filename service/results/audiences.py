"""Audiences. In: what employees say, and the field's averages. Out: how many people a post on a network reaches."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from emails.networks import NETWORKS
from service.bulk import insert_or_ignore
from service.database import db
from service.models import Reckoning, StatedAudience

AVERAGES: Mapping[str, int] = {"linkedin": 459, "facebook": 433, "x": 772}
"""Average audiences of the field: LinkedIn connections, Facebook friends, X followers (guides for programme owners)."""

LARGEST = 10_000_000
"""More than anybody has: a slip of the finger must not become the programme's reach."""


def averages() -> dict[str, int]:
    """Return how many people a post reaches by network where its author has not said: the liaison's or AVERAGES."""
    said = db.session.scalar(sa.select(Reckoning.audiences).where(Reckoning.id == 1)) or {}
    return {**AVERAGES, **said}


def stated(subject: str) -> dict[str, int]:
    """Return what she said of her audiences, by network."""
    asked = sa.select(StatedAudience.network, StatedAudience.people).where(StatedAudience.subject == subject)
    return dict(db.session.execute(asked).all())


def state(subject: str, said: Mapping[str, int | None]) -> None:
    """Keep what she says of her audiences, by network; None takes it back. A use case: commits.

    Raises ValueError for a network that is none or a number that is none.
    """
    for network, people in said.items():
        if network not in NETWORKS or (people is not None and not 0 <= people <= LARGEST):
            raise ValueError(network)
    networks = list(said)
    hers = sa.delete(StatedAudience).where(StatedAudience.subject == subject, StatedAudience.network.in_(networks))
    db.session.execute(hers)
    rows = [{"subject": subject, "network": n, "people": p} for n, p in said.items() if p is not None]
    if rows:
        db.session.execute(insert_or_ignore(StatedAudience).values(rows))
    db.session.commit()
