"""Cheating. In: floods of visits that want points and tickets. Out: nothing above the caps, no ticket not due."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from scoring.points import Rules
from service import clock, draws, ledger, quarantine, shares, visiting
from service.database import db
from service.models import Employee, Evidence, Share
from service.visiting import Asked
from service.visiting_facts import Intake
from tests import noor as world

HOME, ELSEWHERE = "203.0.113.20", "198.51.100.7"
RULES = Rules()


class Cheat:
    """Noor's share of one story on LinkedIn, opened at home, and what all the visits to it were worth."""

    def __init__(self) -> None:
        self.noor = world.begin()
        self.subject = self.noor.subject
        self.share_id = self.open("linkedin")

    def open(self, network: str) -> int:
        asked = Asked(address=HOME, agent=world.CHROME, language="it")
        return shares.open_share(self.noor, world.story(), network, asked=asked).share.id

    def come(self, visits: Iterable[Asked], seconds: float = 60) -> None:
        """Let these visits come one after another, so many seconds apart, and judge them all."""
        share = db.session.get_one(Share, self.share_id)
        intake, now = Intake.read(), clock.now()
        came = [
            visiting.arrived(intake, share.id, share.salt or "", asked, now + timedelta(seconds=seconds * n))
            for n, asked in enumerate(visits, 1)
        ]
        db.session.commit()
        assert visiting.record(came) == len(came)
        clock.set_now(came[-1].at)

    @property
    def points(self) -> int:
        return ledger.total(self.subject)

    @property
    def tickets(self) -> int:
        quarantine.look()
        name = f"try-{clock.now():%Y%m%d-%H%M%S}"
        draw = draws.find(name) or draws.create(name, "A weekend", [("A weekend", "")], month="2026-11")
        return dict(draws.entries_due(draw)).get(self.subject, 0)


@pytest.fixture
def cheat(app: Flask) -> Cheat:
    return Cheat()


def browser(n: int) -> str:
    """One of thousands of agents as people's browsers name them."""
    return world.CHROME.replace("Chrome/142.0.0.0", f"Chrome/{100 + n % 40}.0.{n}.{n % 7}")


def test_a_thousand_visits_of_her_own_are_worth_nothing(cheat: Cheat) -> None:
    cheat.come(Asked(address=HOME, agent=world.CHROME, language="it") for _ in range(1000))
    assert (cheat.points, cheat.tickets) == (0, 0)


def test_a_thousand_visits_of_her_own_under_other_browsers_names_are_worth_nothing(cheat: Cheat) -> None:
    cheat.come((Asked(address=HOME, agent=browser(n), language="it") for n in range(1000)), seconds=30)
    assert (cheat.points, cheat.tickets) == (0, 0)


def test_a_thousand_visits_of_one_visitor_are_one_visitor(cheat: Cheat) -> None:
    cheat.come(Asked(address=ELSEWHERE, agent=world.CHROME, language="it") for _ in range(1000))
    assert (cheat.points, cheat.tickets) == (RULES.confirmed, 1)


def test_a_thousand_browsers_of_one_address_stay_under_their_cap_and_stand_aside_once_looked_at(cheat: Cheat) -> None:
    cheat.come((Asked(address=ELSEWHERE, agent=browser(n), language="it") for n in range(1000)), seconds=20)
    assert cheat.points == RULES.confirmed + RULES.visitors_a_place
    assert (cheat.tickets, cheat.points) == (0, 0)
    assert ledger.verify() == []


def test_a_thousand_addresses_at_once_stay_under_the_cap_of_a_share_and_stand_aside_once_looked_at(
    cheat: Cheat,
) -> None:
    crowd = (Asked(address=f"198.{18 + n // 250}.{n % 250}.9", agent=browser(n), language="it") for n in range(1000))
    cheat.come(crowd, seconds=0.5)
    assert cheat.points <= RULES.confirmed + RULES.visitors_a_share
    assert (cheat.tickets, cheat.points) == (0, 0)
    assert ledger.verify() == []


def test_addresses_of_one_ipv6_network_are_one_address(cheat: Cheat) -> None:
    cheat.come(Asked(address=f"2001:db8:7::{n:x}", agent=world.CHROME, language="it") for n in range(1, 1001))
    assert (cheat.points, cheat.tickets) == (RULES.confirmed, 1)


def test_scanners_that_open_everything_are_worth_nothing(cheat: Cheat) -> None:
    def scanned() -> Iterable[Asked]:
        for n in range(250):
            yield Asked("HEAD", f"198.51.100.{n}", world.CHROME)
            yield Asked("GET", f"198.51.100.{n}", world.CHROME)  # names no language
            yield Asked("GET", f"198.51.100.{n}", "Barracuda Sentinel (EE)", language="en")
            yield Asked("GET", f"198.51.100.{n}", world.CHROME, purpose="prefetch", language="en")

    cheat.come(scanned(), seconds=5)
    assert (cheat.points, cheat.tickets) == (0, 0)


def test_a_thousand_fetches_in_linkedins_name_prove_no_reader_and_bring_no_ticket(cheat: Cheat) -> None:
    shares.declare(db.session.get_one(Employee, cheat.noor.id), db.session.get_one(Share, cheat.share_id))
    agent = world.LINKEDIN["User-Agent"]
    cheat.come(Asked(address=f"198.51.100.{n % 250}", agent=agent) for n in range(1000))
    assert cheat.points <= RULES.seen
    assert cheat.tickets == 0
    humans = select(func.count(Evidence.id)).where(Evidence.kind == "visit", Evidence.verdict == "human")
    assert db.session.scalar(humans) == 0


def test_a_forged_forwarded_header_makes_nobody_somebody_else(app: Flask) -> None:
    cheat = Cheat()
    code = db.session.get_one(Share, cheat.share_id).code
    db.session.commit()
    client = app.test_client()

    def asked(header: str, at: str, agent: str) -> Callable[[int], int]:
        def one(n: int) -> int:
            headers = {**world.PERSON, "User-Agent": agent, header: f"8.8.{n}.{n}"}
            clock.set_now(clock.now() + timedelta(minutes=1))
            return client.get(f"/r/{code}", headers=headers, environ_base={"REMOTE_ADDR": at}).status_code

        return one

    for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
        assert {asked(header, HOME, world.CHROME)(n) for n in range(15)} == {302}
    assert (cheat.points, cheat.tickets) == (0, 0)
    for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
        assert {asked(header, ELSEWHERE, world.CHROME)(n) for n in range(15)} == {302}
    assert (cheat.points, cheat.tickets) == (RULES.confirmed, 1), "however named, it was one visitor"


def test_declaring_everything_pays_three_times_a_week_and_brings_no_ticket(cheat: Cheat) -> None:
    networks = ("linkedin", "x", "facebook", "whatsapp", "telegram", "threads", "bluesky", "reddit", "xing", "email")
    for network in networks:
        share = db.session.get_one(Share, cheat.open(network))
        assert shares.declare(db.session.get_one(Employee, cheat.noor.id), share)
        assert not shares.declare(db.session.get_one(Employee, cheat.noor.id), share)
    assert (cheat.points, cheat.tickets) == (RULES.declared * RULES.declared_a_week, 0)
