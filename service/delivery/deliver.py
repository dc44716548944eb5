"""Deliver. In: due rows of the outbox and a mailer. Out: each handed over at most once, and counted."""

from __future__ import annotations

import threading
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import current_app

from service import settings
from service.database import db
from service.delivery import aftermath, leases, mirrors, windows
from service.delivery.folder import FolderMailer
from service.delivery.lane import MOST, Counts, Lane, Share, stopping
from service.delivery.port import Mailer
from service.delivery.sendgrid import SendGridMailer
from service.delivery.smtp import SmtpMailer
from service.journal import log
from service.models.mail import Outbox

CHUNK, SPAN = 200_000, 60.0
"""Mails that one delivery sends at most, and seconds after which it takes no more: RQ's cost for a job is then under a
hundredth of the sending, and other tasks get their turn."""


def configured_mailer() -> Mailer:
    """Return the mailer that the configuration names; close it after use."""
    config = settings()
    if config.mail == "smtp":
        return SmtpMailer(config.smtp_url, hello=urlsplit(config.base_url).hostname or "localhost")
    if config.mail == "sendgrid":
        return SendGridMailer(config.sendgrid, stopping.wait)
    return FolderMailer(config.mail_folder)


def deliver_due(limit: int = CHUNK, mailer: Mailer | None = None) -> Counts:
    """Send up to `limit` due mails and return what became of them; commits as it goes.

    Any number of these may run at once, anywhere: a row is claimed in a committed transaction before its bytes leave
    (PROTOCOLS: at most one copy, ever). What senders that died left behind is sorted out first. Without a `mailer`
    the configured one is used, over as many connections as are set and needed. Stops early when a refusal concerns
    nobody in particular; sends nothing while all sending is held.
    """
    aftermath.recover()
    if why := mirrors.check():
        log.error("nothing is sent: all sending is held", why=why)
        return Counts()
    share = Share(limit, SPAN)
    if mailer is not None:
        counts = _alone(mailer, share)
    elif (lanes := _lanes(limit)) <= 1:
        counts = _alone(None, share) if lanes else Counts()
    else:
        counts = _together(lanes, share)
    counts = +counts
    if counts:
        log.info("mail delivered", **counts)
    return counts


def much() -> bool:
    """Tell whether more is due than one worker leases at a time: another may join in. Reads only."""
    some = sa.select(Outbox.id).where(leases.due(leases.database_now())).limit(MOST + 1)
    due = db.session.scalar(sa.select(sa.func.count()).select_from(some.subquery())) or 0
    db.session.rollback()
    return due > MOST


def _lanes(limit: int) -> int:
    """Return how many connections the due mails are worth: one a window, and no more than are set; 0 if none is due."""
    most = settings().smtp_connections if settings().mail == "smtp" else 1
    some = sa.select(Outbox.id).where(leases.due(leases.database_now())).limit(min(limit, most * windows.WINDOW))
    due = db.session.scalar(sa.select(sa.func.count()).select_from(some.subquery())) or 0
    db.session.rollback()
    return min(most, -(-due // windows.WINDOW))


def _alone(mailer: Mailer | None, share: Share) -> Counts:
    """Send over one connection, in this thread."""
    out = mailer or configured_mailer()
    lane = Lane(out, share)
    try:
        lane.run()
    finally:
        if mailer is None:
            out.close()
    return lane.counts


def _together(number: int, share: Share) -> Counts:
    """Send over several connections at once, each in a thread with a session and a mailer of its own."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    counts, failures = Counts(), list[BaseException]()

    def work() -> None:
        with app.app_context():
            try:
                counts.update(_alone(None, share))
            except BaseException as failure:  # noqa: BLE001 - raised again by the thread that waits
                failures.append(failure)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=work, name=f"lane-{n}") for n in range(number)]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except BaseException:
        # A job's time is over, or somebody pressed Ctrl-C: the lanes finish their windows.
        share.close()
        for thread in threads:
            thread.join()
        raise
    if failures:
        raise failures[0]
    return counts


__all__ = ["CHUNK", "Counts", "configured_mailer", "deliver_due", "much", "stopping"]
