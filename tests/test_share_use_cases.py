from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask

from service import clock, ledger, links, shares, visiting, words
from service.database import db
from service.links import UnknownCode
from service.models import Employee, Evidence, Share, Story
from service.visiting import Asked
from tests import noor as world

HUMAN = Asked(address="198.51.100.7", agent=world.CHROME, language="en")
CRAWLER = Asked(address="108.174.2.200", agent=world.LINKEDIN["User-Agent"])


def test_a_share_is_made_once_per_story_and_network_with_its_own_short_link(app: Flask) -> None:
    noor = world.begin()
    first = shares.open_share(noor, world.story(), "linkedin")
    again = shares.open_share(noor, world.story(), "linkedin")
    other = shares.open_share(noor, world.story(), "x")
    assert first.share.id == again.share.id != other.share.id
    assert first.link == f"https://good.example/r/{first.share.code}"
    assert len(first.share.code) == 10
    assert set(first.share.code + other.share.code) <= set(shares.BASE58)
    assert first.share.code != other.share.code
    assert first.share.state == "opened"
    assert ledger.total(noor.subject, "all") == 0


def test_opening_again_within_a_minute_adds_no_evidence_later_it_does(app: Flask) -> None:
    noor = world.begin()
    for minutes in (0, 0, 5):
        clock.set_now(clock.now() + timedelta(minutes=minutes))
        shares.open_share(noor, world.story(), "x", asked=HUMAN)
    assert db.session.query(Evidence).filter_by(kind="opened").count() == 2


def test_ready_words_are_the_networks_own_with_the_campaigns_hashtag(app: Flask) -> None:
    noor = world.begin()
    assert words.ready(noor, world.story(), "x")[1] == "Two hundred guests, one question. #ToBeAPartner"
    assert words.ready(noor, world.story(), "linkedin")[1].startswith("We opened our doors.")


def test_only_words_that_differ_from_the_ready_ones_are_her_own(app: Flask) -> None:
    noor = world.begin()
    _, ready = words.ready(noor, world.story(), "x")
    assert not shares.open_share(noor, world.story(), "x", f"  {ready}\n").share.own_words
    opened = shares.open_share(noor, world.story(), "x", "I was there.")
    assert opened.share.own_words
    assert opened.words == "I was there. #ToBeAPartner"


def test_words_that_come_after_a_reader_cannot_be_the_ones_that_were_read(app: Flask) -> None:
    noor = world.begin()
    code = shares.open_share(noor, world.story(), "x").share.code
    clock.set_now(clock.now() + timedelta(hours=1))
    visiting.visit(code, HUMAN)
    points = ledger.total(noor.subject)
    again = shares.open_share(noor, world.story(), "x", "I was there.").share
    assert (again.own_words, ledger.total(noor.subject), ledger.verify()) == (False, points, [])
    assert points == 10


def test_a_story_for_another_team_is_not_hers_to_share(app: Flask) -> None:
    noor = world.begin()
    assert shares.story_for(noor, world.story().id) is not None
    assert shares.story_for(noor, world.story().id + 1) is None
    assert shares.story_for(noor, 10**9) is None
    world.story().status = "draft"
    assert shares.story_for(noor, world.story().id) is None


def test_a_person_confirms_a_crawler_shows_and_a_scanner_does_nothing(app: Flask) -> None:
    noor = world.begin()
    share = shares.open_share(noor, world.story(), "linkedin").share
    visiting.visit(share.code, Asked(agent="Barracuda Sentinel", address="192.0.2.1"))
    assert (share.state, ledger.total(noor.subject, "all")) == ("opened", 0)
    visiting.visit(share.code, CRAWLER)
    assert (share.state, ledger.total(noor.subject, "all")) == ("seen", 0)
    visiting.visit(share.code, HUMAN)
    assert share.state == "confirmed"
    assert ledger.total(noor.subject, "all") == 10
    visiting.visit(share.code, HUMAN)
    assert ledger.total(noor.subject, "all") == 10
    verdicts = [(e.verdict, e.reason) for e in db.session.query(Evidence).filter_by(kind="visit").order_by(Evidence.id)]
    assert verdicts == [("bot", "scanner"), ("bot", "crawler"), ("human", "browser"), ("human", "again")]


def test_her_own_visit_is_suspected_and_no_address_is_kept(app: Flask) -> None:
    noor = world.begin()
    share = shares.open_share(noor, world.story(), "linkedin", asked=HUMAN).share
    visiting.visit(share.code, HUMAN)
    kept = db.session.query(Evidence).filter_by(kind="visit").one()
    assert (kept.verdict, kept.reason) == ("suspected", "herself")
    assert share.state == "opened"
    for row in db.session.query(Evidence):
        assert "198.51.100.7" not in f"{row.visitor} {row.facts}"


def test_declaring_is_worth_two_once(app: Flask) -> None:
    noor = world.begin()
    share = shares.open_share(noor, world.story(), "linkedin").share
    assert shares.declare(noor, share)
    assert not shares.declare(noor, share)
    assert share.state == "declared"
    assert ledger.total(noor.subject, "all") == 2


def test_nobody_declares_for_somebody_else(app: Flask) -> None:
    noor = world.begin()
    share = shares.open_share(noor, world.story(), "linkedin").share
    share.subject = "somebody else"
    with pytest.raises(PermissionError):
        shares.declare(noor, share)


def test_the_target_keeps_its_own_query_and_fragment(app: Flask) -> None:
    noor = world.begin()
    share = shares.open_share(noor, world.story(), "x").share
    assert visiting.visit(share.code, HUMAN) == (
        "https://fjord.example/doors?ref=home&utm_source=x&utm_medium=advocacy&utm_campaign=open-house#top"
    )
    assert visiting.look_up(share.code) == links.leads_to(share)
    with pytest.raises(UnknownCode):
        visiting.visit("2222222222", HUMAN)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example", "https://a.example?utm_source=x"),
        ("https://a.example/?q=%C3%A9+b&q=2#/r?x=1", "https://a.example/?q=%C3%A9+b&q=2&utm_source=x#/r?x=1"),
        ("https://a.example/?utm_source=theirs", "https://a.example/?utm_source=theirs"),
        ("https://a.example/?utm_source=", "https://a.example/?utm_source="),
    ],
)
def test_parameters_are_added_and_never_replaced(url: str, expected: str) -> None:
    assert links.with_parameters(url, {"utm_source": "x"}) == expected


def test_an_erased_persons_link_goes_on_and_counts_nothing(app: Flask) -> None:
    noor = world.begin()
    share = shares.open_share(noor, world.story(), "x").share
    share.salt = None
    db.session.commit()
    assert visiting.visit(share.code, HUMAN).startswith("https://fjord.example/doors")
    assert db.session.query(Evidence).filter_by(kind="visit").count() == 0
    assert db.session.query(Share).one().state == "opened"


def test_a_share_opened_many_times_at_once_is_one_share(app: Flask) -> None:
    noor = world.begin()
    noor_id, story_id = noor.id, world.story().id
    db.session.rollback()
    start = Barrier(6)

    def open_it() -> str:
        with app.app_context():
            start.wait()
            her, it = db.session.get(Employee, noor_id), db.session.get(Story, story_id)
            assert her
            assert it
            return shares.open_share(her, it, "bluesky", asked=HUMAN).share.code

    with ThreadPoolExecutor(6) as people:
        codes = [opened.result() for opened in [people.submit(open_it) for _ in range(6)]]
    assert len(set(codes)) == 1
    assert db.session.query(Share).count() == 1


def test_readers_who_arrive_at_once_are_all_counted_and_paid_once(app: Flask) -> None:
    noor = world.begin()
    code, subject = shares.open_share(noor, world.story(), "bluesky").share.code, noor.subject
    db.session.rollback()
    start = Barrier(6)

    def read_it(number: int) -> None:
        with app.app_context():
            start.wait()
            visiting.visit(code, Asked(address=f"198.51.100.{number}", agent=world.CHROME, language="en"))

    with ThreadPoolExecutor(6) as people:
        for done in [people.submit(read_it, n) for n in range(6)]:
            done.result()
    share = db.session.query(Share).one()
    assert (share.state, len(share.visited_at)) == ("engaged", 6)
    assert ledger.total(subject, "all") == 16
    assert ledger.verify() == []
