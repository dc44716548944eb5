"""Badge mails. In: awards, on both databases. Out: at most one mail a person and day, and none that is no news."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from flask import Flask

from service import badge_mails, badge_pages, badges, clock, compose, keys
from service.database import db
from service.models import Award, Employee, Outbox
from tests.conftest import TUESDAY
from tests.test_settling import house as house
from tests.test_settling import noor


def earns(who: Employee, badge: str, level: int = 1, hours: float = 0) -> None:
    at = TUESDAY + timedelta(hours=hours)
    db.session.add(Award(subject=who.subject, badge=badge, level=level, earned_at=at, created_at=at))
    db.session.commit()


def mails() -> list[tuple[str, list[tuple[str, int]], str]]:
    rows = db.session.scalars(sa.select(Outbox).order_by(Outbox.id))
    return [(r.occasion, [(b["badge"], b["level"]) for b in r.facts["badges"]], r.state) for r in rows]


def test_badges_of_a_day_come_in_one_mail_and_later_ones_a_day_later(house: Flask) -> None:
    keys.ensure()
    her = noor()
    earns(her, "first-word")
    earns(her, "own-voice")
    earns(her, "own-voice", 2)
    clock.set_now(TUESDAY + timedelta(minutes=5))
    assert badge_mails.tell() == 0
    clock.set_now(TUESDAY + timedelta(hours=1))
    assert badge_mails.tell() == 1
    assert badge_mails.tell() == 0
    assert mails() == [("badge:first-word-1", [("first-word", 1), ("own-voice", 2)], "queued")]
    earns(her, "regular", hours=3)
    clock.set_now(TUESDAY + timedelta(hours=20))
    assert badge_mails.tell() == 0
    clock.set_now(TUESDAY + timedelta(hours=25, minutes=1))
    assert badge_mails.tell() == 1
    assert mails()[1][0] == "badge:regular-1"
    message = compose.message_of(db.session.scalars(sa.select(Outbox)).first())  # type: ignore[arg-type]
    assert "First word" in message.text and "Level 2 of 3" in message.text


def test_nothing_is_told_of_what_was_taken_back_is_old_or_not_wanted(house: Flask) -> None:
    keys.ensure()
    her, other, away, late = noor(), noor("Bea"), noor("Cem"), noor("Dan")
    for who in (her, other, away):
        earns(who, "first-word")
    earns(late, "first-word", hours=-200)
    badges.revoke(her.subject, "first-word", "a test")
    badge_pages.set_mails(other, False)
    away.status = "paused"
    db.session.commit()
    clock.set_now(TUESDAY + timedelta(hours=1))
    badge_mails.tell()
    assert [(state, badges_) for _o, badges_, state in mails()] == [("suppressed", [("first-word", 1)])]
