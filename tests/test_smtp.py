"""SMTP and the mail folder. In: real servers that accept, refuse or cut the line. Out: the right verdict each time."""

from __future__ import annotations

import email
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from email import policy
from pathlib import Path

import pytest
from flask import Flask

from emails.values import Message
from service import clock
from service.database import db
from service.delivery import Outcome, Parcel, Verdict, deliver_due
from service.delivery.folder import FolderMailer, file_name
from service.delivery.smtp import SmtpMailer
from tests.postroom import digest_week, invite, open_room, row, states
from tests.servers import free_port
from tests.smtp_server import Behaviour, certificate, listening

pytestmark = pytest.mark.sockets


@pytest.fixture(autouse=True, params=[True, False], ids=["pipelined", "one by one"])
def pipelining(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of this holds with servers that take commands in groups and with those that do not."""
    monkeypatch.setattr(Behaviour, "pipelining", request.param)


def parcel(number: int = 1, address: str = "noor@beacon.example", body: bytes = b"Hello\r\n") -> Parcel:
    raw = b"From: g@beacon.example\r\nSubject: x\r\n\r\n" + body
    return Parcel(number, "digest", Message("<a1b2@x>", "g@beacon.example", address, "x", "", "", raw))


def send(mailer: SmtpMailer | FolderMailer, *parcels: Parcel) -> list[Outcome]:
    return [outcome for _parcel, outcome in mailer.send(parcels, lambda _parcel: True)]


def test_plain_smtp_hands_the_very_bytes_over_on_one_connection(recwarn: pytest.WarningsRecorder) -> None:
    server = Behaviour()
    body = b".\r\n..\r\n.hidden\r\nline\r\n.\r\n"
    with listening(server) as port:
        mailer = SmtpMailer(f"smtp+plain://127.0.0.1:{port}")
        assert send(mailer, parcel(1), parcel(2, "two@beacon.example", body)) == [Outcome(Verdict.ACCEPTED)] * 2
        assert send(mailer, parcel(3)) == [Outcome(Verdict.ACCEPTED)]
        mailer.close()
    assert server.taken[1] == ("two@beacon.example", parcel(2, body=body).message.raw)
    assert server.sessions == 1 and len(server.taken) == 3
    assert server.options == [f"SIZE={len(parcel().message.raw)}"]


def test_starttls_and_auth_with_a_password_that_needed_quoting() -> None:
    server = Behaviour()
    ours, theirs = certificate()
    with listening(server, starttls=ours, auth=True) as port:
        mailer = SmtpMailer(f"smtp://noor%40x:open%20sesame%40%3A%2F@127.0.0.1:{port}", tls=theirs)
        assert send(mailer, parcel()) == [Outcome(Verdict.ACCEPTED)]
        mailer.close()
    assert server.logins == [(b"noor@x", b"open sesame@:/")]


def test_implicit_tls() -> None:
    server = Behaviour()
    ours, theirs = certificate()
    with listening(server, tls=ours) as port:
        mailer = SmtpMailer(f"smtps://127.0.0.1:{port}", tls=theirs)
        assert send(mailer, parcel()) == [Outcome(Verdict.ACCEPTED)]
        mailer.close()


def test_a_certificate_that_nobody_vouches_for_stops_everything() -> None:
    server = Behaviour()
    ours, _theirs = certificate()
    with listening(server, starttls=ours) as port:
        (outcome,) = send(SmtpMailer(f"smtp://127.0.0.1:{port}"), parcel(), parcel(2))
    assert outcome == Outcome(Verdict.NOBODY, "starttls: SSLCertVerificationError")
    assert server.taken == []


def test_starttls_is_demanded_not_hoped_for() -> None:
    server = Behaviour()
    with listening(server) as port:
        (outcome,) = send(SmtpMailer(f"smtp://127.0.0.1:{port}"), parcel())
    assert outcome == Outcome(Verdict.NOBODY, "starttls: SMTPNotSupportedError")


def test_a_wrong_password_concerns_nobody_and_its_words_carry_no_address() -> None:
    server = Behaviour()
    ours, theirs = certificate()
    with listening(server, starttls=ours, auth=True) as port:
        (outcome,) = send(SmtpMailer(f"smtp://noor:wrong@127.0.0.1:{port}", tls=theirs), parcel(), parcel(2))
    assert outcome.verdict is Verdict.NOBODY and (outcome.why or "").startswith("auth: 535")


def test_nobody_listening_concerns_nobody() -> None:
    (outcome,) = send(SmtpMailer(f"smtp+plain://127.0.0.1:{free_port()}"), parcel(), parcel(2))
    assert outcome == Outcome(Verdict.NOBODY, "connect: ConnectionRefusedError")


def test_a_refused_sender_concerns_nobody() -> None:
    server = Behaviour()
    server.mail = "550 5.7.1 <g@beacon.example> may not send here"
    with listening(server) as port:
        (outcome,) = send(SmtpMailer(f"smtp+plain://127.0.0.1:{port}"), parcel(), parcel(2))
    assert outcome == Outcome(Verdict.NOBODY, "mail: 550 5.7.1 <address> may not send here")


def test_a_refused_receiver_is_hers_alone_for_good_or_for_now() -> None:
    server = Behaviour()
    server.rcpt = {"a@x.example": "550 5.1.1 no such user", "b@x.example": "451 4.2.1 busy", "c@x.example": "421 bye"}
    with listening(server) as port:
        mailer = SmtpMailer(f"smtp+plain://127.0.0.1:{port}")
        found = send(mailer, *(parcel(n, f"{who}@x.example") for n, who in enumerate("abcd")))
        mailer.close()
    assert found == [
        Outcome(Verdict.REFUSED, "rcpt: 550 5.1.1 no such user"),
        Outcome(Verdict.LATER, "rcpt: 451 4.2.1 busy"),
        Outcome(Verdict.LATER, "rcpt: 421 bye"),
        Outcome(Verdict.ACCEPTED),
    ]
    assert [address for address, _raw in server.taken] == ["d@x.example"]


def test_an_answer_to_the_final_dot_is_definite_whatever_it_is() -> None:
    server = Behaviour()
    server.dot = {"a@x.example": "554 5.7.1 looks like spam", "b@x.example": "452 4.3.1 disk full"}
    with listening(server) as port:
        mailer = SmtpMailer(f"smtp+plain://127.0.0.1:{port}")
        found = send(mailer, *(parcel(n, f"{who}@x.example") for n, who in enumerate("abc")))
        mailer.close()
    assert [o.verdict for o in found] == [Verdict.REFUSED, Verdict.LATER, Verdict.ACCEPTED]
    assert found[0].why == "final-dot: 554 5.7.1 looks like spam"


def test_a_line_cut_before_the_body_leaves_no_doubt() -> None:
    server = Behaviour()
    server.rcpt = {"a@x.example": "drop"}
    with listening(server) as port:
        mailer = SmtpMailer(f"smtp+plain://127.0.0.1:{port}")
        found = send(mailer, parcel(1, "a@x.example"), parcel(2, "b@x.example"))
        mailer.close()
    assert [o.verdict for o in found] == [Verdict.BACK, Verdict.ACCEPTED]


def test_a_line_cut_after_the_final_dot_is_doubt_and_the_next_mail_takes_a_new_line() -> None:
    server = Behaviour()
    server.dot = {"a@x.example": "drop"}
    with listening(server) as port:
        mailer = SmtpMailer(f"smtp+plain://127.0.0.1:{port}")
        found = send(mailer, parcel(1, "a@x.example"), parcel(2, "b@x.example"))
        mailer.close()
    assert [o.verdict for o in found] == [Verdict.DOUBT, Verdict.ACCEPTED]
    assert (found[0].why or "").startswith("final-dot: ")
    assert server.sessions == 2


@contextmanager
def by_hand(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that speaks a script of ours over one connection: for what no decent server does."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        line, _ = listener.accept()
        with line, suppress(ConnectionError):
            line.settimeout(10)
            talk(line)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        thread.join(10)
        listener.close()


def until_data(line: socket.socket) -> None:
    line.sendall(b"220 hello\r\n")
    line.recv(4096)
    line.sendall(b"250-hello\r\n250 PIPELINING\r\n" if Behaviour.pipelining else b"250 hello\r\n")
    for verb, reply in ((b"MAIL", b"250 OK\r\n"), (b"RCPT", b"250 OK\r\n"), (b"DATA", b"354 go on\r\n")):
        said = b""
        while not said.endswith(b"\n"):
            said += line.recv(1)
        assert said.startswith(verb)
        line.sendall(reply)


def until_dot(line: socket.socket) -> None:
    found = b""
    while not found.endswith(b"\r\n.\r\n"):
        piece = line.recv(65536)
        assert piece, "the final dot never came"
        found += piece


def cut(line: socket.socket) -> None:
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    line.close()


def test_a_line_cut_within_the_body_leaves_no_doubt() -> None:
    def talk(line: socket.socket) -> None:
        until_data(line)
        line.recv(1000)
        cut(line)

    with by_hand(talk) as port:
        big = parcel(body=b"x" * 70 * 400_000)
        (outcome,) = send(SmtpMailer(f"smtp+plain://127.0.0.1:{port}"), big)
    assert outcome.verdict is Verdict.BACK and (outcome.why or "").startswith("smtp: ")


def test_no_answer_to_the_final_dot_is_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.delivery.exchange.REPLY", timedelta(seconds=0.5))

    def talk(line: socket.socket) -> None:
        until_data(line)
        until_dot(line)
        line.recv(10)  # until the sender gives up

    with by_hand(talk) as port:
        (outcome,) = send(SmtpMailer(f"smtp+plain://127.0.0.1:{port}"), parcel())
    assert outcome.verdict is Verdict.DOUBT and (outcome.why or "").startswith("final-dot: ")


@pytest.mark.parametrize("answer", [b"hm\r\n", b"354 again\r\n", b"2" * 70_000 + b"\r\n"])
def test_nonsense_after_the_final_dot_is_doubt(answer: bytes) -> None:
    def talk(line: socket.socket) -> None:
        until_data(line)
        until_dot(line)
        line.sendall(answer)
        line.recv(10)

    with by_hand(talk) as port:
        (outcome,) = send(SmtpMailer(f"smtp+plain://127.0.0.1:{port}"), parcel())
    assert outcome.verdict is Verdict.DOUBT


def test_a_kept_line_that_the_server_closed_meanwhile_is_replaced() -> None:
    server = Behaviour()
    with listening(server) as port:
        mailer = SmtpMailer(f"smtp+plain://127.0.0.1:{port}")
        send(mailer, parcel())
        assert mailer._session is not None and mailer._session.sock is not None
        mailer._session.sock.shutdown(socket.SHUT_RDWR)
        assert send(mailer, parcel(2)) == [Outcome(Verdict.ACCEPTED)]
        mailer.close()
    assert server.sessions == 2


def test_an_edition_over_smtp_arrives_once_each_and_doubt_stays_doubt(app: Flask) -> None:
    edition = digest_week(open_room(6))
    server = Behaviour()
    server.dot = {"p1@beacon.example": "drop", "p2@beacon.example": "451 later"}
    server.rcpt = {"p3@beacon.example": "550 who", "p4@beacon.example": "drop"}
    with listening(server) as port:
        url = f"smtp+plain://127.0.0.1:{port}"
        first = SmtpMailer(url)
        assert deliver_due(mailer=first) == {
            "accepted": 2, "ambiguous": 1, "retry": 1, "failed": 1, "given-back": 1
        }  # fmt: skip
        first.close()
        server.dot, server.rcpt = {}, {}
        clock.set_now(clock.now() + timedelta(hours=2))
        second = SmtpMailer(url)
        assert deliver_due(mailer=second) == {"accepted": 2}
        second.close()
    assert states() == ["accepted", "ambiguous", "accepted", "failed", "accepted", "accepted"]
    arrived = [address for address, _raw in server.taken]
    assert sorted(arrived) == sorted(f"p{n}@beacon.example" for n in (0, 1, 2, 4, 5)), "nobody got two"
    parsed = email.message_from_bytes(server.taken[0][1], policy=policy.default)
    assert parsed["Message-ID"] == row(1).message_id
    assert "A lighthouse for all" in parsed.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    db.session.refresh(edition)
    assert edition.held_why is None


def test_the_mail_folder_gets_whole_files_with_nothing_personal_in_their_names(app: Flask, tmp_path: Path) -> None:
    invite(open_room(2))
    folder = tmp_path / "mails"
    assert deliver_due(mailer=FolderMailer(folder)) == {"accepted": 2}
    names = sorted(p.name for p in folder.iterdir())
    assert [n[:19] for n in names] == ["00000001-invitation", "00000002-invitation"]
    assert all(n.endswith(".eml") and "p0" not in n.split("-")[1] and "beacon" not in n for n in names)
    parsed = email.message_from_bytes((folder / names[0]).read_bytes(), policy=policy.default)
    assert parsed["To"].addresses[0].addr_spec == "p0@beacon.example"


def test_the_mail_folder_takes_a_mail_once_however_often_it_is_handed_over(tmp_path: Path) -> None:
    mailer = FolderMailer(tmp_path / "mails")
    assert [o.verdict for o in send(mailer, parcel(), parcel())] == [Verdict.ACCEPTED] * 2
    assert [p.name for p in (tmp_path / "mails").iterdir()] == [file_name(parcel())]


def test_a_mail_folder_that_cannot_be_written_concerns_nobody(tmp_path: Path) -> None:
    (tmp_path / "mails").write_text("a file where the folder should be", encoding="ascii")
    assert send(FolderMailer(tmp_path / "mails"), parcel(), parcel(2)) == [
        Outcome(Verdict.NOBODY, "folder: File exists")
    ]


def test_the_configuration_names_the_mailer(app: Flask) -> None:
    from dataclasses import replace

    from service.delivery import configured_mailer

    assert isinstance(configured_mailer(), FolderMailer)
    app.config["GOODWORD"] = replace(app.config["GOODWORD"], mail="smtp", smtp_url="smtps://u:p@mail.example")
    made = configured_mailer()
    assert isinstance(made, SmtpMailer) and (made.host, made.port, made.hello) == ("mail.example", 465, "good.example")
