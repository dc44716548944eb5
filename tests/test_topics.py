"""Topics at work. In: names, followers and stories. Out: counted, renamed, merged and retired, on pages too."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from service import choices, editions, employees, freezing, topic_acts, topics
from service.database import db
from service.models import AuditLine, Badge, Employee, Feed, Story, Team, Topic
from service.validation import Invalid, key_of
from tests import week47
from tests.liam import at_the_console
from tests.noor import passes_of


@pytest.fixture
def beacon(app: Flask) -> Flask:
    week47.programme()
    week47.reader("Noor", topics=[1, 2], fewer=["kind:promotional", "topic:1"])
    week47.reader("Ada", topics=[1])
    week47.reader("Gone", topics=[1], status="left")
    week47.story("Ward", topics=[1, 2], lead_topic=1)
    week47.story("Clinic")
    return app


def of(name: str) -> Employee:
    return db.session.query(Employee).filter_by(name=name).one()


def test_topics_tell_their_followers_and_stories(beacon: Flask) -> None:
    assert [(s.topic.name, s.followers, s.stories) for s in topic_acts.everyone()] == [
        ("Health", 2, 2),
        ("Space", 1, 1),
    ]


def test_a_merged_topic_gives_everything_to_the_other_one_even_in_editions_on_their_way(beacon: Flask) -> None:
    db.session.add(Feed(url="https://news.example/feed", name="News", topics=[1]))
    db.session.commit()
    week47.at("2026-11-16T08:00")
    edition = editions.edition(week47.WEEK)
    editions.release(edition, "Liam")
    health, space = db.session.get_one(Topic, 1), db.session.get_one(Topic, 2)
    with pytest.raises(Invalid):
        topic_acts.merge(health, space, "Helth")
    with pytest.raises(Invalid):
        topic_acts.merge(health, health, "Health")
    assert topic_acts.merge(health, space, "health ") == (2, 2)
    db.session.expire_all()
    assert (of("Noor").topics, of("Noor").fewer, of("Ada").topics) == ([2], ["kind:promotional", "topic:2"], [2])
    assert [(s.topics, s.lead_topic) for s in db.session.query(Story)] == [([2], 2), ([2], 2)]
    assert db.session.query(Feed).one().topics == [2] and db.session.get(Topic, 1) is None
    frozen = freezing.texts_of(edition)
    assert {c.topics for c in frozen.candidates} == {frozenset({2})}
    assert {s.topic[""] for s in frozen.texts.stories} == {"Health"}


def test_files_and_feeds_that_say_a_merged_topic_mean_its_successor(beacon: Flask) -> None:
    health, space = db.session.get_one(Topic, 1), db.session.get_one(Topic, 2)
    topics.rename(health, "Well-being", {"it": "Salute"})
    third = topics.create("Care")
    topic_acts.merge(health, space, "Well-being")
    topic_acts.merge(space, third, "Space")
    for name in ("Health", "well-being", "SALUTE", "space"):
        assert topics.lookup()[key_of(name)] == third.id, name
    file = b"Name,E-mail,Topics\nMina,mina@beacon.example,Salute; Space; Weather\n"
    seen = employees.preview(file, create_topics=True)
    assert list(seen.reading.new_topics.values()) == ["Weather"]
    employees.apply(seen)
    weather = topics.lookup()["weather"]
    assert of("Mina").topics == sorted([third.id, weather])
    assert {t.name for t in topics.all_topics()} == {"Care", "Weather"}
    assert "Merged into it: " in at_the_console(beacon).get("/console/settings/topics").text
    again = topics.create("Health")
    assert topics.lookup()["health"] == again.id != third.id


def test_a_topic_that_a_badge_counts_is_not_merged(beacon: Flask) -> None:
    db.session.add(Badge(slug="healer", declaration={"criterion": {"kind": "shares", "topic": "health"}}))
    db.session.commit()
    with pytest.raises(Invalid, match="healer"):
        topic_acts.merge(db.session.get_one(Topic, 1), db.session.get_one(Topic, 2), "Health")


def test_a_retired_topic_stays_with_who_follows_it_and_is_offered_to_nobody_else(beacon: Flask) -> None:
    topics.retire(db.session.get_one(Topic, 2))
    assert [t.name for t in topics.offered()] == ["Health"]
    assert [t.name for t in topics.offered([2])] == ["Health", "Space"]
    choices.set_topics(of("Noor"), [1, 2])
    choices.set_topics(of("Ada"), [1, 2])
    assert (of("Noor").topics, of("Ada").topics) == ([1, 2], [1])


def test_two_topics_never_have_one_name_in_any_language(beacon: Flask) -> None:
    with pytest.raises(Invalid):
        topics.rename(db.session.get_one(Topic, 1), "Health", {"it": "spazio"})


def test_the_liaison_tidies_topics_on_one_page(beacon: Flask) -> None:
    liam = at_the_console(beacon)
    assert "Spazio" in liam.get("/console/settings/topics").text
    page = liam.post("/console/settings/topics/1", {"act": "rename", "name": "Care", "name-it": "Cura"}).text
    assert "Changed: Care." in page and "Cura" in page
    assert "already" in liam.post("/console/settings/topics/1", {"act": "rename", "name": "space"}).text
    assert "Retired" in liam.post("/console/settings/topics/1", {"act": "retire"}).text
    assert "<span>Care</span>" not in liam.get("/console/stories/new").text
    liam.get("/console/settings/topics")
    liam.post("/console/settings/topics/1", {"act": "offer"})
    assert liam.post("/console/settings/topics", {"name": "care"}).status_code == 422
    told = liam.post("/console/settings/topics/1", {"act": "merge", "into": "2", "typed": "Care"}).text
    assert "Merged into Space: 2 people follow it now, 2 stories moved." in told
    line = db.session.query(AuditLine).filter_by(act="merged").one()
    assert (line.before, line.after) == ({"name": "Care"}, {"name": "Space"})


def test_her_page_offers_no_retired_topic(beacon: Flask, client: FlaskClient) -> None:
    topics.retire(db.session.get_one(Topic, 2))
    shown = [client.get(f"/me/{passes_of(of(name)).me}").text for name in ("Noor", "Ada")]
    assert ["Space" in page for page in shown] == [True, False]


def test_topics_feeds_and_teams_are_lists_with_pages_search_and_filters_in_the_address(beacon: Flask) -> None:
    for number in range(60):
        db.session.add(Topic(slug=f"t{number}", name=f"Topic {number:02}", names={}, retired=number >= 55))
        url = f"https://news.example/{number}"
        db.session.add(Feed(url=url, name=f"News {number:02}", paused=number >= 55, failures=3 if number < 2 else 0))
        db.session.add(Team(name=f"Team {number:02}"))
    db.session.commit()
    of("Noor").team_id = db.session.scalar(sa.select(Team.id).where(Team.name == "Team 07"))
    db.session.commit()
    liam = at_the_console(beacon)
    lists = ("settings/topics", "Topic 59</a>"), ("feeds", "News 59</a>"), ("people/teams", "Team 59</a>")
    for page, last in lists:
        assert last not in liam.get(f"/console/{page}").text and last in liam.get(f"/console/{page}?page=2").text
        assert last in liam.get(f"/console/{page}?sort=-name").text
        found = liam.get(f"/console/{page}?q=57").text
        assert found.count('class="title"') == 1 and "Nothing fits" in liam.get(f"/console/{page}?q=nowhere").text
    assert liam.get("/console/settings/topics?state=retired").text.count('class="title"') == 5
    assert "Team 07" not in re.findall(
        r'class="title"[^>]*>([^<]+)', liam.get("/console/people/teams?state=empty").text
    )
    assert liam.get("/console/people/teams?q=07").text.count('data-label="People">1<') == 1
    assert liam.get("/console/feeds?state=failing").text.count('class="title"') == 2
    assert liam.get("/console/feeds?state=paused").text.count('class="title"') == 5
