"""service.opened_links. In: scanners and people at the links of a mail. Out: who opened what, and nothing earned."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from emails.networks import NETWORKS
from service import clock, ledger, unsaid, visiting
from service.database import db
from service.models import Employee, Evidence, Share
from service.visiting_facts import Intake
from tests import noor as world

HERE = {"REMOTE_ADDR": "203.0.113.20"}
GATEWAY = {"REMOTE_ADDR": "192.0.2.33"}
SCANNER = {"User-Agent": world.CHROME, "Accept-Language": "en-US"}
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
    "Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def noor(app: object) -> Employee:
    return world.begin()


@pytest.fixture
def door(noor: Employee) -> str:
    return f"/s/{world.passes_of(noor).share}/{world.story().id}"


@pytest.fixture
def me(noor: Employee) -> str:
    return f"/me/{world.passes_of(noor).me}"


def later(seconds: float) -> None:
    clock.set_now(clock.now() + timedelta(seconds=seconds))


def verdicts(kind: str = "opened") -> list[tuple[str | None, str | None]]:
    db.session.expire_all()
    return [(e.verdict, e.reason) for e in db.session.query(Evidence).filter_by(kind=kind).order_by(Evidence.id)]


def test_a_person_who_opens_one_network_after_another_is_a_person(client: FlaskClient, door: str) -> None:
    client.get(f"{door}/linkedin", headers=world.PERSON, environ_base=HERE)
    later(40)
    client.get(f"{door}/x", headers=world.PERSON, environ_base=HERE)
    assert verdicts() == [("human", "browser"), ("human", "browser")]


def test_a_scanner_that_walks_through_the_links_is_found_and_its_first_steps_too(
    client: FlaskClient, noor: Employee, door: str
) -> None:
    for network in ("linkedin", "x", "facebook", "whatsapp"):
        client.get(f"{door}/{network}", headers=SCANNER, environ_base=GATEWAY)
        later(0.3)
    assert verdicts() == [("bot", "many-links")] * 4
    assert unsaid.unsaid([noor.subject], clock.now()) == {}
    assert ledger.total(noor.subject, "all") == 0


def test_who_opened_one_share_after_a_scanner_opened_all_is_asked_about_that_one(
    client: FlaskClient, noor: Employee, door: str
) -> None:
    for network in ("linkedin", "x", "facebook", "whatsapp"):
        client.get(f"{door}/{network}", headers=SCANNER, environ_base=GATEWAY)
    later(300)
    client.get(f"{door}/x", headers=world.PERSON, environ_base=HERE)
    asked = unsaid.unsaid([noor.subject], clock.now())
    assert [(each.story, each.network) for each in asked[noor.subject]] == [(world.story().id, "x")]


def test_the_decoy_tells_a_slow_scanner_before_and_after_it(client: FlaskClient, door: str, me: str) -> None:
    client.get(f"{door}/linkedin", headers=SCANNER, environ_base=GATEWAY)
    later(6)
    page = client.get(f"{me}/programs", headers=SCANNER, environ_base=GATEWAY)
    assert page.status_code == 200
    assert "all links of your mail go on working" in page.text
    assert 'content="noindex"' in page.text
    later(6)
    client.get(f"{door}/x", headers=SCANNER, environ_base=GATEWAY)
    later(30)
    client.get(f"{door}/facebook", headers=world.PERSON, environ_base=HERE)
    assert verdicts() == [("bot", "decoy"), ("bot", "decoy"), ("human", "browser")]


def test_the_decoy_needs_a_genuine_pass_and_head_marks_nothing(client: FlaskClient, noor: Employee, me: str) -> None:
    wrong = me[:-1] + ("B" if me.endswith("A") else "A")
    assert client.get(f"{wrong}/programs").status_code == 404
    assert client.head(f"{me}/programs").status_code == 200
    db.session.refresh(noor)
    assert noor.scanned_at is None


def test_a_person_at_a_link_that_a_scanner_opened_first_is_recorded_too(client: FlaskClient, door: str) -> None:
    client.get(f"{door}/linkedin", headers={"User-Agent": "BarracudaSentinel"}, environ_base=GATEWAY)
    later(20)
    client.get(f"{door}/linkedin", headers=world.PERSON, environ_base=HERE)
    client.get(f"{door}/linkedin", headers=world.PERSON, environ_base=HERE)
    assert verdicts() == [("bot", "scanner"), ("human", "browser")]


def test_a_flood_at_one_link_adds_ten_lines_a_minute_and_no_more(client: FlaskClient, door: str) -> None:
    for n in range(15):
        client.get(f"{door}/linkedin", headers=SCANNER, environ_base={"REMOTE_ADDR": f"192.0.2.{n}"})
    assert len(verdicts()) == 10


def test_no_address_of_hers_is_kept(client: FlaskClient, door: str, me: str) -> None:
    client.get(f"{door}/linkedin", headers=world.PERSON, environ_base=HERE)
    client.get(me, headers={**world.PERSON, "User-Agent": IPHONE}, environ_base=HERE)
    for row in db.session.query(Evidence):
        assert "203.0.113.20" not in repr({c.name: getattr(row, c.name) for c in Evidence.__table__.columns})


def test_a_visit_from_the_telephone_that_opened_her_page_is_hers(client: FlaskClient, door: str, me: str) -> None:
    client.get(f"{door}/linkedin", headers=world.PERSON, environ_base=HERE)
    on_the_road = {"REMOTE_ADDR": "198.51.100.77"}
    telephone = {"User-Agent": IPHONE, "Accept-Language": "it"}
    client.get(me, headers=telephone, environ_base=on_the_road)
    client.get(me, headers=telephone, environ_base=on_the_road)
    assert len(verdicts("herself")) == 1
    code = db.session.query(Share).one().code
    client.get(f"/r/{code}", headers=telephone, environ_base=on_the_road)
    client.get(f"/r/{code}", headers={**telephone, "User-Agent": world.CHROME}, environ_base=on_the_road)
    client.get(f"/r/{code}", headers=telephone, environ_base={"REMOTE_ADDR": "198.51.100.78"})
    assert verdicts("visit") == [("suspected", "herself"), ("suspected", "same-network"), ("human", "browser")]


def test_where_she_was_is_forgotten_after_a_day_and_who_she_was_is_not(client: FlaskClient, door: str) -> None:
    client.get(f"{door}/linkedin", headers=world.PERSON, environ_base=HERE)
    later(26 * 3600)
    code = db.session.query(Share).one().code
    client.get(f"/r/{code}", headers={"User-Agent": IPHONE, "Accept-Language": "it"}, environ_base=HERE)
    client.get(f"/r/{code}", headers=world.PERSON, environ_base=HERE)
    assert verdicts("visit") == [("human", "browser"), ("suspected", "herself")]


def test_a_scanner_at_her_page_leaves_no_mark_on_shares_that_nobody_posted(
    client: FlaskClient, door: str, me: str
) -> None:
    for network in NETWORKS:
        client.get(f"{door}/{network}", headers=SCANNER, environ_base=GATEWAY)
    for n in range(40, 60):
        client.get(me, headers=SCANNER, environ_base={"REMOTE_ADDR": f"192.0.2.{n}"})
    assert verdicts("herself") == []


def test_a_thousand_visits_of_her_own_count_for_nothing(client: FlaskClient, noor: Employee, door: str) -> None:
    client.get(f"{door}/linkedin", headers=world.PERSON, environ_base=HERE)
    share = db.session.query(Share).one()
    hers = visiting.Asked(address="203.0.113.20", agent=world.CHROME, language="it")
    intake, begin = Intake.read(), clock.now()
    arrivals = []
    for n in range(1000):
        asked = hers if n % 2 else replace(hers, agent=IPHONE.replace("18_1", f"17_{n}"))
        at = begin + timedelta(minutes=n // 100)
        arrivals.append(visiting.arrived(intake, share.id, share.salt or "", asked, at))
    visiting.record(arrivals)
    found = verdicts("visit")
    assert len(found) == 1000
    assert {verdict for verdict, _ in found} <= {"suspected", "bot"}
    db.session.refresh(share)
    assert share.state == "opened" and share.visited_at == []
    assert ledger.total(noor.subject, "all") == 0
