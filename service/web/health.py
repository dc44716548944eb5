"""Health. In: a probe. Out: whether the process lives and its database answers."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint

from service.arrivals import status

room = Blueprint("health", __name__)


@room.get("/health")
def health() -> tuple[dict[str, str | int], int]:
    """Answer 200 while the database answers, else 503. Visits that were lost within 30 days are told, if any."""
    try:
        lost = status.lost()
    except sa.exc.SQLAlchemyError:
        return {"status": "database away"}, 503
    return {"status": "ok", **({"visits_lost": lost} if lost else {})}, 200
