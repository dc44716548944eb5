"""Nonsense that is typed. In: numbers, days and signs beyond any database. Out: the form again, which says where."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from service import editions, roles
from service.database import db
from service.models import Contest, Edition, Reckoning, RuleTrial, Topic
from tests import noor as world
from tests.liam import Liam, at_the_console

CONTEST = {
    "name": "Kept as typed",
    "measure": "points",
    "among": "people",
    "threshold": "3",
    "starts_on": "2026-11-18",
    "ends_on": "2026-11-30",
    "prizes": "A kettle",
}


@pytest.fixture
def liam(app: Flask) -> Liam:
    world.begin()
    return at_the_console(app)


@pytest.mark.parametrize("picked", ["999999999999", "-99999999999", "9" * 5000, "no number", "2147483647"])
def test_a_contest_of_a_campaign_that_cannot_be_is_refused_beside_the_field(liam: Liam, picked: str) -> None:
    liam.get("/console/contests/new")
    answer = liam.post("/console/contests/new", {**CONTEST, "campaign_id": picked})
    assert answer.status_code == 422 and 'href="#campaign_id"' in answer.text and "autofocus" in answer.text
    assert 'value="Kept as typed"' in answer.text and "A kettle" in answer.text and 'value="2026-11-30"' in answer.text
    assert db.session.scalar(sa.select(sa.func.count(Contest.id))) == 0
    liam.post("/console/contests/new", {**CONTEST, "campaign_id": ""})
    assert db.session.scalars(sa.select(Contest.campaign_id)).all() == [None]


@pytest.mark.parametrize("days", [("0001-01-01", "2026-11-01"), ("2026-10-01", "9999-12-31"), ("0001-01-01",) * 2])
def test_rules_tried_in_a_time_out_of_all_times_are_refused_beside_the_field(liam: Liam, days: tuple[str, str]) -> None:
    liam.get("/console/rules")
    answer = liam.post("/console/rules", {"confirmed": "17", "since": days[0], "until": days[1]})
    assert answer.status_code == 422 and 'value="17"' in answer.text
    assert ('href="#since"' in answer.text) == (days[0] == "0001-01-01")
    assert ('href="#until"' in answer.text) == (days[1] != "2026-11-01")
    assert db.session.scalar(sa.select(sa.func.count(RuleTrial.id))) == 0


@pytest.mark.parametrize("into", ["999999999999", "-99999999999", "words"])
def test_a_topic_is_merged_into_none_that_cannot_be(liam: Liam, into: str) -> None:
    topic = db.session.scalars(sa.select(Topic).order_by(Topic.id)).first()
    assert topic is not None
    number, before = topic.id, db.session.scalar(sa.select(sa.func.count(Topic.id)))
    liam.get("/console/settings/topics")
    answer = liam.post(f"/console/settings/topics/{number}", {"act": "merge", "into": into, "typed": topic.name})
    assert answer.status_code == 200 and "note bad" in answer.text
    assert db.session.scalar(sa.select(sa.func.count(Topic.id))) == before


def test_a_sign_that_no_database_holds_is_dropped_from_words_and_sites(liam: Liam) -> None:
    week = editions.edition().week
    db.session.commit()
    liam.get("/console/")
    assert liam.post(f"/console/editions/{week}/words", {"words-en": "Good\0 morning "}).status_code == 200
    assert db.session.scalars(sa.select(Edition.words)).one()["en"] in ("Good morning", "Good  morning")
    liam.get("/console/results/conversions")
    answer = liam.post("/console/results/conversions/sites", {"sites": "https://www.fjord.example\0"})
    assert answer.status_code in (200, 422)
    assert "\0" not in "".join(db.session.scalars(sa.select(Reckoning.sites)).first() or [])


def test_a_bad_form_takes_the_focus_to_what_is_to_be_mended(liam: Liam) -> None:
    link = f"/console/welcome/{roles.invite('new@fjord.example', 'Nova', 'editor')[1]}"
    bad = {
        link: {"password": "short"},
        "/console/people/groups": {"name": ""},
        "/console/people/teams": {"name": ""},
        "/console/settings/topics": {"name": ""},
        "/console/settings/liaisons": {"name": "", "email": "", "role": "viewer"},
        "/console/contests/new": {"name": ""},
    }
    for path, fields in bad.items():
        liam.get(path)
        answer = liam.post(path, fields)
        assert answer.status_code == 422, path
        assert 'role="alert" tabindex="-1" autofocus' in answer.text and "aria-invalid" in answer.text, path
