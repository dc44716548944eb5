"""A room for calls. In: a SendGrid look-alike. Out: an application that sends to it, and what tests ask of both."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask

from service import clock, config, create_app, events
from service.database import db
from service.delivery import Counts, deliver_due
from service.delivery.sendgrid import SendGridMailer
from service.models import Call
from tests.sendgrid_server import KEY, LookAlike, event


@contextmanager
def calling(lookalike: LookAlike, environment: Mapping[str, str]) -> Iterator[Flask]:
    """The application, its context pushed, with mails going to the look-alike."""
    given = {
        **environment,
        "GOODWORD_MAIL": "sendgrid",
        "GOODWORD_SENDGRID_KEY": KEY,
        "GOODWORD_SENDGRID_HOST": lookalike.url,
        "GOODWORD_SENDGRID_GROUPS": "digest=101",
        "GOODWORD_SENDGRID_SILENCE": "on",
    }
    application = create_app(config.read(given))
    with application.app_context():
        yield application
        db.session.remove()
        db.engine.dispose()
    clock.use(None)


@contextmanager
def waiting_mailer(app: Flask) -> Iterator[SendGridMailer]:
    """A mailer whose waiting moves the clock."""
    found = SendGridMailer(app.config["GOODWORD"].sendgrid, let_time_pass)
    yield found
    found.close()


def pass_time(**span: float) -> None:
    clock.set_now(clock.now() + timedelta(**span))


def let_time_pass(seconds: float) -> bool:
    pass_time(seconds=seconds)
    return False


def deliver(mailer: SendGridMailer) -> Counts:
    return deliver_due(mailer=mailer)


def calls() -> list[tuple[str, int | None]]:
    db.session.rollback()
    return [(c.state, c.status) for c in db.session.scalars(sa.select(Call).order_by(Call.id))]


def report(call: dict[str, Any], kind: str = "processed", members: int | None = None) -> None:
    """Report this event of a call's members, or of so many of them."""
    ids = [p["custom_args"]["send_id"] for p in call["personalizations"]][:members]
    events.receive(json.dumps([event(send_id, kind) for send_id in ids]).encode())
