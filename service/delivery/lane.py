"""A lane. In: one connection and a share of the due rows. Out: each handed over at most once, settled window by window.

A lane is used by one thread, with a session and a mailer of its own; any number may run at once, anywhere.
"""

from __future__ import annotations

import math
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

import sqlalchemy as sa

from service import clock
from service.database import db
from service.delivery import aftermath, leases, limits, mirrors, settle, windows
from service.delivery.journal import Attempt, Full, Journal
from service.delivery.port import Mailer, Outcome, Parcel, Verdict
from service.delivery.states import LEASE, REPLY
from service.journal import log

MARGIN = 240.0
"""Seconds of lease needed, beyond the longest wait for a reply, when a body begins: it is handed over in these."""

REFUSALS = 3
"""So many mails in a row refused for good at or after DATA stop the sending: it is the mail, not the person."""

AHEAD, MOST = 5.0, 1024
"""A lease is taken for about so many seconds of sending, and for so many rows at most."""

SOON = 1.0
"""Seconds that an answer waits at most to be written down with others."""

WAITS = (0.1, 0.3, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0)
"""Seconds between tries to write down what became of mails, while the database is away."""

stopping = threading.Event()
"""Set in a process that is to end soon: a lane then finishes its window and takes no other."""

Counts = Counter[str]
"""Mails by their new state; `left-out`: no longer to be sent; `given-back`: to be tried again."""

T = TypeVar("T")


class Share:
    """How many rows the lanes of one delivery may still take; closed by the first that has to stop."""

    def __init__(self, limit: int, span: float = math.inf) -> None:
        self._left = limit
        self._until = time.monotonic() + span
        self._lock = threading.Lock()

    def draw(self, wanted: int) -> int:
        """Take up to so many; 0 when nothing is to be taken any more."""
        with self._lock:
            got = 0 if stopping.is_set() or time.monotonic() > self._until else min(wanted, self._left)
            self._left -= got
            return got

    def put_back(self, number: int) -> None:
        with self._lock:
            if self._left >= 0:
                self._left += number

    def close(self) -> None:
        with self._lock:
            self._left = -1

    @property
    def closed(self) -> bool:
        return self._left < 0 or stopping.is_set()


class Lane:
    """Leases rows, hands them to its mailer in windows, and writes down what became of them."""

    def __init__(self, out: Mailer, share: Share) -> None:
        self._out, self._share = out, share
        self._alike: bool = getattr(out, "alike", False)
        self._window: int | None = getattr(out, "window", None)
        self._desk = windows.Desk(self._alike)
        self.counts: Counts = Counter()

    def run(self) -> None:
        """Send until nothing is due, the share is used up, or a refusal concerns nobody in particular; commits."""
        size = self._window or windows.WINDOW
        wanted = size
        try:
            journal = Journal(aftermath.folder())
        except Full as problem:
            log.error("nothing is sent without a journal", error=problem.strerror)
            self._share.close()
            return
        clean = False
        try:
            while granted := self._share.draw(wanted):
                began, asked = time.monotonic(), clock.elapsed()
                token = secrets.token_hex(16)
                journal.lease(token)
                taken = leases.take(granted, self._alike, token)[1]
                self._share.put_back(granted - len(taken))
                self._desk.look_ahead(taken, token)
                if not taken or not self._send(_Attempt(journal, token, asked), taken, size):
                    break
                spent = max(time.monotonic() - began, 0.001)
                # A call's members are one window; else a lease may last for several.
                wanted = size if self._alike else max(size, min(2 * len(taken), int(len(taken) / spent * AHEAD), MOST))
                self._desk.limited = bool(limits.known())
                leases.end(token)  # in the next taking's commit; the sweep ends what is left behind
            db.session.commit()
            clean = True
        finally:
            journal.close(settled=clean)

    def _send(self, attempt: _Attempt, ids: Sequence[int], size: int) -> bool:
        """Send leased rows; return whether sending goes on. Whatever happens, all are settled, or the journal knows."""
        left = list(ids)
        slip = _Slip(self, attempt)
        try:
            while left and not self._share.closed:
                window, left = left[:size], left[size:]
                if not self._hand_over(attempt, window, slip):
                    self._share.close()
                    break
            slip.settle()
        except BaseException:
            # What was begun may have left; the rest certainly has not: the journal tells which is which.
            self._share.close()
            with suppress(sa.exc.SQLAlchemyError):
                db.session.rollback()
            found = patiently(lambda: aftermath.follow(attempt.told, "sender-failed"))
            log.error("a sender failed", **found)
            raise
        if left:
            patiently(lambda: settle.give_back(left, attempt.token, None, later=False))
        return not self._share.closed

    def _hand_over(self, attempt: _Attempt, ids: Sequence[int], slip: _Slip) -> bool:
        """Hand one window over; return whether sending goes on."""
        attempt.asked_at = clock.elapsed()  # preparing lengthens the lease of these rows
        if slip.mixed:
            slip.settle()
        try:
            parcels = self._desk.prepare(ids, attempt.token, slip.accepted)
        except (mirrors.Held, mirrors.NoMirror) as stop:
            db.session.rollback()
            log.error("nothing may leave", why=str(stop) or "no mirror takes the number")
            later = isinstance(stop, mirrors.NoMirror)
            if later:
                slip.was_settled(self._desk)  # only the mirrors were missing: it was committed
            else:
                slip.settle()
            patiently(lambda: settle.give_back(ids, attempt.token, None, later))
            self.counts["given-back"] += len(ids)
            return False
        slip.was_settled(self._desk)
        self.counts["left-out"] += len(ids) - len(parcels)
        numbers = [p.number for p in parcels]
        if len(numbers) < len(ids):
            # Where their lease had ended nobody looked at them; once it is forgotten no sweep would find them.
            rest = sorted({*ids}.difference(numbers))
            patiently(lambda: settle.give_back(rest, attempt.token, None, later=False))
        stopped: str | None = None
        refusals = 0
        try:
            for parcel, outcome in self._out.send(parcels, attempt.may):
                slip.note(parcel.number, outcome)
                refusals = refusals + 1 if _of_the_mail(outcome) else 0
                if outcome.verdict is Verdict.NOBODY or refusals >= REFUSALS:
                    stopped = outcome.why or "refused"
                    break
        except Full as problem:
            stopped = f"journal: {problem.strerror}"
        for number in attempt.told.begun.intersection(numbers).difference(attempt.told.heard):
            slip.note(number, Outcome(Verdict.DOUBT, "sender-stopped"))
        if stopped is None and attempt.broken:
            stopped = "journal: No space left on device"
        open_ones = [n for n in numbers if n not in slip.seen]
        if stopped is not None or open_ones:
            slip.settle()
        if stopped is not None:
            why = stopped
            patiently(lambda: settle.hold_editions(numbers, why))
        if open_ones:
            self.counts["given-back"] += len(open_ones)
            patiently(lambda: settle.give_back(open_ones, attempt.token, stopped, later=True))
        return stopped is None


class _Slip:
    """Outcomes that are not in the database yet; the journal has them.

    Accepted mails wait for the next window's commit, which says both: until then they are `submitting` as they were. A
    sender killed meanwhile leaves its journal, by which they are accepted; power lost leaves them in doubt, and of the
    next window nothing has left by then: not more than one window of a connection.
    """

    def __init__(self, lane: Lane, attempt: _Attempt) -> None:
        self._lane, self._attempt = lane, attempt
        self._told: list[tuple[int, Outcome]] = []
        self._since = time.monotonic()
        self.accepted: list[int] = []
        self.seen: set[int] = set()
        """Rows that are not to be given back as never begun."""

    @property
    def mixed(self) -> bool:
        """Tell whether it has other outcomes than accepted mails."""
        return bool(self._told)

    def note(self, number: int, outcome: Outcome) -> None:
        self._attempt.hear(number, outcome)
        if outcome.verdict is Verdict.NOBODY:
            return
        if not self.accepted and not self._told:
            self._since = time.monotonic()
        self.seen.add(number)
        if outcome.verdict is Verdict.ACCEPTED and outcome.why is None:
            self.accepted.append(number)
        else:
            self._told.append((number, outcome))
        if time.monotonic() - self._since > SOON:
            self.settle()

    def was_settled(self, desk: windows.Desk) -> None:
        """Note that the accepted ones are in the database now, but for those that came too late."""
        late, desk.too_late = desk.too_late, 0
        self._lane.counts.update({"accepted": len(self.accepted) - late, "too-late": late})
        self.accepted = []

    def settle(self) -> None:
        """Write them down: in one commit, and one for each reason for which some go back."""
        told = [*((n, Outcome(Verdict.ACCEPTED)) for n in self.accepted), *self._told]
        self._told, self.accepted = [], []
        token, counts = self._attempt.token, self._lane.counts
        final = [(n, o) for n, o in told if o.verdict is not Verdict.BACK]
        states = patiently(lambda: settle.settle_all(final, token))
        counts.update(states[n].value if n in states else "too-late" for n, _ in final)
        back: dict[str | None, list[int]] = {}
        for number, outcome in told:
            if outcome.verdict is Verdict.BACK:
                back.setdefault(outcome.why, []).append(number)
        for why, numbers in back.items():
            patiently(lambda ns=numbers, w=why: settle.give_back(ns, token, w, later=w is not None))  # type: ignore[misc]
            counts["given-back"] += len(numbers)


class _Attempt:
    """The rows of one lease: says before each body whether the lease still lasts, and notes that it is begun."""

    def __init__(self, journal: Journal, token: str, asked: float) -> None:
        self.token = token
        self.told = Attempt(token)
        self.broken = False
        self._journal = journal
        self.asked_at = asked
        self._renewed: dict[int, float] = {}

    def may(self, parcel: Parcel) -> bool:
        if self.broken:
            return False
        # Measured from before the lease was asked for: this clock can only be too careful.
        spent = clock.elapsed() - self._renewed.get(parcel.number, self.asked_at)
        if spent > LEASE.total_seconds() - REPLY.total_seconds() - MARGIN:
            asked = clock.elapsed()
            if not leases.renew(parcel.number, self.token):
                return False
            self._renewed[parcel.number] = asked
        try:
            self._journal.begin(parcel.number)
        except Full as problem:
            log.error("a body is not begun without a journal", error=problem.strerror)
            self.broken = True
            return False
        self.told.begun.add(parcel.number)
        return True

    def hear(self, number: int, outcome: Outcome) -> None:
        self.told.heard[number] = outcome
        try:
            self._journal.hear(number, outcome)
        except Full:
            self.broken = True  # the database will know it in a moment; but no other body is begun


def patiently(deed: Callable[[], T]) -> T:
    """Do it, and again while the database is away: what became of mails that left must not be forgotten."""
    for wait in WAITS:
        try:
            return deed()
        except (sa.exc.OperationalError, sa.exc.InterfaceError) as problem:
            log.warning("the database is away", error=type(problem.orig).__name__)
            with suppress(sa.exc.SQLAlchemyError):
                db.session.rollback()
            time.sleep(wait)
    return deed()


def _of_the_mail(outcome: Outcome) -> bool:
    """Tell whether this refusal speaks of the mail itself rather than of its receiver."""
    return outcome.verdict is Verdict.REFUSED and not (outcome.why or "").startswith("rcpt")
