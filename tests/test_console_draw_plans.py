"""Plans of draws at the console. In: forms typed by Liam. Out: what brings tickets and who enters, or refusals."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask

from service import draws
from service.database import db
from service.draws import Plan, monthly
from service.models import Campaign, Team
from tests.liam import Liam, at_the_console


@pytest.fixture
def liam(app: Flask) -> Liam:
    return at_the_console(app)


PLAN = {
    "per": "share", "at_most": "4", "free": "1", "tenure_days": "30", "recent_months": "3", "claim_days": "10",
    "offices": "Koper, Trieste", "networks_out": ["facebook", "threads"],
}  # fmt: skip
DRAW = {"name": "spring", "title": "Spring", "prizes": "A boat trip | 90 EUR", "alternates": "2", "beacon": "drand"}


def test_a_draw_by_hand_says_all_its_settings_in_its_rules(liam: Liam) -> None:
    team = Team(name="Bakery")
    db.session.add(team)
    db.session.commit()
    days = {"kind": "hand", "first": "2026-11-02", "last": "2026-11-15", "teams": str(team.id)}
    wrong = liam.post("/console/draws/new", {**DRAW, **PLAN, **days, "last": "2026-10-01", "free": "x"})
    assert wrong.status_code == 422 and 'id="last-wrong"' in wrong.text and 'id="free-wrong"' in wrong.text
    assert "The draw is open." in liam.post("/console/draws/new", {**DRAW, **PLAN, **days}).text
    made = draws.find("spring")
    assert made is not None and made.beacon == "drand"
    assert Plan.of(made) == Plan(
        "share", 4, date(2026, 11, 2), date(2026, 11, 15), (team.id,), ("Koper", "Trieste"), 30, 3,
        ("facebook", "threads"), 1, 10,
    )  # fmt: skip
    for said in ("2026-11-02 to 2026-11-15", "Bakery", "Koper, Trieste", "30 days", "3 months", "within 10 days"):
        assert said in made.rules
    form = liam.get("/console/draws/spring/edit").text
    assert "Who takes part" not in form  # rules made from settings follow them
    again = {**DRAW, **PLAN, **days, "tenure_days": "60", "rules": ""}
    liam.post("/console/draws/spring/edit", again)
    assert "60 days" in made.rules
    liam.post("/console/draws/spring/edit", {**again, "rules": "Be kind."})
    assert "Be kind." in liam.get("/console/draws/spring/edit").text
    assert 'value="2026-11-15"' in form and 'value="Koper, Trieste"' in form


def test_a_campaigns_draw_takes_the_campaigns_days(liam: Liam) -> None:
    campaign = Campaign(slug="c", name="Harbour", starts_on=date(2026, 11, 1), ends_on=date(2026, 11, 30))
    db.session.add(campaign)
    db.session.commit()
    liam.post("/console/draws/new", {**DRAW, **PLAN, "kind": "campaign", "campaign": str(campaign.id)})
    made = draws.find("spring")
    assert made is not None and made.campaign_id == campaign.id
    assert Plan.of(made).last == date(2026, 11, 30)


def test_monthly_draws_are_said_once_and_new_draws_begin_with_them(liam: Liam) -> None:
    given = {"on": "1", "prizes": "A basket | 40 EUR", "alternates": "2", "hours": "60", **PLAN}
    wrong = liam.post("/console/draws/monthly", {**given, "hours": "12"})
    assert wrong.status_code == 422 and 'id="hours-wrong"' in wrong.text and "A basket | 40 EUR" in wrong.text
    assert "Saved." in liam.post("/console/draws/monthly", given).text
    found = monthly.plan()
    assert (found.monthly, found.hours, found.prizes) == (True, 60, [["A basket", "40 EUR"]])
    assert draws.tend() == 1
    assert 'value="Koper, Trieste"' in liam.get("/console/draws/new").text
