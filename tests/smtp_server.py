"""An SMTP server for tests. In: how it is to behave. Out: aiosmtpd really listening, and every mail it took."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers import free_port


class Behaviour:
    """Answers by address: `rcpt`, `mail`, `data` and `dot` hold replies, or "drop" to cut the line there."""

    pipelining = True
    """Whether it offers PIPELINING; mails are announced in the call that ends the one before only if so."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, bytes]] = []
        self.rcpt: dict[str, str] = {}
        self.mail = ""
        self.dot: dict[str, str] = {}
        self.logins: list[tuple[bytes, bytes]] = []
        self.sessions = 0
        self.options: list[str] = []

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.sessions += 1
        session.host_name = hostname
        return [responses[0], "250-PIPELINING", *responses[1:]] if self.pipelining else responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.mail:
            return self.mail
        envelope.mail_from = address
        self.options = options
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.rcpt:
            return self._or_cut(server, self.rcpt[address])
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Called when the final dot has come: what is in `content` is whole."""
        address = envelope.rcpt_tos[0]
        said = self.dot.get(address, "250 OK")
        if said.startswith("2") or said == "drop":
            assert isinstance(envelope.content, bytes)
            self.taken.append((address, envelope.content))
        return self._or_cut(server, said)

    def _or_cut(self, server: SMTP, said: str) -> str:
        if said == "drop":
            assert server.transport is not None
            server.transport.abort()
            return "421 gone"
        return said

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"open sesame@:/", handled=False)


def certificate() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return (server's, client's) TLS contexts of an authority made for this test."""
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client


@contextmanager
def listening(
    behaviour: Behaviour,
    *,
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    auth: bool = False,
) -> Iterator[int]:
    """Run the server for the length of a with block; yields its port."""
    options: dict[str, Any] = {"enable_SMTPUTF8": False}
    if starttls:
        options |= {"tls_context": starttls, "require_starttls": True}
    if auth:
        options |= {"authenticator": behaviour.authenticate, "auth_required": True}
        options["auth_require_tls"] = starttls is not None
    port = free_port()
    controller = Controller(behaviour, hostname="127.0.0.1", port=port, ssl_context=tls, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()
