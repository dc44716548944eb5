"""Contests. In: acts between two days. Out: who stands where by rule alone, a result that stays, pages that say so."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from scoring.contests import Act, standing
from service import clock, contests, jobs, settling, shares, visiting
from service.database import db
from service.models import Contest, Employee, Programme, Team
from service.validation import Invalid
from tests import noor as world
from tests.conftest import TUESDAY
from tests.liam import at_the_console
from tests.test_settling import noor as colleague
from tests.test_settling import share, visit
from tests.test_share_use_cases import HUMAN

acts = st.lists(
    st.builds(
        Act,
        st.sampled_from("abcdef"),
        st.sampled_from(["Ana", "Bea", "Cem"]),
        st.integers(-2, 4),
        st.integers(0, 5).map(lambda n: TUESDAY + timedelta(minutes=n)),
    ),
    max_size=15,
)


@given(acts, st.randoms(use_true_random=False), st.integers(1, 4))
def test_neither_order_nor_repetition_decides(some: list[Act], drawn: object, threshold: int) -> None:
    other = [*some, *some[:5]]
    drawn.shuffle(other)  # type: ignore[attr-defined]
    assert standing(other, threshold) == standing(some, threshold)


@given(acts, st.integers(1, 4))
def test_places_go_by_figure_then_by_who_was_there_earlier(some: list[Act], threshold: int) -> None:
    lines = standing(some, threshold)
    assert all(line.figure >= threshold for line in lines)
    for n, line in enumerate(lines):
        better = [x for x in lines if (-x.figure, x.reached) < (-line.figure, line.reached)]
        assert line.place == 1 + len(better)
        assert n == 0 or lines[n - 1].place <= line.place


def test_of_equals_the_earlier_stands_first_and_the_same_moment_is_shared() -> None:
    at = [TUESDAY + timedelta(hours=n) for n in range(3)]
    some = [Act("1", "Ana", 2, at[1]), Act("1", "Bea", 1, at[0]), Act("2", "Bea", 1, at[2]), Act("1", "Cem", 2, at[1])]
    assert [(n.place, n.who) for n in standing(some)] == [(1, "Ana"), (1, "Cem"), (3, "Bea")]


def test_teams_stand_by_mean_and_from_five_active_members_on() -> None:
    teams = {f"{team}{n}": team for team in "NS" for n in range(9)}
    some = [Act("1", f"N{n}", 2, TUESDAY) for n in range(5)] + [Act("1", f"S{n}", 9, TUESDAY) for n in range(4)]
    some.append(Act("1", "nobody's", 50, TUESDAY))
    assert [(n.place, n.who, n.figure, n.people) for n in standing(some, 2, teams)] == [(1, "N", 2, 5)]
    assert standing(some, 3, teams) == ()


@pytest.fixture
def noor(app: Flask) -> Employee:
    return world.begin()


@pytest.fixture
def me(noor: Employee) -> str:
    return f"/me/{world.passes_of(noor).me}"


def contest(**more: object) -> Contest:
    days = {"starts_on": date(2026, 11, 16), "ends_on": date(2026, 11, 20)}
    return contests.create(
        **{"name": "Sprint", "measure": "points", "among": "people", "prizes": ["A bike"], **days, **more}
    )


def confirm(who: Employee, visitors: int, hours: float = 0) -> None:
    one = share(who)
    for n in range(visitors):
        visit(one, f"v{n}", hours + n / 60)
    settling.settle(who.subject)
    db.session.commit()


@pytest.mark.parametrize(("measure", "figures"), [("points", [15, 10]), ("shares", [2, 1]), ("readers", [5, 2])])
def test_it_goes_by_what_the_liaison_chose(noor: Employee, measure: str, figures: list[int]) -> None:
    ana, bea = colleague("Ana"), colleague("Bea")
    found = contest(measure=measure)
    if measure == "shares":
        confirm(ana, 1)
        confirm(ana, 1, 1)
        confirm(bea, 1)
    else:
        confirm(ana, 5)
        confirm(bea, 2)
    confirm(colleague("Late"), 3, hours=24 * 5)
    contests.look()
    assert [(n.name, n.figure, n.prize) for n in contests.shown(found)] == [
        ("Ana", figures[0], "A bike"),
        ("Bea", figures[1], ""),
    ]


def test_only_the_campaigns_stories_count_where_it_is_for_one(noor: Employee) -> None:
    found = contest(campaign_id=1)
    confirm(colleague("Ana"), 3)
    visiting.visit(shares.open_share(noor, world.story(), "linkedin").share.code, HUMAN)
    contests.look()
    assert [(n.name, n.figure) for n in contests.shown(found)] == [("Noor B.", 10)]


def test_the_result_is_published_once_and_stays(app: Flask, noor: Employee) -> None:
    ana = colleague("Ana")
    found = contest(threshold=10, draw_for_all="A book")
    both = tuple(sorted((ana.subject, noor.subject)))
    confirm(ana, 3)
    confirm(noor, 1)
    clock.set_now(TUESDAY.replace(day=20, hour=23, minute=59))
    assert contests.look() == 0
    clock.set_now(TUESDAY.replace(day=21, hour=0, minute=1))
    jobs.run("contests")
    db.session.expire_all()
    found = db.session.scalars(sa.select(Contest)).one()
    assert found.closed_at and found.closed_at.date() == date(2026, 11, 21)
    before = (found.seen, contests.entries(found))
    assert before[1] == both
    db.session.execute(sa.update(Programme).values(rules={"confirmed": 1}))
    for who in both:
        settling.settle(who)
    db.session.commit()
    assert contests.look() == 0
    assert (found.seen, contests.entries(found)) == before
    with pytest.raises(Invalid):
        contests.edit(found, name="Another")


def test_who_is_on_no_board_or_left_is_not_in_the_standing(noor: Employee) -> None:
    ana, bea = colleague("Ana"), colleague("Bea")
    found = contest()
    for who in (ana, bea, noor):
        confirm(who, 1)
    ana.off_boards, bea.status = True, "left"
    db.session.commit()
    contests.look()
    assert [n.name for n in contests.shown(found)] == ["Noor B."]


def test_her_page_shows_her_standing_and_the_result(client: FlaskClient, noor: Employee, me: str) -> None:
    contest(prizes=["A bike", "A lamp"], threshold=12)
    confirm(noor, 1)
    html = client.get(me).text
    assert "Sprint" in html and "You have 10 points in it." in html and "From 12 on you take part." in html
    confirm(noor, 3)
    contests.look()
    html = client.get(me).text
    assert "You are at place 1." in html and "A bike" in html
    clock.set_now(TUESDAY + timedelta(days=5))
    contests.look()
    assert "The result stays as it is." in client.get(f"/me/{world.passes_of(noor).me}").text


def test_the_liaison_plans_one_and_refusals_stand_beside_fields(app: Flask, noor: Employee) -> None:
    liam = at_the_console(app)
    assert "No contests yet" in liam.open("/console/contests").text
    wrong = {
        "name": "",
        "measure": "luck",
        "among": "cats",
        "starts_on": "2026-11-20",
        "ends_on": "2026-11-01",
        "threshold": "0",
    }
    html = liam.post("/console/contests/new", wrong).text
    assert "5 fields need another look" in html
    right = {"name": "Sprint", "measure": "readers", "among": "people", "threshold": "3", "prizes": "A bike\nA lamp"}
    liam.post("/console/contests/new", {**right, "starts_on": "2026-11-16", "ends_on": "2026-11-20"})
    found = db.session.scalars(sa.select(Contest)).one()
    assert (found.prizes, found.threshold, found.measure) == (["A bike", "A lamp"], 3, "readers")
    confirm(noor, 4)
    contests.look()
    html = liam.open(f"/console/contests/{found.id}").text
    assert "Noor B." in html and "A bike" in html


def test_in_works_council_mode_contests_are_for_teams_and_name_nobody(app: Flask, noor: Employee) -> None:
    found = contest()
    confirm(noor, 4)
    contests.look()
    db.session.execute(sa.update(Programme).values(works_council=True))
    db.session.commit()
    assert contests.shown(found) == []
    with pytest.raises(Invalid, match="contests are for teams"):
        contest(name="Two")
    team = Team(name="North")
    db.session.add(team)
    db.session.flush()
    for n in range(5):
        who = colleague(f"P{n}")
        who.team_id = team.id
        confirm(who, 1)
    two = contest(name="Two", among="teams")
    contests.look()
    assert [(n.name, n.figure) for n in contests.shown(two)] == [("North", 10)]
    assert "Noor" not in at_the_console(app).open(f"/console/contests/{found.id}").text
