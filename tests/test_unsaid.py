from datetime import timedelta

import pytest

from service import clock, digests, editions, recognition, shares
from service.database import db
from service.models import Employee, Evidence, Outbox, Story
from service.unsaid import MANY, unsaid
from tests import week47
from tests.conftest import TUESDAY


@pytest.fixture
def ann(app: object) -> Employee:
    week47.programme()
    return week47.reader("Ann")


def _opened(who: Employee, told: Story, days_ago: float, network: str = "linkedin") -> None:
    clock.set_now(TUESDAY - timedelta(days=days_ago))
    shares.open_share(who, told, network)
    clock.set_now(TUESDAY)


def _asked(who: Employee) -> list[tuple[str, str]]:
    found = unsaid([who.subject, "nobody"], clock.now())
    assert set(found) <= {who.subject}
    return [(each.title, each.network) for each in found.get(who.subject, ())]


def test_the_two_latest_openings_since_her_last_mail_are_asked_about(ann: Employee) -> None:
    for days_ago, title in ((8, "Old"), (5, "One"), (3, "Two"), (1, "Three")):
        _opened(ann, week47.story(title), days_ago)
    assert _asked(ann) == [("Three", "linkedin"), ("Two", "linkedin")]


def test_a_story_opened_for_two_networks_is_asked_about_once(ann: Employee) -> None:
    told = week47.story("One")
    _opened(ann, told, 3, "linkedin")
    _opened(ann, told, 2, "x")
    assert _asked(ann) == [("One", "x")]


@pytest.mark.parametrize(("rhythm", "asked"), [("weekly", False), ("fortnightly", True), ("monthly", True)])
def test_who_gets_fewer_mails_is_asked_about_a_longer_time(ann: Employee, rhythm: str, asked: bool) -> None:
    ann.rhythm = rhythm
    _opened(ann, week47.story("One"), 10)
    assert bool(_asked(ann)) == asked


def test_whoever_told_or_has_a_reader_already_is_not_asked(ann: Employee) -> None:
    told, read = week47.story("One"), week47.story("Two")
    for each in (told, read):
        _opened(ann, each, 1)
    shares.declare(ann, next(s for s in shares.shares_of(ann) if s.story_id == told.id))
    next(s for s in shares.shares_of(ann) if s.story_id == read.id).state = "confirmed"
    db.session.commit()
    assert _asked(ann) == []


def test_what_was_seen_by_the_network_is_asked_about_and_what_was_pulled_back_is_not(ann: Employee) -> None:
    seen, gone = week47.story("One"), week47.story("Two")
    for each in (seen, gone):
        _opened(ann, each, 1)
    next(s for s in shares.shares_of(ann) if s.story_id == seen.id).state = "seen"
    gone.status = "archived"
    db.session.commit()
    assert _asked(ann) == [("One", "linkedin")]


def test_a_scanner_s_openings_ask_nothing(ann: Employee) -> None:
    _opened(ann, week47.story("One"), 1)
    evidence = db.session.query(Evidence).one()
    evidence.verdict = "bot"
    db.session.commit()
    assert _asked(ann) == []


def test_who_opened_a_whole_mail_is_taken_for_a_scanner(ann: Employee) -> None:
    for n in range(MANY):
        _opened(ann, week47.story(f"N{n}"), 1)
    assert len(_asked(ann)) == 2
    _opened(ann, week47.story("Last"), 1)
    assert _asked(ann) == []


def test_the_question_is_frozen_with_the_mail(ann: Employee) -> None:
    _opened(ann, week47.story("One" + " and another" * 9), 1)
    week47.story("New")
    digests.plan(editions.release(editions.edition(week47.WEEK), "test"))
    (row,) = db.session.query(Outbox)
    (asked,) = row.facts["you"]["unsaid"]
    assert asked["network"] == "linkedin" and len(asked["title"]) <= 80 and asked["title"].endswith("…")
    shares.declare(ann, shares.shares_of(ann)[0])
    db.session.expire_all()
    assert db.session.query(Outbox).one().facts["you"]["unsaid"] == [asked]
    assert recognition.digest_facts([ann.subject], week47.WEEK)[ann.subject].unsaid == ()
