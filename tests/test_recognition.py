"""Recognition. In: settled shares. Out: what digest and page say of points, streaks, tickets, badges and others."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from emails.values import Neighbour, You
from scoring import standings
from service import recognition, settling
from service.database import db
from service.models import Employee, Holders, Share, Total
from service.totals import add_all
from tests.conftest import TUESDAY
from tests.test_settling import noor, programme, share, visit


@pytest.fixture
def house(app: Flask) -> Flask:
    programme()
    return app


def confirmed(name: str, visitors: int = 1, hours: float = 0) -> str:
    """Return the subject of somebody with one share that so many people visited."""
    who = noor(name)
    one = share(who)
    for n in range(visitors):
        visit(one, f"v{n}", hours + n / 60)
    settling.settle(who.subject)
    db.session.commit()
    return who.subject


def test_digest_tells_points_tickets_streak_and_next_badge(house: Flask) -> None:
    who = confirmed("Noor")
    you = recognition.digest_facts([who], "2026-W47")[who]
    assert (you.points, you.weeks, you.tickets) == (10, 1, 1)
    assert (you.badge, you.have, you.need) == ("conversation-starter", 1, 3)
    assert (you.shares, you.visits) == (0, 0), "this week's shares are thanked for next week"


def test_the_next_digest_thanks_for_last_weeks_shares_and_visits(house: Flask) -> None:
    who = confirmed("Noor", visitors=4)
    you = recognition.digest_facts([who], "2026-W48")[who]
    assert (you.shares, you.visits, you.weeks) == (1, 4, 1)


def test_thanks_are_for_every_reader_even_beyond_those_that_earn_points(house: Flask) -> None:
    who = confirmed("Noor", visitors=31)
    visit(db.session.scalars(sa.select(Share)).one(), "v3", 2)
    visit(db.session.scalars(sa.select(Share)).one(), "herself", 2, "suspected")
    db.session.commit()
    assert recognition.digest_facts([who], "2026-W48")[who].visits == 31
    assert recognition.digest_facts([who], "2026-W49")[who].visits == 0


def test_somebody_without_shares_gets_zeros_and_no_board(house: Flask) -> None:
    who = noor().subject
    assert recognition.digest_facts([who, "nobody"], "2026-W47") == {
        who: You(badge="first-word", have=0, need=1),
        "nobody": You(badge="first-word", have=0, need=1),
    }


def test_people_near_are_two_above_and_two_below_with_shared_places(house: Flask) -> None:
    for name, visitors in (("Ana", 9), ("Bea", 8), ("Cem", 7), ("Noor", 6), ("Dan", 6), ("Eva", 5), ("Fin", 4)):
        confirmed(name, visitors)
    subjects = dict(db.session.execute(sa.text("SELECT name, subject FROM employee")).all())
    near = recognition.people_near([subjects["Cem"], subjects["Ana"], subjects["Fin"]], "2026-11")
    assert [(n.name, n.points, n.place, n.her) for n in near[subjects["Ana"]]] == [
        ("Ana", 19, 1, True),
        ("Bea", 18, 2, False),
        ("Cem", 17, 3, False),
    ]
    middle = near[subjects["Cem"]]
    assert [(n.place, n.points) for n in middle] == [(1, 19), (2, 18), (3, 17), (4, 16), (4, 16)]
    assert near[subjects["Fin"]][-1] == Neighbour("Fin", 14, 7, True)


def test_who_left_stands_on_no_board_and_an_alias_hides_the_name(house: Flask) -> None:
    her, gone, other = confirmed("Noor", 3), confirmed("Gus", 5), confirmed("Bea", 4)
    db.session.execute(sa.text("UPDATE employee SET status = 'left' WHERE name = 'Gus'"))
    db.session.execute(sa.text("UPDATE employee SET alias = 'Wren' WHERE name = 'Bea'"))
    db.session.execute(sa.text("UPDATE employee SET name = 'Noor van der benali' WHERE name = 'Noor'"))
    db.session.commit()
    near = recognition.people_near([her, gone, other], "2026-11")
    assert gone not in near
    assert [n.name for n in near[her]] == ["Wren", "Noor B."]


def test_thousands_of_people_take_a_handful_of_queries(house: Flask) -> None:
    seen = [confirmed(f"P{n}") for n in range(3)]
    count = 0

    def one_more(*_: object) -> None:
        nonlocal count
        count += 1

    sa.event.listen(db.engine, "before_cursor_execute", one_more)
    recognition.digest_facts([*seen, *(f"{n:032x}" for n in range(4000))], "2026-W47")
    sa.event.remove(db.engine, "before_cursor_execute", one_more)
    assert count <= 15


def test_page_gives_every_point_its_reason_and_every_badge_its_steps(house: Flask) -> None:
    who = noor()
    one = share(who, own_words=True, declared_at=TUESDAY)
    for n in range(5):
        visit(one, f"v{n}", n)
    settling.settle(who.subject)
    db.session.commit()
    page = recognition.page_facts(who)
    assert (page.ever, page.you.points, page.month) == (22, 22, "2026-11")
    assert [(line.points, line.message, line.count) for line in page.lines] == [
        (2, "New readers followed your link", 2),
        (3, "Your share got a conversation going", 1),
        (5, "You used your own words", 1),
        (2, "You told us you shared it", 1),
        (10, "A first reader followed your link", 1),
    ]
    assert sum(line.points for line in page.lines) == page.ever
    assert [(b.slug, b.earned_at is not None, b.have, b.need) for b in page.badges[:3]] == [
        ("first-word", True, 1, 1),
        ("conversation-starter", True, 3, 3),
        ("steady-voice", False, 1, 4),
    ]
    assert page.badges[1].earned_at == TUESDAY + timedelta(hours=2)
    assert [s.id for s in page.shares] == [one.id]


@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(-2, 6), max_size=14))
def test_the_databases_board_is_the_pure_one(app: Flask, points: list[int]) -> None:
    db.session.rollback()
    for table in (Total, Holders, Employee):
        db.session.execute(sa.delete(table))
    totals = {noor(f"P{n}").subject: worth for n, worth in enumerate(points)}
    for who, worth in totals.items():
        add_all({who: {"2026-11": worth}})
    db.session.flush()
    found = recognition.people_near(list(totals), "2026-11")
    for who in totals:
        board = [(line.points, line.place, line.subject == who) for line in standings.near(totals, who)]
        assert [(n.points, n.place, n.her) for n in found.get(who, ())] == board
    db.session.commit()
