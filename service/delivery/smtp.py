"""SMTP. In: parcels and a server's URL. Out: what the server said of each; doubt begins with the final dot's call."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import unquote, urlsplit

from service.delivery import exchange
from service.delivery.pipelined import Garbled, Line
from service.delivery.port import Outcome, Parcel, Verdict

CONNECT = 30.0
"""Seconds for the connection and each reply that comes before the first mail."""

GOODBYE = 5.0
"""Seconds for the answer to QUIT, which nobody needs."""

PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}


class _Stopped(Exception):
    """The session cannot go on: `outcome` says for whom that matters."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


class SmtpMailer:
    """One connection, kept from window to window; mails follow one another in it, pipelined where the server can.

    smtp:// demands STARTTLS, smtps:// is TLS from the first byte, smtp+plain:// neither. Certificates are checked.
    """

    def __init__(
        self, url: str, hello: str = "localhost", tls: ssl.SSLContext | None = None, pipelining: bool = True
    ) -> None:
        """`hello` is the name for EHLO; `tls` replaces the system's trusted certificates."""
        parts = urlsplit(url)
        self.scheme, self.host = parts.scheme, parts.hostname or "localhost"
        self.port = parts.port or PORTS[parts.scheme]
        self.user, self.password = unquote(parts.username or ""), unquote(parts.password or "")
        self.hello = hello
        self._tls = tls
        self._pipelining = pipelining
        self._session: smtplib.SMTP | None = None
        self._line: Line | None = None

    def send(self, window: Sequence[Parcel], may: Callable[[Parcel], bool]) -> Iterator[tuple[Parcel, Outcome]]:
        """Yield what became of each parcel; after a refusal that concerns nobody the rest is not begun.

        Bodies never overlap: when `may` is asked, whatever was begun before has been yielded, though the next mail may
        have been announced by then.
        """
        waiting = deque(parcel for parcel in window if exchange.speakable(parcel))
        for parcel in window if len(waiting) < len(window) else ():
            if not exchange.speakable(parcel):
                yield parcel, Outcome(Verdict.REFUSED, "rcpt: an address that cannot stand in a command")
        try:
            while waiting:
                try:
                    line = self._ready()
                except _Stopped as stop:
                    yield waiting[0], stop.outcome
                    return
                for parcel, outcome in self._converse(line, waiting, may):
                    yield parcel, outcome
                    if outcome.verdict is Verdict.NOBODY:
                        return
        finally:
            # Also where nobody wants the rest: what was announced must not be mixed up with the next window.
            if self._line is not None and not self._line.idle:
                self._drop()

    def close(self) -> None:
        """Say goodbye, if there is anybody to say it to."""
        if self._line is not None and not self._line.idle:
            self._drop()
        if self._session is not None:
            try:
                if self._session.sock is not None:
                    self._session.sock.settimeout(GOODBYE)
                self._session.quit()
            except (OSError, smtplib.SMTPException):
                self._session.close()
            self._session = self._line = None

    def _converse(
        self, line: Line, waiting: deque[Parcel], may: Callable[[Parcel], bool]
    ) -> Iterator[tuple[Parcel, Outcome]]:
        """Send what waits until nothing does or the line is gone; what is decided no longer waits.

        A line that carried mail before may just have reached its server's limit: what fails before a body on such a
        line is asked again on a new one, and counts there.
        """
        announced = False
        while waiting:
            parcel = waiting[0]
            try:
                if not announced:
                    line.say(exchange.announcement(line, parcel), exchange.COMMAND)
                outcome = exchange.answer(line)
            except (OSError, Garbled) as problem:
                # No body was begun: the server has nothing it may deliver.
                outcome = Outcome(Verdict.BACK, f"smtp: {type(problem).__name__}")
            if outcome is not None and outcome.verdict in (Verdict.BACK, Verdict.NOBODY) and line.used:
                return self._drop()
            waiting.popleft()
            line.used = True
            announced = False
            if outcome is None:
                if may(parcel):
                    announced = line.pipelining and bool(waiting)
                    outcome = exchange.deliver(line, parcel, waiting[0] if announced else None)
                else:
                    outcome = Outcome(Verdict.BACK)
            if line.ending or outcome.verdict in (Verdict.BACK, Verdict.NOBODY, Verdict.DOUBT):
                self._drop()
            yield parcel, outcome
            if self._line is not line:
                return

    def _ready(self) -> Line:
        """Return the kept line, or a new one. Raises _Stopped."""
        if self._line is None or not self._line.idle:
            self._drop()
            self._session = self._connect()
            assert self._session.sock is not None
            pipelining = self._pipelining and self._session.has_extn("pipelining")
            self._line = Line(self._session.sock, pipelining, self._session.has_extn("size"))
        return self._line

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
            # What is handed over leaves at once: it must not wait for the acknowledgement of what went before.
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

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    def _drop(self) -> None:
        if self._session is not None:
            self._session.close()
        self._session = self._line = None


def _words(where: str, problem: Exception) -> str:
    if isinstance(problem, smtplib.SMTPResponseException):
        return exchange.said(where, problem.smtp_code, problem.smtp_error)
    return f"{where}: {type(problem).__name__}"
