"""Health. In: a probe. Out: whether the process lives and its database answers."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint

from service.database import db

room = Blueprint("health", __name__)


@room.get("/health")
def health() -> tuple[dict[str, str], int]:
    """Answer 200 while the database answers, else 503."""
    try:
        db.session.execute(sa.text("SELECT 1"))
    except sa.exc.SQLAlchemyError:
        return {"status": "database away"}, 503
    return {"status": "ok"}, 200
