"""Settling. In: shares with evidence on both databases. Out: the promises of the score, whoever calls how often."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from threading import Barrier

import pytest
import sqlalchemy as sa
from flask import Flask

from service import clock, forgetting, ledger, settling
from service.database import db
from service.models import Award, Campaign, Employee, Evidence, LedgerEntry, Programme, Share, Story, Total
from tests.conftest import TUESDAY

_numbers = count()


def programme() -> None:
    db.session.add(
        Programme(
            id=1,
            name="Good news",
            company="Acme",
            zone="Europe/Ljubljana",
            liaison_name="Liam",
            liaison_email="liam@acme.example",
            sender="news@acme.example",
        )
    )
    db.session.commit()


def noor(name: str = "Noor") -> Employee:
    found = Employee(email=f"{name.lower()}@acme.example", name=name, status="active")
    db.session.add(found)
    db.session.flush()
    return found


def share(who: Employee, network: str = "linkedin", story: Story | None = None, **more: object) -> Share:
    n = next(_numbers)
    if story is None:
        story = Story(title="A new school", url=f"https://acme.example/{n}", status="approved")
        db.session.add(story)
        db.session.flush()
    found = Share(subject=who.subject, story_id=story.id, network=network, code=f"code{n:06d}", salt="00" * 16, **more)
    db.session.add(found)
    db.session.flush()
    return found


def visit(at: Share, visitor: str, hours: float = 0, verdict: str = "human", **more: object) -> Evidence:
    moment = TUESDAY + timedelta(hours=hours)
    found = Evidence(share_id=at.id, kind="visit", at=moment, verdict=verdict, visitor=visitor, **more)
    db.session.add(found)
    db.session.flush()
    return found


def lines(subject: str) -> list[tuple[str, int, str]]:
    return [(e.key, e.points, e.reason) for e in reversed(ledger.entries(subject))]


@pytest.fixture
def house(app: Flask) -> Flask:
    programme()
    return app


def test_first_visit_of_a_human_confirms_the_share_and_earns_ten(house: Flask) -> None:
    who = noor()
    one = share(who)
    visit(one, "ana")
    settling.settle(who.subject)
    db.session.commit()
    assert one.state == "confirmed"
    assert lines(who.subject) == [(f"share:{one.id}:confirmed", 10, "confirmed")]
    assert ledger.total(who.subject) == ledger.total(who.subject, "2026-11") == 10


def test_settling_again_books_nothing(house: Flask) -> None:
    who = noor()
    visit(share(who), "ana")
    assert len(settling.settle(who.subject)) == 1
    assert settling.settle(who.subject) == ()
    assert ledger.total(who.subject) == 10


def test_a_visit_earlier_than_the_one_booked_moves_the_line(house: Flask) -> None:
    who = noor()
    one = share(who)
    visit(one, "ana", hours=2)
    settling.settle(who.subject)
    visit(one, "bea", hours=1)
    settling.settle(who.subject)
    db.session.commit()
    key = f"share:{one.id}:confirmed"
    assert {(k, p) for k, p, _ in lines(who.subject)} == {(key, 10), (f"{key}!1", -10), (f"{key}+1", 10)}
    assert ledger.total(who.subject) == 10


def test_only_the_networks_own_crawler_makes_a_share_seen(house: Flask) -> None:
    who = noor()
    one = share(who, "x", declared_at=TUESDAY)
    visit(one, "bot", verdict="bot", reason="crawler", facts={"crawler": "linkedin"})
    settling.settle(who.subject)
    assert one.state == "declared"
    visit(one, "bot2", 1, verdict="bot", reason="crawler", facts={"crawler": "x"})
    settling.settle(who.subject)
    assert (one.state, one.seen_at) == ("seen", TUESDAY + timedelta(hours=1))
    assert ledger.total(who.subject) == 4


def test_the_campaigns_multiplier_counts_on_its_days(house: Flask) -> None:
    campaign = Campaign(
        slug="open-house",
        name="Open house",
        starts_on=TUESDAY.date(),
        ends_on=TUESDAY.date(),
        multiplier=2,
    )
    db.session.add(campaign)
    db.session.flush()
    who = noor()
    stories = [Story(title=t, url=f"https://acme.example/{t}", campaign_id=campaign.id) for t in ("a", "b")]
    db.session.add_all(stories)
    db.session.flush()
    visit(share(who, story=stories[0]), "ana")
    visit(share(who, story=stories[1]), "ana", hours=24)
    settling.settle(who.subject)
    assert [points for _, points, _ in lines(who.subject)] == [20, 10]


def test_points_go_to_the_month_of_the_event_in_the_programmes_zone(house: Flask) -> None:
    who = noor()
    first_of_december = 13 * 24 + 15.5  # 30 November 23:30 UTC, half past midnight in Ljubljana
    visit(share(who), "ana", hours=first_of_december)
    settling.settle(who.subject)
    assert (ledger.total(who.subject, "2026-11"), ledger.total(who.subject, "2026-12")) == (0, 10)


def test_badges_are_given_once_and_taken_back_with_their_evidence(house: Flask) -> None:
    who = noor()
    one = share(who)
    seen = [visit(one, name, n) for n, name in enumerate(("ana", "bea", "cem"))]
    settling.settle(who.subject)
    settling.settle(who.subject)
    held = sa.select(Award.badge).where(Award.subject == who.subject, Award.revoked_at.is_(None)).order_by(Award.id)
    assert list(db.session.scalars(held)) == ["first-word", "conversation-starter"]
    seen[2].verdict = "bot"
    settling.settle(who.subject)
    assert list(db.session.scalars(held)) == ["first-word"]
    assert ledger.total(who.subject) == 10
    seen[2].verdict = "human"
    settling.settle(who.subject)
    assert list(db.session.scalars(held)) == ["first-word", "conversation-starter"]
    assert (ledger.total(who.subject), db.session.scalar(sa.select(sa.func.count(Award.id)))) == (13, 2)


def test_declared_points_are_taken_back_after_fourteen_days(house: Flask) -> None:
    who, patient = noor(), noor("Bea")
    for one in (share(who, declared_at=TUESDAY), share(patient, declared_at=TUESDAY + timedelta(days=1))):
        settling.settle(one.subject)
    db.session.commit()
    clock.set_now(TUESDAY + timedelta(days=14, minutes=1))
    assert settling.settle_due() == 1
    assert settling.settle_due() == 0
    assert (ledger.total(who.subject), ledger.total(patient.subject)) == (0, 2)
    assert [(points, reason) for _, points, reason in lines(who.subject)] == [(2, "declared"), (-2, "not-confirmed")]
    assert ledger.verify() == []


def test_old_evidence_is_forgotten_and_nobody_counts_twice_for_it(house: Flask) -> None:
    who = noor()
    one = share(who)
    for n, name in enumerate(("ana", "bea", "cem", "dan")):
        visit(one, name, n)
    visit(one, "ana", hours=20 * 24)
    settling.settle(who.subject)
    db.session.commit()
    before = lines(who.subject)
    clock.set_now(TUESDAY + timedelta(days=30, hours=12))
    assert forgetting.forget_evidence() == 4
    assert forgetting.forget_evidence() == 0
    settling.settle(who.subject)
    db.session.commit()
    assert lines(who.subject) == before
    assert len(one.visited_at) == 4
    left = db.session.scalars(sa.select(Evidence)).one()
    assert (left.visitor, left.again) == ("ana", True)
    clock.set_now(TUESDAY + timedelta(days=60))
    assert forgetting.forget_evidence() == 1
    assert (ledger.total(who.subject), ledger.verify()) == (14, [])


def test_the_programmes_own_rules_apply_and_corrections_are_reversals(house: Flask) -> None:
    who = noor()
    visit(share(who), "ana")
    settling.settle(who.subject)
    db.session.execute(sa.update(Programme).values(rules={"confirmed": 7}))
    settling.settle(who.subject)
    db.session.commit()
    assert [points for _, points, _ in lines(who.subject)] == [10, -10, 7]
    assert ledger.total(who.subject) == 7


def test_many_identical_settles_at_once_make_one_line(house: Flask) -> None:
    who = noor().subject
    one = share(db.session.scalars(sa.select(Employee)).one(), declared_at=TUESDAY)
    for n in range(5):
        visit(one, f"v{n}", n)
    db.session.commit()
    together(house, [lambda: settling.settle(who)] * 12)
    keys = db.session.scalars(sa.select(LedgerEntry.key)).all()
    assert len(keys) == len(set(keys)) == 5
    assert {t.period: t.points for t in db.session.scalars(sa.select(Total))} == dict.fromkeys(
        ("all", "2026-11", "2026-Q4", "2026-W47"), 17
    )
    assert db.session.scalar(sa.select(sa.func.count(Award.id))) == 2
    assert ledger.verify() == []


def test_visits_that_arrive_at_once_are_all_counted(house: Flask) -> None:
    who = noor()
    subject, ids = who.subject, [share(who).id, share(who, "x").id]
    db.session.commit()

    def arrives(n: int) -> None:
        at = TUESDAY + timedelta(minutes=97 * n % 60)
        db.session.add(
            Evidence(share_id=ids[n % 2], kind="visit", at=at, verdict="human", visitor=f"v{n % 8}", facts={})
        )
        db.session.flush()
        settling.settle(subject)

    together(house, [lambda n=n: arrives(n) for n in range(16)])  # type: ignore[misc]
    db.session.expire_all()
    assert sorted(len(s.visited_at) for s in db.session.scalars(sa.select(Share))) == [4, 4]
    assert (ledger.total(subject), ledger.verify()) == (28, [])


def together(app: Flask, acts: list[Callable[[], object]]) -> None:
    """Run each act in a thread and transaction of its own, all at once."""
    gate = Barrier(len(acts))

    def one(act: Callable[[], object]) -> None:
        with app.app_context():
            gate.wait()
            act()
            db.session.commit()

    with ThreadPoolExecutor(len(acts)) as pool:
        for done in [pool.submit(one, act) for act in acts]:
            done.result()
