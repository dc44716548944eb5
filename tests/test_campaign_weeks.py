"""Weeks of campaigns. In: plans with mails, a contest and a draw. Out: each on its day, on the page of campaigns."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pytest
from flask import Flask

from service import campaign_weeks, campaigns, contests
from service.database import db
from service.models import Draw
from tests import noor as world
from tests.conftest import TUESDAY
from tests.liam import at_the_console

BEGINS = date(2026, 11, 24)


def _plan(app: Flask) -> int:
    world.begin()
    made = campaigns.create(
        name="Winter", kickoff=True, closing=True, starts_on=BEGINS, ends_on=BEGINS + timedelta(days=13)
    )
    contests.create(
        name="Warmest",
        measure="shares",
        among="people",
        campaign_id=made.id,
        starts_on=BEGINS,
        ends_on=date(2026, 12, 5),
    )
    due = datetime(2026, 12, 9, 12, tzinfo=TUESDAY.tzinfo)
    db.session.add(Draw(name="winter", title="Winter draw", campaign_id=made.id, due_at=due))
    campaigns.create(name="Long ago", starts_on=date(2026, 9, 1), ends_on=date(2026, 9, 30))
    db.session.commit()
    return made.id


def test_a_campaigns_dates_mails_contest_and_draw_stand_in_their_weeks(app: Flask) -> None:
    number = _plan(app)
    shown = campaign_weeks.timeline("2026-W47")
    assert [(bar.first, bar.last) for bar in shown.bars if bar.campaign.id == number] == [(1, 3)]
    assert "Long ago" not in {bar.campaign.name for bar in shown.bars}
    told = {
        week: [(d.on.isoformat(), d.what, d.name) for d in days if d.campaign.id == number]
        for week, days in shown.days.items()
    }
    assert {week: days for week, days in told.items() if days} == {
        "2026-W48": [("2026-11-24", "begins", ""), ("2026-11-24", "kickoff", "")],
        "2026-W49": [("2026-12-05", "contest", "Warmest")],
        "2026-W50": [("2026-12-07", "ends", ""), ("2026-12-07", "closing", ""), ("2026-12-09", "draw", "Winter draw")],
    }
    with pytest.raises(ValueError):
        campaign_weeks.timeline("soon")


def test_the_page_of_campaigns_shows_them_and_leafs_through_the_weeks(app: Flask) -> None:
    number = _plan(app)
    liam = at_the_console(app)
    page = liam.get("/console/campaigns").text
    assert "What comes when" in page and f'/console/campaigns/{number}/mails/kickoff"' in page
    assert 'href="/console/draws/winter"' in page and "Warmest" in page
    (later,) = re.findall(r'rel="next" href="([^"#]+)#weeks"', page)
    assert "from=" in later and "Winter draw" not in liam.get(later.replace("&amp;", "&")).text
    assert liam.get("/console/campaigns?from=soon").status_code == 404
    campaigns.archive(db.session.get_one(campaigns.Campaign, number), True)
    assert "Winter draw" not in liam.get("/console/campaigns").text
