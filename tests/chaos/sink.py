"""A journaling SMTP sink. In: SMTP on loopback. Out: a line in its journal for each mail it took, before it says so.

A process of its own, so that the senders can be killed and the evidence stays. What it does to a mail stands in the
receiver's address: `p7.dot-451-2@beacon.example` is answered 451 after the final dot, twice, and then taken:

    rcpt-CODE-N, data-CODE-N, dot-CODE-N   an explicit refusal at that stage, the first N times
    cut-rcpt-N, cut-data-N, cut-body-N     the line is cut at RCPT, before 354, in the midst of the body: nothing taken
    lost-dot-N                             the line is cut after the final dot, nothing taken
    kept-dot-N                             taken, and the line cut instead of an answer
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import random
import re
import time
from collections import Counter
from dataclasses import dataclass

BIGGEST = 1 << 22
_ADDRESS = re.compile(rb"<([^>]*)>")
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_ORDER = re.compile(r"\.(rcpt|data|dot|cut|lost|kept)-(\w+)-(\d+)@")


class Cut(Exception):
    """The line is cut here, with all that is still on its way."""


class Hangup(Exception):
    """The line ends here; what was said before still arrives."""


@dataclass
class Manners:
    """How the sink behaves to everybody."""

    rate: float = 0.0
    """Mails a second from all together; 0: as they come."""
    mail: str = ""
    """Its reply to MAIL, if not 250."""
    patience: float = 300.0
    """Seconds that a client may be silent before the line is cut."""
    seed: int = 0
    """For where it dawdles."""


class Reader:
    """Reads from a client that may not be silent for longer than the server's patience."""

    def __init__(self, stream: asyncio.StreamReader, patience: float) -> None:
        self.stream, self.patience = stream, patience

    async def line(self) -> bytes:
        return await asyncio.wait_for(self.stream.readline(), self.patience)

    async def body(self) -> bytes:
        return await asyncio.wait_for(self.stream.readuntil(b"\r\n.\r\n"), self.patience)

    async def some(self) -> bytes:
        return await asyncio.wait_for(self.stream.readexactly(1000), self.patience)

    def gone(self) -> bool:
        return self.stream.at_eof()


class Sink:
    """The server; one journal, any number of connections."""

    def __init__(self, journal: str, manners: Manners) -> None:
        self.file = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.manners = manners
        self.chance = random.Random(manners.seed)
        self.met: Counter[str] = Counter()
        self.next_at = 0.0

    def orders(self, address: str, stage: str) -> str | None:
        """Return the order for this address at this stage ("451", "cut"), counting how often it was obeyed."""
        found = _ORDER.search(address)
        if not found:
            return None
        word, detail, times = found[1], found[2], int(found[3])
        if word == "cut":
            word, detail = detail, "cut"
        elif word in ("lost", "kept"):
            word, detail = detail, word
        if word != stage or self.met[address] >= times:
            return None
        self.met[address] += 1
        return detail

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._session(Reader(reader, self.manners.patience), writer)
        except (Cut, TimeoutError):
            writer.transport.abort()
        except (Hangup, asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _session(self, reader: Reader, writer: asyncio.StreamWriter) -> None:
        def say(text: str) -> None:
            writer.write(text.encode() + b"\r\n")

        say("220 sink.example ESMTP")
        address, begun = "", False
        while line := (await reader.line()).rstrip(b"\r\n"):
            verb = line[:4].upper()
            if verb == b"EHLO":
                say("250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 10000000")
            elif verb == b"MAIL":
                address, begun = "", not self.manners.mail
                say(self.manners.mail or "250 ok")
            elif verb == b"RCPT" and not begun:
                say("503 MAIL first")
            elif verb == b"RCPT":
                found = _ADDRESS.search(line)
                to = found[1].decode() if found else ""
                order = self.orders(to, "rcpt")
                self._cut_if(order)
                if order is None:
                    address = to
                say("250 ok" if order is None else f"{order} no, says the sink")
            elif verb == b"DATA":
                if not address:
                    say("503 no receiver")
                    continue
                order = self.orders(address, "data")
                self._cut_if(order)
                if order is not None:
                    say(f"{order} no, says the sink")
                    continue
                say("354 go on")
                if self.orders(address, "body") is not None:
                    await reader.some()
                    raise Cut
                body = await reader.body()
                say(await self._dot(address, body, reader))
                address = ""
            elif verb in (b"RSET", b"NOOP"):
                address = "" if verb == b"RSET" else address
                say("250 ok")
            elif verb == b"QUIT":
                say("221 bye")
                return
            else:
                say("502 what?")

    def _cut_if(self, order: str | None) -> None:
        if order == "cut":
            raise Hangup

    async def _dot(self, address: str, body: bytes, reader: Reader) -> str:
        """The final dot is here: dawdle before or after taking the mail, as chance has it, and return the reply."""
        before = self.chance.random() < 0.5
        if before:
            await self._dawdle()
            if reader.gone() and self.chance.random() < 0.5:
                raise Cut  # the sender is gone: some servers throw the mail away, some keep it
        order = self.orders(address, "dot")
        if order == "lost":
            raise Cut
        if order is not None and order != "kept":
            return f"{order} no, says the sink"
        self._note(address, body)
        if order == "kept":
            raise Cut
        if not before:
            await self._dawdle()
        return "250 taken"

    async def _dawdle(self) -> None:
        if self.manners.rate:
            now = time.monotonic()
            self.next_at = max(self.next_at, now) + 1 / self.manners.rate
            await asyncio.sleep(self.next_at - now)

    def _note(self, address: str, body: bytes) -> None:
        found = _MESSAGE_ID.search(body)
        line = {
            "to": address,
            "message_id": found[1].decode() if found else None,
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        os.write(self.file, json.dumps(line).encode() + b"\n")


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--journal", required=True)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--mail", default="")
    parser.add_argument("--patience", type=float, default=300.0)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    sink = Sink(given.journal, Manners(given.rate, given.mail, given.patience, given.seed))
    server = await asyncio.start_server(sink.serve, "127.0.0.1", given.port, limit=BIGGEST, backlog=256)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
