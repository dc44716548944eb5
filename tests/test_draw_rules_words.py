"""Rules of draws in words. In: a draw's settings. Out: English rules that are hashed, the same in other languages."""

from __future__ import annotations

import re
from datetime import date

import pytest
from flask.testing import FlaskClient

from service import draws, programmes
from service.database import db
from service.draws import Plan
from service.models import Employee
from tests.test_draws import DUE, cast

__all__ = ["cast"]

PLANS = {
    "month": Plan(tenure_days=1, recent_months=3, countries=("IT", "SI"), free=2),
    "hand": Plan(per="share", first=date(2026, 10, 1), last=date(2026, 10, 31), offices=("Piran",), claim_days=1),
}


@pytest.mark.parametrize("kind", PLANS)
@pytest.mark.parametrize("beacon", ["drand", "numbers"])
def test_each_line_of_the_rules_says_in_every_language_what_the_english_one_says(
    cast: dict[str, Employee], kind: str, beacon: str
) -> None:
    draw = draws.create("x", "November", [("A plant", "20 EUR")], beacon=beacon, kind=kind, plan=PLANS[kind])
    assert set(draw.rules_in) == {"it", "sl"} and draw.rules.startswith("November\n\nRun by: Acme, Good news\n")
    lines = draw.rules.splitlines()
    numbers = [re.findall(r"\d+", line) for line in lines]
    for text in draw.rules_in.values():
        theirs = text.splitlines()
        assert [line for line in theirs[2:] if line in lines] == ["  1. A plant (20 EUR)"]
        assert [re.findall(r"\d+", line) for line in theirs] == numbers and not re.search(r"%\(|\{", text)


def test_a_reader_sees_them_in_her_language_and_which_text_binds(
    client: FlaskClient, cast: dict[str, Employee]
) -> None:
    plan = Plan(countries=("IT", "SI"))
    draw = draws.create("2026-10", "October", [("A plant", "")], month="2026-10", beacon="drand", plan=plan)
    kept = dict(draw.rules_in)
    programmes.current().company = "Another name"
    for person in cast.values():
        person.country = "IT"
    db.session.commit()
    draws.freeze(draw, DUE)
    for language, country in (("it", "Italia"), ("sl", "Slovenija"), ("en", "Slovenia")):
        db.session.rollback()
        with client.application.app_context():
            page = client.get("/draws/2026-10", headers={"Accept-Language": language}).get_data(as_text=True)
        section = page.split('id="rules"')[1].split("</section>")[0]
        assert country in section and f'lang="{language}"' in section and "Another name" not in section
        assert ("the text that binds" in section) == (language == "en")
    assert draw.rules_in == kept and client.get("/draws/2026-10/rules.txt").data == draw.rules.encode()
    assert draws.check(draw) == []


def test_rules_of_the_liaisons_own_stand_alone(client: FlaskClient, cast: dict[str, Employee]) -> None:
    draw = draws.create("own", "Own", [("A plant", "")], beacon="drand", rules="Our own words.")
    page = client.get("/draws/own", headers={"Accept-Language": "it"}).get_data(as_text=True)
    assert draw.rules_in == {} and "Our own words." in page
