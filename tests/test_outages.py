"""Outages. In: deliveries that come back after a while, and odd rows. Out: what is late waits, the others go."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from service import clock, editions
from service.database import db
from service.delivery import deliver_due, leases
from service.models import Edition
from tests.postroom import MemoryMailer, digest_week, invite, open_room, row, states


@pytest.fixture
def post(app: Flask) -> MemoryMailer:
    return MemoryMailer()


def test_digests_a_day_late_wait_for_a_person_who_may_send_them_after_all(post: MemoryMailer) -> None:
    digest_week(open_room(2))
    clock.set_now(clock.now() + timedelta(hours=25))
    assert deliver_due(mailer=post) == {}, "nothing has held them yet, and still they do not leave"
    edition = db.session.query(Edition).one()
    editions.hold_late(edition)
    db.session.commit()
    assert states() == ["held", "held"]
    assert editions.send_held(db.session.query(Edition).one()) == 2
    assert deliver_due(mailer=post) == {"accepted": 2}


def test_other_mails_leave_however_late(post: MemoryMailer) -> None:
    invite(open_room(1))
    clock.set_now(clock.now() + timedelta(days=3))
    assert deliver_due(mailer=post) == {"accepted": 1}


def test_a_zone_that_the_tables_lack_stops_nobody(post: MemoryMailer) -> None:
    people = open_room(2)
    digest_week(people)
    people[0].zone, people[0].status, people[0].paused_until = "Mars/Olympus", "paused", clock.now().date()
    db.session.commit()
    assert deliver_due(mailer=post) == {"left-out": 1, "accepted": 1}
    assert (row(1).state, row(1).why) == ("cancelled", "paused")


def test_a_window_of_alikes_has_one_edition_language_and_selection(post: MemoryMailer) -> None:
    people = open_room(4)
    people[1].language = people[3].language = "it"
    db.session.commit()
    digest_week(people)
    invite(people[:1])
    assert [leases.take(10, alike=True)[1] for _ in range(4)] == [[1, 3], [2, 4], [5], []]
