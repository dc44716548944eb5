"""SendGrid. In: due rows and a look-alike of the service. Out: few calls, each mail once, and their fate."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from emails import values
from service import clock, compose, config, suppressions
from service.database import db
from service.delivery import configured_mailer, deliver_due, stopping
from service.delivery.sendgrid import SendGridMailer
from service.models import Call, Edition, MailEvent, Outbox
from tests import postroom
from tests.callroom import calling, calls, deliver, let_time_pass, pass_time, report, waiting_mailer
from tests.conftest import environment
from tests.sendgrid_server import KEY, LookAlike, running

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


def test_a_selection_leaves_in_one_call_and_each_reads_what_her_own_mail_says(
    lookalike: LookAlike, mailer: SendGridMailer
) -> None:
    people = postroom.open_room(5)
    people[1].name = 'Zoë "Žiga"; O’Brien, <b>\\'
    postroom.digest_week(people)
    assert deliver(mailer) == {"accepted": 5}
    assert lookalike.statuses == [202] and calls() == [("accepted", 202)]
    assert postroom.states() == ["accepted"] * 5
    by_address = {mail.to: mail for mail in lookalike.mails}
    for row in db.session.scalars(sa.select(Outbox)):
        own = compose.message_of(row)
        got = by_address[own.recipient]
        assert (got.subject, got.text, got.html) == (own.subject, own.text, own.html)
        assert got.headers["Message-ID"] == own.message_id
        assert b"\r\nList-Unsubscribe: " + got.headers["List-Unsubscribe"].encode() + b"\r\n" in own.raw
        assert got.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_readers_with_other_numbers_of_buttons_share_no_call(lookalike: LookAlike, mailer: SendGridMailer) -> None:
    people = postroom.open_room(6)
    for n, person in enumerate(people):
        person.networks = ["linkedin", "x", "email"][: n % 3 + 1]
    postroom.digest_week(people)
    assert deliver(mailer) == {"accepted": 6}
    assert sorted(len(call["personalizations"]) for call in lookalike.calls) == [2, 2, 2]


def test_nothing_personal_stands_beside_the_mail(lookalike: LookAlike, mailer: SendGridMailer) -> None:
    postroom.digest_week(postroom.open_room(2))
    deliver(mailer)
    (call,) = lookalike.calls
    assert call["categories"] == ["digest"] and call["asm"] == {"group_id": 101}
    assert not call["tracking_settings"]["click_tracking"]["enable"]
    token = db.session.scalars(sa.select(Call.token)).one()
    assert [p["custom_args"] for p in call["personalizations"]] == [{"send_id": f"{token}-{n}"} for n in (1, 2)]
    assert "custom_args" not in call


def test_mails_to_one_person_leave_alone_with_their_own_headers(lookalike: LookAlike, mailer: SendGridMailer) -> None:
    people = postroom.open_room(2)
    people[0].name = "Novak, Noor; of Ljubljana"
    postroom.invite(people)
    assert deliver(mailer) == {"accepted": 2}
    first = next(mail for mail in lookalike.mails if mail.to == "p0@beacon.example")
    own = compose.message_of(postroom.row(1))
    assert (first.subject, first.text, first.html) == (own.subject, own.text, own.html)
    assert first.name == "Novak Noor of Ljubljana"
    assert first.headers["Content-Language"] == "en"
    assert lookalike.calls[0]["from"] == {"email": "goodword@beacon.example", "name": "Liam"}
    assert lookalike.calls[0]["reply_to"] == {"email": "liam@beacon.example", "name": "Liam"}


def test_who_is_called_like_a_tag_gets_a_call_of_her_own(lookalike: LookAlike, mailer: SendGridMailer) -> None:
    people = postroom.open_room(3)
    people[1].name = "-gw.me-"
    postroom.digest_week(people)
    assert deliver(mailer) == {"accepted": 3}
    assert [len(call["personalizations"]) for call in lookalike.calls] == [2, 1]
    assert lookalike.mails[2].html == compose.message_of(postroom.row(2)).html


def test_a_refused_call_is_halved_until_the_address_that_is_refused_stands_alone(
    lookalike: LookAlike, mailer: SendGridMailer
) -> None:
    postroom.digest_week(postroom.open_room(8))
    lookalike.refused = {"p5@beacon.example"}
    assert deliver(mailer) == {"accepted": 7, "failed": 1}
    assert postroom.row(6).state == "failed"
    assert postroom.row(6).why == "rcpt: sendgrid: 400 Does not contain a valid address."
    assert sorted(mail.to for mail in lookalike.mails) == [f"p{n}@beacon.example" for n in range(8) if n != 5]
    assert lookalike.statuses == [400, 202, 400, 400, 202, 400, 202]
    assert {state for state, _ in calls()} == {"accepted", "refused"}
    assert all(c.numbers == [] for c in db.session.scalars(sa.select(Call)))


def test_what_everybody_is_refused_for_holds_the_edition_and_fails_two_at_most(
    lookalike: LookAlike, mailer: SendGridMailer
) -> None:
    edition = postroom.digest_week(postroom.open_room(9))
    lookalike.script = ["400"] * 50
    deliver(mailer)
    db.session.rollback()
    assert postroom.states().count("failed") == 2 and postroom.states().count("queued") == 7
    assert db.session.get_one(Edition, edition.id).held_why == "sendgrid: 400 as told"
    assert lookalike.mails == []


@pytest.mark.parametrize("status", ["401", "403", "413", "404"])
def test_refusals_that_concern_nobody_hold_the_edition(
    lookalike: LookAlike, mailer: SendGridMailer, status: str
) -> None:
    edition = postroom.digest_week(postroom.open_room(3))
    lookalike.script = [status]
    assert deliver(mailer) == {"given-back": 3}
    assert postroom.states() == ["queued"] * 3
    assert db.session.get_one(Edition, edition.id).held_why == f"sendgrid: {status} as told"
    assert lookalike.mails == []


def test_a_rate_limit_is_waited_for_as_told(lookalike: LookAlike, mailer: SendGridMailer) -> None:
    postroom.digest_week(postroom.open_room(3))
    lookalike.script, lookalike.wait = ["429", "429"], 40
    began = clock.now()
    assert deliver(mailer)["accepted"] == 3
    assert lookalike.statuses == [429, 429, 202]
    assert timedelta(seconds=78) <= clock.now() - began < timedelta(seconds=100)
    assert postroom.states() == ["accepted"] * 3


def test_a_pause_while_a_rate_limit_is_waited_for_is_seen(lookalike: LookAlike, app: Flask) -> None:
    edition = postroom.digest_week(postroom.open_room(3))
    lookalike.script = ["429"]

    def pause_meanwhile(seconds: float) -> bool:
        db.session.get_one(Edition, edition.id).paused = True
        db.session.commit()
        return let_time_pass(seconds)

    mailer = SendGridMailer(app.config["GOODWORD"].sendgrid, pause_meanwhile)
    deliver(mailer)
    mailer.close()
    assert lookalike.statuses == [429] and postroom.states() == ["queued"] * 3


def test_a_process_that_is_to_end_waits_for_no_limit(lookalike: LookAlike, app: Flask) -> None:
    postroom.digest_week(postroom.open_room(2))
    lookalike.script = ["429"]

    def told_to_end(_seconds: float) -> bool:
        stopping.set()
        return True

    mailer = SendGridMailer(app.config["GOODWORD"].sendgrid, told_to_end)
    try:
        deliver(mailer)
    finally:
        stopping.clear()
        mailer.close()
    assert postroom.states() == ["queued"] * 2 and lookalike.statuses == [429]


@pytest.mark.parametrize("manner", ["500", "503", "silence", "cut", "ok-500", "ok-silence"])
def test_an_answer_that_says_nothing_leaves_a_doubt_and_nothing_is_sent_again(
    lookalike: LookAlike, mailer: SendGridMailer, manner: str
) -> None:
    postroom.digest_week(postroom.open_room(3))
    lookalike.script = [manner]
    assert deliver(mailer) == {"ambiguous": 3}
    taken = len(lookalike.mails)
    assert taken == (3 if manner.startswith("ok") else 0)
    pass_time(hours=2)
    assert deliver(mailer) == {}
    assert len(lookalike.mails) == taken
    assert postroom.states() == ["ambiguous"] * 3
    assert db.session.scalars(sa.select(Call)).one().numbers == [1, 2, 3]


def test_events_settle_the_doubt_of_a_call_that_was_taken(lookalike: LookAlike, mailer: SendGridMailer) -> None:
    postroom.digest_week(postroom.open_room(3))
    lookalike.script = ["ok-silence"]
    deliver(mailer)
    report(lookalike.calls[0])
    assert postroom.states() == ["accepted"] * 3


def test_an_unreachable_service_leaves_no_doubt(lookalike: LookAlike, app: Flask) -> None:
    edition = postroom.digest_week(postroom.open_room(2))
    away = config.SendGrid(key=KEY, host="http://127.0.0.1:9")
    mailer = SendGridMailer(away, let_time_pass)
    began = clock.now()
    deliver(mailer)
    mailer.close()
    assert postroom.states() == ["queued"] * 2
    assert clock.now() - began > timedelta(seconds=60), "it was tried again, later and later"
    assert (db.session.get_one(Edition, edition.id).held_why or "").startswith("sendgrid: connect: ")


def test_a_service_that_answers_nothing_is_left_alone_longer_and_longer_and_then_reported(
    lookalike: LookAlike, mailer: SendGridMailer
) -> None:
    people = postroom.open_room(12)
    for n, person in enumerate(people):
        person.name = f"-gw.{n}-"  # each in a call of her own
    edition = postroom.digest_week(people)
    lookalike.weights = {"500": 1}
    deliver(mailer)
    assert postroom.states().count("ambiguous") == 7 and postroom.states().count("queued") == 5
    assert db.session.get_one(Edition, edition.id).held_why == "sendgrid: 500 as told"


def test_one_connection_serves_many_calls(lookalike: LookAlike, mailer: SendGridMailer) -> None:
    postroom.invite(postroom.open_room(6))
    assert deliver(mailer) == {"accepted": 6}
    assert len(lookalike.calls) == 6 and lookalike.connections == 1


def test_a_connection_that_the_server_closed_meanwhile_leaves_no_doubt(
    lookalike: LookAlike, mailer: SendGridMailer
) -> None:
    postroom.invite(postroom.open_room(3))
    lookalike.script = ["ok", "silence", "ok"]
    found = deliver(mailer)
    assert (found["accepted"], found["ambiguous"]) == (2, 1)
    assert lookalike.connections == 2


def test_a_pause_or_a_suppression_between_planning_and_calling_is_seen(
    lookalike: LookAlike, mailer: SendGridMailer
) -> None:
    people = postroom.open_room(3)
    postroom.digest_week(people)
    suppressions.suppress("p1@beacon.example", "digest", "unsubscribed")
    db.session.commit()
    assert deliver(mailer)["accepted"] == 2
    assert postroom.states() == ["accepted", "suppressed", "accepted"]


def test_the_configured_mailer_delivers(lookalike: LookAlike, app: Flask) -> None:
    postroom.digest_week(postroom.open_room(2))
    found = configured_mailer()
    assert isinstance(found, SendGridMailer)
    found.close()
    assert deliver_due() == {"accepted": 2}
    assert db.session.scalar(sa.select(sa.func.count()).select_from(MailEvent)) == 0


def test_frozen_facts_survive_for_mails_of_every_kind(lookalike: LookAlike, mailer: SendGridMailer) -> None:
    """A test mail carries its own edition and goes alone, whatever its address."""
    from service import outbox

    (person,) = postroom.open_room(1)
    edition = postroom.digest_week([person])
    facts = {"edition": edition.frozen, "stories": [7], "you": values.You().to_json()}
    outbox.enqueue(person, "test", "test:1", facts, to_address="liam@beacon.example")
    db.session.commit()
    assert deliver(mailer) == {"accepted": 2}
    assert sorted(mail.to for mail in lookalike.mails) == ["liam@beacon.example", "p0@beacon.example"]
    assert [call["categories"] for call in lookalike.calls if len(call["personalizations"]) == 1]
