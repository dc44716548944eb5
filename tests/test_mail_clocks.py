"""Clocks that jump. In: mails due by the schedule, the clock put forward and back. Out: none twice, none unsaid."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from structlog.testing import capture_logs

from service import clock
from service.database import db
from service.models import Outbox
from tests.occasions import OCCASIONS, Occasion, said

DAY, MONTH, HOUR = timedelta(days=1), timedelta(days=31), timedelta(hours=1)
BY_ITSELF = ("month", "did well", "badge", "report", "winners", "invitation on its day", "onboarding")

each = pytest.mark.parametrize("occasion", [o for o in OCCASIONS if o.name in BY_ITSELF], ids=lambda o: o.name)
on_one = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # no rule here is the database's


def act(occasion: Occasion, after: timedelta) -> None:
    clock.set_now(occasion.now + after)
    occasion.act()


@each
@on_one
def test_a_clock_that_jumps_makes_nobody_hear_of_one_thing_twice(app: Flask, occasion: Occasion) -> None:
    occasion.begin()
    for after in (timedelta(), -HOUR, DAY, MONTH, HOUR):
        act(occasion, after)
    heard = [(kind, who, told) for kind, _occasion, who, *_state, told in (row for row in said() if len(row) == 6)]
    assert len(heard) >= occasion.least and len(set(heard)) == len(heard)


@each
@on_one
def test_a_clock_an_hour_back_or_a_day_ahead_loses_no_mail(app: Flask, occasion: Occasion) -> None:
    occasion.begin()
    act(occasion, -HOUR)
    act(occasion, DAY)
    assert db.session.scalar(sa.select(sa.func.count(Outbox.id)).where(Outbox.state != "cancelled")) >= occasion.least


@pytest.mark.parametrize("occasion", [o for o in OCCASIONS if o.name in ("month", "did well", "badge", "report")],
                         ids=lambda o: o.name)  # fmt: skip
@on_one
def test_what_a_month_makes_too_late_is_not_passed_over_in_silence(app: Flask, occasion: Occasion) -> None:
    occasion.begin()
    after = MONTH if occasion.name in ("did well", "badge") else timedelta(days=15, hours=3)  # nine in Rome
    with capture_logs() as told:
        act(occasion, after)
    assert any("too old" in line["event"] or line.get("why") == "late" for line in told)
    rows = said()
    with capture_logs() as again:
        act(occasion, after + HOUR)
    assert said() == rows and not any("too old" in line["event"] or line.get("why") == "late" for line in again)
    states = set(db.session.scalars(sa.select(Outbox.state).where(Outbox.kind.in_(("your-month", "report")))))
    assert states <= {"cancelled"}
