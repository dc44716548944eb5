"""Liaisons: who may sign in, and what a guesser learns."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from service import clock, liaisons
from service.database import db
from service.validation import Invalid
from tests.conftest import TUESDAY

PASSWORD = "open house of ours"


@pytest.fixture
def liam(app: Flask) -> int:
    return liaisons.add("Liam@Corylus.example ", "Liam Novak", PASSWORD).id


def test_the_right_password_opens_in_any_spelling_of_the_address(liam: int) -> None:
    assert liaisons.check_password(" LIAM@corylus.example", PASSWORD).id == liam


def test_a_wrong_password_and_an_unknown_address_are_refused_alike(liam: int) -> None:
    with pytest.raises(liaisons.Refused):
        liaisons.check_password("liam@corylus.example", "something else")
    with pytest.raises(liaisons.Refused):
        liaisons.check_password("nobody@corylus.example", PASSWORD)


def test_after_five_wrong_tries_even_the_right_password_waits_a_quarter_of_an_hour(liam: int) -> None:
    for _ in range(liaisons.TRIES):
        with pytest.raises(liaisons.Refused):
            liaisons.check_password("liam@corylus.example", "guess")
    with pytest.raises(liaisons.Locked):
        liaisons.check_password("liam@corylus.example", PASSWORD)
    clock.set_now(TUESDAY + liaisons.REST + timedelta(seconds=5))
    assert liaisons.check_password("liam@corylus.example", PASSWORD).id == liam


def test_after_a_rest_counting_begins_anew(liam: int) -> None:
    for _ in range(liaisons.TRIES):
        with pytest.raises(liaisons.Refused):
            liaisons.check_password("liam@corylus.example", "guess")
    clock.set_now(TUESDAY + liaisons.REST + timedelta(seconds=5))
    for _ in range(liaisons.TRIES - 1):
        with pytest.raises(liaisons.Refused) as refusal:
            liaisons.check_password("liam@corylus.example", "guess")
        assert refusal.type is liaisons.Refused
    assert liaisons.check_password("liam@corylus.example", PASSWORD).id == liam


def test_the_right_password_forgives_earlier_slips(liam: int) -> None:
    for _ in range(3):
        for _ in range(liaisons.TRIES - 1):
            with pytest.raises(liaisons.Refused):
                liaisons.check_password("liam@corylus.example", "slip")
        liaisons.check_password("liam@corylus.example", PASSWORD)


def test_a_new_password_ends_sessions_and_the_lock(liam: int) -> None:
    before = liaisons.check_password("liam@corylus.example", PASSWORD).session_epoch
    for _ in range(liaisons.TRIES):
        with pytest.raises(liaisons.Refused):
            liaisons.check_password("liam@corylus.example", "guess")
    liaisons.set_password("liam@corylus.example", "a wholly new one")
    assert liaisons.in_session(liam, before) is None
    assert liaisons.check_password("liam@corylus.example", "a wholly new one").session_epoch == before + 1
    assert liaisons.in_session(liam, before + 1) is not None


def test_the_password_is_kept_as_argon2id_only(liam: int) -> None:
    liaison = db.session.get(liaisons.Liaison, liam)
    assert liaison is not None
    assert liaison.password_hash.startswith("$argon2id$")
    assert PASSWORD not in liaison.password_hash


@pytest.mark.parametrize(
    ("email", "name", "password", "field"),
    [
        ("no address", "Liam", PASSWORD, "email"),
        ("LIAM@corylus.example", "Second", PASSWORD, "email"),
        ("ada@corylus.example", "  ", PASSWORD, "name"),
        ("ada@corylus.example", "Ada", "too short", "password"),
        ("ada@corylus.example", "Ada", "x" * 1025, "password"),
    ],
)
def test_what_cannot_be_a_liaison_says_which_field(liam: int, email: str, name: str, password: str, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        liaisons.add(email, name, password)
    assert list(refusal.value.errors) == [field]


def test_a_session_of_nobody_is_nobody(app: Flask) -> None:
    assert liaisons.in_session(None, 0) is None
    assert liaisons.in_session("1", 0) is None
    assert liaisons.in_session(99, 0) is None
