"""Odd answers. In: what servers and whoever stands between say that nobody expects. Out: verdicts, no doubt more."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from emails.values import Message
from service import clock, config
from service.database import db
from service.delivery import Outcome, Parcel, Verdict, aftermath, deliver_due, exchange, sendgrid_http
from service.delivery.sendgrid import PATIENCE, SendGridMailer
from service.delivery.sendgrid_http import NoAnswer, Post
from service.delivery.smtp import SmtpMailer
from service.models import Call
from tests import postroom
from tests.callroom import calling, deliver, waiting_mailer
from tests.conftest import environment
from tests.sendgrid_server import LookAlike, running
from tests.smtp_script import scripted

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


def parcel(number: int, address: str) -> Parcel:
    raw = b"Subject: x\r\n\r\nHello\r\n"
    return Parcel(number, "digest", Message("<a1b2@x>", "g@beacon.example", address, "x", "", "", raw))


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
    deliver(mailer)
    if seconds > PATIENCE:
        assert lookalike.statuses == [429], "a window waits no longer than its lease allows, and goes back"
        clock.set_now(began + timedelta(seconds=seconds - 20))
        deliver(mailer)
    assert lookalike.statuses == [429, 202] and postroom.states() == ["accepted"] * 2
    waited = (clock.now() - began).total_seconds()
    assert seconds - 2 <= waited <= seconds + 20


@pytest.mark.parametrize(
    ("status", "state"),
    [
        *(("200", "ambiguous"), ("302", "queued"), ("408", "ambiguous"), ("415", "queued"), ("502", "ambiguous")),
        ("504", "ambiguous"),
    ],
)
def test_only_what_a_service_says_for_certain_is_certain(
    lookalike: LookAlike, mailer: SendGridMailer, status: str, state: str
) -> None:
    postroom.digest_week(postroom.open_room(2))
    lookalike.script = [status]
    deliver(mailer)
    assert postroom.states() == [state] * 2 and lookalike.statuses == [int(status)]


def test_a_service_that_takes_a_call_and_is_silent_is_given_up_in_doubt() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        post = Post("SG.key", f"http://127.0.0.1:{silent.getsockname()[1]}", reply=0.2)
        with pytest.raises(NoAnswer, match="TimeoutError"):
            post.send(b"{}")
        post.close()


@pytest.mark.parametrize(
    "hello",
    [
        "502 what is that",
        "500-two\r\n500 lines",
        "250-here\r\n250-pipelining\r\n250-SIZE many\r\n250-AUTH=LOGIN\r\n250 AUTH",
        "250-h\u00e9\u00e9\r\n250-8BITMIME yes\r\n250- \r\n250-PIPELINING-NOT\r\n250 SMTPUTF8",
        "250-here\r\n" + "250-X-ANOTHER\r\n" * 300 + "250 PIPELINING",
    ],
)
def test_a_server_may_say_what_it_likes_of_itself(hello: str) -> None:
    with scripted({"b@x.example": "rcpt 550"}, pipelining=False) as (server, port):
        server.hello = hello
        mailer = SmtpMailer(f"smtp+plain://127.0.0.1:{port}")
        people = ["a@x.example", "b@x.example", "c@x.example"]
        found = [o.verdict for _p, o in mailer.send([parcel(n, who) for n, who in enumerate(people)], lambda _p: True)]
        mailer.close()
    assert found == [Verdict.ACCEPTED, Verdict.REFUSED, Verdict.ACCEPTED]
    assert [who for who, _ in server.taken] == ["a@x.example", "c@x.example"]


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("greeting", "554 not you"),
        ("greeting", "421 busy"),
        ("greeting", "hm"),
        ("greeting", "220 " + "x" * 20_000),
        ("mail", "451 later"),
        ("mail", "252 perhaps"),
    ],
)
@pytest.mark.parametrize("pipelining", [True, False])
def test_a_refusal_before_anybody_is_named_concerns_nobody(where: str, words: str, pipelining: bool) -> None:
    with scripted({}, pipelining) as (server, port):
        setattr(server, "greeting" if where == "greeting" else "sender", words)
        mailer = SmtpMailer(f"smtp+plain://127.0.0.1:{port}")
        found = list(mailer.send([parcel(1, "a@x.example"), parcel(2, "b@x.example")], lambda _p: True))
        mailer.close()
    ((_, outcome),) = found
    assert outcome.verdict is Verdict.NOBODY and (outcome.why or "").startswith(
        "connect: " if where == "greeting" else f"mail: {words}"
    )
    assert server.taken == []


def test_a_connection_that_the_service_closed_or_that_rested_is_not_trusted_with_a_body(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for keep in (False, True, True):
                line = listener.accept()[0]
                with line, line.makefile("rb") as heard:
                    while (header := heard.readline()) not in (b"\r\n", b""):
                        pass
                    assert heard.read(2) == b"{}" and header
                    line.sendall(said)
                    if keep:
                        assert heard.read() == b"", "nothing more comes over it"

        thread = threading.Thread(target=serve)
        thread.start()
        post = Post("SG.key", f"http://127.0.0.1:{listener.getsockname()[1]}", reply=5)
        assert post.send(b"{}").status == 202
        assert post._line._connection is not None
        select.select([post._line._connection.sock], [], [], 5)  # its goodbye is there
        assert post.send(b"{}").status == 202
        monkeypatch.setattr(sendgrid_http, "IDLE", 0.0)
        assert post.send(b"{}").status == 202
        post.close()
        thread.join(10)
        assert not thread.is_alive()
