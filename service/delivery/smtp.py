"""SMTP. In: parcels and a server's URL. Out: what the server said of each; doubt begins at the final dot."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import unquote, urlsplit

from service.delivery.port import Outcome, Parcel, Verdict
from service.delivery.states import REPLY

CONNECT, COMMAND, BODY = 30.0, 300.0, 180.0
"""Seconds for the connection, for a command's reply (RFC 5321, 4.5.3.2) and for handing a body over."""

PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}

_ADDRESS = re.compile(r"<?[^\s<>]+@[^\s<>]+>?")


class _Stopped(Exception):
    """The session cannot go on: `outcome` says for whom that matters."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


class SmtpMailer:
    """One connection, one mail at a time, kept from window to window.

    smtp:// demands STARTTLS, smtps:// is TLS from the first byte, smtp+plain:// neither. Certificates are checked.
    """

    def __init__(self, url: str, hello: str = "localhost", tls: ssl.SSLContext | None = None) -> None:
        """`hello` is the name for EHLO; `tls` replaces the system's trusted certificates."""
        parts = urlsplit(url)
        self.scheme, self.host = parts.scheme, parts.hostname or "localhost"
        self.port = parts.port or PORTS[parts.scheme]
        self.user, self.password = unquote(parts.username or ""), unquote(parts.password or "")
        self.hello = hello
        self._tls = tls
        self._session: smtplib.SMTP | None = None

    def send(self, window: Sequence[Parcel], may: Callable[[Parcel], bool]) -> Iterator[tuple[Parcel, Outcome]]:
        """Yield what became of each parcel, in order; after a refusal that concerns nobody the rest is not begun."""
        for parcel in window:
            outcome = self._deliver(parcel, may)
            if outcome.verdict in (Verdict.BACK, Verdict.DOUBT, Verdict.NOBODY):
                self._drop()
            yield parcel, outcome
            if outcome.verdict is Verdict.NOBODY:
                return

    def close(self) -> None:
        """Say goodbye, if there is anybody to say it to."""
        if self._session is not None:
            try:
                self._session.quit()
            except (OSError, smtplib.SMTPException):
                self._session.close()
            self._session = None

    def _deliver(self, parcel: Parcel, may: Callable[[Parcel], bool]) -> Outcome:
        try:
            session = self._ready()
            self._envelope(session, parcel)
            if not may(parcel):
                return Outcome(Verdict.BACK)
            self._body(session, parcel.message.raw)
        except _Stopped as stop:
            return stop.outcome
        except (OSError, smtplib.SMTPException) as problem:
            # Up to here no final dot was handed over: the server has nothing it may deliver.
            return Outcome(Verdict.BACK, f"smtp: {type(problem).__name__}")
        return self._final_dot(session)

    def _ready(self) -> smtplib.SMTP:
        """Return a session that answers: the kept one if it is still there (servers close idle ones), or a new one."""
        if self._session is not None:
            try:
                if self._session.rset()[0] == 250:
                    return self._session
            except (OSError, smtplib.SMTPException):
                pass  # it went away between two mails: nothing was in its hands
            self._drop()
        self._session = self._connect()
        return self._session

    def _connect(self) -> smtplib.SMTP:
        where = "connect"
        session: smtplib.SMTP | None = None
        try:
            if self.scheme == "smtps":
                session = smtplib.SMTP_SSL(
                    self.host, self.port, timeout=CONNECT, local_hostname=self.hello, context=self._context()
                )
            else:
                session = smtplib.SMTP(self.host, self.port, timeout=CONNECT, local_hostname=self.hello)
            sock = session.sock
            assert sock is not None
            # The final dot is a packet of its own: it must not wait for the body's acknowledgement.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session.ehlo_or_helo_if_needed()
            if self.scheme == "smtp":
                where = "starttls"
                code, words = session.starttls(context=self._context())
                if code != 220:
                    raise smtplib.SMTPResponseException(code, words)
                session.ehlo()
            if self.user:
                where = "auth"
                session.login(self.user, self.password)
        except (OSError, smtplib.SMTPException, ValueError) as problem:
            if session is not None:
                session.close()
            raise _Stopped(Outcome(Verdict.NOBODY, _words(where, problem))) from problem
        return session

    def _envelope(self, session: smtplib.SMTP, parcel: Parcel) -> None:
        assert session.sock is not None
        session.sock.settimeout(COMMAND)
        size = [f"size={len(parcel.message.raw)}"] if session.has_extn("size") else []
        code, words = session.mail(parcel.message.sender, size)
        if code != 250:
            raise _Stopped(Outcome(Verdict.NOBODY, _reply("mail", code, words)))
        code, words = session.rcpt(parcel.message.recipient)
        if code not in (250, 251):
            raise _Stopped(_definite("rcpt", code, words))
        code, words = session.docmd("DATA")
        if code != 354:
            raise _Stopped(_definite("data", code, words))

    def _body(self, session: smtplib.SMTP, raw: bytes) -> None:
        """Hand over the body, dots doubled (RFC 5321, 4.5.2), without the final dot."""
        body = raw.replace(b"\r\n.", b"\r\n..")
        if body.startswith(b"."):
            body = b"." + body
        assert session.sock is not None
        session.sock.settimeout(BODY)
        session.sock.sendall(body if body.endswith(b"\r\n") else body + b"\r\n")

    def _final_dot(self, session: smtplib.SMTP) -> Outcome:
        """From the first line on a copy may exist: whatever is not an explicit reply is doubt."""
        try:
            assert session.sock is not None
            session.sock.settimeout(REPLY.total_seconds())
            session.sock.sendall(b".\r\n")
            code, words = session.getreply()
        except (OSError, smtplib.SMTPException) as problem:
            return Outcome(Verdict.DOUBT, f"final-dot: {type(problem).__name__}")
        if 200 <= code < 300:
            return Outcome(Verdict.ACCEPTED)
        if 400 <= code < 600:
            return _definite("final-dot", code, words)
        return Outcome(Verdict.DOUBT, f"final-dot: {code}")

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    def _drop(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None


def _definite(where: str, code: int, words: bytes) -> Outcome:
    """Return the outcome of an explicit reply: 5xx is for good, everything else for now."""
    verdict = Verdict.REFUSED if 500 <= code < 600 else Verdict.LATER
    return Outcome(verdict, _reply(where, code, words))


def _reply(where: str, code: int, words: bytes | str) -> str:
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return f"{where}: {code} {' '.join(_ADDRESS.sub('<address>', text).split())}"[:200].strip()


def _words(where: str, problem: Exception) -> str:
    if isinstance(problem, smtplib.SMTPResponseException):
        return _reply(where, problem.smtp_code, problem.smtp_error)
    return f"{where}: {type(problem).__name__}"
