"""Silence. In: calls in doubt, events of those around them, 26 hours. Out: sent again only where nothing was taken."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from flask import Flask

from service import config
from service.delivery import resolve
from service.delivery.sendgrid import SendGridMailer
from service.delivery.silence import settle_silence
from tests import postroom
from tests.callroom import calling, deliver, pass_time, report, waiting_mailer
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


def around(lookalike: LookAlike, mailer: SendGridMailer, manner: str, minutes: float = 1) -> None:
    """Send three calls so many minutes apart, the middle one in this manner."""
    people = postroom.open_room(3)
    for n, person in enumerate(people):
        lookalike.script = [manner] if n == 1 else []
        postroom.invite([person])
        deliver(mailer)
        pass_time(minutes=minutes)
    assert postroom.row(2).state == "ambiguous"


def test_a_call_that_stays_silent_among_whole_neighbours_was_never_taken(
    lookalike: LookAlike, mailer: SendGridMailer
) -> None:
    around(lookalike, mailer, "silence")
    for call in lookalike.calls:
        report(call)
    pass_time(hours=25, minutes=57)
    assert settle_silence() == 0
    pass_time(minutes=3)
    assert settle_silence() == 1 and settle_silence() == 0
    assert deliver(mailer) == {"accepted": 1}
    assert sorted(mail.to for mail in lookalike.mails) == [f"p{n}@beacon.example" for n in range(3)]


def test_a_late_event_stops_what_silence_had_queued(lookalike: LookAlike, mailer: SendGridMailer) -> None:
    around(lookalike, mailer, "ok-silence")
    first, late, last = lookalike.calls
    report(first)
    report(last)
    pass_time(hours=27)
    assert settle_silence() == 1
    report(late, "delivered")
    assert deliver(mailer) == {}
    assert postroom.row(2).state == "delivered" and len(lookalike.mails) == 3


@pytest.mark.parametrize("known", ["none", "before", "after", "itself"])
def test_silence_proves_nothing_without_whole_neighbours(
    lookalike: LookAlike, mailer: SendGridMailer, known: str
) -> None:
    around(lookalike, mailer, "ok-silence")
    for call in {"none": [], "before": lookalike.calls[:1], "after": lookalike.calls[2:]}.get(known, lookalike.calls):
        report(call)
    pass_time(hours=27)
    assert settle_silence() == 0
    assert deliver(mailer) == {}


def test_a_neighbour_of_whom_one_member_is_missing_stops_the_rule(lookalike: LookAlike, mailer: SendGridMailer) -> None:
    people = postroom.open_room(6)
    for n in range(3):
        lookalike.script = ["silence"] if n == 1 else []
        postroom.digest_week(people[2 * n : 2 * n + 2], f"2026-W4{5 + n}")
        deliver(mailer)
    report(lookalike.calls[0])
    report(lookalike.calls[1], members=1)
    pass_time(hours=27)
    assert settle_silence() == 0
    report(lookalike.calls[1])
    assert settle_silence() == 2


def test_silence_is_off_by_default_and_a_liaison_decides(
    lookalike: LookAlike, mailer: SendGridMailer, app: Flask
) -> None:
    around(lookalike, mailer, "silence")
    for call in lookalike.calls:
        report(call)
    pass_time(hours=27)
    whole = app.config["GOODWORD"]
    app.config["GOODWORD"] = dataclasses.replace(whole, sendgrid=config.SendGrid())
    assert settle_silence() == 0
    app.config["GOODWORD"] = whole
    assert resolve(2, accepted=False) == "queued"
    assert deliver(mailer) == {"accepted": 1}
    assert settle_silence() == 0, "the old call speaks for no mail any more"


def test_neighbours_more_than_ten_minutes_away_prove_nothing(lookalike: LookAlike, mailer: SendGridMailer) -> None:
    around(lookalike, mailer, "silence", minutes=11)
    for call in lookalike.calls:
        report(call)
    pass_time(hours=27)
    assert settle_silence() == 0, "too far away to tell"


def test_a_neighbour_of_whom_only_later_events_came_is_not_whole(lookalike: LookAlike, mailer: SendGridMailer) -> None:
    around(lookalike, mailer, "silence")
    for call in lookalike.calls:
        report(call, "delivered")
    pass_time(hours=27)
    assert settle_silence() == 0
    for call in lookalike.calls:
        report(call)
    assert settle_silence() == 1


def test_a_word_of_one_member_speaks_for_the_whole_call(lookalike: LookAlike, mailer: SendGridMailer) -> None:
    people = postroom.open_room(6)
    for n in range(3):
        lookalike.script = ["ok-silence"] if n == 1 else []
        postroom.digest_week(people[2 * n : 2 * n + 2], f"2026-W4{5 + n}")
        deliver(mailer)
    first, doubtful, last = lookalike.calls
    report(first)
    report(last)
    report(doubtful, "deferred", members=1)
    pass_time(hours=27)
    assert settle_silence() == 0
    assert postroom.states()[2:4] == ["accepted", "ambiguous"]


def test_the_silence_of_an_old_call_says_nothing_of_a_later_one(lookalike: LookAlike, mailer: SendGridMailer) -> None:
    """A liaison had it sent again, that left a doubt as well, and of the second call events may still come."""
    around(lookalike, mailer, "silence")
    pass_time(minutes=20)
    assert resolve(2, accepted=False) == "queued"
    lookalike.script = ["ok-silence"]
    deliver(mailer)
    assert postroom.row(2).state == "ambiguous"
    for call in lookalike.calls[:2]:
        report(call)
    pass_time(hours=25, minutes=45)
    assert settle_silence() == 0
    assert deliver(mailer) == {} and postroom.row(2).state == "ambiguous"
