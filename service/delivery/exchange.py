"""One mail's exchange. In: a line and a parcel. Out: what the server said of it; doubt begins with the dot's call."""

from __future__ import annotations

import re
import time

from service.delivery.pipelined import Garbled, Line, stuffed
from service.delivery.port import Outcome, Parcel, Verdict
from service.delivery.states import REPLY

COMMAND, BODY = 300.0, 180.0
"""Seconds for a command's reply (RFC 5321, 4.5.3.2) and for handing a body over."""

WHOLE, TAIL = 262_144, 32_768
"""Bytes: a longer body is handed over without its tail first, so that a cut within it leaves no doubt."""

_ADDRESS = re.compile(r"<?[^\s<>]+@[^\s<>]+>?")
_UNSPEAKABLE = re.compile(r"[^!-~]|[<>]")


def speakable(parcel: Parcel) -> bool:
    """Tell whether the envelope's addresses can stand in commands: nothing in them ends a command or begins one."""
    return not (_UNSPEAKABLE.search(parcel.message.sender) or _UNSPEAKABLE.search(parcel.message.recipient))


def announcement(line: Line, parcel: Parcel) -> list[tuple[str, bytes]]:
    """Return the commands that lead to a mail's body; what an earlier refusal left open is withdrawn first."""
    size = f" SIZE={len(parcel.message.raw)}" if line.takes_size else ""
    commands = [
        ("mail", f"MAIL FROM:<{parcel.message.sender}>{size}\r\n".encode()),
        ("rcpt", f"RCPT TO:<{parcel.message.recipient}>\r\n".encode()),
        ("data", b"DATA\r\n"),
    ]
    return [("rset", b"RSET\r\n"), *commands] if line.open else commands


def answer(line: Line) -> Outcome | None:
    """Return why the announced mail may not be sent, or None: its body may begin.

    Every reply is read, whatever the one before said (RFC 2920, 3.1). Raises OSError and Garbled where the line broke
    before anything was decided.
    """
    outcome: Outcome | None = None
    while line.awaited:
        try:
            verb, code, words = line.reply(COMMAND)
            if verb == "data" and code == 354 and outcome is not None:
                # The server waits for a body without having taken anybody to send it to: end it, empty.
                line.say([(".", b".\r\n")], COMMAND)
        except (OSError, Garbled):
            if outcome is None:
                raise
            line.ending = True
            break
        if outcome is not None:
            continue
        if verb == "rset" and code != 250:
            raise Garbled("RSET refused")
        if verb == "mail":
            line.open = True
            if code != 250:
                # This line is over; what else was announced is not to be ended, or it might be taken for a mail.
                line.ending = True
                return Outcome(Verdict.NOBODY, said("mail", code, words))
        elif verb == "rcpt" and code not in (250, 251):
            outcome = _definite("rcpt", code, words)
        elif verb == "data" and code != 354:
            outcome = _definite("data", code, words)
            line.ending = line.ending or code < 400
        elif verb == "data":
            line.taking = True
        if outcome is not None:
            line.unsay()
            if line.ending:
                break
    if outcome is None and line.unread:
        raise Garbled("a reply that nobody asked for")
    return outcome


def deliver(line: Line, parcel: Parcel, following: Parcel | None) -> Outcome:
    """Hand a body over, and with its final dot the announcement of the next mail; return what the server said."""
    body = stuffed(parcel.message.raw)
    line.open = False
    left = BODY
    # One call more, where calls wait for replies anyway, keeps the dot alone in the call that begins the doubt.
    kept = 0 if not line.pipelining else len(body) if len(body) <= WHOLE else TAIL
    if kept < len(body):
        began = time.monotonic()
        try:
            line.hand_over([body[: len(body) - kept]], BODY)
            left -= time.monotonic() - began
            if left <= 0:
                raise TimeoutError
        except OSError as problem:
            # No call with the final dot was begun: the server has nothing it may deliver.
            return Outcome(Verdict.BACK, f"smtp: {type(problem).__name__}")
    try:
        # From this line on a copy may exist: whatever is not an explicit reply is doubt.
        line.finish([body[len(body) - kept :]], announcement(line, following) if following else [], left)
        _verb, code, words = line.reply(REPLY.total_seconds())
    except (OSError, Garbled) as problem:
        return Outcome(Verdict.DOUBT, f"final-dot: {type(problem).__name__}")
    line.taking = False
    if 200 <= code < 300:
        return Outcome(Verdict.ACCEPTED)
    if 400 <= code < 600:
        return _definite("final-dot", code, words)
    return Outcome(Verdict.DOUBT, f"final-dot: {code}")


def _definite(where: str, code: int, words: bytes) -> Outcome:
    """Return the outcome of an explicit reply: 5xx is for good, everything else for now."""
    verdict = Verdict.REFUSED if 500 <= code < 600 else Verdict.LATER
    return Outcome(verdict, said(where, code, words))


def said(where: str, code: int, words: bytes | str) -> str:
    """Return a reply as a reason: where it came, its code and words, no address among them."""
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return f"{where}: {code} {_ADDRESS.sub('<address>', text)}"
