"""Counts of visits. In: a story, or nothing for all of them. Out: how many hits of the last 30 days got which verdict.

Counts of a story's shares together, never of one colleague's.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from scoring.visits import BOT, HUMAN, SUSPECTED
from service.database import db
from service.models import Evidence, Share


@dataclass(frozen=True, slots=True)
class Reason:
    """So many hits had this reason."""

    code: str
    hits: int


@dataclass(frozen=True, slots=True)
class Kind:
    """Hits of one verdict, with their reasons, most frequent first."""

    verdict: str
    hits: int
    reasons: tuple[Reason, ...]


def counts(kind: str, story_id: int | None = None) -> tuple[Kind, ...]:
    """Return hits by verdict and reason: people, suspected, machines; `kind` is visit, or opened for the inbox."""
    asked = (
        sa.select(Evidence.verdict, Evidence.reason, sa.func.count().label("hits"))
        .where(Evidence.kind == kind, Evidence.verdict.is_not(None))
        .group_by(Evidence.verdict, Evidence.reason)
    )
    if story_id is not None:
        asked = asked.join(Share, Share.id == Evidence.share_id).where(Share.story_id == story_id)
    rows = db.session.execute(asked).all()
    found = []
    for verdict in (HUMAN, SUSPECTED, BOT):
        reasons = sorted((Reason(r.reason or "", r.hits) for r in rows if r.verdict == verdict), key=lambda r: -r.hits)
        found.append(Kind(verdict, sum(r.hits for r in reasons), tuple(reasons)))
    return tuple(found)
