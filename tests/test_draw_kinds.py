"""Kinds of draws on both databases. In: shares, days, teams, winners. Out: how many tickets, and who enters."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from scoring import tickets, weeks
from scoring.tickets import Count
from service import clock, draws
from service.database import db
from service.draws import Plan
from service.draws.holders import months_before
from service.models import Campaign, Employee, Entrant, FreeEntry, LeftOut, Rank, Share, Story, Team
from service.validation import Invalid
from tests.conftest import TUESDAY
from tests.test_draws import DUE, OCTOBER, SOURCE, cast, drawn, october, person, visit

__all__ = ["cast"]

DAYS = Plan(first=date(2026, 10, 5), last=date(2026, 10, 18))
HOLDERS = {"Noor", "Sam", "Mei", "Ada"}


def due(cast: dict[str, Employee], name: str = "x", **more: object) -> dict[str, int]:
    """Tickets by name of an open draw of these settings."""
    made = draws.create(name, "X", [("A book", "")], source_text=SOURCE, **more)  # type: ignore[arg-type]
    names = {e.subject: n for n, e in cast.items()}
    return {names[who]: held for who, held in draws.entries_due(made)}


def test_days_by_hand_count_weeks_with_both_ends(cast: dict[str, Employee]) -> None:
    assert due(cast, kind="hand", plan=DAYS) == {"Noor": 2, "Sam": 2, "Mei": 1, "Ada": 2}
    one = Plan(first=OCTOBER.date(), last=OCTOBER.date())
    assert due(cast, "one", kind="hand", plan=one) == dict.fromkeys(HOLDERS, 1)


def test_confirmed_shares_may_each_bring_a_ticket_up_to_the_cap(cast: dict[str, Employee]) -> None:
    for hour in range(5):
        visit(cast["Mei"], OCTOBER + timedelta(hours=hour))
    db.session.commit()
    plan = Plan(per="share", at_most=4, first=DAYS.first, last=DAYS.last)
    assert due(cast, kind="hand", plan=plan) == {"Noor": 2, "Sam": 2, "Mei": 4, "Ada": 2}
    assert due(cast, "m", month="2026-10", plan=Plan(per="share", at_most=3))["Mei"] == 3


def test_a_campaigns_draw_takes_shares_of_its_stories_on_its_days(cast: dict[str, Employee]) -> None:
    days = {"starts_on": date(2026, 10, 5), "ends_on": date(2026, 10, 11)}
    campaign = Campaign(slug="school", name="A new school", **days)
    db.session.add(campaign)
    db.session.flush()
    hers = [s.story_id for s in db.session.scalars(sa.select(Share).where(Share.subject == cast["Noor"].subject))]
    db.session.execute(sa.update(Story).where(Story.id.in_(hers)).values(campaign_id=campaign.id))
    db.session.commit()
    assert due(cast, kind="campaign", campaign_id=campaign.id) == {"Noor": 1}
    made = draws.find("x")
    assert made is not None and made.month is None
    assert "the campaign A new school, 2026-10-05 to 2026-10-11" in made.rules


def test_shares_on_networks_that_forbid_prizes_bring_no_tickets(cast: dict[str, Employee]) -> None:
    db.session.execute(sa.update(Share).where(Share.subject == cast["Mei"].subject).values(network="facebook"))
    db.session.commit()
    assert due(cast, month="2026-10").keys() == HOLDERS - {"Mei"}
    made = draws.find("x")
    assert made is not None and "bring no tickets, as their own rules ask: Facebook." in made.rules
    assert due(cast, "all", month="2026-10", plan=Plan(networks_out=())).keys() == HOLDERS


def test_what_brought_no_tickets_in_its_own_month_brings_none_later(cast: dict[str, Employee]) -> None:
    db.session.execute(sa.update(Share).where(Share.subject == cast["Mei"].subject).values(network="facebook"))
    db.session.commit()
    draws.freeze(october(), DUE)
    clock.set_now(TUESDAY + timedelta(days=21))
    assert due(cast, "next", month="2026-11", plan=Plan(networks_out=())) == {}


@pytest.mark.parametrize("field", ["team", "office", "new", "recent"])
def test_who_may_not_enter_is_told_before_the_numbers_are_known(cast: dict[str, Employee], field: str) -> None:
    team = Team(name="Bakery")
    db.session.add(team)
    db.session.flush()
    for name in ("Noor", "Sam", "Ada"):
        cast[name].team_id, cast[name].office = team.id, "Koper"
        cast[name].invited_at = TUESDAY - timedelta(days=90)
    cast["Mei"].invited_at = TUESDAY - timedelta(days=89)
    if field == "recent":
        before = draws.create("september", "S", [("A book", "")], month="2026-09", source_text=SOURCE)
        before.status, before.drawn_at = "drawn", TUESDAY - timedelta(days=80)
        rank = Rank(draw_id=before.id, rank=1, entrant="a" * 64, subject=cast["Mei"].subject, state="claimed")
        db.session.add(rank)
    db.session.commit()
    plan = {
        "team": Plan(teams=(team.id,)),
        "office": Plan(offices=("koper",)),
        "new": Plan(tenure_days=90),
        "recent": Plan(recent_months=3),
    }[field]
    draw = draws.freeze(october(plan=plan), DUE)
    assert draws.left_out(draw) == {cast["Mei"].subject: field}
    assert [(d.name, why) for d, why in draws.not_in_pool(cast["Mei"])] == [("2026-10", field)]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Entrant)) == 3
    assert draws.check(draw) == []


def test_who_won_longer_ago_enters_again(cast: dict[str, Employee]) -> None:
    draw = drawn()
    winner = draw.ranks[0].subject
    clock.set_now(DUE + timedelta(days=40))
    visit(cast["Quiet"], clock.now() - timedelta(days=2))
    for one in cast.values():
        visit(one, datetime(2026, 12, 2, 9, tzinfo=UTC))
    db.session.commit()
    for months, inside in ((1, True), (2, False)):
        plan = Plan(recent_months=months)
        made = draws.create(f"d{months}", "D", [("A book", "")], month="2026-12", source_text=SOURCE, plan=plan)
        assert (winner in dict(draws.entries_due(made))) is inside


def test_the_free_way_in_brings_its_tickets_within_the_cap(cast: dict[str, Employee]) -> None:
    draw = october(plan=Plan(free=2, at_most=4))
    for name in ("Quiet", "Mei", "Ada", "Noor"):
        db.session.add(FreeEntry(draw_id=draw.id, subject=cast[name].subject))
    db.session.commit()
    assert "you can take part without posting anything" in draw.rules
    draws.freeze(draw, DUE)
    rows = {e.subject: (e.tickets, e.free) for e in db.session.scalars(sa.select(Entrant))}
    assert {n: rows[e.subject] for n, e in cast.items()} == {
        "Noor": (4, 0), "Sam": (2, 0), "Mei": (3, 2), "Ada": (4, 1), "Quiet": (2, 2),
    }  # fmt: skip


def test_without_a_free_way_in_nobody_enters_by_it(cast: dict[str, Employee]) -> None:
    draw = october()
    db.session.add(FreeEntry(draw_id=draw.id, subject=cast["Quiet"].subject))
    db.session.commit()
    assert cast["Quiet"].subject not in dict(draws.entries_due(draw))


def test_visits_decided_after_the_freeze_enter_the_next_draw_whatever_their_own_time(
    cast: dict[str, Employee],
) -> None:
    db.session.execute(sa.update(Share).where(Share.subject == cast["Mei"].subject).values(state="opened"))
    db.session.commit()
    draw = draws.freeze(october(), DUE)
    db.session.execute(sa.update(Share).values(state="confirmed"))
    db.session.commit()
    assert [(d.name, why) for d, why in draws.not_in_pool(cast["Mei"])] == [("2026-10", "later")]
    assert draws.left_out(draw) == {cast["Mei"].subject: "later"}
    clock.set_now(TUESDAY + timedelta(days=21))
    assert due(cast, "next", month="2026-11") == {"Mei": 1}


def test_who_was_left_out_for_a_reason_gets_no_second_chance_with_the_same_tickets(cast: dict[str, Employee]) -> None:
    cast["Mei"].excluded_from_draws = True
    db.session.commit()
    draws.freeze(october(), DUE)
    cast["Mei"].excluded_from_draws = False
    db.session.commit()
    assert db.session.scalars(sa.select(LeftOut.why)).all() == ["excluded"]
    assert due(cast, "next", month="2026-11") == {}


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("kind", {"kind": "dice"}),
        ("campaign", {"kind": "campaign"}),
        ("first", {"kind": "hand"}),
        ("last", {"kind": "hand", "plan": Plan(first=date(2026, 10, 5), last=date(2026, 10, 4))}),
        ("per", {"plan": Plan(per="like")}),
        ("at_most", {"plan": Plan(at_most=-1)}),
        ("teams", {"plan": Plan(teams=(77,))}),
        ("networks_out", {"plan": Plan(networks_out=("myspace",))}),
        ("tenure_days", {"plan": Plan(tenure_days=-1)}),
        ("recent_months", {"plan": Plan(recent_months=61)}),
        ("free", {"plan": Plan(free=-1)}),
        ("claim_days", {"plan": Plan(claim_days=0)}),
        ("beacon", {"beacon": "dice"}),
    ],
)
def test_a_refused_setting_says_which_field(cast: dict[str, Employee], field: str, more: dict[str, object]) -> None:
    with pytest.raises(Invalid) as refusal:
        draws.create("x", "X", [("A book", "")], **more)  # type: ignore[arg-type]
    assert set(refusal.value.errors) == {field}


def test_a_plan_reads_back_as_it_was_written() -> None:
    plan = Plan("share", 7, date(2026, 1, 2), date(2026, 3, 4), (1, 2), ("Koper",), 30, 6, ("x",), 1, 21, True)
    assert Plan.from_json(plan.to_json()) == plan
    assert Plan.from_json({}) == Plan()


moments = st.lists(st.datetimes(datetime(2026, 9, 1), datetime(2026, 12, 1), timezones=st.just(UTC)), max_size=12)


@given(moments, st.integers(1, 6))
def test_every_first_visit_counts_in_exactly_one_month(confirmed: list[datetime], at_most: int) -> None:
    counts = [
        Count("Europe/Rome", "share", 99, month) for month in ("2026-08", "2026-09", "2026-10", "2026-11", "2026-12")
    ]
    assert sum(tickets.held(confirmed, count) for count in counts) == len(confirmed)
    by_week = [Count("Europe/Rome", "week", 99, count.month) for count in counts]
    assert sum(tickets.held(confirmed, count) for count in by_week) == len(
        {weeks.week_of(at, "Europe/Rome") for at in confirmed}
    )
    assert tickets.held(confirmed, Count("UTC", "share", at_most)) == min(at_most, len(confirmed))


def test_months_before_end_with_the_month() -> None:
    assert months_before(datetime(2026, 3, 31, tzinfo=UTC), 1) == datetime(2026, 2, 28, tzinfo=UTC)
    assert months_before(datetime(2026, 1, 15, tzinfo=UTC), 13) == datetime(2024, 12, 15, tzinfo=UTC)


def test_an_employee_added_in_the_middle_of_the_alphabet_of_subjects_is_not_mixed_up(cast: dict[str, Employee]) -> None:
    for n in range(30):
        person(f"P{n}", n % 4)
    db.session.commit()
    made = october()
    held = dict(draws.entries_due(made))
    for one in db.session.scalars(sa.select(Employee)):
        shares = db.session.scalar(sa.select(sa.func.count()).where(Share.subject == one.subject))
        assert held.get(one.subject, 0) == shares


def test_a_draw_may_be_for_some_countries_alone(cast: dict[str, Employee]) -> None:
    for name, country in (("Noor", "SI"), ("Sam", "IT"), ("Mei", "DE")):
        cast[name].country = country
    db.session.commit()
    assert due(cast, month="2026-10", plan=Plan(countries=("SI", "IT"))).keys() == {"Noor", "Sam"}
    made = draws.find("x")
    assert made is not None and "Only people of these countries enter: Slovenia, Italy." in made.rules
    assert set(draws.left_out(made).values()) == {"country"}
    with pytest.raises(Invalid, match="We know no country Narnia"):
        due(cast, "y", month="2026-10", plan=Plan(countries=("Narnia",)))
