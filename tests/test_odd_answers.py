"""Odd answers. In: what servers and whoever stands between say that nobody expects. Out: verdicts, no doubt more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from service import clock, config
from service.database import db
from service.delivery import Outcome, Verdict, aftermath, deliver_due, exchange
from service.delivery.sendgrid import SendGridMailer
from service.models import Call
from tests import postroom
from tests.callroom import calling, deliver, waiting_mailer
from tests.conftest import environment
from tests.sendgrid_server import LookAlike, running

pytestmark = pytest.mark.sockets


@pytest.fixture
def lookalike() -> Iterator[LookAlike]:
    with running() as one:
        yield one


@pytest.fixture
def app(lookalike: LookAlike, settings: config.Config, database_url: str, redis_url: str) -> Iterator[Flask]:
    with calling(lookalike, environment(database_url, redis_url, settings.data)) as application:
        yield application


@pytest.fixture
def mailer(app: Flask) -> Iterator[SendGridMailer]:
    with waiting_mailer(app) as found:
        yield found


def test_a_reply_with_signs_that_no_database_holds_is_as_definite_as_any(app: Flask) -> None:
    postroom.invite(postroom.open_room(2))
    post = postroom.MemoryMailer()
    post.say["p0@beacon.example"] = Outcome(
        Verdict.REFUSED, exchange.said("rcpt", 550, b"no\0body \x1b[31mhere\x85 \xff")
    )
    assert deliver_due(mailer=post) == {"failed": 1, "accepted": 1}
    assert postroom.row(1).why == "rcpt: 550 no body [31mhere� �"
    assert aftermath.recover() == {}


@pytest.mark.parametrize("words", ["a\0b", "half \ud83d a sign", "x" * 5000])
def test_a_refused_call_is_definite_whatever_its_words(
    lookalike: LookAlike, mailer: SendGridMailer, words: str
) -> None:
    edition = postroom.digest_week(postroom.open_room(2))
    lookalike.script, lookalike.words = ["403"], words
    assert deliver(mailer) == {"given-back": 2}
    db.session.refresh(edition)
    assert (edition.held_why or "").startswith("sendgrid: 403 ") and len(edition.held_why or "") <= 200
    assert db.session.scalars(sa.select(Call.state)).all() == ["refused"]


@pytest.mark.parametrize("words", ["[" * 200_000, "not json", '{"errors": 3}'])
def test_a_refusal_need_not_be_readable(lookalike: LookAlike, mailer: SendGridMailer, words: str) -> None:
    postroom.digest_week(postroom.open_room(2))
    lookalike.script, lookalike.raw = ["403"], words.encode()
    assert deliver(mailer) == {"given-back": 2}


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ({"Retry-After": "1800"}, 1800),
        ({"Retry-After": "Tue, 17 Nov 2026 08:20:00 GMT"}, 1200),
        ({}, 10),
        ({"X-RateLimit-Reset": "soon", "Retry-After": "-5"}, 10),
        ({"X-RateLimit-Reset": "0"}, 1),
        ({"X-RateLimit-Reset": "9" * 19}, 3600),
        ({"Retry-After": "9" * 5000}, 3600),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 -2359"}, 3600),
    ],
)
def test_a_rate_limit_is_waited_for_as_told_up_to_an_hour_however_it_is_told(
    lookalike: LookAlike, mailer: SendGridMailer, told: dict[str, str], seconds: float
) -> None:
    postroom.digest_week(postroom.open_room(2))
    lookalike.script, lookalike.told = ["429"], told
    began = clock.now()
    for _ in range(20):
        deliver(mailer)
        if len(lookalike.statuses) > 1:
            break
        clock.set_now(clock.now() + timedelta(seconds=301))
    assert lookalike.statuses == [429, 202] and postroom.states() == ["accepted"] * 2
    waited = (clock.now() - began).total_seconds()
    assert seconds - 2 <= waited <= seconds + 320
