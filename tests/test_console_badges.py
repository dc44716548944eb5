"""Badges at the console. In: a liaison's wishes. Out: badges listed, switched, tried, kept; what seems broken told."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from service import badge_fillings, badges, clock, jobs
from service.database import db
from service.models import Award, Badge, BadgeFilling, Share
from tests import week47
from tests.liam import Liam, at_the_console

OWN = {"slug": "loud", "title": {"en": "Loud"}, "levels": [2, 5], "criterion": {"kind": "networks"}}


@pytest.fixture
def liam(app: Flask) -> Liam:
    week47.at("2026-11-16T10:00")
    week47.programme()
    week47.story("One")
    return at_the_console(app)


def test_a_badge_is_switched_and_back(liam: Liam) -> None:
    page = liam.get("/console/badges").text
    assert "Conversation starter" in page
    said = liam.post("/console/badges/own-voice", {"act": "off"}).text
    assert "Who has it keeps it." in said
    db.session.expire_all()
    assert db.session.get(Badge, "own-voice").on is False  # type: ignore[union-attr]
    assert liam.post("/console/badges/nothing", {"act": "off"}).status_code == 404


def test_an_own_badge_is_tried_before_it_is_kept(liam: Liam) -> None:
    liam.get("/console/badges")
    tried = liam.post("/console/badges", {"act": "try", "declaration": json.dumps(OWN)})
    assert "Level 2: 0 would hold it" in tried.text and "Level 2: 0 would hold it" in liam.get("/console/badges").text
    assert db.session.scalar(sa.select(sa.func.count(Badge.slug))) == 0
    wrong = liam.post("/console/badges", {"act": "keep", "declaration": json.dumps({**OWN, "levels": [5, 2]})})
    assert wrong.status_code == 422 and "list one to 9 levels" in wrong.text
    assert liam.post("/console/badges", {"act": "keep", "declaration": "{"}).status_code == 422
    kept = liam.post("/console/badges", {"act": "keep", "declaration": json.dumps(OWN)}).text
    assert "Loud" in kept and "would hold it" not in kept


def test_what_is_tried_on_many_is_worked_out_by_a_worker_and_kept(liam: Liam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(badge_fillings, "AT_ONCE", 2)
    monkeypatch.setattr(badges, "AT_ONCE", 2)
    visited = ["2026-11-10T10:00:00.000000+00:00"]
    for n in range(7):
        her = week47.reader(f"P{n}").subject
        of = {"story_id": 1, "network": "linkedin", "code": f"{n:010}", "state": "confirmed", "visited_at": visited}
        db.session.add(Share(subject=her, **of))
    db.session.commit()
    liam.get("/console/badges")
    one = {**OWN, "levels": [1]}
    said = liam.post("/console/badges", {"act": "try", "declaration": json.dumps(one)}).text
    assert "Tried on 0 of 7 people so far" in said and 'http-equiv="refresh"' in said and "<textarea" not in said
    with pytest.raises(KeyboardInterrupt):
        badge_fillings.work(lambda _people: (_ for _ in ()).throw(KeyboardInterrupt))
    db.session.rollback()
    assert "Tried on 2 of 7 people so far" in liam.get("/console/badges").text
    jobs.run(badge_fillings.TASK)  # goes on where it was
    page = liam.get("/console/badges").text
    assert "Level 1: 7 would hold it, 7 of them anew, and 0 would lose it." in page
    assert "&#34;levels&#34;" in page and 'http-equiv="refresh"' not in page
    assert db.session.scalar(sa.select(sa.func.count(Award.id))) == 0
    liam.post("/console/badges", {"act": "try", "declaration": json.dumps(OWN)})  # another takes its place
    assert db.session.scalar(sa.select(sa.func.count(BadgeFilling.id))) == 1
    liam.post("/console/badges/fill")
    jobs.run(badge_fillings.TASK)
    page = liam.get("/console/badges").text
    assert "Level 1: 0 would hold it" in page and "Filled in on" in page


def test_badges_are_filled_in_by_a_worker_while_the_page_shows_how_far_it_is(liam: Liam) -> None:
    visited = ["2026-11-10T10:00:00.000000+00:00"]
    for n in range(3):
        her = week47.reader(f"P{n}").subject
        of = {"story_id": 1, "network": "linkedin", "code": f"{n:010}", "state": "confirmed", "visited_at": visited}
        db.session.add(Share(subject=her, **of))
    db.session.commit()
    said = liam.post("/console/badges/fill").text
    assert "0 of 3 people so far" in said and 'http-equiv="refresh"' in said and "hx-trigger" in said
    assert "0 of 3 people so far" in liam.get("/console/badges").text  # a reload changes nothing
    assert "0 of 3 people so far" in liam.post("/console/badges/fill").text  # nor does asking twice
    jobs.run(badge_fillings.TASK)
    page = liam.get("/console/badges").text
    assert "Given: fewer than five. Taken back: 0." in page and 'http-equiv="refresh"' not in page
    liam.post("/console/badges/fill")
    jobs.run(badge_fillings.TASK)
    assert "nothing was to be done" in liam.get("/console/badges").text
    assert db.session.scalar(sa.select(sa.func.count(BadgeFilling.id))) == 2


def test_a_rule_that_fell_silent_stands_among_what_needs_her(liam: Liam) -> None:
    assert "wants a look" not in liam.get("/console/").text
    for week in (5, 6, 8):
        at = clock.now() - timedelta(weeks=week)
        db.session.add(Award(subject=f"{week}", badge="own-voice", earned_at=at, created_at=at))
    db.session.commit()
    assert "The rule of 1 badge wants a look" in liam.get("/console/").text
    page = liam.get("/console/badges").text
    assert "fewer than five" in page and "Nobody earned it for four weeks" in page
