"""SendGrid. In: windows of parcels. Out: as few calls as may be, each a row of its own, and what became of each mail.

202: all accepted. 400: bisected, each half a new call. 401, 403, 413: nobody's fault, sending stops. 429: waits as
told. An answer that says nothing, or none: in doubt, and nothing sends those mails again without evidence.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from email.utils import parsedate_to_datetime

from service.config import SendGrid
from service.delivery import calls
from service.delivery.leases import database_now
from service.delivery.port import Outcome, Parcel, Verdict, legible
from service.delivery.sendgrid_body import TOGETHER, Bodies, Member, Together
from service.delivery.sendgrid_http import Answer, NoAnswer, Post, Unreached
from service.journal import log, scrub
from service.models import CallState

DEFINITE = frozenset({*range(300, 400), 400, 401, 403, 404, 405, 406, 411, 413, 414, 415, 422, 429})
"""Answers after which no copy can exist. Every other one but 202 leaves a doubt."""

REFUSALS = 3
"""So many mails refused before any was accepted: it is the mail, not the person. An answer that names the person
counts a third."""

PATIENCE = 480.0
"""Seconds that a window waits at most because the provider said so: its lease has to outlive that."""

UNTOLD = 10.0
"""Seconds to wait after a 429 that does not say how long."""

_NUMBER = re.compile(r"[0-9]+")

TOLD = Outcome(Verdict.BACK, "sendgrid: told to wait")


class SendGridMailer:
    """Hands over up to a thousand mails in a call."""

    window = TOGETHER
    alike = True

    def __init__(self, settings: SendGrid, rest: Callable[[float], bool]) -> None:
        """`rest` waits so many seconds, or less where it returns True: then this process is to end."""
        self._bodies = Bodies(settings.groups)
        self._post = Post(settings.key, settings.host)
        self._rest = rest
        self._patience = PATIENCE
        self._unwell: str | None = None

    def send(self, window: Sequence[Parcel], may: Callable[[Parcel], bool]) -> Iterator[tuple[Parcel, Outcome]]:
        """Yield what became of each parcel; after a refusal that concerns nobody the rest is not begun."""
        self._patience = PATIENCE
        for together in self._bodies.together(window):
            for parcel, outcome in self._all(together, may):
                yield parcel, outcome
                if outcome.verdict is Verdict.NOBODY:
                    return

    def close(self) -> None:
        """Let go of the connection."""
        self._post.close()

    def _all(self, together: Together, may: Callable[[Parcel], bool]) -> Iterator[tuple[Parcel, Outcome]]:
        """Call for these members, and for halves of them where the call is refused."""
        waiting = deque([together.members])
        accepted, suspicion = False, 0.0
        while waiting:
            part = waiting.popleft()
            if self._unwell is not None:
                why, self._unwell = self._unwell, None
                yield from _stop(part, waiting, why)
                return
            if (back := self._rest_if_told()) is not None:
                yield from _each(part, back)
                continue
            token = calls.begin([m.parcel.number for m in part])
            going = []
            try:
                self._post.connect()
                going = [m for m in part if may(m.parcel)]
                if len(going) < len(part):
                    calls.shrink(token, [m.parcel.number for m in going])
                    kept = {m.parcel.number for m in going}
                    yield from _each([m for m in part if m.parcel.number not in kept], Outcome(Verdict.BACK))
                    if not going:
                        continue
                answer = self._post.send(together.body(going, token))
            except Unreached as problem:
                if self._unanswered(token, CallState.REFUSED, None, f"sendgrid: connect: {problem}"):
                    yield from _stop(going or part, waiting, f"sendgrid: connect: {problem}")
                    return
                yield from _each(going or part, Outcome(Verdict.BACK))
                continue
            except NoAnswer as problem:
                yield from _each(going, Outcome(Verdict.DOUBT, f"sendgrid: {problem}"))
                self._unanswered(token, CallState.UNCLEAR, None, f"sendgrid: {problem}")
                continue
            why = _why(answer)
            if answer.status == 202:
                accepted = True
                yield from _each(going, Outcome(Verdict.ACCEPTED))
                calls.settle(
                    token, CallState.ACCEPTED, 202, message_id=legible(answer.headers.get("X-Message-ID", "")) or None
                )
                continue
            if answer.status not in DEFINITE:
                yield from _each(going, Outcome(Verdict.DOUBT, why))
                self._unanswered(token, CallState.UNCLEAR, answer.status, why)
                continue
            calls.settle(
                token, CallState.REFUSED, answer.status, why, wait=_told(answer) if answer.status == 429 else None
            )
            if answer.status == 429:
                yield from _each(going, Outcome(Verdict.BACK))
            elif answer.status != 400:
                yield from _stop(going, waiting, why)
                return
            elif len(going) > 1:
                middle = len(going) // 2
                waiting.extendleft((going[middle:], going[:middle]))
            else:
                hers = _of_a_person(answer)
                suspicion += 1 / 3 if hers else 1
                if not accepted and suspicion >= REFUSALS - 0.01:
                    yield from _stop(going, waiting, why)
                    return
                # Only a refusal that speaks of its receiver lets the sender go on regardless.
                yield going[0].parcel, Outcome(Verdict.REFUSED, f"rcpt: {why}" if hers or accepted else why)

    def _rest_if_told(self) -> Outcome | None:
        """Wait as long as nothing may leave; return None where nothing had to be waited for.

        Who waited goes back to the queue: a pause or an unsubscribing in the meantime is read when it is next taken.
        """
        back = None
        while (seconds := calls.wait()) > 0:
            step = min(seconds, 5.0)
            self._patience -= step
            if self._patience < 0:
                return TOLD
            back = Outcome(Verdict.BACK)
            if self._rest(step):
                break
        return back

    def _unanswered(self, token: str, state: CallState, status: int | None, why: str) -> bool:
        """Write down a call without an answer, leave the provider alone a while; return whether it seems unwell."""
        in_a_row = calls.unanswered() + 1
        calls.settle(token, state, status, why, wait=timedelta(seconds=2 ** (in_a_row - 1)))
        log.warning("a call was not answered", state=state, status=status, why=why, in_a_row=in_a_row)
        if in_a_row >= calls.UNWELL:
            self._unwell = why
        return in_a_row >= calls.UNWELL


def _stop(part: Sequence[Member], waiting: Iterable[Sequence[Member]], why: str) -> Iterator[tuple[Parcel, Outcome]]:
    """Give all back, of whom no copy exists, the first one with the reason why sending stops."""
    yield from _each([*part[1:], *(member for others in waiting for member in others)], Outcome(Verdict.BACK, why))
    yield part[0].parcel, Outcome(Verdict.NOBODY, why)


def _each(members: Sequence[Member], outcome: Outcome) -> Iterator[tuple[Parcel, Outcome]]:
    for member in members:
        yield member.parcel, outcome


def _told(answer: Answer) -> timedelta:
    """Return how long a 429 tells us to wait: X-RateLimit-Reset is a moment in seconds since 1970, Retry-After a number
    of seconds or a date (RFC 9110, 10.2.3)."""
    reset, after = answer.headers.get("X-RateLimit-Reset", ""), answer.headers.get("Retry-After", "")
    seconds = UNTOLD
    if _NUMBER.fullmatch(reset):
        seconds = float(reset) - database_now().timestamp()
    elif _NUMBER.fullmatch(after):
        seconds = float(after)
    elif after:
        with suppress(ValueError, OverflowError):
            seconds = parsedate_to_datetime(after).timestamp() - database_now().timestamp()
    return timedelta(seconds=min(max(1.0, seconds), calls.LONGEST.total_seconds()))


def _errors(answer: Answer) -> list[dict[str, object]]:
    try:
        found = json.loads(answer.body)["errors"]
        return [dict(error) for error in found]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []


def _why(answer: Answer) -> str:
    said = "; ".join(str(error.get("message", "")) for error in _errors(answer))
    return legible(scrub(f"sendgrid: {answer.status} {legible(said, 1000)}"))


def _of_a_person(answer: Answer) -> bool:
    """Tell whether a refusal names a personalization: its address, name or values."""
    return any(str(error.get("field") or "").startswith("personalizations.") for error in _errors(answer))
