"""Crossing acts. In: two acts at the same moment on PostgreSQL. Out: one of them first, and nothing lost or made twice.

SQLite's transactions are a writer's from their beginning, so that its acts queue up anyhow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from service import (
    campaign_mails,
    campaigns,
    choices,
    contests,
    digests,
    editions,
    employees_import,
    keys,
    liaisons,
    steering,
    stock,
    suggestions,
    topic_acts,
)
from service.database import db
from service.models import (
    Absence,
    Campaign,
    Contest,
    Employee,
    Feed,
    FeedItem,
    FileState,
    Outbox,
    PeopleFile,
    Story,
    StoryUse,
    Suggestion,
    Suspension,
    Topic,
)
from service.people import acts, erasing, files, teams
from service.validation import Invalid
from tests import week47
from tests.crossing import COMMIT, Crossed, cross
from tests.liam import ADDRESS, PASSWORD, Liam

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def house(app: Flask) -> Flask:
    week47.programme()
    return app


def her() -> Employee:
    return db.session.scalars(sa.select(Employee).where(Employee.subject == "her")).one()


def suspended() -> Any:
    return acts.suspend(acts.find([her().id]), "a word with her first")


def left() -> Any:
    return choices.leave(her())


def erased() -> Any:
    return erasing.erase(her(), "Noor")


def imported() -> Any:
    data = b"email,name,language,office\nnoor@beacon.example,Noor,sl,Rome\n"
    return employees_import.apply(employees_import.preview(data))


def rows(table: Any) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_two_liaisons_who_suspend_the_same_person_suspend_her_once(house: Flask) -> None:
    week47.reader("Noor", subject="her")
    cross(house, suspended, suspended, "INSERT INTO suspension")
    assert (rows(Suspension), rows(Absence)) == (1, 1)


@pytest.mark.parametrize("before", ["UPDATE employee", COMMIT])
def test_who_leaves_while_she_is_suspended_has_left(house: Flask, before: str) -> None:
    week47.reader("Noor", subject="her")
    cross(house, suspended, left, before)
    assert her().status == "left"


def test_who_leaves_first_is_not_suspended(house: Flask) -> None:
    week47.reader("Noor", subject="her")
    cross(house, left, suspended, "INSERT INTO suppression")
    assert (her().status, rows(Suspension)) == ("left", 0)


@pytest.mark.parametrize(
    ("act", "before"), [("suspend", "INSERT INTO suspension"), ("suspend", "INSERT INTO absence"), ("erase", COMMIT)]
)
def test_who_is_erased_while_she_is_suspended_is_gone_and_no_reason_stays(house: Flask, act: str, before: str) -> None:
    week47.reader("Noor", subject="her")
    pair = (suspended, erased) if act == "suspend" else (erased, suspended)
    cross(house, *pair, before)
    assert (her().email, her().status, rows(Suspension)) == (None, "gone", 0)


@pytest.mark.parametrize(
    ("first", "second", "before"),
    [(imported, erased, "SELECT onboarding"), (imported, erased, "UPDATE employee"), (erased, imported, COMMIT)],
)
def test_an_import_writes_nothing_about_somebody_who_is_being_erased(
    house: Flask, first: Callable[[], Any], second: Callable[[], Any], before: str
) -> None:
    keys.ensure()
    week47.reader("Noor", subject="her")
    done = cross(house, first, second, before)
    assert not any(isinstance(each, Exception) for each in done.results)
    assert (her().email, her().name, her().office) == (None, None, None)


def test_what_she_chooses_while_a_file_is_taken_in_stays(house: Flask) -> None:
    week47.reader("Noor", subject="her")
    cross(house, imported, lambda: choices.set_language(her(), "it", ["it"]), "SELECT onboarding")
    assert (her().language, her().office) == ("it", "Rome")


def test_two_choices_at_once_are_both_hers_against_imports(house: Flask) -> None:
    week47.reader("Noor", subject="her")
    cross(
        house,
        lambda: choices.set_language(her(), "it", ["it"]),
        lambda: choices.set_mastodon(her(), "a.social"),
        COMMIT,
    )
    assert {"language", "mastodon"} <= set(her().chosen)


def test_two_wishes_at_once_are_both_kept(house: Flask) -> None:
    week47.reader("Noor", subject="her")
    cross(house, lambda: steering.wish(her(), "topic:1"), lambda: steering.wish(her(), "topic:2"), COMMIT)
    assert her().fewer == ["topic:1", "topic:2"]


def test_a_suggestion_sent_twice_at_once_is_one(house: Flask) -> None:
    week47.reader("Noor", subject="her")

    def suggest() -> Any:
        suggestions.suggest(her(), "https://news.example/a", "It is good.")

    done = cross(house, suggest, suggest, "INSERT INTO suggestion")
    assert isinstance(done.results[1], choices.Refused)
    assert rows(Suggestion) == 1


def test_topics_merged_into_each_other_at_once_leave_one_that_all_have(house: Flask) -> None:
    week47.reader("Noor", subject="her", topics=[1, 2])

    def merge(one: int, into: int) -> Any:
        topic = db.session.get_one(Topic, one)
        return topic_acts.merge(topic, db.session.get_one(Topic, into), topic.name)

    done = cross(house, lambda: merge(1, 2), lambda: merge(2, 1), "SELECT edition")
    assert isinstance(done.results[1], Invalid)
    assert her().topics == [2]
    assert db.session.scalars(sa.select(Topic.id)).all() == [2]


def test_nobody_follows_a_topic_that_is_merged_meanwhile(house: Flask) -> None:
    week47.reader("Noor", subject="her", topics=[2])

    def merge() -> Any:
        return topic_acts.merge(db.session.get_one(Topic, 1), db.session.get_one(Topic, 2), "Health")

    cross(house, merge, lambda: choices.set_topics(her(), [1, 2]), COMMIT)
    assert her().topics == [2]


def test_a_contest_that_is_being_closed_stays_as_it_is(house: Flask) -> None:
    contests.create(
        name="Relay", measure="points", among="people", prizes=["A book"], starts_on="2026-11-01", ends_on="2026-11-10"
    )

    def edit() -> Any:
        contests.edit(db.session.scalars(sa.select(Contest)).one(), prizes=["A car"])

    done = cross(house, contests.look, edit, COMMIT)
    assert isinstance(done.results[1], Invalid)
    assert db.session.scalars(sa.select(Contest.prizes)).one() == ["A book"]


def test_a_campaign_whose_mails_are_being_written_is_not_deleted(house: Flask) -> None:
    keys.ensure()
    week47.reader("Noor")
    campaigns.create(name="Open house", starts_on="2026-11-16", ends_on="2026-11-30", kickoff=True)
    done = cross(
        house, campaign_mails.tell, lambda: campaigns.delete(db.session.scalars(sa.select(Campaign)).one()), COMMIT
    )
    assert isinstance(done.results[1], Invalid)
    assert (rows(Campaign), rows(Outbox)) == (1, 1)


def test_two_workers_count_what_editions_used_at_once(house: Flask) -> None:
    keys.ensure()
    week47.story("Boats")
    week47.reader("Noor")
    digests.plan(editions.release(editions.edition(), "test"))
    done = cross(house, stock.look, stock.look, "INSERT INTO story_use")
    assert not any(isinstance(each, Exception) for each in done.results)
    assert rows(StoryUse) == 1


def test_a_small_file_that_a_liaison_takes_in_is_left_alone_by_workers(house: Flask) -> None:
    file = files.bring(b"email,name\nada@beacon.example,Ada\n", False, None)
    number = file.id

    def take() -> Any:
        return files.take(db.session.get_one(PeopleFile, number), False)

    done = cross(house, take, files.work, "SELECT onboarding")
    assert done.results == [True, 0]
    taken = db.session.get_one(PeopleFile, number)
    assert taken.state == FileState.TAKEN and taken.report is not None and taken.report["added"] == 1


def at_two_consoles(house: Flask) -> tuple[Liam, Liam]:
    """Return two browsers of the same liaison, whose forms carry their tokens."""
    house.config["WTF_CSRF_ENABLED"] = False
    liaisons.add(ADDRESS, "Liam Novak", PASSWORD)
    both = Liam(house), Liam(house)
    for each in both:
        assert each.sign_in().status_code == 200
    return both


def posted(house: Flask, one: tuple[str, dict[str, str]], two: tuple[str, dict[str, str]], before: str) -> Crossed:
    """Press two buttons in two browsers at the same moment; the results are the answers' codes."""
    browsers = at_two_consoles(house)

    def press(which: int, path: str, data: dict[str, str]) -> Callable[[], int]:
        return lambda: browsers[which].client.post(path, data=data, base_url="https://good.example").status_code

    return cross(house, press(0, *one), press(1, *two), before)


def test_a_proposal_accepted_and_declined_at_once_is_accepted(house: Flask) -> None:
    feed = Feed(url="https://rails.example/feed", name="Rails", topics=[1])
    db.session.add(feed)
    db.session.flush()
    facts = {"guid": "g", "address_key": "k", "url": "https://rails.example/1", "language": "en", "topics": [1]}
    item = FeedItem(feed_id=feed.id, title="A night line", summary="", **facts)
    db.session.add(item)
    db.session.commit()
    number = str(item.id)
    accept, decline = ({"act": act, "pick": number} for act in ("accept", "decline"))
    done = posted(house, ("/console/review", accept), ("/console/review", decline), COMMIT)
    assert done.waited and done.results == [302, 302]
    row = db.session.scalars(sa.select(FeedItem)).one()
    assert (row.state, rows(Story)) == ("accepted", 1)


def test_a_topic_made_twice_at_once_is_one(house: Flask) -> None:
    new = ("/console/settings/topics", {"name": "Trains"})
    done = posted(house, new, new, "INSERT INTO topic")
    assert done.waited and done.results == [302, 422]
    assert rows(Topic) == 3


def test_whoever_loses_against_an_act_outside_the_console_is_told_so(house: Flask) -> None:
    week47.reader("Noor", subject="her")
    browser, _other = at_two_consoles(house)
    told: list[str] = []

    def press() -> int:
        answer = browser.client.post("/console/people/teams", data={"name": "Crew"}, base_url="https://good.example")
        told.append(answer.text)
        return answer.status_code

    done = cross(house, press, lambda: teams.create("Crew") and None, "INSERT INTO team")
    assert done.results == [409, None]
    assert "Somebody else was at this too" in told[0]
