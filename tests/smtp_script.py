"""An SMTP server that misbehaves to order. In: what to do with each address. Out: what it took, what it was told when.

It speaks one connection at a time, in a thread, and reads one command at a time as naive servers do; whether it offers
PIPELINING is a choice. What it took, it has for good, whatever it answered.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from service.delivery.port import Verdict

ACTS: dict[str, tuple[Verdict, ...]] = {
    "ok": (Verdict.ACCEPTED,),
    "rcpt 550": (Verdict.REFUSED,),
    "rcpt 451": (Verdict.LATER,),
    "rcpt 421": (Verdict.LATER,),
    "rcpt 550, data 354": (Verdict.REFUSED,),
    "data 452": (Verdict.LATER,),
    "dot 554": (Verdict.REFUSED,),
    "dot 452": (Verdict.LATER,),
    "dot 421": (Verdict.LATER,),
    "taken, then closed": (Verdict.ACCEPTED,),
    "only one a line": (Verdict.ACCEPTED,),
    "cut at rcpt": (Verdict.BACK,),
    "cut at data": (Verdict.BACK,),
    "cut in the body": (Verdict.BACK, Verdict.DOUBT),
    "taken, then cut": (Verdict.DOUBT,),
    "cut after the dot": (Verdict.DOUBT,),
    "taken, then nonsense": (Verdict.DOUBT,),
}
"""What the server does with a mail, and what its sender may say of it."""

SILENT = "taken, then silent"
"""An act for those who set a short time-out."""

TAKEN = ("ok", "taken, then closed", "only one a line", "taken, then cut", "taken, then nonsense", SILENT)


class _Cut(Exception):
    """The line ends, with a reset."""


class _Closed(Exception):
    """The line ends, politely."""


class Script:
    """`plan`: address to act. `taken`: (address, body as sent). `told`: commands of all lines, in order."""

    def __init__(self, plan: dict[str, str], pipelining: bool) -> None:
        self.plan, self.pipelining = plan, pipelining
        self.taken: list[tuple[str, bytes]] = []
        self.told: list[str] = []
        self.lines = 0
        self.greeting = "220 here"
        self.hello = "250-here\r\n250-PIPELINING\r\n250 SIZE" if pipelining else "250 here"
        """What it answers to EHLO; HELO it takes."""
        self.sender = "250 OK"
        """What it answers to MAIL."""

    def talk(self, line: socket.socket) -> None:
        """Speak one connection to its end."""
        self.lines += 1
        carried = 0
        act = address = ""
        refused = False
        with line, line.makefile("rb") as said, suppress(OSError):
            line.settimeout(10)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

            def say(words: str) -> None:
                line.sendall(words.encode() + b"\r\n")

            try:
                say(self.greeting)
                while command := said.readline().decode().strip():
                    verb = command[:4].upper()
                    self.told.append(verb)
                    if verb == "EHLO":
                        say(self.hello)
                    elif verb == "MAIL":
                        carried += 1
                        act, refused = "", False
                        # Who it is for is not known yet: the limit holds for the line if anybody has it.
                        say("452 no more on this line" if carried > 1 and self._single() else self.sender)
                    elif verb == "RCPT":
                        address = command[command.index("<") + 1 : command.index(">")]
                        act = self.plan.get(address, "ok")
                        refused = self._rcpt(act, say)
                    elif verb == "DATA":
                        self._data(act, address, refused, said, line, say)
                    elif verb == "QUIT":
                        say("221 bye")
                        return
                    else:
                        say("250 OK")
            except _Closed:
                line.shutdown(socket.SHUT_WR)
                while said.read(65536):
                    pass
            except _Cut:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")

    def _single(self) -> bool:
        return "only one a line" in self.plan.values()

    def _rcpt(self, act: str, say: Callable[[str], None]) -> bool:
        if act == "cut at rcpt":
            raise _Cut
        if act.startswith("rcpt"):
            say(f"{act[5:8]} no")
            if act == "rcpt 421":
                raise _Closed
            return True
        say("250 OK")
        return False

    def _data(
        self, act: str, address: str, refused: bool, said: BinaryIO, line: socket.socket, say: Callable[[str], None]
    ) -> None:
        if act == "cut at data":
            raise _Cut
        if act == "data 452" or (refused and not act.endswith("data 354")):
            say("452 no room" if act == "data 452" else "503 nobody to send it to")
            return
        say("354 go on")
        if act == "cut in the body":
            said.readline()
            raise _Cut
        body = b""
        while (text := said.readline()) != b".\r\n":
            if not text:
                raise _Closed
            body += text[1:] if text.startswith(b".") else text
        if refused:
            assert body == b"", "a body for somebody who was refused"
            say("554 no valid recipients")
            return
        if act in TAKEN:
            self.taken.append((address, body))
        if act in ("taken, then cut", "cut after the dot"):
            raise _Cut
        if act == SILENT:
            while said.read(1):
                pass
            raise _Cut
        if act == "taken, then nonsense":
            say("hm")
        elif act.startswith("dot"):
            say(f"{act[4:7]} no")
        else:
            say("250-I have it\r\n250 OK")
        if act in ("dot 421", "taken, then closed"):
            raise _Closed


@contextmanager
def scripted(plan: dict[str, str], pipelining: bool) -> Iterator[tuple[Script, int]]:
    """Run such a server for the length of a with block; yields it and its port. Its mailer closes first."""
    script = Script(plan, pipelining)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                script.talk(listener.accept()[0])

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield script, listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)
        assert not thread.is_alive()
