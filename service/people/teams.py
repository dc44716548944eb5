"""Teams. In: names. Out: teams with their size and leaders; renamed, joined into one, or deleted when nobody is in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service import gates, totals
from service.database import db
from service.journal import log
from service.models import Campaign, Draw, DrawPlan, Employee, Story, Team
from service.models.people import Status
from service.validation import N_, Invalid, Words, one_line

LONGEST = 120
QUICK = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Size:
    """One team: people on its list, and those who take part (invited, active or paused)."""

    id: int
    name: str
    people: int
    part: int
    leaders: tuple[str, ...]
    """Names of its advocacy leaders, three at most."""


def everyone(only: Sequence[int] | None = None) -> list[Size]:
    """Return all teams, or `only` those with these ids, by name. Reads only."""
    inside = Employee.team_id.is_not(None) if only is None else Employee.team_id.in_(only)
    part = Employee.status.in_((Status.INVITED, Status.ACTIVE, Status.PAUSED))
    counted = (
        sa.select(
            Employee.team_id, sa.func.count().label("people"), sa.func.sum(sa.case((part, 1), else_=0)).label("part")
        )
        .where(inside, Employee.email.is_not(None))
        .group_by(Employee.team_id)
        .subquery()
    )
    leads = sa.select(Employee.team_id, Employee.name).where(Employee.leads, part, inside)
    leaders: dict[int, list[str]] = {}
    for team_id, name in db.session.execute(leads.order_by(Employee.sought)):
        leaders.setdefault(team_id or 0, []).append(name or "")
    asked = sa.select(Team.id, Team.name, counted.c.people, counted.c.part).outerjoin(
        counted, counted.c.team_id == Team.id
    )
    if only is not None:
        asked = asked.where(Team.id.in_(only))
    rows = db.session.execute(asked.order_by(sa.func.lower(Team.name), Team.id))
    return [Size(r.id, r.name, r.people or 0, r.part or 0, tuple(leaders.get(r.id, [])[:3])) for r in rows]


def create(name: str) -> Team:
    """Make a team. Commits. Raises Invalid for a name that is empty, too long or taken."""
    row = Team(name=_name(name))
    db.session.add(row)
    db.session.commit()
    return row


def rename(team: Team, name: str) -> None:
    """Give a team another name; a later file that has the old one makes a new team. Commits. Raises Invalid."""
    team.name = _name(name, team.id)
    db.session.commit()


def _name(name: str, own: int | None = None) -> str:
    name = one_line(name)
    if not name or len(name) > LONGEST:
        raise Invalid({"name": Words(N_("Give the team a name of at most 120 signs."))})
    there = db.session.execute(sa.select(Team.id, Team.name)).all()
    if any(row.name.casefold() == name.casefold() and row.id != own for row in there):
        raise Invalid({"name": Words(N_("There is a team of this name. Join the two instead."))})
    return name


def join(team: Team, into: Team) -> int:
    """Put everybody of a team into another one and delete it; return how many moved. Commits.

    Stories, campaigns and open draws that were for the one are for the other. Figures of the past stay where they
    were counted. Raises Invalid for a team and itself.
    """
    if team.id == into.id:
        raise Invalid({"into": Words(N_("Choose another team to join with."))})
    gates.people()  # whom a file puts into this team just now
    moved = sa.update(Employee).where(Employee.team_id == team.id).values(team_id=into.id)
    subjects = db.session.scalars(moved.returning(Employee.subject).execution_options(**QUICK)).all()
    totals.review(subjects)
    for row, name, ids in _for_teams():
        if team.id in ids:
            _give(row, name, sorted({into.id if n == team.id else n for n in ids}))
    db.session.flush()
    db.session.delete(team)
    db.session.commit()
    log.info("teams joined", people=len(subjects))
    return len(subjects)


def delete(team: Team) -> None:
    """Delete a team that nobody is in and nothing is for. Commits. Raises Invalid where that is not so."""
    if db.session.scalar(sa.select(Employee.id).where(Employee.team_id == team.id).limit(1)) is not None:
        raise Invalid({"name": Words(N_("People are in this team. Join it with another one instead."))})
    if any(team.id in ids for _row, _name, ids in _for_teams()):
        raise Invalid(
            {"name": Words(N_("A story, campaign or draw is for this team. Join it with another one instead."))}
        )
    db.session.delete(team)
    db.session.commit()


def _for_teams() -> Iterator[tuple[Any, str, list[int]]]:
    """Yield whatever is for some teams only: the row, which column says so, and the teams."""
    for row in (*db.session.scalars(sa.select(Story)), *db.session.scalars(sa.select(Campaign))):
        if row.audience:
            yield row, "audience", list(row.audience)
    for held in (
        *db.session.scalars(sa.select(Draw).where(Draw.status == "open")),
        *db.session.scalars(sa.select(DrawPlan)),
    ):
        if held.terms.get("teams"):
            yield held, "terms", list(held.terms["teams"])


def _give(row: Any, name: str, ids: list[int]) -> None:
    setattr(row, name, {**row.terms, "teams": ids} if name == "terms" else ids)
