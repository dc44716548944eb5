"""Board sums. In: nothing. Out: what boards of teams and of hashtags are read from, as tables: service.totals."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service.database import Base


class TeamSum(Base):
    """Points of a team's active advocates in a period, and how many they are: all rows of both are added up.

    Written in the transaction of the total that changes, by new rows only, so that colleagues never wait for one
    another; `service.team_sums.fold` joins them now and then. What is read is right at every moment.
    """

    __tablename__ = "team_sum"
    __table_args__ = (sa.Index("ix_team_sum_board", "period", "team_id", "points", "people"),)
    id: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)
    period: Mapped[str] = mapped_column(sa.String(40))
    team_id: Mapped[int]
    """No foreign key: a team that is joined with another one leaves rows that add up to nothing."""
    points: Mapped[int] = mapped_column(sa.BigInteger)
    people: Mapped[int]
    """May be negative, as may points: somebody's are others now, or count in another team."""


class JointSum(Base):
    """Campaigns of one hashtag whose figures are kept added up, person by person, as totals of a period of its own."""

    __tablename__ = "joint_sum"
    __table_args__ = (sa.UniqueConstraint("campaigns", "measure"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    campaigns: Mapped[str]
    """Their ids in order, like 3+7."""
    measure: Mapped[str] = mapped_column(sa.String(10))
    """A service.campaign_sums.Measure."""
