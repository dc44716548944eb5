"""Short links in front of Flask: the same answers as Flask's own, visits written in both modes, counts that add up."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import Client, TestResponse

from service import ledger, shares, visiting
from service.arrivals import known
from service.database import db
from service.models import Arrival, Evidence, Intake, Programme, Share
from service.models.content import Afterwards, StoryStatus
from service.visitor_marks import week_key
from service.web.redirects import Redirects, in_front_of
from tests import noor as world

ADDRESS = {"REMOTE_ADDR": "198.51.100.7"}


@pytest.fixture(params=["durable", "buffered"])
def front(app: Flask, request: pytest.FixtureRequest) -> Iterator[Redirects]:
    app.config["GOODWORD"] = replace(app.config["GOODWORD"], visits=request.param)
    found = in_front_of(app)
    yield found
    db.session.rollback()  # as below: the writer has something left to write
    found.intake.close()


def _code(network: str = "linkedin") -> str:
    noor = db.session.query(world.Employee).first() or world.begin()
    code = shares.open_share(noor, world.story(), network).share.code
    db.session.commit()
    return code


def _ask(front: Redirects, code: str, method: str = "GET", **headers: str) -> TestResponse:
    db.session.rollback()  # the test's own reading must not hold SQLite's write lock
    return _open(front, code, method, **headers)


def _open(front: Redirects, code: str, method: str = "GET", **headers: str) -> TestResponse:
    return Client(front).open(
        f"/r/{code}", method=method, headers={**world.PERSON, **headers}, environ_overrides=ADDRESS
    )


def until_written(front: Redirects) -> None:
    while front.intake.buffer.waiting:
        time.sleep(0.01)


def _written(front: Redirects) -> list[Arrival]:
    db.session.rollback()  # nor what Flask answered, in the very context of the test
    front.intake.close()
    db.session.rollback()
    return list(db.session.scalars(sa.select(Arrival).order_by(Arrival.id)))


def test_a_person_is_led_on_with_the_headers_that_flask_would_give(front: Redirects) -> None:
    code = _code()
    ours = _ask(front, code)
    flasks = front.app.test_client().get(f"/r/{code}", headers=world.PERSON)
    assert ours.status == flasks.status == "302 FOUND"
    length = {"Content-Length": ours.headers["Content-Length"]}
    assert dict(ours.headers) == dict(flasks.headers) | length
    assert ours.headers["Location"] in ours.text.replace("&amp;", "&")
    head = _ask(front, code, "HEAD")
    assert (head.data, dict(head.headers)) == (b"", dict(ours.headers))


def test_a_visit_is_written_without_its_address_judged_and_settled(front: Redirects) -> None:
    code = _code()
    _ask(front, code, **{"Sec-Fetch-Dest": "document"})
    (kept,) = _written(front)
    facts = {"agent": world.CHROME, "language": "it-IT,it;q=0.9", "dest": "document"}
    assert json.loads(kept.facts) == facts
    assert "198.51.100" not in repr({k: getattr(kept, k) for k in list(Arrival.__table__.c.keys())})
    who = kept.visitor
    assert visiting.judge_arrivals() == 1
    row = db.session.query(Evidence).filter_by(kind="visit").one()
    assert (row.verdict, row.reason, row.visitor) == ("human", "browser", who)
    assert db.session.query(Share).one().state == "confirmed"
    assert db.session.query(Arrival).count() == 0
    assert ledger.verify() == []


def test_the_same_visitor_is_the_same_whichever_way_the_visit_went(front: Redirects) -> None:
    code = _code()
    _ask(front, code)
    _written(front)
    visiting.judge_arrivals()
    visiting.visit(code, visiting.Asked(address="198.51.100.7", agent=world.CHROME, language="it-IT,it;q=0.9"))
    first, second = db.session.query(Evidence).filter_by(kind="visit").order_by(Evidence.id)
    same = ("visitor", "place", "weekly", "weekly_place")
    assert [getattr(first, n) for n in same] == [getattr(second, n) for n in same]
    assert (second.reason, first.facts.keys()) == ("again", second.facts.keys())


def test_in_durable_mode_the_visit_is_there_when_the_answer_is(app: Flask) -> None:
    front = in_front_of(app)
    code = _code()
    for n in range(3):
        _ask(front, code)
        db.session.rollback()
        assert db.session.query(Arrival).count() == n + 1
    db.session.rollback()
    front.intake.close()


def test_answers_at_once_are_all_written_once_and_counted(front: Redirects) -> None:
    codes = [_code(network) for network in ("linkedin", "x", "bluesky")]
    db.session.rollback()
    with ThreadPoolExecutor(8) as people:
        list(people.map(lambda n: _open(front, codes[n % 3], **{"User-Agent": f"{world.CHROME} {n}"}), range(300)))
    assert len(_written(front)) == 300
    told = db.session.query(Intake).one()
    assert (told.recorded, told.lost, told.ended_at is not None) == (300, 0, True)
    assert visiting.judge_arrivals() == 300


def test_what_flask_must_answer_goes_to_flask(front: Redirects) -> None:
    code = _code()
    assert _ask(front, "2222222222").status_code == 404
    assert "<footer" in _ask(front, "2222222222").text, "the page of every other address that is wrong"
    assert _ask(front, code, "POST").status_code in (400, 405)
    card = _ask(front, code, **world.LINKEDIN)
    assert card.status_code == 200 and "og:title" in card.text
    world.story().status, world.story().afterwards = StoryStatus.ARCHIVED, Afterwards.EXPLAINS
    db.session.commit()
    front.intake.known.compare()
    assert _ask(front, code).status_code == 200
    assert Client(front).get("/health").status_code == 200


def test_visits_that_flask_answers_take_the_same_way_and_count_once(front: Redirects) -> None:
    code = _code()
    assert "og:title" in _ask(front, code, **world.LINKEDIN).text
    assert _ask(front, code, "HEAD", **world.LINKEDIN).status_code == 200
    world.story().status, world.story().afterwards = StoryStatus.ARCHIVED, Afterwards.EXPLAINS
    db.session.commit()
    front.intake.known.compare()
    assert _ask(front, code).status_code == 200
    assert [json.loads(each.facts)["agent"] for each in _written(front)] == [
        world.LINKEDIN["User-Agent"],
        world.CHROME,
    ]
    assert db.session.query(Evidence).filter_by(kind="visit").count() == 0, "nothing was recorded on the way"
    assert visiting.judge_arrivals() == 2
    assert db.session.query(Share).one().seen_at is not None


def test_a_card_leads_on_with_the_click_that_was_taken(front: Redirects) -> None:
    code = _code()
    db.session.get(Programme, 1).click_parameter = "gw"
    db.session.commit()
    card = _ask(front, code, **world.LINKEDIN).text
    (kept,) = _written(front)
    assert kept.click and f"gw={kept.click}" in card


def test_changes_take_effect_and_an_erased_person_is_not_counted(front: Redirects) -> None:
    code = _code()
    assert "fjord.example/doors" in _ask(front, code).headers["Location"]
    world.story().url = "https://fjord.example/gates"
    db.session.query(Share).one().salt = None
    db.session.commit()
    assert front.intake.known.compare() == 1
    db.session.remove()
    assert "fjord.example/gates" in _ask(front, code).headers["Location"]
    assert len(_written(front)) == 1, "the one from before"
    assert visiting.judge_arrivals() == 1
    assert db.session.query(Evidence).filter_by(kind="visit").count() == 0
    assert front.intake.known.compare() == 0


def test_a_click_takes_its_own_id_along(front: Redirects) -> None:
    code = _code()
    db.session.get(Programme, 1).click_parameter = "gw"
    db.session.commit()
    answers = [_ask(front, code).headers["Location"] for _ in range(2)]
    clicks = [each.click for each in _written(front)]
    assert len(set(clicks)) == 2
    assert all(f"gw={click}#top" in target for click, target in zip(clicks, answers, strict=True))


def test_a_process_knows_only_so_many_links_and_asks_for_a_wrong_one_once(app: Flask) -> None:
    held = known.Known(most=2)
    codes = [_code(network) for network in ("linkedin", "x", "bluesky")]
    for code in codes:
        assert held.look_up(code)
    assert list(held.links) == codes[1:]
    asked = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda *a: asked.append(a[2]))
    assert held.look_up("2222222222") is None
    count = len(asked)
    assert held.look_up("2222222222") is None
    assert (count > 0, len(asked)) == (True, count)


def test_a_process_that_begins_learns_the_newest_links_and_keeps_those_that_were_asked_for(app: Flask) -> None:
    codes = [_code(network) for network in ("linkedin", "x", "bluesky")]
    db.session.rollback()
    held = known.Known(most=2)
    first = held.look_up(codes[0])
    held.fill()
    assert held.links == {codes[0]: first, codes[1]: held.links[codes[1]]}
    whole = known.Known()
    whole.fill()
    assert list(whole.links) == codes
    assert whole.compare() == 0, "they are the same whichever way they were read"


def test_no_address_stays_in_memory(front: Redirects) -> None:
    from service import network_ranges
    from service import proxies as behind

    code = _code()
    behind.use(["192.0.2.1"])
    far = {"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": "198.51.100.7"}
    try:
        Client(front).open(f"/r/{code}", headers=world.PERSON, environ_overrides=far)
        until_written(front)
        deriver = front.intake.writer.deriver
        assert "198.51.100.7" in repr(deriver._callers) and network_ranges.plain.cache_info().currsize
        deriver.forget()
        assert not deriver._callers
        kept = (network_ranges.plain, network_ranges.place_of, network_ranges.unplaced, network_ranges.inside)
        assert sum(each.cache_info().currsize for each in (*kept, behind._bare)) == 0
    finally:
        behind.use([])


def test_the_weeks_key_changes_with_the_week_of_the_programme(app: Flask) -> None:
    world.begin()  # in Ljubljana Monday begins at 23:00 UTC in winter
    sunday, monday = datetime(2026, 11, 22, 22, 30, tzinfo=UTC), datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    first, second = week_key(sunday), week_key(monday)
    assert first != second == week_key(monday + timedelta(days=6, hours=23))
