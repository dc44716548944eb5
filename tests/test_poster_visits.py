"""Posters' visits by the intake. In: visits by QR codes in all orders. Out: written as others are, judged in sets."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from werkzeug.test import Client, TestResponse

from scoring import visits
from service import clock, conversions, posters, programmes, visiting
from service.database import db
from service.models import Arrival, Evidence, Intake, Poster, PosterVisit
from service.models.content import Afterwards, StoryStatus
from service.web.redirects import in_front_of
from tests import noor as world
from tests.conftest import TUESDAY

ADDRESS = {"REMOTE_ADDR": "198.51.100.7"}


@pytest.fixture(params=["durable", "buffered"])
def front(app: Flask, request: pytest.FixtureRequest) -> Iterator[Client]:
    app.config["GOODWORD"] = replace(app.config["GOODWORD"], visits=request.param)
    yield Client(in_front_of(app))
    app.extensions["goodword.intake"].close()


def _poster() -> Poster:
    world.begin()
    return posters.make(world.story())


def _ask(front: Client, code: str, method: str = "GET", **headers: str) -> TestResponse:
    db.session.rollback()  # the test's own reading must not hold SQLite's write lock
    sent = {**world.PERSON, **headers}
    return front.open(f"/p/{code}", method=method, headers=sent, environ_overrides=ADDRESS)


def _written(app: Flask) -> list[Arrival]:
    db.session.rollback()
    app.extensions["goodword.intake"].close()
    db.session.rollback()
    return list(db.session.scalars(sa.select(Arrival).order_by(Arrival.id)))


def _counts() -> list[tuple[int, int]]:
    db.session.rollback()
    return [tuple(row) for row in db.session.execute(sa.select(Poster.people, Poster.others).order_by(Poster.id))]


def test_a_posters_visit_waits_with_the_others_and_is_judged_for_the_poster_alone(front: Client, app: Flask) -> None:
    code = _poster().code
    answers = [_ask(front, code) for _ in range(2)]
    assert {(a.status_code, "utm_source=poster&" in a.headers["Location"]) for a in answers} == {(302, True)}
    assert _ask(front, code, "HEAD").status_code == 302
    assert "og:title" in _ask(front, code, **world.LINKEDIN).text
    assert _counts() == [(0, 0)], "nothing is judged while somebody waits for the answer"
    person, again, crawler = _written(app)
    assert (person.share_id, person.place, person.weekly, person.weekly_place) == (None, None, None, None)
    assert person.visitor == again.visitor != crawler.visitor
    assert json.loads(person.facts) == {"agent": world.CHROME, "language": "it-IT,it;q=0.9"}
    assert visiting.judge_arrivals() == 3
    assert _counts() == [(1, 1)]
    assert [v.reason for v in db.session.query(PosterVisit).order_by(PosterVisit.id)] == [
        "browser", "again", "unverified",
    ]  # fmt: skip
    assert not any(db.session.query(table).count() for table in (Arrival, Evidence))
    told = db.session.query(Intake).one()
    assert (told.recorded, told.lost) == (3, 0)


def test_the_way_by_the_intake_and_the_way_without_give_the_same_visitor(front: Client, app: Flask) -> None:
    poster = _poster()
    code = poster.code
    _ask(front, code)
    _written(app)
    visiting.judge_arrivals()
    asked = visiting.Asked(address="198.51.100.7", agent=world.CHROME, language="it-IT,it;q=0.9")
    posters.visit(poster, asked)
    first, second = db.session.query(PosterVisit).order_by(PosterVisit.id)
    assert (first.visitor, first.facts.keys()) == (second.visitor, second.facts.keys())
    assert _counts() == [(1, 0)]


def test_unknown_and_ended_posters_answer_as_ever_and_changes_take_effect(front: Client, app: Flask) -> None:
    code = _poster().code
    assert _ask(front, code).status_code == 302
    assert {_ask(front, wrong).status_code for wrong in ("2222222222", "x", "%00" * 10)} == {404}
    assert front.get(f"/r/{code}").status_code == 404, "a poster's code is no share's"
    world.story().status, world.story().afterwards = StoryStatus.ARCHIVED, Afterwards.ENDS
    db.session.commit()
    assert app.extensions["goodword.intake"].posters.compare() == 1
    assert _ask(front, code).status_code == 410
    assert len(_written(app)) == 2


def test_a_click_by_a_poster_is_known_before_its_visit_is_judged(front: Client, app: Flask) -> None:
    code = _poster().code
    programmes.change(click_parameter="gw_click")
    to = _ask(front, code).headers["Location"]
    (kept,) = _written(app)
    click = kept.click
    assert click and f"gw_click={click}#top" in to
    assert conversions._behind(click) == (world.story().id, "poster", 0)
    visiting.judge_arrivals()
    assert conversions._behind(click) == (world.story().id, "poster", 0)


def test_visits_of_a_poster_that_is_gone_are_dropped(app: Flask) -> None:
    poster = _poster()
    db.session.add(Arrival(poster_id=poster.id, at=TUESDAY, visitor="v", facts="{}"))
    db.session.delete(poster)
    db.session.commit()
    assert visiting.judge_arrivals() == 1
    assert (db.session.query(Arrival).count(), db.session.query(PosterVisit).count()) == (0, 0)


AGENTS = {"person": world.CHROME, "program": "curl/8.10.1", "crawler": world.LINKEDIN["User-Agent"]}
CAME = st.tuples(st.integers(0, 1), st.sampled_from("abc"), st.integers(0, 12), st.sampled_from(sorted(AGENTS)))


@hypothesis(
    max_examples=10, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(came=st.lists(CAME, min_size=1, max_size=14), data=st.data())
def test_neither_order_nor_sets_change_a_verdict_or_a_count(
    app: Flask, came: list[tuple[int, str, int, str]], data: st.DataObject
) -> None:
    outcomes = []
    for together in (True, False):
        ids = _two_posters()
        order = list(range(len(came))) if together else data.draw(st.permutations(range(len(came))))
        for n in order:
            which, who, halves, agent = came[n]
            facts = json.dumps({"agent": AGENTS[agent], "language": "en"})
            at = TUESDAY + timedelta(seconds=halves / 2)
            db.session.add(Arrival(poster_id=ids[which], at=at, visitor=who + agent, facts=facts))
            if not together and data.draw(st.booleans()):
                db.session.commit()
                visiting.judge_arrivals()
        db.session.commit()
        visiting.judge_arrivals()
        outcomes.append((_counts(), _verdicts(ids), _expected(ids)))
    assert outcomes[0] == outcomes[1]
    counts, _kept, expected = outcomes[0]
    assert counts == expected, "each person once, everything else each time"


def _two_posters() -> list[int]:
    for table in (Arrival, PosterVisit, Poster):
        db.session.execute(sa.delete(table))
    if db.session.query(world.Story).first() is None:
        world.begin()
    ids = [posters.make(story).id for story in db.session.query(world.Story).order_by(world.Story.id)]
    db.session.commit()
    return ids


def _kept(ids: list[int]) -> list[tuple[int, str | None, datetime, str, str]]:
    rows = db.session.query(PosterVisit).all()
    return [(ids.index(r.poster_id), r.visitor, r.at, r.verdict, r.reason) for r in rows]


def _verdicts(ids: list[int]) -> list[tuple[object, ...]]:
    """What was said of each; that a person came `again` is told by what is known by then, and changes no count."""
    told = [(*rest, "browser" if reason == "again" else reason) for *rest, reason in _kept(ids)]
    return sorted(told, key=str)


def _expected(ids: list[int]) -> list[tuple[int, int]]:
    kept = _kept(ids)
    return [
        (
            len({who for poster, who, _at, verdict, _reason in kept if poster == n and verdict == visits.HUMAN}),
            sum(poster == n and verdict != visits.HUMAN for poster, _who, _at, verdict, _reason in kept),
        )
        for n in range(2)
    ]


def test_two_that_judge_at_once_count_each_visit_once(app: Flask) -> None:
    ids = _two_posters()
    for n in range(300):
        facts = json.dumps({"agent": world.CHROME, "language": "en"})
        at = clock.now() - timedelta(minutes=n)
        db.session.add(Arrival(poster_id=ids[n % 2], at=at, visitor=f"{n // 2 % 50}", facts=facts))
    db.session.commit()
    judged = []

    def judge() -> None:
        with app.app_context():
            judged.append(visiting.judge_arrivals())
            db.session.remove()

    both = [threading.Thread(target=judge) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sum(judged) == 300
    assert _counts() == [(50, 0), (50, 0)]
