"""Deliver. In: due rows of the outbox and a mailer. Out: each handed over at most once, and counted."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from urllib.parse import urlsplit

from service import clock, settings
from service.database import db
from service.delivery import leases, settle, windows
from service.delivery.folder import FolderMailer
from service.delivery.port import Mailer, Outcome, Parcel, Verdict
from service.delivery.smtp import SmtpMailer
from service.delivery.states import LEASE, REPLY
from service.journal import log

MARGIN = 240.0
"""Seconds of lease needed, beyond the longest wait for a reply, when a body begins: it is handed over in these."""

REFUSALS = 3
"""So many mails in a row refused for good at or after DATA stop the sending: it is the mail, not the person."""

stopping = threading.Event()
"""Set in a process that is to end soon: a delivery then finishes its window and takes no other."""

Counts = Counter[str]
"""Mails by their new state; `left-out`: no longer to be sent; `given-back`: to be tried again."""


def configured_mailer() -> Mailer:
    """Return the mailer that the configuration names; close it after use."""
    config = settings()
    if config.mail == "smtp":
        return SmtpMailer(config.smtp_url, hello=urlsplit(config.base_url).hostname or "localhost")
    return FolderMailer(config.mail_folder)


def deliver_due(limit: int = 10_000, mailer: Mailer | None = None) -> Counts:
    """Send up to `limit` due mails and return what became of them; commits as it goes.

    Any number of these may run at once, anywhere: a row is claimed in a committed transaction before its bytes leave
    (PROTOCOLS: at most one copy, ever). Stops early when a refusal concerns nobody in particular.
    """
    out = mailer or configured_mailer()
    counts: Counts = Counter()
    try:
        while (left := limit - sum(counts.values())) > 0 and not stopping.is_set():
            begun = clock.elapsed()
            token, ids = leases.take(min(left, windows.WINDOW))
            if not ids or not _window(out, token, ids, begun, counts):
                break
    finally:
        if mailer is None:
            out.close()
    if counts:
        log.info("mail delivered", **counts)
    return counts


def _window(out: Mailer, token: str, ids: Sequence[int], begun: float, counts: Counts) -> bool:
    """Hand one window over; return whether sending goes on."""
    try:
        parcels = windows.prepare(ids, token)
    except BaseException:
        db.session.rollback()
        settle.give_back(ids, token, None, later=False)
        raise
    if len(parcels) < len(ids):
        counts["left-out"] += len(ids) - len(parcels)
    watch = _Watch(token, begun)
    open_ones = {p.number: p for p in parcels}
    stopped: str | None = None
    refusals = 0
    try:
        for parcel, outcome in out.send(parcels, watch.may):
            open_ones.pop(parcel.number)
            watch.begun.discard(parcel.number)
            refusals = refusals + 1 if _of_the_mail(outcome) else 0
            if outcome.verdict is Verdict.NOBODY:
                stopped = outcome.why or "refused"
                open_ones[parcel.number] = parcel
                break
            if outcome.verdict is Verdict.BACK:
                settle.give_back([parcel.number], token, outcome.why, later=outcome.why is not None)
                counts["given-back"] += 1
                continue
            state = settle.settle(parcel.number, token, outcome)
            counts[state.value if state else "too-late"] += 1
            if refusals >= REFUSALS:
                stopped = outcome.why or "refused"
                break
    except BaseException:
        db.session.rollback()
        # The mailer broke where it should not. What it had begun may have left; the rest certainly has not.
        for number in watch.begun:
            settle.settle(number, token, Outcome(Verdict.DOUBT, "sender-failed"))
        settle.give_back([n for n in open_ones if n not in watch.begun], token, None, later=False)
        raise
    if stopped is not None:
        settle.hold_editions([p.number for p in parcels], stopped)
    if open_ones:
        counts["given-back"] += len(open_ones)
        settle.give_back(list(open_ones), token, stopped, later=True)
    return stopped is None


def _of_the_mail(outcome: Outcome) -> bool:
    """Tell whether this refusal speaks of the mail itself rather than of its receiver."""
    return outcome.verdict is Verdict.REFUSED and not (outcome.why or "").startswith("rcpt")


class _Watch:
    """Says before each body whether the lease still lasts, and remembers which bodies were begun."""

    def __init__(self, token: str, begun: float) -> None:
        self._token = token
        self._from: dict[int, float] = {}
        self._begun_at = begun
        self.begun: set[int] = set()

    def may(self, parcel: Parcel) -> bool:
        # Measured from before the lease was asked for: this clock can only be too careful.
        spent = clock.elapsed() - self._from.get(parcel.number, self._begun_at)
        if spent > LEASE.total_seconds() - REPLY.total_seconds() - MARGIN:
            asked = clock.elapsed()
            if not leases.renew(parcel.number, self._token):
                return False
            self._from[parcel.number] = asked
        self.begun.add(parcel.number)
        return True
