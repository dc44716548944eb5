"""Acts on stories. In: nothing. Out: what stories were before an act, so that it can be undone, as a table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service import clock
from service.database import Base, Json, Moment


class StoryAct(Base):
    """One act of a liaison on one or many stories."""

    __tablename__ = "story_act"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, default=clock.now, index=True)
    by: Mapped[int] = mapped_column(sa.ForeignKey("liaison.id", ondelete="CASCADE"))
    act: Mapped[str]
    stories: Mapped[dict[str, Any]] = mapped_column(Json)
    """Story's id → {"before": {column: value}, "after": {column: value}}, moments in ISO 8601."""
    undone_at: Mapped[datetime | None] = mapped_column(Moment)
