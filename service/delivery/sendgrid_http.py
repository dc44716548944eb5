"""SendGrid's HTTP. In: ready bodies. Out: answers; or that nothing was handed over; or that nobody knows.

The `sendgrid` package makes the request; its own transport opens a connection for each, has no time-out and cannot say
whether a failure came before or after the body left. This one keeps its connection and can.
"""

from __future__ import annotations

import http.client
import logging
import select
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request

import python_http_client
from sendgrid import SendGridAPIClient

CONNECT, REPLY = 30.0, 120.0
"""Seconds for the connection, and for each of handing over and the answer: together far less than a lease."""

IDLE = 5.0
"""A connection that rested longer is not trusted: a server that closes it just now would leave us in doubt."""

JSON = "application/json; charset=utf-8"
"""Any type but bare application/json makes the package send a body as it is."""


# At its lowest level the package logs the key with each request, whatever the root logger is set to.
logging.getLogger("python_http_client").setLevel(logging.WARNING)


class Unreached(Exception):
    """No connection: not a byte of the body was handed over."""


class NoAnswer(Exception):
    """The body was begun and nobody knows what became of it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service said."""

    status: int
    headers: Message
    body: bytes


class _Ready(bytes):
    """A body that is encoded already; the package, which writes it out for its log each time, gets its length only."""

    def encode(self, _encoding: str) -> _Ready:
        return self

    def __format__(self, _how: str) -> str:
        return f"{len(self)} bytes"


class Post:
    """Posts mail; one kept connection. Not to be shared by threads."""

    def __init__(self, key: str, host: str, reply: float = REPLY) -> None:
        self._line = _Line(host, reply)
        self._api = SendGridAPIClient(key, host=host)
        self._api.client = _Kept(self._line, self._api.client)

    def send(self, body: bytes) -> Answer:
        """Hand over one body to v3/mail/send; raises Unreached, NoAnswer."""
        found = self._api.client.mail.send.post(request_body=_Ready(body), request_headers={"Content-Type": JSON})
        return Answer(found.status_code, found.headers, found.body)

    def connect(self) -> None:
        """Make sure that there is a connection, before anything is called begun; raises Unreached."""
        self._line.connect()

    def close(self) -> None:
        self._line.close()


class _Kept(python_http_client.Client):
    """The package's client over our line; each part of an address (mail, send) makes another one of it."""

    def __init__(self, line: _Line, like: python_http_client.Client, path: list[str] | None = None) -> None:
        super().__init__(
            host=like.host, request_headers=dict(like.request_headers), version=like._version, url_path=path
        )
        self._line = line

    def _build_client(self, name: str | None = None) -> _Kept:
        return _Kept(self._line, self, [*self._url_path, name] if name else self._url_path)

    def _make_request(self, _opener: Any, request: Request, timeout: float | None = None) -> _Heard:
        return self._line.send(request)


class _Heard:
    """An answer in the shape that the package reads."""

    def __init__(self, response: http.client.HTTPResponse, body: bytes) -> None:
        self.getcode: Callable[[], int] = lambda: response.status
        self.info: Callable[[], Message] = lambda: response.headers
        self.read: Callable[[], bytes] = lambda: body


class _Line:
    def __init__(self, host: str, reply: float) -> None:
        parts = urlsplit(host)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._new: Callable[[], http.client.HTTPConnection] = lambda: kind(parts.netloc, timeout=CONNECT)
        self._reply = reply
        self._connection: http.client.HTTPConnection | None = None
        self._used = 0.0

    def connect(self) -> http.client.HTTPConnection:
        kept = self._connection
        if kept is not None and kept.sock is not None:
            # Whatever can be read now is the server's goodbye: nothing was asked.
            if time.monotonic() - self._used < IDLE and not select.select([kept.sock], [], [], 0)[0]:
                return kept
            self.close()
        made = self._new()
        try:
            made.connect()
        except OSError as problem:
            made.close()
            raise Unreached(type(problem).__name__) from problem
        made.sock.settimeout(self._reply)
        self._connection, self._used = made, time.monotonic()
        return made

    def send(self, request: Request) -> _Heard:
        connection = self.connect()
        try:
            connection.request(
                request.get_method(),
                urlsplit(request.full_url).path,
                body=request.data,
                headers=dict(request.header_items()),
            )
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as problem:
            self.close()
            raise NoAnswer(type(problem).__name__) from problem
        if response.will_close:
            self.close()
        self._used = time.monotonic()
        return _Heard(response, body)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
