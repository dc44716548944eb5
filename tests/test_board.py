"""The board of a planning. In: totals. Out: by subject the same lines as the board of the database."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from scoring import weeks
from scoring.points import Rules
from scoring.shares import Facts
from service import alike, recognition
from service.board import Board, short
from service.books import Terms
from service.database import db
from service.models import Employee, Holders, Total
from service.totals import add_all
from tests.conftest import TUESDAY
from tests.test_recognition import confirmed
from tests.test_settling import noor, programme


@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(-2, 6), max_size=14))
def test_it_shows_everybody_what_the_databases_board_shows(app: Flask, points: list[int]) -> None:
    db.session.rollback()
    for table in (Total, Holders, Employee):
        db.session.execute(sa.delete(table))
    totals = {noor(f"P{n}").subject: worth for n, worth in enumerate(points)}
    for who, worth in totals.items():
        add_all({who: {"2026-11": worth}})
    db.session.flush()
    board, plain = Board("2026-11"), recognition.people_near(list(totals), "2026-11")
    assert len(board) == len(plain)
    for who, worth in totals.items():
        line = board.line(who)
        assert (line is None) == (worth <= 0)
        if line is not None:
            assert (board.points(line), board.near(line)) == (worth, plain[who])
    db.session.commit()


def test_a_digest_says_the_same_with_a_board_as_without(app: Flask) -> None:
    programme()
    people = [confirmed(name, n) for n, name in enumerate(("Ana", "Bea", "Cem", "Žiga"), start=2)] + [
        noor("Dan").subject
    ]
    week = "2026-W47"
    assert recognition.digest_facts(people, week, recognition.board_of(week)) == recognition.digest_facts(people, week)


moments = st.lists(st.integers(0, 24 * 60).map(lambda hours: TUESDAY - timedelta(hours=hours)), max_size=6).map(tuple)
shares = st.lists(st.builds(Facts, st.just("x"), visited_at=moments), max_size=5)


@given(shares)
def test_people_whose_shares_were_visited_in_the_same_weeks_are_told_the_same(hers: list[Facts]) -> None:
    hers = [replace(facts, key=f"share:{n}") for n, facts in enumerate(hers)]
    agreed = Terms("Europe/Rome", Rules())
    zone = agreed.zone
    active = {weeks.week_of(at, zone) for facts in hers if (at := facts.confirmed_at)}
    confirmed_in = Counter(weeks.week_of(at, zone) for facts in hers if (at := facts.confirmed_at))
    visited_in = Counter(weeks.week_of(at, zone) for facts in hers for at in facts.visited_at)
    texts = [[moment.isoformat() for moment in facts.visited_at] for facts in hers[::-1] if facts.visited_at]
    visits = tuple(sorted(tuple(sorted(recognition._week_of(each, zone) for each in text)) for text in texts))
    told = alike.you_of(visits, frozenset(), "2026-W47", "2026-11", agreed)
    assert (told.weeks, told.tickets) == (weeks.streak(active, "2026-W47"), weeks.tickets(active, "2026-11", 5))
    assert (told.shares, told.visits) == (confirmed_in["2026-W46"], visited_in["2026-W46"])


def test_who_left_is_on_no_line_and_strangers_are_not_found(app: Flask) -> None:
    programme()
    her, gone = confirmed("Noor", 3), confirmed("Gus", 5)
    db.session.execute(sa.text("UPDATE employee SET status = 'left' WHERE name = 'Gus'"))
    board = Board("2026-11")
    assert (board.line(her), board.line(gone), board.line("nobody")) == (0, None, None)


def test_subjects_whose_hashes_are_equal_keep_their_own_lines(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    programme()
    people = [confirmed(name, n) for n, name in enumerate(("Ana", "Bea", "Cem"), start=3)]
    monkeypatch.setattr("service.board.hash", lambda _: 7, raising=False)
    board = Board("2026-11")
    assert [board.line(who) for who in people] == [2, 1, 0] and board.line("nobody") is None


@pytest.mark.parametrize(
    ("name", "shown"), [("Noor Benali", "Noor B."), ("Noor", "Noor"), ("Noor van der berg", "Noor B."), ("", "")]
)
def test_a_board_shows_short_names(name: str, shown: str) -> None:
    assert short(name) == shown
