"""Quarantine. In: evidence on both databases, a liaison's decisions. Out: what stands aside, counts, is forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from service import clock, forgetting, ledger, quarantine, reviews, settling
from service.database import db
from service.models import (
    Evidence,
    LedgerEntry,
    Quarantine,
    QuarantinedVisit,
    Share,
)
from tests.conftest import TUESDAY
from tests.test_settling import noor, programme, share

PEOPLE = ("Ana", "Bea", "Cem", "Dan", "Eva")


@pytest.fixture
def house(app: Flask) -> Flask:
    programme()
    return app


def came(to: Share, who: str, hours: float = 0, **more: Any) -> Evidence:
    """A human who is the same on all shares by the week's hash."""
    fields = {"verdict": "human", "reason": "browser", "weekly": who, "visitor": f"{who}-{to.id}", "facts": {}} | more
    found = Evidence(share_id=to.id, kind="visit", at=TUESDAY + timedelta(hours=hours), **fields)
    db.session.add(found)
    db.session.flush()
    return found


def a_reader_of_everybody() -> list[Share]:
    """Five colleagues, each with a share that one and the same visitor followed; settled, and 10 points each."""
    shares = [share(noor(name)) for name in PEOPLE]
    for n, one in enumerate(shares):
        came(one, "everywhere", n)
        settling.settle(one.subject)
    db.session.commit()
    assert points() == [10] * 5
    return shares


def points() -> list[int]:
    return [ledger.total(s) for s in db.session.scalars(select(Share.subject).order_by(Share.id))]


def verdicts() -> list[tuple[str | None, str | None]]:
    return [(e.verdict, e.reason) for e in db.session.scalars(select(Evidence).order_by(Evidence.id))]


def only() -> Quarantine:
    return db.session.scalars(select(Quarantine)).one()


def later(**time: float) -> None:
    clock.set_now(TUESDAY + timedelta(**time))


def test_what_one_visitor_did_on_five_peoples_shares_stands_aside_and_looking_again_changes_nothing(
    house: Flask,
) -> None:
    a_reader_of_everybody()
    assert (quarantine.look(), quarantine.look()) == (1, 0)
    assert points() == [0] * 5
    assert set(verdicts()) == {("suspected", "quarantined")}
    row = only()
    assert (row.pattern, row.week, row.decision, row.facts["sharers"]) == ("one-visitor", "2026-W47", None, 5)
    assert {s.state for s in db.session.scalars(select(Share))} == {"opened"}
    assert ledger.verify() == []


def test_what_is_decided_to_count_counts_and_the_decision_can_be_taken_back(house: Flask) -> None:
    a_reader_of_everybody()
    quarantine.look()
    number = only().id
    quarantine.decide(number, quarantine.COUNT, "  the works council’s secretary reads it all ")
    assert (points(), set(verdicts()), only().reason) == (
        [10] * 5, {("human", "browser")}, "the works council’s secretary reads it all",
    )  # fmt: skip
    assert quarantine.look() == 0
    quarantine.decide(number, None)
    assert (points(), only().decision, only().reason) == ([0] * 5, None, None)
    quarantine.decide(number, quarantine.LEAVE_OUT)
    assert points() == [0] * 5
    sums = [int(n) for n in db.session.scalars(select(func.sum(LedgerEntry.points)).group_by(LedgerEntry.subject))]
    assert sums == [0] * 5
    assert ledger.verify() == []


def test_a_decision_holds_for_what_comes_later_in_the_same_pattern(house: Flask) -> None:
    a_reader_of_everybody()
    quarantine.look()
    quarantine.decide(only().id, quarantine.LEAVE_OUT)
    sixth = share(noor("Fay"))
    came(sixth, "everywhere", 9)
    came(sixth, "reader", 10)
    settling.settle(sixth.subject)
    quarantine.look()
    assert ledger.total(sixth.subject) == 10
    assert len(sixth.visited_at) == 1
    assert only().facts["sharers"] == 6


def test_a_pattern_that_is_no_more_goes_by_itself_while_its_week_runs(house: Flask) -> None:
    shares = a_reader_of_everybody()
    quarantine.look()
    db.session.execute(
        update(Evidence).where(Evidence.share_id == shares[0].id).values(verdict="bot", reason="scanner")
    )
    db.session.commit()
    assert quarantine.look() == 1
    assert points() == [0, 10, 10, 10, 10]
    assert reviews.open_reviews() == []
    assert db.session.scalar(select(func.count(QuarantinedVisit.id))) == 0


def test_a_visit_that_two_patterns_hold_counts_when_both_are_decided_to(house: Flask) -> None:
    shares = a_reader_of_everybody()
    for n in range(1, 7):
        came(shares[0], f"agent{n}", n / 10, weekly_place="farm")
    db.session.execute(update(Evidence).where(Evidence.weekly == "everywhere").values(weekly_place="farm"))
    settling.settle(shares[0].subject)
    db.session.commit()
    quarantine.look()
    visitor, place = db.session.scalars(select(Quarantine).order_by(Quarantine.pattern.desc())).all()
    assert (visitor.pattern, place.pattern) == ("one-visitor", "one-place")
    quarantine.decide(visitor.id, quarantine.COUNT)
    assert points() == [0, 10, 10, 10, 10]
    quarantine.decide(place.id, quarantine.COUNT)
    assert points() == [17, 10, 10, 10, 10]
    assert ledger.verify() == []


def test_hashes_of_a_week_are_gone_after_seven_days_and_the_pattern_stays(house: Flask) -> None:
    a_reader_of_everybody()
    quarantine.look()
    later(days=6.9)
    assert forgetting.forget_weeks() == 0
    later(days=7, hours=1.4)
    assert forgetting.forget_weeks() == 2, "two of them came more than seven days ago"
    later(days=8)
    assert forgetting.forget_weeks() == 3
    assert (only().mark, db.session.scalar(select(func.count(QuarantinedVisit.id)))) == (None, 5)
    assert quarantine.look() == 0
    quarantine.decide(only().id, quarantine.COUNT)
    assert points() == [10] * 5


@pytest.mark.parametrize("decision", [quarantine.COUNT, quarantine.LEAVE_OUT, None])
def test_what_was_decided_or_not_holds_when_the_evidence_is_forgotten_and_can_still_be_changed(
    house: Flask, decision: str | None
) -> None:
    a_reader_of_everybody()
    quarantine.look()
    number = only().id
    quarantine.decide(number, decision)
    before = points()
    later(days=31)
    assert forgetting.forget_evidence() == 5
    assert (points(), ledger.verify()) == (before, [])
    for change, worth in ((quarantine.COUNT, 10), (quarantine.LEAVE_OUT, 0), (quarantine.COUNT, 10), (None, 0)):
        quarantine.decide(number, change)
        assert (points(), ledger.verify()) == ([worth] * 5, [])


def test_nobody_counts_twice_whose_first_visit_stood_aside_and_was_forgotten(house: Flask) -> None:
    one = a_reader_of_everybody()[0]
    quarantine.look()
    came(one, "next week’s hash", 10 * 24, visitor=f"everywhere-{one.id}")
    settling.settle(one.subject)
    db.session.commit()
    assert points() == [10, 0, 0, 0, 0]
    later(days=30, hours=12)
    forgetting.forget_evidence()
    quarantine.decide(only().id, quarantine.COUNT)
    assert points() == [10] * 5
    assert len(one.visited_at) == 1
    assert ledger.verify() == []


def test_of_a_full_place_nobody_more_counts_when_its_first_visitors_are_forgotten(house: Flask) -> None:
    one = share(noor())
    for n in range(8):
        came(one, f"agent{n}", n * 24, place="p", weekly=None)
    settling.settle(one.subject)
    db.session.commit()
    assert len(one.visited_at) == 5
    for day in (32, 35, 40):
        later(days=day)
        forgetting.forget_evidence()
        assert (len(one.visited_at), points(), ledger.verify()) == (5, [15], [])
