"""Beside. In: a team or campaign that leaves a few people out. Out: none of its figures in works-council mode."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Flask

from service import results
from service.database import db
from service.models import Programme, Team
from tests import noor as world
from tests.liam import at_the_console
from tests.test_results import shared
from tests.test_settling import noor


def test_no_filter_tells_of_a_few_by_what_it_leaves_out_of_the_sum(app: Flask) -> None:
    world.begin()
    db.session.execute(sa.update(Programme).values(works_council=True))
    south = Team(name="Southern")
    db.session.add(south)
    db.session.flush()
    for n in range(6):
        who = noor(f"P{n}")
        who.team_id = south.id if n < 5 else None
        shared(who, "ana", story=world.story())
    results.count()
    liam = at_the_console(app)

    def told(query: str) -> bool:
        html = liam.open(f"/console/results/sharing?period=2026-11{query}").text
        csv = liam.open(f"/console/results/sharing/networks.csv?period=2026-11{query}")
        assert ("<figure>" in html) == (csv.status_code == 200)
        return csv.status_code == 200

    def teams() -> bool:
        html = liam.open("/console/results?period=2026-11").text
        return "Southern" in html.partition('id="teams-block"')[2]

    team, campaign = f"&team={south.id}", f"&campaign={world.story().campaign_id}"
    assert told("") and not told(team) and not teams(), "the sixth would stand alone"
    assert told(campaign), "there is nothing beside it"
    for n in range(6, 12):
        shared(noor(f"P{n}"), "ana", **({"story": world.story()} if n < 11 else {}))
    results.count()
    assert told(team) and teams(), "seven stand beside it"
    assert not told(campaign), "one is left beside it"
