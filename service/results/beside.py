"""Beside. In: a scope, in works-council mode. Out: whether it may be shown: what it leaves out of the sum tells too."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from service.database import db
from service.models import CountedShare, PeriodFigure, Story, Team
from service.models.results import EVERYBODY, WHATEVER
from service.results import groups, strays
from service.results.scopes import FEWEST, Scope, people


def told(scope: Scope) -> bool:
    """Tell whether figures of a scope may be shown: they are of nobody or of FEWEST people, and so is all beside it.

    Beside a team are the others, beside a campaign the shares of all else: whoever takes the scope from the sum sees
    those.
    """
    if 0 < people(scope) < FEWEST:
        return False
    if scope.campaign is not None and strays.stories():
        return False  # sums go by the campaign that a story belongs to, people by the one it was counted under
    if scope.team and scope.team not in teams_told(replace(scope, team=None)):
        return False
    if scope.campaign is None:
        return True
    of_it = sa.select(Story.id).where(Story.campaign_id == scope.campaign)
    around = replace(scope, campaign=None).shares()
    return groups.at_least([*around, CountedShare.story_id.not_in(of_it)]) in (0, FEWEST)


def teams_told(scope: Scope) -> dict[int, str]:
    """Return number and name of the teams whose figures may be shown: those of FEWEST people who shared, or more.

    Where all others together are fewer, the smallest of these stays with them. `scope` names no team.
    """
    asked = sa.select(PeriodFigure.team_id, PeriodFigure.people, PeriodFigure.shares)
    where = (PeriodFigure.period == scope.period.key, PeriodFigure.campaign_id == (scope.campaign or WHATEVER))
    rows = db.session.execute(asked.where(*where)).all()
    total = sum(shares for team, _number, shares in rows if team == EVERYBODY)
    big = sorted((number, team, shares) for team, number, shares in rows if team != EVERYBODY and number >= FEWEST)
    beside = people(scope) - sum(number for number, _team, _shares in big)
    if beside < FEWEST and total > sum(shares for _number, _team, shares in big):
        del big[:1]
    named = sa.select(Team.id, Team.name).where(Team.id.in_([team for _number, team, _shares in big]))
    return dict(db.session.execute(named).all())
