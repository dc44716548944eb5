"""Boards. In: people with points. Out: who stands where, in pages and alone; nobody where she does not want to be."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from scoring import standings
from service import boards, choices, recognition, settling, shares, totals, visiting
from service.boards import Measure, Span
from service.database import db
from service.models import Campaign, Employee, Holders, Programme, Team, Total
from tests import noor as world
from tests.conftest import TUESDAY
from tests.liam import at_the_console
from tests.test_inbox import nonce_of
from tests.test_settling import noor as colleague
from tests.test_share_use_cases import HUMAN

MONTH = "2026-11"


@pytest.fixture
def noor(app: Flask) -> Employee:
    return world.begin()


@pytest.fixture
def me(noor: Employee) -> str:
    return f"/me/{world.passes_of(noor).me}"


def give(who: Employee, points: int, period: str = MONTH) -> None:
    totals.add_all({who.subject: {period: points}})
    db.session.commit()


@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(-1, 5), min_size=1, max_size=12), st.integers(0, 11))
def test_people_near_found_by_the_index_are_those_of_the_pure_board(app: Flask, points: list[int], n: int) -> None:
    db.session.rollback()
    for table in (Total, Holders, Employee):
        db.session.execute(sa.delete(table))
    people = [colleague(f"P{i}") for i in range(len(points))]
    sums = {who.subject: worth for who, worth in zip(people, points, strict=True)}
    for subject, worth in sums.items():
        totals.add_all({subject: {MONTH: worth}})
    her = people[n % len(people)]
    names = {who.subject: who.name for who in people}
    wanted = [
        (x.place, names[x.subject], x.points, x.subject == her.subject) for x in standings.near(sums, her.subject)
    ]
    assert [(x.place, x.name, x.figure, x.her) for x in boards.near(her, MONTH)] == wanted
    assert [(x.place, x.figure) for x in boards.top(MONTH)] == [(x.place, x.points) for x in standings.places(sums)][
        :10
    ]
    db.session.commit()


def test_who_wants_no_board_is_on_none_and_sees_her_own_place(client: FlaskClient, noor: Employee, me: str) -> None:
    give(noor, 7)
    for name, points in (("Ana Alba", 9), ("Bea Berg", 3)):
        give(colleague(name.replace(" ", ".")), points)
    nonce = nonce_of(client.get(me).text, f"{me}/board")
    answer = client.post(f"{me}/board", data={"nonce": nonce, "shown_as": "nowhere"}, follow_redirects=True)
    assert "Boards show you this way from now on." in answer.text
    db.session.refresh(noor)
    assert boards.near(noor, MONTH) == []
    assert [row.figure for row in boards.top(MONTH)] == [9, 3]
    assert boards.own(noor, MONTH) == boards.Own(7, 2, 2)
    assert "You are at place 2 of 2." in client.get(f"{me}/boards").text
    digest = recognition.digest_facts([noor.subject], "2026-W47", recognition.board_of("2026-W47"))[noor.subject]
    assert (digest.points, digest.near) == (7, ())
    choices.set_board(noor, "name")
    assert [row.name for row in boards.top(MONTH)][1] == "Noor B."


@pytest.mark.parametrize(
    ("shown_as", "alias", "seen"),
    [("name", "", "Noor B."), ("initials", "", "N. B."), ("alias", "  Wren\n of the <b>", "Wren of the <b>")],
)
def test_she_is_shown_as_she_chose(client: FlaskClient, noor: Employee, shown_as: str, alias: str, seen: str) -> None:
    give(noor, 7)
    choices.set_board(noor, shown_as, alias)
    assert choices.shown_as(noor) == shown_as
    assert [row.name for row in boards.top(MONTH)] == [seen]
    assert "alias" in noor.chosen


def test_another_name_must_be_written_and_short(client: FlaskClient, noor: Employee, me: str) -> None:
    for alias, words in (
        ("", "Write the name that colleagues see."),
        ("x" * 31, "Keep the name to thirty characters."),
    ):
        nonce = nonce_of(client.get(me).text, f"{me}/board")
        answer = client.post(f"{me}/board", data={"nonce": nonce, "shown_as": "alias", "alias": alias})
        assert answer.status_code == 422
        assert words in answer.text


def test_teams_stand_by_mean_per_active_advocate_and_small_ones_do_not(app: Flask) -> None:
    world.begin()
    for team, points in (
        ("North", [10] * 5),
        ("South", [20, 20, 20, 20]),
        ("East", [30, 0, 0, 6, 6, 6, 2]),
        ("West", [4] * 6),
    ):
        row = Team(name=team)
        db.session.add(row)
        db.session.flush()
        for n, worth in enumerate(points):
            who = colleague(f"{team}{n}")
            who.team_id = row.id
            totals.add_all({who.subject: {MONTH: worth}})
    db.session.commit()
    found = boards.teams(MONTH)
    assert [(t.place, t.name, t.mean, t.people) for t in found] == [
        (1, "East", 10.0, 5), (1, "North", 10.0, 5), (3, "West", 4.0, 6),
    ]  # fmt: skip
    db.session.execute(sa.update(Employee).where(Employee.name == "North0").values(status="left"))
    totals.review()
    assert [t.name for t in boards.teams(MONTH)] == ["East", "West"]


def test_a_campaign_and_its_hashtag_stand_by_points_shares_and_readers(
    client: FlaskClient, noor: Employee, me: str
) -> None:
    share = shares.open_share(noor, world.story(), "linkedin").share
    visiting.visit(share.code, HUMAN)
    settling.settle(noor.subject)
    db.session.commit()
    campaign = db.session.scalars(sa.select(Campaign)).one()
    other = colleague("Bea")
    give(other, 25, f"campaign:{campaign.id}")
    for measure, rows in (
        (Measure.POINTS, [(1, "Bea", 25), (2, "Noor B.", 10)]),
        (Measure.SHARES, [(1, "Noor B.", 1)]),
    ):
        found, own = boards.of_campaigns([campaign], measure, noor)
        assert [(x.place, x.name, x.figure) for x in found] == rows
        assert own and own.place == len(rows)
    assert boards.of_campaigns([campaign], Measure.READERS, noor)[0][0].figure == 1
    for asked in ("campaign=open-house&by=points", "hashtag=ToBeAPartner"):
        html = client.get(f"{me}/boards?board=campaigns&{asked}").text
        assert "Bea" in html and "25 points" in html and "You are at place 2 of 2." in html
    assert "1 reader" in client.get(f"{me}/boards?board=campaigns&by=readers").text


def test_each_span_means_its_own_period() -> None:
    spans = [boards.period_of(span, TUESDAY, "Europe/Ljubljana") for span in Span]
    assert spans == ["2026-W47", "2026-11", "2026-Q4", "all"]


def test_pages_answer_on_every_board_and_show_no_full_name(client: FlaskClient, noor: Employee, me: str) -> None:
    give(noor, 7)
    for board in ("near", "top", "teams", "campaigns", "nonsense"):
        for period in ("week", "month", "quarter", "ever", "nonsense"):
            answer = client.get(f"{me}/boards?board={board}&period={period}")
            assert answer.status_code == 200
            assert "Benali" not in answer.text
    assert "You are at place 1 of 1." in client.get(f"{me}/boards?board=top").text


def test_in_works_council_mode_only_teams_stand_anywhere(client: FlaskClient, noor: Employee, me: str) -> None:
    give(noor, 7)
    give(colleague("Wilhelmina"), 31)
    db.session.execute(sa.update(Programme).values(works_council=True))
    db.session.commit()
    digest = recognition.digest_facts([noor.subject], "2026-W47")[noor.subject]
    assert (digest.points, digest.near) == (7, ())
    assert (
        recognition.digest_facts([noor.subject], "2026-W47", recognition.board_of("2026-W47"))[noor.subject].near == ()
    )
    for page in (me, f"{me}/boards", f"{me}/boards?board=top", f"{me}/boards?board=campaigns"):
        assert "Wilhelmina" not in client.get(page).text
    liam = at_the_console(client.application)
    for page in ("/console/boards", "/console/boards?board=top", "/console/boards?board=campaigns"):
        html = liam.open(page).text
        assert "Wilhelmina" not in html and ">31<" not in html
