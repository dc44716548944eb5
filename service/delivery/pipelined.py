"""A line to a server. In: a connected socket and commands. Out: replies in order; in groups where RFC 2920 allows.

With pipelining one call hands over a body's end, its final dot and the next mail's envelope: a mail then costs one
round trip instead of four. Without it each command waits for the reply before it. Who talks need not know which.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections import deque
from collections.abc import Sequence

LONGEST = 8192
"""Bytes of one line of a reply; RFC 5321 allows 512."""

AT_ONCE = 65536

_LEADING = re.compile(rb"\n\.")


class Garbled(Exception):
    """What came is no reply of SMTP, or came unasked: from here on replies cannot be told apart."""


class Ended(ConnectionError):
    """The server closed the line where a reply was due."""


class Line:
    """One conversation, kept from window to window, over a socket that has a time-out already.

    `open`: a mail was announced and neither sent nor withdrawn. `taking`: the server waits for a body or its end.
    `used`: it carried something before. `ending`: the server said 421 and is about to close (RFC 5321, 3.8).
    """

    def __init__(self, sock: socket.socket, pipelining: bool, takes_size: bool = False) -> None:
        self.pipelining = pipelining
        self.takes_size = takes_size
        self.open = self.taking = self.used = self.ending = False
        self.awaited: deque[str] = deque()
        """Verbs whose replies are still to come."""
        self._sock = sock
        self._gathers = hasattr(sock, "sendmsg") and not isinstance(sock, ssl.SSLSocket)
        self._unsaid: deque[bytes] = deque()
        self.unread = b""
        self._patience: float | None = sock.gettimeout()

    @property
    def idle(self) -> bool:
        """Tell whether the next mail may begin: everything said was answered and nothing came unasked."""
        return not (self.awaited or self.unread or self.taking)

    def say(self, commands: Sequence[tuple[str, bytes]], patience: float) -> None:
        """Say (verb, line) pairs: all at once where that is allowed, else each when its reply is asked for.

        The last one alone may be DATA or the dot (RFC 2920, 3.1). Raises OSError.
        """
        self.awaited.extend(verb for verb, _line in commands)
        if self.pipelining:
            self.hand_over([line for _verb, line in commands], patience)
        else:
            self._unsaid.extend(line for _verb, line in commands)

    def unsay(self) -> None:
        """Forget what was not handed over yet."""
        for _ in range(len(self._unsaid)):
            self.awaited.pop()
        self._unsaid.clear()

    def finish(self, tail: Sequence[bytes], following: Sequence[tuple[str, bytes]], patience: float) -> None:
        """Hand over a body's end and its final dot, and in the same call the commands that follow. Raises OSError."""
        self.awaited.append(".")
        self.awaited.extend(verb for verb, _line in following)
        self.hand_over([*tail, b".\r\n", *(line for _verb, line in following)], patience)

    def hand_over(self, pieces: Sequence[bytes], patience: float) -> None:
        """Give all the bytes to the kernel within `patience` seconds. Raises OSError."""
        if not self._gathers:
            self._wait(patience)
            self._sock.sendall(b"".join(pieces))
            return
        until = time.monotonic() + patience
        # Whatever went before was answered, so that the kernel has room: this call cannot wait, and needs no time-out.
        gone = self._sock.sendmsg(pieces)
        if gone < sum(map(len, pieces)):
            # sendall's patience is for all of it together: a server that takes a byte a minute is not waited for.
            self._wait(until - time.monotonic())
            self._sock.sendall(memoryview(b"".join(pieces))[gone:])

    def reply(self, patience: float) -> tuple[str, int, bytes]:
        """Return (verb, code, words) of the next reply, waited for up to `patience` seconds in all.

        Raises OSError (time-out, cut or closed line) and Garbled.
        """
        if self._unsaid:
            self.hand_over([self._unsaid.popleft()], patience)
        until: float | None = None
        words = []
        while True:
            at = self.unread.find(b"\n")
            if at < 0:
                if len(self.unread) > LONGEST:
                    raise Garbled("endless line")
                self._wait(patience if until is None else until - time.monotonic())
                until = until or time.monotonic() + patience
                more = self._sock.recv(AT_ONCE)
                if not more:
                    raise Ended("closed")
                self.unread += more
                continue
            line, self.unread = self.unread[:at], self.unread[at + 1 :]
            code = line[:3]
            if not (len(code) == 3 and code.isdigit()) or line[3:4] not in (b" ", b"-", b"\r", b""):
                raise Garbled("no code")
            words.append(line[4:].strip())
            if line[3:4] != b"-":
                self.ending = self.ending or code == b"421"
                return self.awaited.popleft(), int(code), b" ".join(words)
            if len(words) > 100:
                raise Garbled("endless reply")

    def _wait(self, patience: float) -> None:
        if patience != self._patience:
            if patience <= 0:
                raise TimeoutError("no time left")
            self._sock.settimeout(patience)
            self._patience = patience


def stuffed(raw: bytes) -> bytes:
    """Return the mail as it stands between DATA and the final dot: leading dots doubled (RFC 5321, 4.5.2)."""
    # Twice as fast as bytes.replace, which looks for every piece two times.
    body = b"\n..".join(_LEADING.split(raw))
    if body.startswith(b"."):
        body = b"." + body
    return body if body.endswith(b"\r\n") else body + b"\r\n"
