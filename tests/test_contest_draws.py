"""Draws of contests. In: a contest that is over. Out: one draw among all who took part, opened and frozen by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from scoring.contests import Act, took_part
from service import clock, contests, draws, settling
from service.database import db
from service.draws import Plan, monthly, of_contests
from service.models import Draw, Employee, Entrant, FreeEntry, LeftOut, Outbox, Programme, Team
from tests import noor as world
from tests.conftest import TUESDAY
from tests.liam import Liam, at_the_console
from tests.test_contests import confirm, contest
from tests.test_settling import noor as colleague
from tests.test_settling import share, visit

OVER = TUESDAY.replace(day=21, hour=0, minute=1)
"""A minute after the grace of a contest whose last day is 20 November, in Ljubljana."""


@pytest.fixture
def noor(app: Flask) -> Employee:
    return world.begin()


def the_draw() -> Draw:
    db.session.expire_all()
    return db.session.scalars(sa.select(Draw)).one()


def test_of_teams_their_active_members_enter_and_of_people_whoever_stands() -> None:
    teams = {f"N{n}": "N" for n in range(9)} | {"S1": "S"}
    some = [Act("1", f"N{n}", 2, TUESDAY) for n in range(5)] + [Act("1", "S1", 9, TUESDAY), Act("2", "N5", 1, TUESDAY)]
    assert took_part(some, 1, teams, {"N1", "N3", "N8", "S1"}) == ("N1", "N3", "N8")
    assert took_part(some, 2) == ("N0", "N1", "N2", "N3", "N4", "S1")


def test_all_who_took_part_are_in_one_draw_with_one_ticket_each(noor: Employee) -> None:
    ana, bea, cem, dan = (colleague(name) for name in ("Ana", "Bea", "Cem", "Dan"))
    found = contest(threshold=10, draw_for_all="A book | 20 EUR")
    for who, visitors in ((noor, 4), (ana, 1), (bea, 1), (cem, 1)):
        confirm(who, visitors)
    on_facebook = share(dan, network="facebook")
    visit(on_facebook, "v")
    settling.settle(dan.subject)
    bea.off_boards, cem.excluded_from_draws = True, True
    db.session.commit()
    clock.set_now(OVER)
    assert contests.look() == 1
    made = the_draw()
    assert (made.name, made.title, made.status) == (f"contest-{found.id}", "Sprint", "open")
    assert [(p.name, p.value) for p in made.prizes] == [("A book", "20 EUR")]
    assert "took part in the contest Sprint, 2026-11-16 to 2026-11-20" in made.rules
    assert "one each, so that everybody who took part has the same chance." in made.rules
    assert contests.look() == 0 and draws.tend() == 0
    clock.set_now(OVER + of_contests.PAUSE + timedelta(minutes=1))
    assert (draws.tend(), draws.tend()) == (1, 0)
    made = the_draw()
    entrants = {e.subject: e.tickets for e in db.session.scalars(sa.select(Entrant))}
    assert (made.status, entrants) == ("frozen", dict.fromkeys((noor.subject, ana.subject, bea.subject), 1))
    assert draws.left_out(made) == {cem.subject: "excluded"}
    assert draws.check(made) == []
    assert len(db.session.scalars(sa.select(Outbox).where(Outbox.kind == "frozen")).all()) == 3


def test_nobody_took_part_and_the_draw_is_void_in_public(client: FlaskClient, noor: Employee) -> None:
    contest(threshold=50, draw_for_all="A book")
    confirm(noor, 1)
    clock.set_now(OVER)
    contests.look()
    clock.set_now(OVER + of_contests.PAUSE + timedelta(minutes=1))
    draws.tend()
    made = the_draw()
    assert made.status == "void"
    assert "void" in client.get(f"/draws/{made.name}").text.lower()
    assert "Nobody took part, so nothing is drawn." in client.get(f"/me/{world.passes_of(noor).me}").text


def test_a_free_way_in_has_a_week_and_the_usual_exclusions_hold(noor: Employee) -> None:
    monthly.set_plan(False, [("A weekend", "")], 2, 72, Plan(free=3, tenure_days=30))
    new = colleague("Ana")
    noor.invited_at, new.invited_at = TUESDAY - timedelta(days=90), TUESDAY
    quiet = colleague("Quiet")
    quiet.invited_at = TUESDAY - timedelta(days=90)
    contest(draw_for_all="A book")
    confirm(noor, 1)
    confirm(new, 1)
    clock.set_now(OVER)
    contests.look()
    made = the_draw()
    db.session.add(FreeEntry(draw_id=made.id, subject=quiet.subject))
    db.session.commit()
    clock.set_now(OVER + timedelta(days=6))
    assert draws.tend() == 0
    clock.set_now(OVER + timedelta(days=7, minutes=1))
    assert draws.tend() == 1
    assert {e.subject: (e.tickets, e.free) for e in db.session.scalars(sa.select(Entrant))} == {
        noor.subject: (1, 0),
        quiet.subject: (1, 1),
    }
    assert db.session.scalars(sa.select(LeftOut.why)).all() == ["new"]


def test_of_teams_who_confirmed_a_share_enters(noor: Employee) -> None:
    team = Team(name="North")
    db.session.add(team)
    db.session.flush()
    people = [colleague(f"P{n}") for n in range(7)]
    for who in people:
        who.team_id = team.id
    for who in people[:5]:
        confirm(who, 1)
    confirm(people[5], 1, hours=24 * 5)
    found = contest(among="teams", draw_for_all="A book")
    clock.set_now(OVER)
    contests.look()
    assert contests.entries(found) == tuple(sorted(who.subject for who in people[:5]))
    assert "every member of a team that stood in the contest Sprint" in the_draw().rules


def test_the_liaison_sees_it_and_a_wrong_worth_is_refused(app: Flask, noor: Employee) -> None:
    liam = at_the_console(app)
    fields = {"name": "Sprint", "measure": "points", "among": "people", "threshold": "1"}
    days = {"starts_on": "2026-11-16", "ends_on": "2026-11-20"}
    wrong = liam.post("/console/contests/new", {**fields, **days, "draw_for_all": "A book | dear"}).text
    assert "like 240 EUR or 240 €" in wrong
    liam.post("/console/contests/new", {**fields, **days, "draw_for_all": "A book | 20 €"})
    confirm(noor, 1)
    clock.set_now(OVER)
    contests.look()
    made = the_draw()
    liam = at_the_console_again(app)
    page = liam.open(f"/console/contests/{made.contest_id}").text
    assert f"/console/draws/{made.name}" in page and "A book (20 €)" in page
    form = liam.get(f"/console/draws/{made.name}/edit").text
    assert "Everybody who took part in the contest holds one ticket." in form
    liam.post(
        f"/console/draws/{made.name}/edit",
        {"kind": "month", "title": "Other", "prizes": "A lamp", "alternates": "2", "beacon": "drand"},
    )
    made = the_draw()
    assert (made.title, made.kind, made.prizes[0].name) == ("Other", "contest", "A lamp")
    refused = liam.post(
        "/console/draws/new", {"kind": "contest", "name": "x", "title": "X", "prizes": "A lamp", "alternates": "2"}
    ).text
    assert "Choose a month, a campaign, or days by hand." in refused


def at_the_console_again(app: Flask) -> Liam:
    liam = Liam(app)
    assert liam.sign_in().status_code == 200
    return liam


def test_the_liaison_reads_why_somebody_does_not_enter_and_in_works_council_mode_how_many(
    app: Flask, noor: Employee
) -> None:
    noor.excluded_from_draws = True
    confirm(noor, 1)
    contest(draw_for_all="A book")
    clock.set_now(OVER)
    contests.look()
    path = f"/console/draws/{the_draw().name}/left-out"
    liam = at_the_console(app)
    page = liam.open(path).text
    assert "Excluded from draws" in page and "Noor Benali" in page
    db.session.execute(sa.update(Programme).values(works_council=True))
    db.session.commit()
    page = liam.open(path).text
    assert "Excluded from draws" in page and "Noor" not in page
    assert liam.open("/console/draws/nothing/left-out").status_code == 404
