"""Pipelining. In: servers that refuse and break at every point. Out: each mail's fate, told right, no copies."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import settings as depth
from hypothesis import strategies as st

from emails.values import Message
from service.delivery import Outcome, Parcel, Verdict
from service.delivery.pipelined import Ended, Garbled, Line, stuffed
from service.delivery.smtp import SmtpMailer
from tests.smtp_script import ACTS, SILENT, TAKEN, scripted
from tests.smtp_server import Behaviour, certificate, listening

pytestmark = pytest.mark.sockets


def parcel(number: int, body: bytes = b"Hello\r\n.\r\n..x\r\n", address: str = "") -> Parcel:
    raw = b"Subject: x\r\n\r\n" + body
    message = Message("<a1b2@x>", "g@beacon.example", address or f"p{number}@beacon.example", "x", "", "", raw)
    return Parcel(number, "digest", message)


def yes(_parcel: Parcel) -> bool:
    return True


@pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "one by one"])
@given(acts=st.lists(st.sampled_from(sorted(ACTS)), min_size=1, max_size=7), window=st.integers(1, 7))
@depth(max_examples=60, deadline=None)
def test_whatever_a_server_does_every_mail_gets_one_true_verdict(
    pipelining: bool, acts: list[str], window: int
) -> None:
    parcels = [parcel(n) for n in range(len(acts))]
    log: list[tuple[str, int]] = []
    verdicts: dict[int, Verdict] = {}

    def may(asked: Parcel) -> bool:
        log.append(("begun", asked.number))
        return True

    plan = {p.message.recipient: act for p, act in zip(parcels, acts, strict=True)}
    with scripted(plan, pipelining) as (server, port):
        mailer = SmtpMailer(f"smtp+plain://127.0.0.1:{port}")
        for start in range(0, len(parcels), window):
            for sent, outcome in mailer.send(parcels[start : start + window], may):
                assert sent.number not in verdicts
                verdicts[sent.number] = outcome.verdict
                log.append(("known", sent.number))
        mailer.close()
    for p, act in zip(parcels, acts, strict=True):
        assert verdicts[p.number] in ACTS[act], act
    expected = [(p.message.recipient, p.message.raw) for p, act in zip(parcels, acts, strict=True) if act in TAKEN]
    assert server.taken == expected, "whole, once, and in order"
    begun: set[int] = set()
    for what, number in log:
        if what == "begun":
            assert not begun, "a body began before the fate of the one before was told"
            begun.add(number)
        begun -= {number} if what == "known" else set()


def test_a_body_leaves_together_with_the_next_envelope_and_never_before_its_354() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    heard: list[bytes] = []

    def serve() -> None:
        line, _ = listener.accept()
        with line:
            line.settimeout(10)

            def until(end: bytes) -> bytes:
                found = b""
                while not found.endswith(end):
                    found += line.recv(65536)
                return found

            line.sendall(b"220 hello\r\n")
            until(b"\r\n")
            line.sendall(b"250-hello\r\n250 PIPELINING\r\n")
            heard.append(until(b"DATA\r\n"))
            line.settimeout(0.2)
            with pytest.raises(TimeoutError):
                line.recv(1)  # nothing of the body before the server asked for it
            line.settimeout(10)
            line.sendall(b"250 OK\r\n250 OK\r\n354 go on\r\n")
            heard.append(until(b"DATA\r\n"))  # while the dot still waits for its answer
            line.sendall(b"250 OK\r\n250 OK\r\n250 OK\r\n354 go on\r\n")
            heard.append(until(b"\r\n.\r\n"))
            line.sendall(b"250 OK\r\n")
            until(b"quit\r\n")
            line.sendall(b"221 bye\r\n")

    thread = threading.Thread(target=serve)
    thread.start()
    mailer = SmtpMailer(f"smtp+plain://127.0.0.1:{listener.getsockname()[1]}")
    one, two = parcel(1, b"one\r\n"), parcel(2, b"two\r\n")
    assert [o.verdict for _p, o in mailer.send([one, two], yes)] == [Verdict.ACCEPTED] * 2
    mailer.close()
    thread.join(10)
    listener.close()
    envelope = b"MAIL FROM:<g@beacon.example>\r\nRCPT TO:<p%d@beacon.example>\r\nDATA\r\n"
    assert heard == [envelope % 1, one.message.raw + b".\r\n" + envelope % 2, two.message.raw + b".\r\n"]


def test_a_refused_receiver_whose_data_is_taken_all_the_same_gets_an_empty_end() -> None:
    with scripted({"p1@beacon.example": "rcpt 550, data 354"}, True) as (server, port):
        mailer = SmtpMailer(f"smtp+plain://127.0.0.1:{port}")
        found = [o for _p, o in mailer.send([parcel(1), parcel(2)], yes)]
        mailer.close()
    assert found == [Outcome(Verdict.REFUSED, "rcpt: 550 no"), Outcome(Verdict.ACCEPTED)]
    assert [address for address, _body in server.taken] == ["p2@beacon.example"] and server.lines == 1


def test_what_a_refusal_left_open_is_withdrawn_in_the_next_group_even_of_the_next_window() -> None:
    with scripted({"p1@beacon.example": "rcpt 550"}, True) as (server, port):
        mailer = SmtpMailer(f"smtp+plain://127.0.0.1:{port}")
        for window in ([parcel(1)], [parcel(2), parcel(3)]):
            list(mailer.send(window, yes))
        mailer.close()
    mail = ["MAIL", "RCPT", "DATA"]
    assert server.told == ["EHLO", *mail, "RSET", *mail, *mail, "QUIT"] and len(server.taken) == 2


def test_a_server_that_takes_only_so_many_mails_a_line_gets_new_lines_and_holds_nothing() -> None:
    with scripted({"p9@beacon.example": "only one a line"}, True) as (server, port):
        mailer = SmtpMailer(f"smtp+plain://127.0.0.1:{port}")
        found = [o.verdict for _p, o in mailer.send([parcel(n) for n in (1, 2, 3, 9)], yes)]
        mailer.close()
    assert found == [Verdict.ACCEPTED] * 4 and server.lines == 4


@pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "one by one"])
def test_a_body_that_may_not_begin_never_leaves_and_the_next_takes_a_new_line(pipelining: bool) -> None:
    with scripted({}, pipelining) as (server, port):
        mailer = SmtpMailer(f"smtp+plain://127.0.0.1:{port}")
        found = [o.verdict for _p, o in mailer.send([parcel(n) for n in (1, 2, 3)], lambda p: p.number != 2)]
        mailer.close()
    assert found == [Verdict.ACCEPTED, Verdict.BACK, Verdict.ACCEPTED]
    assert [address for address, _body in server.taken] == ["p1@beacon.example", "p3@beacon.example"]


@pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "one by one"])
def test_a_window_given_up_in_the_middle_sends_no_more_and_does_not_mix_with_the_next(pipelining: bool) -> None:
    with scripted({}, pipelining) as (server, port):
        mailer = SmtpMailer(f"smtp+plain://127.0.0.1:{port}")
        for _sent in mailer.send([parcel(1), parcel(2)], yes):
            break
        assert [o.verdict for _p, o in mailer.send([parcel(3)], yes)] == [Verdict.ACCEPTED]
        mailer.close()
    assert [address for address, _body in server.taken] == ["p1@beacon.example", "p3@beacon.example"]


@pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "one by one"])
def test_a_mark_that_cannot_be_set_leaves_no_line_that_waits_for_a_body(pipelining: bool) -> None:
    def cannot(_parcel: Parcel) -> bool:
        raise OSError("disk full")

    with scripted({}, pipelining) as (server, port):
        mailer = SmtpMailer(f"smtp+plain://127.0.0.1:{port}")
        with pytest.raises(OSError, match="disk full"):
            list(mailer.send([parcel(1)], cannot))
        assert [o.verdict for _p, o in mailer.send([parcel(2)], yes)] == [Verdict.ACCEPTED]
        mailer.close()
    assert [address for address, _body in server.taken] == ["p2@beacon.example"] and server.lines == 2


@pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "one by one"])
def test_a_server_that_falls_silent_leaves_one_doubt_and_the_announced_mail_is_sent_elsewhere(
    pipelining: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.delivery.exchange.REPLY", timedelta(seconds=0.3))
    with scripted({"p1@beacon.example": SILENT}, pipelining) as (server, port):
        mailer = SmtpMailer(f"smtp+plain://127.0.0.1:{port}")
        found = [o for _p, o in mailer.send([parcel(1), parcel(2)], yes)]
        mailer.close()
    assert found == [Outcome(Verdict.DOUBT, "final-dot: TimeoutError"), Outcome(Verdict.ACCEPTED)]
    assert [address for address, _body in server.taken] == ["p1@beacon.example", "p2@beacon.example"]


def test_windows_go_pipelined_through_tls_too() -> None:
    server = Behaviour()
    ours, theirs = certificate()
    large = b"".join(b"%06d" % n + b"." * 70 + b"\r\n" for n in range(9000))
    with listening(server, starttls=ours) as port:
        mailer = SmtpMailer(f"smtp://127.0.0.1:{port}", tls=theirs)
        for window in ([parcel(1), parcel(2, large), parcel(3)], [parcel(4)]):
            assert {o.verdict for _p, o in mailer.send(window, yes)} == {Verdict.ACCEPTED}
        mailer.close()
    assert server.sessions == 2, "one before and one within TLS"
    assert server.taken[1] == ("p2@beacon.example", parcel(2, large).message.raw)


@pytest.mark.parametrize("address", ["a@x.example>\r\nDATA", "a b@x.example", "žiga@x.example", "a>@x.example"])
def test_an_address_that_cannot_be_spoken_is_refused_before_it_is_spoken(address: str) -> None:
    with scripted({}, True) as (server, port):
        mailer = SmtpMailer(f"smtp+plain://127.0.0.1:{port}")
        found = {p.number: o.verdict for p, o in mailer.send([parcel(1), parcel(2, address=address)], yes)}
        mailer.close()
    assert found == {1: Verdict.ACCEPTED, 2: Verdict.REFUSED}
    assert server.told == ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]


@given(st.lists(st.sampled_from([b".", b"..", b"a", b".a", b"", b"=2E."]), max_size=12))
def test_dots_are_doubled_so_that_a_server_reads_the_very_mail(lines: list[bytes]) -> None:
    raw = b"".join(line + b"\r\n" for line in lines)
    sent = stuffed(raw)
    assert sent.endswith(b"\r\n") and b"\r\n.\r\n" not in b"\r\n" + sent
    read = b"".join(x[1:] if x.startswith(b".") else x for x in sent.splitlines(keepends=True))
    assert read == (raw or b"\r\n")


@pytest.fixture
def pair() -> Iterator[Callable[[bytes], Line]]:
    """Returns a line whose server has said all it will ever say."""
    ours, theirs = socket.socketpair()

    def said(words: bytes) -> Line:
        theirs.sendall(words)
        theirs.shutdown(socket.SHUT_WR)
        line = Line(ours, pipelining=True)
        line.awaited.extend(["mail", "rcpt"])
        return line

    with ours, theirs:
        yield said


def test_replies_of_several_lines_are_read_whole_and_matched_with_what_was_said(
    pair: Callable[[bytes], Line],
) -> None:
    line = pair(b"250-2.1.0 Sender\r\n250 OK\r\n550\r\n")
    assert line.reply(5) == ("mail", 250, b"2.1.0 Sender OK")
    assert line.reply(5) == ("rcpt", 550, b"") and line.idle


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (b"2500 OK\r\n", Garbled),
        (b"25\r\n", Garbled),
        (b"\r\n", Garbled),
        (b"250-\r\n" * 200, Garbled),
        (b"2" * 20_000, Garbled),
        (b"250-and so on\r\n", Ended),
        (b"250 O", Ended),
    ],
)
def test_what_is_no_reply_is_not_taken_for_one(
    pair: Callable[[bytes], Line], words: bytes, problem: type[Exception]
) -> None:
    with pytest.raises(problem):
        pair(words).reply(5)


def test_a_reply_that_drips_is_waited_for_no_longer_than_one_that_does_not_come() -> None:
    ours, theirs = socket.socketpair()
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(0.05):
            theirs.sendall(b"2")

    thread = threading.Thread(target=drip)
    thread.start()
    began = time.monotonic()
    with ours, theirs:
        line = Line(ours, pipelining=True)
        line.awaited.append(".")
        with pytest.raises(TimeoutError):
            line.reply(0.3)
        assert 0.25 < time.monotonic() - began < 5
        stop.set()
        thread.join()


def test_a_server_that_does_not_read_is_given_up_after_the_patience_for_the_whole_body() -> None:
    ours, theirs = socket.socketpair()
    ours.settimeout(10)
    with ours, theirs:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            Line(ours, pipelining=True).hand_over([b"x" * 8_000_000], 0.3)
        assert 0.25 < time.monotonic() - began < 5
