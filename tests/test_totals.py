"""Totals. In: points by period. Out: places that are right at every moment, whoever comes, goes or books at once."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from scoring import standings
from service import choices, holders, ledger, settling, totals
from service.campaign_sums import Measure, period_of
from service.database import db
from service.models import Campaign, Employee, Holders, Total
from tests.conftest import TUESDAY
from tests.test_settling import noor, programme, share, together, visit

MONTH = "2026-11"


@pytest.fixture
def house(app: Flask) -> Flask:
    programme()
    return app


def held() -> int:
    return db.session.scalar(sa.select(sa.func.count(Holders.id))) or 0


@hypothesis_settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-60, 90)), max_size=25), st.booleans())
def test_places_are_those_of_the_pure_board(app: Flask, gains: list[tuple[int, int]], folded: bool) -> None:
    db.session.rollback()
    for table in (Total, Holders, Employee):
        db.session.execute(sa.delete(table))
    people = [noor(f"P{n}").subject for n in range(5)]
    sums = dict.fromkeys(people, 0)
    for who, points in gains:
        totals.add_all({people[who]: {MONTH: points}})
        sums[people[who]] += points
    if folded:
        holders.fold()
        assert held() == len({n for n in sums.values() if n > 0}) + len({n // 64 for n in sums.values() if n > 0})
    assert holders.wrong() == []
    board = {line.points: line.place for line in standings.places(sums)}
    assert holders.places(MONTH, list(sums.values())) == board
    assert holders.people(MONTH) == sum(n > 0 for n in sums.values())
    db.session.commit()


def test_equals_share_a_place_and_the_next_is_left_out(house: Flask) -> None:
    for name, points in (("Ana", 9), ("Bea", 7), ("Cem", 7), ("Dan", 3)):
        totals.add_all({noor(name).subject: {MONTH: points}})
    assert holders.places(MONTH, (9, 7, 7, 3, 0)) == {9: 1, 7: 2, 3: 4}


@pytest.mark.parametrize("status", ["left", "gone", "suspended"])
def test_who_goes_takes_nobody_s_place_and_gets_her_own_back(house: Flask, status: str) -> None:
    best, other = noor("Ana"), noor("Bea")
    totals.add_all({best.subject: {MONTH: 9}})
    totals.add_all({other.subject: {MONTH: 7}})
    best.status = status
    db.session.commit()
    assert holders.places(MONTH, [7]) == {7: 1}
    totals.add_all({best.subject: {MONTH: 5, "all": 5}})
    assert (holders.places(MONTH, [7]), holders.people("all")) == ({7: 1}, 0)
    best.status = "active"
    db.session.commit()
    assert holders.places(MONTH, (7, 14)) == {7: 2, 14: 1}
    assert holders.wrong() == []


def test_leaving_on_her_page_and_marking_gone_by_statement_take_off_the_board(house: Flask) -> None:
    ana, bea = noor("Ana"), noor("Bea")
    for who in (ana, bea):
        totals.add_all({who.subject: {MONTH: 4}})
    choices.leave(ana)
    assert holders.people(MONTH) == 1
    db.session.execute(sa.update(Employee).where(Employee.name == "Bea").values(status="gone"))
    assert totals.review([bea.subject]) == 1
    assert (holders.people(MONTH), totals.review(), holders.wrong()) == (0, 0, [])


def test_a_line_counts_in_its_week_month_quarter_and_campaign(house: Flask) -> None:
    campaign = Campaign(slug="a", name="A", starts_on=TUESDAY.date(), ends_on=TUESDAY.date())
    other = Campaign(slug="b", name="B", starts_on=TUESDAY.date(), ends_on=TUESDAY.date())
    db.session.add_all([campaign, other])
    db.session.flush()
    who = noor()
    one = share(who)
    one.story.campaign_id = campaign.id
    visit(one, "v1")
    settling.settle(who.subject)
    db.session.commit()
    sums = {t.period: t.points for t in db.session.scalars(sa.select(Total))}
    periods = ("all", MONTH, "2026-Q4", "2026-W47", period_of(Measure.POINTS, campaign.id))
    assert sums == dict.fromkeys(periods, 10) | {f"shares:{campaign.id}": 1, f"readers:{campaign.id}": 1}
    one.story.campaign_id = other.id
    db.session.commit()
    assert [ledger.total(who.subject, period_of(m, campaign.id)) for m in Measure] == [0, 0, 0]
    assert [ledger.total(who.subject, period_of(m, other.id)) for m in Measure] == [10, 1, 1]
    assert ledger.verify() == []


def test_two_hundred_awards_at_once_leave_every_place_right(house: Flask) -> None:
    people = [noor(f"P{n}").subject for n in range(10)]
    db.session.commit()

    def many(n: int) -> None:
        for i in range(20):
            totals.add_all({people[(n + i) % 10]: {MONTH: 1 + i % 3, "all": 1}})
            db.session.commit()

    def folding() -> None:
        for _ in range(5):
            holders.fold()
            db.session.commit()

    together(house, [*(lambda n=n: many(n) for n in range(10)), folding])  # type: ignore[misc]
    assert holders.wrong() == []
    assert sum(t.points for t in db.session.scalars(sa.select(Total).where(Total.period == "all"))) == 200
    assert holders.people("all") == 10


def test_verify_finds_a_board_that_is_wrong(house: Flask) -> None:
    totals.add_all({noor().subject: {MONTH: 4}})
    db.session.execute(sa.update(Holders).where(Holders.step == 1).values(people=2))
    assert [(f.kind, f.what, f.expected, f.found) for f in ledger.verify() if f.kind == "board"] == [
        ("board", "2026-11, 4 points", "1", "2")
    ]
